/** Lines of all sizes, sound, forged and broken: plans, made of a seed, for `long_lines.ts`. */

import type { JsonObject } from "../../wire/message.ts";
import { pythonic } from "../support/messages.ts";
import fc from "../support/properties.ts";
import { pieceSizes } from "./hostile_input.ts";
import { FORGED, SERVICES } from "./live_plans.ts";

/** The value of a member that is added to a message. What is in braces is known when it is sent. */
export type Value =
  | { is: "another client" }
  | { is: "the Manager" }
  | { is: "another uid" }
  | { is: "json"; value: unknown };

/** A member that is added to a message, also one whose key it has already. */
interface Extra {
  place: number;
  key: string;
  value: Value;
}

/** What stands between two tokens of a line, or around them. */
interface Gap {
  /** Counted from the beginning, or if negative from the end, as of `Array.at`. */
  place: number;
  bytes: readonly number[];
}

/** A line: a message with more members and gaps, of which the beginning is sent at least. */
export interface LinePlan {
  isPythonic: boolean;
  size: number;
  extras: Extra[];
  gaps: Gap[];
  /** The part of it after which the connection is closed; `undefined` for the whole line. */
  cut: number | undefined;
}

/** What a client does. */
export interface ClientPlan {
  lines: { service: string; line: LinePlan }[];
  /** The sizes of the pieces in which it sends. */
  sizes: number[];
  isLinked: boolean;
  /** Whether it reads nothing until it has sent everything. */
  isSlow: boolean;
}

/** What a service does with one request after the other. */
export interface ServicePlan {
  steps: { do: "reply" | "notify" | "ignore"; line: LinePlan }[];
  sizes: number[];
}

const encoder = new TextEncoder();

const gap: fc.Arbitrary<Gap> = fc.record({
  place: fc.oneof(
    { weight: 4, arbitrary: fc.constant(-1) }, // after the closing brace
    { weight: 1, arbitrary: fc.constant(-2) },
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.nat(40) },
  ),
  bytes: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(
        fc.constantFrom(0x20, 0x09, 0x0d),
        fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(63, 64, 65, 66, 2_000, 5_000)),
      ).map(([byte, count]) => Array<number>(count).fill(byte)),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("]", "}", "{", ",", '"', "x", "\0", "\ufeff", "{}", ",1")
        .map((text) => [...encoder.encode(text)]),
    },
    { weight: 1, arbitrary: fc.constantFrom([0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc2, 0xa0]) },
  ),
});

function json(...values: unknown[]): fc.Arbitrary<Value> {
  return fc.constantFrom(...values).map((value) => ({ is: "json", value }));
}

const anotherUid = fc.constant<Value>({ is: "another uid" });
const anotherClient = fc.constant<Value>({ is: "another client" });

const extra: fc.Arbitrary<Extra> = fc.oneof(
  ...([
    ["uid", fc.oneof(anotherUid, anotherUid, json("notification", "", null, 1))],
    [
      "requester",
      fc.oneof(
        anotherClient,
        anotherClient,
        fc.constant<Value>({ is: "the Manager" }),
        json("", null, 1),
      ),
    ],
    ["service", json(...SERVICES, ...SERVICES, "nobody", null, 1)],
    ["attribute", json("y", "__next__", null, 1)],
    ["error", json(true, false, null, "")],
    ["result", json(FORGED, [[FORGED], {}], null)],
    ["args", json([FORGED], {}, null)],
    ["kwargs", json({}, [], null)],
    ["\\u0075id", anotherUid],
    ["other", json({ uid: "1", requester: "x" })],
  ] as [string, fc.Arbitrary<Value>][]).map(([key, value]) =>
    fc.record({
      place: fc.oneof(fc.constant(-1), fc.nat(9)),
      key: fc.constant(key),
      value,
    })
  ),
);

const line: fc.Arbitrary<LinePlan> = fc.record({
  isPythonic: fc.boolean(),
  size: fc.oneof(
    fc.nat(100),
    fc.integer({ min: 1_800, max: 2_100 }),
    fc.integer({ min: 1_000, max: 9_000 }),
    fc.constant(35_000),
  ),
  extras: fc.array(extra, { maxLength: 3 }),
  gaps: fc.array(gap, { maxLength: 2 }),
  cut: fc.oneof(
    { weight: 20, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  ),
});

/** Any plan of a client. */
export const clientPlan: fc.Arbitrary<ClientPlan> = fc.record({
  lines: fc.array(
    fc.record({ service: fc.constantFrom(...SERVICES, ...SERVICES, "nobody"), line }),
    { minLength: 1, maxLength: 8, size: "max" },
  ),
  sizes: pieceSizes.map((sizes) => sizes.map((size) => size + 60)),
  isLinked: fc.boolean(),
  isSlow: fc.boolean(),
});

/** Any plan of a service. */
export const servicePlan: fc.Arbitrary<ServicePlan> = fc.record({
  steps: fc.array(
    fc.record({
      do: fc.constantFrom("reply" as const, "reply" as const, "notify" as const, "ignore" as const),
      line,
    }),
    { minLength: 1, maxLength: 8, size: "max" },
  ),
  sizes: pieceSizes.map((sizes) => sizes.map((size) => size + 60)),
});

/** The bytes of a line, without its terminator. */
export function lineOf(
  message: JsonObject,
  { isPythonic, extras, gaps }: LinePlan,
  textOf: (value: Value) => string,
): Uint8Array {
  const members = Object.entries(isPythonic ? pythonic(message) : message)
    .map(([key, value]) => [key, JSON.stringify(value)]);
  for (const { place, key, value } of extras) {
    members.splice(place === -1 ? members.length : place, 0, [key, textOf(value)]);
  }
  const tokens = members.flatMap(([key, value]) => [",", `"${key}"`, ":", value]).slice(1)
    .map((text) => encoder.encode(text));
  const pieces = [encoder.encode("{"), ...tokens, encoder.encode("}")];
  for (const { place, bytes } of gaps) {
    const at = place < 0 ? pieces.length + 1 + place : place;
    pieces.splice(at, 0, Uint8Array.from(bytes));
  }
  return concatenate(pieces);
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
