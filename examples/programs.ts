/**
 * Starts other programs of this project, for the demonstrations that need several of them: each
 * runs in a process of its own and is stopped in the end.
 *
 * @module
 */

import { TextLineStream } from "@std/streams/text-line-stream";

/** A program that runs in a process of its own. */
export interface Program extends AsyncDisposable {
  /** Its output, line by line. */
  readonly lines: AsyncIterableIterator<string>;
  /** The next line that contains the text. Throws if the program ends before that. */
  lineWith(text: string): Promise<string>;
  /** What Ctrl+C does. */
  interrupt(): void;
  /** How it has ended, once it has. */
  readonly status: Promise<Deno.CommandStatus>;
}

/**
 * Starts a program of this folder. It is stopped when it is disposed of, if it has not ended by
 * then.
 *
 * @param home The folder of the keys and certificates that it uses.
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
        // It has ended by itself.
      }
      await child.status;
      await lines.return?.();
    },
  };
}
