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
> = { "a call": startLocal, "relay": startRelayed, "NATS": startRequests, "direct": startDirect };

/** How many rounds there are, and the times of the warm-up and of one round, in milliseconds. */
const ROUNDS = { quick: 3, whole: 11 };
const WARM_UP = { quick: 700, whole: 1_500 };
const DURATION = { quick: 300, whole: 500 };
/** A call may take so many times as long as through the relay. */
const LIMIT = 1.3;

/** The rounds of one contender. */
interface Measured {
  name: string;
  callers: Callers;
  rounds: Called[];
}

/** Measures this part. */
export async function measureLatency(setting: Setting): Promise<Section> {
  const figures: Figure[] = [];
  const notes: string[] = [];
  for (const secure of [true, false]) {
    const contenders = await alternate(setting, secure);
    figures.push(...compare(contenders, secure ? "TLS" : "TCP"));
    if (!contenders.has("NATS")) notes.push("NATS is left out: nats-server is not installed");
  }
  return { title: "One call alone", figures, notes: [...new Set(notes)] };
}

/**
 * Measures the contenders in turn, in many short rounds of the same processes: what else happens on
 * the computer meanwhile meets them all.
 */
async function alternate(setting: Setting, secure: boolean): Promise<Map<string, Called[]>> {
  const size = setting.quick ? "quick" : "whole";
  await using stack = new AsyncDisposableStack();
  const contenders: Measured[] = [];
  for (const [name, start] of Object.entries(CONTENDERS)) {
    const callers = await start(setting, secure);
    if (callers === undefined) continue;
    contenders.push({ name, callers: stack.use(callers), rounds: [] });
    await pin(callers);
    await measure(callers, WARM_UP[size], DURATION[size]);
  }
  for (let round = 0; round < ROUNDS[size]; round++) {
    for (const { callers, rounds } of contenders) {
      rounds.push(await measure(callers, 0, DURATION[size]));
    }
  }
  return new Map(contenders.map(({ name, rounds }) => [name, rounds]));
}

/** On one core, as `pair.ts` does: to wake up another core takes a time that is random. */
async function pin({ programs }: Callers): Promise<void> {
  await Promise.all(Object.values(programs).map((program) => program.pinTo("0")));
}

async function measure({ client }: Callers, warmUp: number, duration: number): Promise<Called> {
  const command: Calls = { inFlight: 1, warmUp, duration };
  await client.send({ ...command });
  await client.receive();
  return await client.receive<Called>();
}

function compare(contenders: Map<string, Called[]>, transport: string): Figure[] {
  const middle = (name: string, key: "median" | "p99") =>
    median(contenders.get(name)!.map((called) => called[key])) * 1_000;
  const of = (key: "median" | "p99"): Figure[] =>
    [...contenders.keys()].slice(1).map((name) => ({
      name: `a call, ${key}, ${transport}`,
      value: middle("a call", key),
      unit: "µs",
      reference: { name, value: middle(name, key) },
      goal: name === "relay" && key === "median"
        ? { of: "ratio", bound: "at most", limit: LIMIT }
        : undefined,
    }));
  return [...of("median"), ...of("p99")];
}
