/**
 * Starts other programs of this project, each in a process, for demonstrations that need several of
 * them.
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

/**
 * Starts a program of this folder. When it is disposed of, it is stopped if it is still running.
 *
 * @param home The folder of its keys and certificates.
 */
export function startProgram(home: string, file: string, ...args: readonly string[]): Program {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.resolve(`./${file}`), ...args],
    env: { MSL_NETWORK_HOME: home },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
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
      try {
        child.kill();
      } catch {
        // It has ended already.
      }
      await child.status;
      await lines.return?.();
    },
  };
}
