/** Plans of clients and services on a real Manager, derived from a seed, for `live_manager.ts`. */

import fc from "../support/properties.ts";
import { lines, membersOf, pieceSizes } from "./hostile_input.ts";

/** The names of the services. */
export const SERVICES = ["S0", "S1", "S2"];
/** The mark of every message that no peer should receive. */
export const FORGED = "forged";

/** A step of a client. */
export type Step =
  | { do: "request"; service: string; size: number; isPythonic: boolean }
  | { do: "manage"; attribute: string; service: string }
  | { do: "hostile"; line: Uint8Array }
  | { do: "stop reading" }
  | { do: "read" }
  | { do: "wait"; milliseconds: number };

/** How a client ends: it stays until it has all of its replies, or disconnects before. */
export type ClientEnd = "stays" | "disconnects" | "disconnects within a line" | "half-closes";

/** The steps of a client, and the sizes of the pieces that it sends. */
export interface ClientPlan {
  steps: Step[];
  sizes: number[];
  end: ClientEnd;
}

/** The reaction of a service to a request. */
export type Behaviour =
  | "answer"
  | "answer at length"
  | "answer at length, as Python does"
  | "answer twice"
  | "fail"
  | "keep silent"
  | "forge an answer first"
  | "notify first"
  | "notify at length first"
  | "answer what is no JSON"
  | "answer at length what lacks a brace"
  | "answer at length what has a bracket too many"
  | "die"
  | "die in the middle of the answer";

const BEHAVIOURS: readonly Behaviour[] = [
  "answer",
  "answer",
  "answer at length",
  "answer at length, as Python does",
  "answer twice",
  "fail",
  "keep silent",
  "forge an answer first",
  "notify first",
  "notify at length first",
  "answer what is no JSON",
  "answer at length what lacks a brace",
  "answer at length what has a bracket too many",
  "die",
  "die in the middle of the answer",
];

/** The reactions of a service, and the sizes of the pieces that it sends. */
export interface ServicePlan {
  /** One for each request, in order. */
  behaviours: Behaviour[];
  sizes: number[];
}

/** Pieces of one byte would be too slow. */
const packetSizes = pieceSizes.map((sizes) => sizes.map((size) => size + 60));

/** Any plan of a client. */
export function clientPlan(): fc.Arbitrary<ClientPlan> {
  const service = fc.constantFrom(...SERVICES, "nobody");
  const forged = [
    { error: false, service: "S0", uid: "h", attribute: "x", args: [FORGED], kwargs: {} },
    { error: false, requester: "c1[lab:1]", uid: "1", result: FORGED },
    { error: false, service: "S0", uid: "notification", result: [[FORGED], {}] },
    { error: false, service: "Manager", uid: "h", attribute: "link", args: ["S0"], kwargs: {} },
  ].map(membersOf);
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("request" as const),
        service,
        size: fc.oneof(fc.nat(100), fc.integer({ min: 1_000, max: 9_000 }), fc.constant(35_000)),
        isPythonic: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("manage" as const),
        attribute: fc.constantFrom("link", "link", "unlink", "acquire_lock", "release_lock"),
        service,
      }),
    },
    {
      weight: 2,
      arbitrary: lines([...SERVICES, FORGED], forged).map((line): Step => ({
        do: "hostile",
        line,
      })),
    },
    { weight: 1, arbitrary: fc.constantFrom<Step>({ do: "stop reading" }, { do: "read" }) },
    {
      weight: 2,
      arbitrary: fc.nat(5).map((milliseconds): Step => ({ do: "wait", milliseconds })),
    },
  );
  return fc.record({
    steps: fc.array(step, { maxLength: 20, size: "max" }),
    sizes: packetSizes,
    end: fc.constantFrom<ClientEnd>(
      "stays",
      "stays",
      "stays",
      "disconnects",
      "disconnects within a line",
      "half-closes",
    ),
  });
}

/** Any plan of a service. */
export function servicePlan(): fc.Arbitrary<ServicePlan> {
  return fc.record({
    behaviours: fc.array(fc.constantFrom(...BEHAVIOURS), {
      minLength: 1,
      maxLength: 12,
      size: "max",
    }),
    sizes: packetSizes,
  });
}
