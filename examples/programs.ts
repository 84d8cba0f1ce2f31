/**
 * Demonstrations that need several programs, each in a process: they start programs of this project and
 * others, and leave no process and no file behind, also when Ctrl+C ends them.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";

/** A program that runs in a process of its own. */
export interface Program extends AsyncDisposable {
  /** Its output, line by line. */
  readonly lines: AsyncIterableIterator<string>;
  /** Waits for the next line that contains a text. Throws if the program ends before it. */
  lineWith(text: string): Promise<string>;
  /** Sends SIGINT, as Ctrl+C does. */
  interrupt(): void;
  /** Ends it at once, as a power cut does. */
  kill(): void;
  /** How the program has ended. */
  readonly status: Promise<Deno.CommandStatus>;
}

/** The processes that run, of the demonstration. */
const running = new Set<Deno.ChildProcess>();
/** Whether the demonstration ends: it starts no further process. */
let isEnding = false;

/** A signal comes twice, from the terminal and from `deno task`: within this time, in milliseconds. */
const REPEATED = 500;
/** What asks a demonstration to end. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs a demonstration, which gets a folder for keys and certificates. A signal ends its processes,
 * removes the folder, and ends the program.
 *
 * @param run Returns the exit code; nothing is 0.
 * @param interrupted The exit code if a signal ends it.
 */
export async function demonstrate(
  run: (home: string) => Promise<number | void>,
  interrupted = 130,
): Promise<never> {
  const home = await Deno.makeTempDir({ prefix: "msl-network-demo-" });
  const { promise: signal, resolve: end } = Promise.withResolvers<number>();
  let interruptedAt: number | undefined;
  const interrupt = () => {
    const now = performance.now();
    interruptedAt ??= now;
    if (now - interruptedAt > REPEATED) Deno.exit(interrupted); // somebody insists
    end(interrupted);
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, interrupt);
  let code: number | void;
  try {
    code = await Promise.race([run(home), signal]);
  } finally {
    isEnding = true;
    await Promise.all(Array.from(running, stop));
    await Deno.remove(home, { recursive: true });
  }
  Deno.exit(code ?? undefined); // what was interrupted may still wait for something
}

/**
 * Starts a process that ends with the demonstration.
 *
 * @throws {Deno.errors.NotFound} If there is no such program.
 */
export function startProcess(
  program: string,
  options: Deno.CommandOptions,
): Deno.ChildProcess {
  if (isEnding) throw new Error("The demonstration ends");
  const child = new Deno.Command(program, { stdin: "null", ...options }).spawn();
  running.add(child);
  child.status.finally(() => running.delete(child));
  return child;
}

/** Ends a process, if it has not ended already. */
async function stop(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill();
  } catch {
    // It has ended.
  }
  await child.status;
}

/**
 * Starts a program of this folder. When it is disposed of, it is stopped if it is still running.
 *
 * @param home The folder of its keys and certificates.
 */
export function startProgram(home: string, file: string, ...args: readonly string[]): Program {
  const child = startProcess(Deno.execPath(), {
    args: ["run", "-A", import.meta.resolve(`./${file}`), ...args],
    env: { MSL_NETWORK_HOME: home },
    stdout: "piped",
    stderr: "inherit",
  });
  const output: ReadableStream<string> = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const lines = output[Symbol.asyncIterator]();
  return {
    lines,
    interrupt: () => child.kill("SIGINT"),
    kill: () => child.kill("SIGKILL"),
    status: child.status,
    async lineWith(text) {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`${file} ended before it said "${text}"`);
        if (value.includes(text)) return value;
      }
    },
    async [Symbol.asyncDispose]() {
      await stop(child);
      await lines.return?.();
    },
  };
}
