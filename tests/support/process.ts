/**
 * Programs as processes: what one writes line by line while it runs, and what came of one that has
 * ended. Our own command line is in `command_line.ts`.
 */

import { assertEquals } from "@std/assert";
import { Events } from "./events.ts";
import { inTime } from "./until.ts";

/** What came of a program. */
export interface Outcome {
  code: number;
  /** What it wrote to its standard output. */
  printed: string;
  /** What it wrote to its standard error. */
  said: string;
}

/** What a program is started with. */
export interface ProgramOptions {
  /** The home folder of the package, for a program that has files there. */
  home?: string;
  /** The folder that it runs in. */
  cwd?: string;
  /** Variables beside those of this process. */
  env?: Record<string, string>;
}

/** A program of Deno. Its standard input is not a terminal. */
export function denoCommand(args: readonly string[], options: ProgramOptions = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), { args: [...args], ...surroundings(options) });
}

/** A script of a POSIX shell, which has these words as `"$@"`. */
export function shellCommand(
  script: string,
  words: readonly string[],
  options: ProgramOptions = {},
): Deno.Command {
  return new Deno.Command("sh", { args: ["-c", script, "sh", ...words], ...surroundings(options) });
}

/**
 * The environment of a program: the one of this process, without what a person has set for our
 * programs and without colours.
 */
export function environment({ home, env }: ProgramOptions): Record<string, string> {
  const others = Object.entries(Deno.env.toObject())
    .filter(([name]) => !name.startsWith("MSL_NETWORK_"));
  return {
    ...Object.fromEntries(others),
    NO_COLOR: "1",
    ...(home === undefined ? {} : { MSL_NETWORK_HOME: home }),
    ...env,
  };
}

/** Runs a program to its end. */
export async function run(command: Deno.Command): Promise<Outcome> {
  const { code, stdout, stderr } = await command.output();
  const [printed, said] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, printed, said };
}

/** What a program prints that is expected to succeed. */
export async function succeed(command: Deno.Command): Promise<string> {
  const { code, printed, said } = await run(command);
  assertEquals(code, 0, `${printed}${said}`);
  return printed;
}

/** Runs a tool of this computer that is expected to succeed, and gives what it printed. */
export function tool(name: string, ...args: string[]): Promise<string> {
  return succeed(new Deno.Command(name, { args, stdin: "null" }));
}

/** A program that runs; it is killed when it is disposed of, unless it has ended. */
export class Process implements AsyncDisposable {
  /** The lines that it has printed. */
  readonly printed = new Events<string>();
  /** The lines that it has written to its standard error. */
  readonly said = new Events<string>();
  readonly #child: Deno.ChildProcess;
  readonly #outcome: Promise<Outcome & { signal: Deno.Signal | null }>;

  /** Starts it; its output and standard error have to be piped. */
  constructor(command: Deno.Command) {
    this.#child = command.spawn();
    this.#outcome = this.#read();
  }

  /** The id of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  end(): Promise<Outcome & { signal: Deno.Signal | null }> {
    return inTime("the program has ended", this.#outcome);
  }

  /** Waits for its end, which has to be a success. */
  async succeeded(): Promise<Outcome> {
    const outcome = await this.end();
    assertEquals(outcome.code, 0, outcome.said);
    return outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#outcome;
  }

  async #read(): Promise<Outcome & { signal: Deno.Signal | null }> {
    const [printed, said, { code, signal }] = await Promise.all([
      collect(this.#child.stdout, this.printed),
      collect(this.#child.stderr, this.said),
      this.#child.status,
    ]);
    const why = `the program has ended with exit code ${code}: ${said}`;
    this.printed.end(why);
    this.said.end(why);
    return { code, signal, printed, said };
  }
}

/** Adds each line of a stream to the events, and gives the whole text. */
async function collect(stream: ReadableStream<Uint8Array>, lines: Events<string>): Promise<string> {
  let [whole, rest] = ["", ""];
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    whole += text;
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    for (const line of parts) lines.add(line);
  }
  if (rest !== "") lines.add(rest);
  return whole;
}

function surroundings(options: ProgramOptions): Deno.CommandOptions {
  return {
    cwd: options.cwd,
    env: environment(options),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  };
}
