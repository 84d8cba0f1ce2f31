/**
 * One very long reply over TLS, and its effect on other clients, compared with a pipe that forwards
 * bytes without reading them.
 *
 * @module
 */

import { Pair } from "./pair.ts";
import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Contender, type Server, type Setting, startServer } from "./setting.ts";

/** Large enough for a Manager that holds the whole reply. */
const LIMITS = { maxMessageSize: 2 ** 31 };
/** What the Manager's memory may grow by beside the reply, which it holds once, in megabytes. */
const MAX_OVERHEAD = 128;
/**
 * The interval between the calls of another client, in milliseconds: long enough that a call of a
 * few milliseconds does not delay the next one.
 */
const PROBE_EVERY = 10;
/** The interval in which the memory is measured, in milliseconds. */
const SAMPLE_EVERY = 20;
const MB = 1e6;

/** The Manager, and the pipes that it is compared with. */
const CONTENDERS: Record<string, Contender> = {
  "manager": "manager",
  "byte pipe": { tls: "own", unit: "bytes" },
  "byte pipe (Deno.listenTls)": { tls: "deno", unit: "bytes" },
};

/** The figures of one set of processes. */
interface Sample {
  /** Megabytes a second. */
  rate: number;
  /** CPU time of the server for a megabyte, in milliseconds. */
  cpu: number;
  /** The time of another client's small calls, in milliseconds. */
  p99: number;
  longest: number;
  /** The growth of the server's memory, in megabytes. */
  growth: number;
}

/** Measures this part. */
export async function measureBulk(setting: Setting): Promise<Section> {
  const size = setting.quick ? 100 * MB : 1_000 * MB;
  const samples = new Map<string, Sample[]>(Object.keys(CONTENDERS).map((name) => [name, []]));
  const notes: string[] = [];
  for (let round = 0; round < (setting.quick ? 1 : 3); round++) {
    for (const [name, contender] of Object.entries(CONTENDERS)) {
      try {
        samples.get(name)!.push(await measure(setting, contender, size));
      } catch (error) {
        notes.push(`the transfer through the ${name} failed: ${(error as Error).message.trim()}`);
      }
    }
  }
  const compared = compare(samples, size / MB);
  return {
    title: `Bulk: a reply of ${size / MB} MB over TLS`,
    figures: compared.figures,
    notes: [...notes, ...compared.notes],
  };
}

async function measure(setting: Setting, contender: Contender, size: number): Promise<Sample> {
  await using server = await startServer(setting, contender, { limits: LIMITS });
  await using pair = await Pair.connect(server);
  const peer = { ...server.address, size };
  await using service = Program.start("bulk_peer.ts", { ...peer, role: "service" });
  await service.receive();
  await using client = Program.start("bulk_peer.ts", { ...peer, role: "client" });
  await client.receive();
  await pair.measure(1, 500, 100); // a warm-up for the probe
  using memory = watchMemory(server);
  const before = server.program.cpu() ?? NaN;
  const stop = await pair.probe(PROBE_EVERY);
  await client.send({});
  const { bytes, time } = await Promise.race([
    client.receive<{ bytes: number; time: number }>(setting.quick ? 20_000 : 40_000),
    service.receive<never>(60_000), // it reports only a failure
  ]);
  const { p99, longest } = await stop();
  const cpu = ((server.program.cpu() ?? NaN) - before) * 1e3 * MB / bytes;
  return { rate: bytes / MB / time * 1e3, cpu, p99, longest, growth: memory.growth() };
}

/** Measures the memory of a server periodically. */
function watchMemory({ program }: Server): Disposable & { growth(): number } {
  const before = program.memory() ?? NaN;
  let most = before;
  const sample = () => most = Math.max(most, program.memory() ?? NaN);
  const timer = setInterval(sample, SAMPLE_EVERY);
  return {
    growth() {
      sample();
      return (most - before) / MB;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/**
 * The Manager against the faster pipe of the same run, and a note on the other one.
 *
 * @param size The size of the reply, in megabytes.
 */
function compare(samples: Map<string, Sample[]>, size: number): Omit<Section, "title"> {
  const middle = (name: string, key: keyof Sample) =>
    median(samples.get(name)!.map((sample) => sample[key]));
  const pipes = Object.keys(CONTENDERS).filter((name) => samples.get(name)!.length > 0)
    .filter((name) => name !== "manager");
  const [pipe, ...slow] = pipes.toSorted((a, b) => middle(b, "rate") - middle(a, "rate"));
  const isDone = samples.get("manager")!.length > 0;
  const figure = (
    name: string,
    key: keyof Sample,
    unit: string,
    goal?: Figure["goal"],
  ): Figure => ({
    name,
    value: isDone ? middle("manager", key) : key === "rate" ? 0 : NaN,
    unit,
    reference: pipe === undefined ? undefined : { name: pipe, value: middle(pipe, key) },
    goal,
  });
  const figures = [
    figure("speed of the reply", "rate", "MB/s", { of: "ratio", bound: "at least", limit: 0.8 }),
    figure("CPU of the server per MB", "cpu", "ms"),
    figure("another client's calls, p99", "p99", "ms", {
      of: "value",
      bound: "at most",
      limit: 20,
    }),
    figure("another client's calls, longest", "longest", "ms"),
    figure("growth of the server's memory", "growth", "MB", {
      of: "value",
      bound: "at most",
      limit: size + MAX_OVERHEAD,
    }),
  ];
  return {
    figures: figures.filter(({ value }) => !Number.isNaN(value)),
    notes: slow.map((name) => `${name}: ${Math.round(middle(name, "rate"))} MB/s`),
  };
}
