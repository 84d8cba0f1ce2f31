/**
 * The speed of small messages: a Manager compared with a simple relay, between peers that do almost
 * nothing.
 *
 * @module
 */

import { Pair } from "./pair.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Contender, type Setting, startServer } from "./setting.ts";

/** The number of requests that are sent at once. */
const BATCH = 256;

/** The Manager, and the relay; over TLS there are two kinds of it. */
function contenders(secure: boolean): Record<string, Contender> {
  return {
    "manager": "manager",
    "relay": { tls: "own", unit: "lines" },
    ...secure && { "relay (Deno.listenTls)": { tls: "deno", unit: "lines" } },
  };
}

/** The figures of one process of a contender. */
interface Sample {
  /** Requests a second in batches. */
  rate: number;
  /** CPU time of the server for one request and its reply, in microseconds. */
  cpu: number;
  /** The time of one request alone, in microseconds. */
  alone: number;
}

/** Measures this part. */
export async function measureSmallMessages(setting: Setting): Promise<Section> {
  const overTls = compare(await alternate(setting, contenders(true), true), true);
  const overTcp = compare(await alternate(setting, contenders(false), false), false);
  return {
    title: "Small messages",
    figures: [...overTls.figures, ...overTcp.figures],
    notes: [...overTls.notes, ...overTcp.notes],
  };
}

/** Measures the contenders in turn, each time in fresh processes. */
async function alternate(
  setting: Setting,
  contenders: Record<string, Contender>,
  secure: boolean,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < (setting.quick ? 1 : 7); round++) {
    for (const [name, contender] of Object.entries(contenders)) {
      const sample = await measure(setting, contender, secure);
      samples.set(name, [...samples.get(name) ?? [], sample]);
    }
  }
  return samples;
}

async function measure(setting: Setting, contender: Contender, secure: boolean): Promise<Sample> {
  await using server = await startServer(setting, contender, { secure });
  await using pair = await Pair.connect(server);
  const [warmUp, duration] = setting.quick ? [500, 1_000] : [750, 1_500];
  const together = await pair.measure(BATCH, warmUp, duration);
  const alone = await pair.measureAlone(250, duration / 2);
  return {
    rate: together.requests / together.time * 1_000,
    cpu: together.cpu,
    alone: alone.median * 1_000,
  };
}

/** The Manager against the faster relay of the same run, and a note on the other one. */
function compare(samples: Map<string, Sample[]>, secure: boolean): Omit<Section, "title"> {
  const transport = secure ? "TLS" : "TCP";
  const middle = (name: string, key: keyof Sample) =>
    median(samples.get(name)!.map((sample) => sample[key]));
  const relays = [...samples.keys()].filter((name) => name !== "manager");
  const [fast, ...slow] = relays.toSorted((a, b) => middle(b, "rate") - middle(a, "rate"));
  const [quick] = relays.toSorted((a, b) => middle(a, "alone") - middle(b, "alone"));
  const figure = (name: string, key: keyof Sample, unit: string, relay: string): Figure => ({
    name: `${name}, ${transport}`,
    value: middle("manager", key),
    unit,
    reference: { name: relay, value: middle(relay, key) },
  });
  const figures: Figure[] = [
    {
      ...figure("requests in batches of 256", "rate", "/s", fast),
      goal: { of: "ratio", bound: "at least", limit: secure ? 0.5 : 0.4 },
    },
    figure("CPU of the server per request and reply", "cpu", "µs", fast),
    {
      ...figure("one request alone", "alone", "µs", quick),
      goal: { of: "ratio", bound: "at most", limit: 1.2 },
    },
  ];
  return {
    figures: figures.filter(({ value }) => !Number.isNaN(value)), // without CPU time it is NaN
    notes: slow.map((name) =>
      `${name}: ${Math.round(middle(name, "rate"))} /s in batches, ` +
      `${Math.round(middle(name, "alone"))} µs for one request alone`
    ),
  };
}
