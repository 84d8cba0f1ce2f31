/**
 * Arrays of numbers over TLS between three processes, compared with their bytes through a pipe whose
 * three processes have the same sockets.
 *
 * @module
 */

import type { ArraysCommand, ArraysPeerOptions, ArraysReport } from "./arrays_peer.ts";
import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Contender, type Setting, startServer } from "./setting.ts";

const MB = 1e6;
/** 1,000,000 doubles. */
const TRACE = 8 * MB;
/** A picture, whose memory is measured: more than what a process of the runtime has anyway. */
const LARGE = 80 * MB;
/** An array of a stream. */
const SHORT = 64 * 1024;

/** How much longer than its bytes through the pipe an array may take. */
const MAX_RATIO = 3;
/** How much of the speed of the pipe a stream has to have. */
const MIN_SPEED = 0.4;
/** The longest time that a device may be blocked, in milliseconds. */
const LONGEST_PAUSE = 20;
/** How much memory a device may need, as a ratio to the array. */
const MAX_MEMORY = 2.5;
const TIMEOUT = 60_000;
/** The interval in which memory is measured, in milliseconds. */
const SAMPLE_EVERY = 5;

const PIPE: Contender = { tls: "own", unit: "bytes" };

/** The figures of one set of processes: times in milliseconds, rates in megabytes a second. */
interface Sample {
  result: number;
  argument: number;
  stream: number;
  /** The longest pauses while arrays of 8 MB are received and sent. */
  client: number;
  service: number;
  /** The growth of the memory by a large array, as a ratio to it. */
  clientMemory: number;
  serviceMemory: number;
}

/** Measures this part. */
export async function measureArrays(setting: Setting): Promise<Section> {
  const pipes: { result: number; stream: number }[] = [];
  const samples: Sample[] = [];
  for (let round = 0; round < (setting.quick ? 1 : 3); round++) {
    pipes.push(await measurePipe(setting));
    samples.push(await measureDevices(setting));
  }
  const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
  const pipe = (key: "result" | "stream") => ({
    name: "byte pipe",
    value: median(pipes.map((sample) => sample[key])),
  });
  const timed = (name: string, key: "result" | "argument"): Figure => ({
    name,
    value: of(key),
    unit: "ms",
    reference: pipe("result"),
    goal: { of: "ratio", bound: "at most", limit: MAX_RATIO },
  });
  const bounded = (name: string, key: keyof Sample, unit: string, limit: number): Figure => ({
    name,
    value: of(key),
    unit,
    goal: { of: "value", bound: "at most", limit },
  });
  return {
    title: "Arrays of numbers over TLS",
    figures: [
      timed("8 MB of doubles as a result", "result"),
      timed("8 MB of doubles as an argument", "argument"),
      {
        name: "a stream of arrays of 64 KiB",
        value: of("stream"),
        unit: "MB/s",
        reference: pipe("stream"),
        goal: { of: "ratio", bound: "at least", limit: MIN_SPEED },
      },
      bounded("8 MB: longest pause of the Client", "client", "ms", LONGEST_PAUSE),
      bounded("8 MB: longest pause of the Service", "service", "ms", LONGEST_PAUSE),
      bounded("80 MB: memory of the Client", "clientMemory", "arrays", MAX_MEMORY),
      bounded("80 MB: memory of the Service", "serviceMemory", "arrays", MAX_MEMORY),
    ],
    notes: [],
  };
}

async function measurePipe(setting: Setting): Promise<{ result: number; stream: number }> {
  await using server = await startServer(setting, PIPE);
  await using _source = await start(setting, server.address.port, "source");
  await using sink = await start(setting, server.address.port, "sink");
  await measure(sink, { task: "result", size: TRACE, count: 5 });
  const result = median((await measure(sink, { task: "result", size: TRACE, count: 15 })).times);
  const stream = { task: "stream", size: SHORT, count: 2_000 } as const;
  const [time] = (await measure(sink, stream)).times;
  return { result, stream: stream.size * stream.count / MB / time * 1e3 };
}

async function measureDevices(setting: Setting): Promise<Sample> {
  await using server = await startServer(setting, "manager", {});
  const { port } = server.address;
  await using service = await start(setting, port, "service");
  await using client = await start(setting, port, "client");
  const pause = async () => {
    await service.send({});
    return (await service.receive<{ longest: number }>(TIMEOUT)).longest;
  };
  await measure(client, { task: "result", size: TRACE, count: 10 });
  await measure(client, { task: "argument", size: TRACE, count: 10 });
  await pause();
  const result = await measure(client, { task: "result", size: TRACE, count: 15 });
  const argument = await measure(client, { task: "argument", size: TRACE, count: 15 });
  const paused = await pause();
  const stream = { task: "stream", size: SHORT, count: 2_000 } as const;
  await measure(client, { ...stream, count: 500 });
  const [time] = (await measure(client, stream)).times;
  const growth = [client, service].map(watchMemory);
  await measure(client, { task: "result", size: LARGE, count: 1 });
  const [clientMemory, serviceMemory] = growth.map((memory) => memory() / LARGE);
  return {
    result: median(result.times),
    argument: median(argument.times),
    stream: stream.size * stream.count / MB / time * 1e3,
    client: Math.max(result.longest, argument.longest),
    service: paused,
    clientMemory,
    serviceMemory,
  };
}

async function start(
  setting: Setting,
  port: number,
  role: ArraysPeerOptions["role"],
): Promise<Program> {
  const { certFile } = setting;
  const program = Program.start("arrays_peer.ts", { port, certFile, role });
  await program.receive();
  return program;
}

async function measure(program: Program, command: ArraysCommand): Promise<ArraysReport> {
  await program.send({ ...command });
  return await program.receive<ArraysReport & Record<string, unknown>>(TIMEOUT);
}

/** Measures the memory of a program; the result gives how much it has grown at most, and ends that. */
function watchMemory(program: Program): () => number {
  const before = program.memory() ?? NaN;
  let most = before;
  const sample = () => most = Math.max(most, program.memory() ?? NaN);
  const timer = setInterval(sample, SAMPLE_EVERY);
  return () => {
    clearInterval(timer);
    sample();
    return most - before;
  };
}
