/**
 * The latency of single calls between Python devices: a Manager compared with a relay of Python's
 * asyncio.
 *
 * @module
 */

import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Contender, type Setting, startServer } from "./setting.ts";

/** The contenders, by their names in the table. */
const CONTENDERS: Record<string, Contender> = { manager: "manager", relay: "asyncio" };

/** How many rounds there are. */
const ROUNDS = 5;

/** The times of the calls of one process, in milliseconds. */
interface Sample {
  median: number;
  p99: number;
  p999: number;
  longest: number;
}

/** Measures this part. */
export async function measurePythonLatency(setting: Setting): Promise<Section> {
  const figures: Figure[] = [];
  for (const secure of [false, true]) {
    figures.push(...compare(await alternate(setting, secure), secure ? "TLS" : "TCP"));
  }
  return { title: "Single calls between Python devices", figures, notes: [] };
}

/** Measures the contenders in turn, each time in fresh processes. */
async function alternate(setting: Setting, secure: boolean): Promise<Record<string, Sample[]>> {
  const samples: Record<string, Sample[]> = {};
  for (let round = 0; round < (setting.quick ? 1 : ROUNDS); round++) {
    for (const [name, contender] of Object.entries(CONTENDERS)) {
      (samples[name] ??= []).push(await measure(setting, contender, secure));
    }
  }
  return samples;
}

async function measure(setting: Setting, contender: Contender, secure: boolean): Promise<Sample> {
  await using server = await startServer(setting, contender, { secure });
  const start = (role: string) =>
    Program.startPython("blocking_peer.py", { ...server.address, role });
  await using service = start("service");
  await service.receive();
  await using client = start("client");
  await client.receive();
  await client.send(
    setting.quick ? { warmUp: 2_000, calls: 5_000 } : { warmUp: 5_000, calls: 15_000 },
  );
  await client.receive();
  return await client.receive<Sample & Record<string, unknown>>();
}

function compare({ manager, relay }: Record<string, Sample[]>, transport: string): Figure[] {
  const figure = (name: string, key: keyof Sample, limit?: number): Figure => ({
    name: `${name}, ${transport}`,
    value: median(manager.map((sample) => sample[key])),
    unit: "ms",
    reference: { name: "asyncio relay", value: median(relay.map((sample) => sample[key])) },
    goal: limit === undefined ? undefined : { of: "ratio", bound: "at most", limit },
  });
  return [
    figure("a call, median", "median"),
    figure("a call, p99", "p99", 1.1),
    figure("a call, p99.9", "p999", 1.5),
    figure("a call, longest", "longest"),
  ];
}
