/**
 * One very large reply over TLS, in one line and in pieces, and its effect on other clients, compared
 * with a pipe that forwards bytes without reading them.
 *
 * @module
 */

import { Pair } from "./pair.ts";
import type { ManagerOptions } from "../manager.ts";
import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Contender, type Server, type Setting, startServer } from "./setting.ts";

/** How the reply is sent, and what is expected of the Manager. */
interface Way {
  name: string;
  inPieces: boolean;
  limits: ManagerOptions["limits"];
  /** The pipe that it is compared with. Default: the faster one. */
  pipe?: string;
  /** The speed, as a ratio to that of the pipe. */
  minSpeed: number;
  /** How much the Manager's memory may grow, in megabytes, for a reply of a size in megabytes. */
  maxGrowth: (size: number) => number;
}

/** As devices of the Python package send it. The Manager holds the whole reply once. */
const IN_ONE_LINE: Way = {
  name: "one line",
  inPieces: false,
  limits: { maxMessageSize: 2 ** 31 },
  minSpeed: 0.8,
  maxGrowth: (size) => size + 128,
};

/** As our own devices send it. */
const IN_PIECES: Way = {
  name: "pieces",
  inPieces: true,
  limits: undefined,
  pipe: "byte pipe", // over the same sockets
  minSpeed: 0.5,
  maxGrowth: () => 32,
};

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

/** Measures this part for a reply in one line. */
export function measureBulk(setting: Setting): Promise<Section> {
  return measureWay(setting, IN_ONE_LINE);
}

/** Measures this part for a reply in pieces. */
export function measurePieces(setting: Setting): Promise<Section> {
  return measureWay(setting, IN_PIECES);
}

async function measureWay(setting: Setting, way: Way): Promise<Section> {
  const size = setting.quick ? 100 * MB : 1_000 * MB;
  const samples = new Map<string, Sample[]>(Object.keys(CONTENDERS).map((name) => [name, []]));
  const notes: string[] = [];
  for (let round = 0; round < (setting.quick ? 1 : 3); round++) {
    for (const [name, contender] of Object.entries(CONTENDERS)) {
      try {
        samples.get(name)!.push(await measure(setting, way, contender, size));
      } catch (error) {
        notes.push(`the transfer through the ${name} failed: ${(error as Error).message.trim()}`);
      }
    }
  }
  const compared = compare(samples, way, size / MB);
  return {
    title: `Bulk: a reply of ${size / MB} MB over TLS, in ${way.name}`,
    figures: compared.figures,
    notes: [...notes, ...compared.notes],
  };
}

async function measure(
  setting: Setting,
  { limits, inPieces }: Way,
  contender: Contender,
  size: number,
): Promise<Sample> {
  await using server = await startServer(setting, contender, { limits });
  await using pair = await Pair.connect(server);
  const peer = { ...server.address, size, inPieces };
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
 * The Manager against a pipe of the same run, and a note on the other one.
 *
 * @param size The size of the reply, in megabytes.
 */
function compare(
  samples: Map<string, Sample[]>,
  { pipe: compared, minSpeed, maxGrowth }: Way,
  size: number,
): Omit<Section, "title"> {
  const middle = (name: string, key: keyof Sample) =>
    median(samples.get(name)!.map((sample) => sample[key]));
  const pipes = Object.keys(CONTENDERS).filter((name) => samples.get(name)!.length > 0)
    .filter((name) => name !== "manager");
  const fastest = pipes.toSorted((a, b) => middle(b, "rate") - middle(a, "rate"));
  const pipe = fastest.find((name) => name === compared) ?? fastest.at(0);
  const others = fastest.filter((name) => name !== pipe);
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
    figure("speed of the reply", "rate", "MB/s", {
      of: "ratio",
      bound: "at least",
      limit: minSpeed,
    }),
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
      limit: maxGrowth(size),
    }),
  ];
  return {
    figures: figures.filter(({ value }) => !Number.isNaN(value)),
    notes: others.map((name) => `${name}: ${Math.round(middle(name, "rate"))} MB/s`),
  };
}
