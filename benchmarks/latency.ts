/**
 * The latency of one call alone, of our Client to our Service through a Manager. It is compared with
 * that of a relay which only forwards lines between programs with the same sockets, of request and
 * reply of NATS, and of one round trip without a server between.
 *
 * @module
 */

import { type Callers, startDirect, startLocal, startRelayed, startRequests } from "./callers.ts";
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
  "relay": startRelayed,
  "NATS": startRequests,
  "direct": startDirect,
};

/** How many rounds there are, and the times of the warm-up and of one round, in milliseconds. */
const ROUNDS = { quick: 3, whole: 7 };
const WARM_UP = { quick: 800, whole: 2_000 };
const DURATION = { quick: 200, whole: 300 };
/** A call may take so many times as long as through the relay. */
const LIMIT = 1.3;

/** The rounds of one contender: on all cores, and with all of its processes on one core. */
interface Measured {
  callers: Callers;
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
    contenders.set(name, { callers: stack.use(callers), rounds: [], onOneCore: [] });
    await measure(callers, WARM_UP[size], DURATION[size]);
  }
  const all = [...contenders.values()];
  for (let round = 0; round < ROUNDS[size]; round++) {
    for (const { callers, rounds } of all) rounds.push(await measure(callers, 0, DURATION[size]));
  }
  await Promise.all(
    all.flatMap(({ callers: { programs } }) =>
      Object.values(programs).map((program) => program.pinTo("0"))
    ),
  );
  for (let round = 0; round < ROUNDS[size]; round++) {
    for (const { callers, onOneCore } of all) {
      onOneCore.push(await measure(callers, 0, DURATION[size]));
    }
  }
  return contenders;
}

async function measure({ client }: Callers, warmUp: number, duration: number): Promise<Called> {
  const command: Calls = { inFlight: 1, warmUp, duration };
  await client.send({ ...command });
  await client.receive();
  return await client.receive<Called>();
}

function compare(contenders: Map<string, Measured>, transport: string): Figure[] {
  const middle = (name: string, key: "median" | "p99", place: "rounds" | "onOneCore") =>
    median(contenders.get(name)![place].map((called) => called[key])) * 1_000;
  const others = ["NATS", "direct"].filter((name) => contenders.has(name));
  const figure = (
    call: string,
    reference: string,
    key: "median" | "p99",
    place: "rounds" | "onOneCore" = "rounds",
  ): Figure => ({
    name: [call, ...place === "onOneCore" ? ["one core"] : [], key, transport].join(", "),
    value: middle(call, key, place),
    unit: "µs",
    reference: { name: reference, value: middle(reference, key, place) },
  });
  const goal = { of: "ratio", bound: "at most", limit: LIMIT } as const;
  return [
    { ...figure("a call", "relay", "median"), goal },
    figure("no stack traces", "relay", "median"),
    ...others.map((name) => figure("a call", name, "median")),
    figure("a call", "relay", "median", "onOneCore"),
    ...["relay", ...others].map((name) => figure("a call", name, "p99")),
  ];
}
