/**
 * The latency of one call alone, of our Client to our Service through a Manager. It is compared with
 * that of a relay which only forwards lines between programs with the same sockets, of the least that
 * a call needs with JSON over these sockets, of request and reply of NATS, and of one round trip without
 * a server between.
 *
 * @module
 */

import {
  type Callers,
  startDirect,
  startLocal,
  startMinimal,
  startRelayed,
  startRequests,
} from "./callers.ts";
import { type Figure, median, type Section } from "./report.ts";
import type { Setting } from "./setting.ts";
import type { Called, Calls } from "./workers.ts";

/** What is measured, by the names in the table. */
const CONTENDERS: Record<
  string,
  (setting: Setting, secure: boolean) => Promise<Callers | undefined>
> = {
  "a call": startLocal,
  "no stack traces": (setting, secure) => startLocal(setting, secure, { asyncStackTraces: false }),
  "minimal JSON": startMinimal,
  "relay": startRelayed,
  "NATS": startRequests,
  "direct": startDirect,
};

/** How many rounds there are, and the time of one, in milliseconds. */
const ROUNDS = { quick: 3, whole: 7 };
const DURATION = { quick: 200, whole: 300 };
/**
 * So many calls are made before the rounds. V8 compiles what runs once a call with its best compiler
 * only after 15,000 of them or more.
 */
const WARM_UP = 30_000;
/** For so long the first calls are measured by themselves, in milliseconds. */
const FIRST = 500;
/** A call may take so many times as long as through the relay. */
const LIMIT = 1.3;

/** The first calls of one contender, and its rounds: on all cores, and with all processes on one. */
interface Measured {
  callers: Callers;
  first: Called[];
  rounds: Called[];
  onOneCore: Called[];
}

/** Measures this part. */
export async function measureLatency(setting: Setting): Promise<Section> {
  const figures: Figure[] = [];
  let hasNats = true;
  for (const secure of [true, false]) {
    const contenders = await alternate(setting, secure);
    figures.push(...compare(contenders, secure ? "TLS" : "TCP"));
    hasNats = contenders.has("NATS");
  }
  const notes = hasNats ? [] : ["NATS is left out: nats-server is not installed"];
  return { title: "One call alone", figures, notes };
}

/**
 * Measures the contenders in turn, in many short rounds of the same processes: what else happens on
 * the computer meanwhile meets them all.
 */
async function alternate(setting: Setting, secure: boolean): Promise<Map<string, Measured>> {
  const size = setting.quick ? "quick" : "whole";
  await using stack = new AsyncDisposableStack();
  const contenders = new Map<string, Measured>();
  for (const [name, start] of Object.entries(CONTENDERS)) {
    const callers = await start(setting, secure);
    if (callers === undefined) continue;
    const measured: Measured = {
      callers: stack.use(callers),
      first: [],
      rounds: [],
      onOneCore: [],
    };
    contenders.set(name, measured);
    measured.first.push(await measure(callers, FIRST));
  }
  const all = [...contenders.values()];
  await Promise.all(all.map(warmUp));
  for (let round = 0; round < ROUNDS[size]; round++) {
    for (const { callers, rounds } of all) rounds.push(await measure(callers, DURATION[size]));
  }
  await Promise.all(
    all.flatMap(({ callers: { programs } }) =>
      Object.values(programs).map((program) => program.pinTo("0"))
    ),
  );
  for (let round = 0; round < ROUNDS[size]; round++) {
    for (const { callers, onOneCore } of all) {
      onOneCore.push(await measure(callers, DURATION[size]));
    }
  }
  return contenders;
}

/** Makes further calls until there are enough. */
async function warmUp({ callers, first: [{ calls }] }: Measured): Promise<void> {
  for (let made = calls; made < WARM_UP;) made += (await measure(callers, FIRST)).calls;
}

async function measure({ client }: Callers, duration: number): Promise<Called> {
  const command: Calls = { inFlight: 1, warmUp: 0, duration };
  await client.send({ ...command });
  await client.receive();
  return await client.receive<Called>();
}

function compare(contenders: Map<string, Measured>, transport: string): Figure[] {
  type Place = "first" | "rounds" | "onOneCore";
  const middle = (name: string, key: "median" | "p99", place: Place) =>
    median(contenders.get(name)![place].map((called) => called[key])) * 1_000;
  const others = ["minimal JSON", "NATS", "direct"].filter((name) => contenders.has(name));
  const places = { first: [`the first ${FIRST} ms`], rounds: [], onOneCore: ["one core"] };
  const figure = (
    call: string,
    reference: string,
    key: "median" | "p99" = "median",
    place: Place = "rounds",
  ): Figure => ({
    name: [call, ...places[place], key, transport].join(", "),
    value: middle(call, key, place),
    unit: "µs",
    reference: { name: reference, value: middle(reference, key, place) },
  });
  const goal = { of: "ratio", bound: "at most", limit: LIMIT } as const;
  return [
    { ...figure("a call", "relay"), goal },
    figure("no stack traces", "relay"),
    figure("minimal JSON", "relay"),
    ...others.map((name) => figure("a call", name)),
    figure("a call", "relay", "median", "onOneCore"),
    figure("minimal JSON", "relay", "median", "onOneCore"),
    figure("a call", "relay", "median", "first"),
    figure("minimal JSON", "relay", "median", "first"),
    ...["relay", ...others].map((name) => figure("a call", name, "p99")),
  ];
}
