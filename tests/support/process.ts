/**
 * Programs as processes: the lines that a running one writes, and the outcome of one that has
 * ended. The command line of this package is in `command_line.ts`.
 */

import { assertEquals } from "@std/assert";
import { Events } from "./events.ts";
import { inTime } from "./until.ts";

/** The outcome of a program. */
export interface Outcome {
  code: number;
  /** Its standard output. */
  stdout: string;
  /** Its standard error. */
  stderr: string;
}

/** How a program is started. */
export interface ProgramOptions {
  /** The home folder of the package. */
  home?: string;
  /** The working directory. */
  cwd?: string;
  /** Environment variables in addition to those of this process. */
  env?: Record<string, string>;
  /** The command that runs it, e.g. in a network namespace. Default: none. */
  within?: readonly string[];
}

/** A Deno process. Its stdin is not a terminal. */
export function denoCommand(args: readonly string[], options: ProgramOptions = {}): Deno.Command {
  const [program, ...before] = [...options.within ?? [], Deno.execPath()];
  return new Deno.Command(program, { args: [...before, ...args], ...surroundings(options) });
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
 * The environment of a program: that of this process, without the variables of this package and
 * without colours.
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
  const output = await command.output();
  const [stdout, stderr] = [output.stdout, output.stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  return { code: output.code, stdout, stderr };
}

/** Runs a program that has to succeed, and returns its stdout. */
export async function succeed(command: Deno.Command): Promise<string> {
  const { code, stdout, stderr } = await run(command);
  assertEquals(code, 0, `${stdout}${stderr}`);
  return stdout;
}

/** Runs an installed tool that has to succeed, and returns its stdout. */
export function tool(name: string, ...args: string[]): Promise<string> {
  return succeed(new Deno.Command(name, { args, stdin: "null" }));
}

/** A running program. It is killed when it is disposed of, unless it has ended. */
export class Process implements AsyncDisposable {
  /** The lines of its stdout. */
  readonly stdout = new Events<string>();
  /** The lines of its stderr. */
  readonly stderr = new Events<string>();
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
    assertEquals(outcome.code, 0, outcome.stderr);
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
    const [stdout, stderr, { code, signal }] = await Promise.all([
      collect(this.#child.stdout, this.stdout),
      collect(this.#child.stderr, this.stderr),
      this.#child.status,
    ]);
    const why = `the program has ended with exit code ${code}: ${stderr}`;
    this.stdout.end(why);
    this.stderr.end(why);
    return { code, signal, stdout, stderr };
  }
}

/** Adds each line of a stream to the events, and returns the whole text. */
async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  lines: Events<string>,
): Promise<string> {
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
