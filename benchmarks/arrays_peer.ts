/**
 * Devices with arrays of numbers, in processes that measure how long their event loops are blocked,
 * and the two ends of a byte pipe over the same sockets.
 *
 * @module
 */

import { connect } from "../client.ts";
import { type ConnectOptions, resolveOptions } from "../device/connect_options.ts";
import { Service } from "../service.ts";
import type { Transport } from "../net/transport.ts";
import { commands, options, report, run } from "./commands.ts";
import { watchPauses } from "./pauses.ts";

/** The options of the program. */
export interface ArraysPeerOptions extends ConnectOptions {
  /** A Service, the Client that calls it, or an end of a pipe. */
  role: "service" | "client" | "source" | "sink";
}

/** A command to a client or a sink. */
export interface ArraysCommand {
  /** An array as a result, as an argument, or as many values of a stream. */
  task: "result" | "argument" | "stream";
  /** The size of an array, in bytes. */
  size: number;
  /** How many. */
  count: number;
}

/** What a client or a sink reports. */
export interface ArraysReport {
  /** How long each array took, or all of a stream, in milliseconds. */
  times: number[];
  /** The longest pause of the event loop, in milliseconds. */
  longest: number;
}

/** The interval between readings of the clock, in milliseconds. */
const EVERY = 2;
const BYTES = 8;

function numbers(size: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: size / BYTES }, (_, index) => index * 1.1);
}

class Scope extends Service {
  readonly #traces = new Map<number, Float64Array>();

  trace(size: number): Float64Array {
    const made = this.#traces.get(size) ?? numbers(size);
    this.#traces.set(size, made);
    return made;
  }

  load(trace: Float64Array): number {
    return trace.at(-1)!;
  }

  *traces(size: number, count: number): Generator<Float64Array> {
    for (let index = 0; index < count; index++) yield this.trace(size);
  }
}

async function serve(address: ConnectOptions): Promise<void> {
  const pauses = watchPauses(EVERY);
  await using scope = new Scope();
  await scope.start(address);
  report({ connected: true });
  for await (const _command of commands()) report({ longest: pauses.longest() });
}

async function call(address: ConnectOptions): Promise<void> {
  const pauses = watchPauses(EVERY);
  await using client = await connect(address);
  const scope = await client.link<Scope>("Scope");
  report({ connected: true });
  for await (const { task, size, count } of commands<ArraysCommand>()) {
    const times: number[] = [];
    const argument = task === "argument" ? numbers(size) : undefined;
    await scope.trace(BYTES);
    pauses.longest();
    if (task === "stream") {
      const start = performance.now();
      let received = 0;
      for await (const trace of scope.traces(size, count)) received += trace.byteLength;
      if (received !== size * count) throw new Error("arrays are missing");
      times.push(performance.now() - start);
    }
    for (let index = 0; task !== "stream" && index < count; index++) {
      const start = performance.now();
      const last = argument ? await scope.load(argument) : (await scope.trace(size)).at(-1);
      times.push(performance.now() - start);
      if (last !== (size / BYTES - 1) * 1.1) throw new Error("another array has arrived");
    }
    report({ times, longest: pauses.longest() });
  }
}

/** Writes as many bytes as each line of the other end says. */
async function source(transport: Transport): Promise<void> {
  report({ connected: true });
  const line = new Uint8Array(64);
  for (let size; (size = await transport.read(line)) !== null;) {
    const { size: length, count } = JSON.parse(new TextDecoder().decode(line.subarray(0, size)));
    const bytes = new Uint8Array(length).fill(1);
    for (let index = 0; index < count; index++) await writeAll(transport, bytes);
  }
}

async function sink(transport: Transport): Promise<void> {
  report({ connected: true });
  const buffer = new Uint8Array(256 * 1024);
  for await (const { task, size, count } of commands<ArraysCommand>()) {
    const times: number[] = [];
    const [rounds, together] = task === "stream" ? [1, count] : [count, 1];
    for (let index = 0; index < rounds; index++) {
      const start = performance.now();
      const wanted = JSON.stringify({ size, count: together });
      await writeAll(transport, new TextEncoder().encode(wanted));
      for (let left = size * together; left > 0;) {
        const read = await transport.read(buffer);
        if (read === null) throw new Error("the pipe has ended");
        left -= read;
      }
      times.push(performance.now() - start);
    }
    report({ times, longest: 0 });
  }
}

/** Writes in pieces as large as a socket takes them. */
async function writeAll(transport: Transport, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(await transport.write(rest.subarray(0, 64 * 1024)));
  }
}

if (import.meta.main) {
  run(async () => {
    const { role, ...address } = options<ArraysPeerOptions>();
    if (role === "service") return await serve(address);
    if (role === "client") return await call(address);
    const { dialer, prompt } = resolveOptions(address);
    const transport = await dialer.dial({ prompt });
    await (role === "source" ? source(transport) : sink(transport));
  });
}
