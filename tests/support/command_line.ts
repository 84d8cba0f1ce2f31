/** The command line of the package as a process with a home folder of its own. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  denoCommand,
  environment,
  type Outcome,
  type ProgramOptions,
  run,
  shellCommand,
  succeed,
} from "./process.ts";
import { ROOT } from "./source_tree.ts";
import { inTime } from "./until.ts";
import { PYTHON } from "./python.ts";

const manager = join(ROOT, "manager.ts");
const terminal = fileURLToPath(import.meta.resolve("./terminal.py"));

/** The character that a terminal sends for Ctrl+C. */
export const CTRL_C = "\x03";

/** A command of this package. Its stdin is not a terminal. */
export function command(home: string, ...args: string[]): Deno.Command {
  return commandWith({ home }, ...args);
}

/** The same with other surroundings. */
export function commandWith(options: ProgramOptions, ...args: string[]): Deno.Command {
  return denoCommand(["run", "-A", manager, ...args], options);
}

/** A command of this package with umask 0: new files are open to all users, unless their mode is given. */
export function permissiveCommand(home: string, ...args: string[]): Deno.Command {
  return permissive(home, "run", "-A", manager, ...args);
}

/** The same for any program that Deno runs. */
export function permissive(home: string, ...args: string[]): Deno.Command {
  return shellCommand('umask 0000 && exec "$@"', [Deno.execPath(), ...args], { home });
}

/** A command of this package whose stdin is a file. */
export function commandReading(input: string, home: string, ...args: string[]): Deno.Command {
  const words = [input, Deno.execPath(), "run", "-A", manager, ...args];
  return shellCommand('input="$1"; shift; exec "$@" <"$input"', words, { home });
}

/** A command of this package whose stdout is closed after its first line. */
export function commandToHead(home: string, ...args: string[]): Deno.Command {
  return shellCommand('"$@" | head -n 1', [Deno.execPath(), "run", "-A", manager, ...args], {
    home,
  });
}

/** Runs a command of this package with this text as its stdin. */
export async function piped(home: string, input: string, ...args: string[]): Promise<Outcome> {
  const file = await Deno.makeTempFile({ prefix: "msl-network-" });
  try {
    await Deno.writeTextFile(file, input);
    return await run(commandReading(file, home, ...args));
  } finally {
    await Deno.remove(file);
  }
}

/** The address of a Manager as options. */
export function at({ host, port }: { host?: string; port?: number }): string[] {
  return ["-H", host!, "-p", String(port)];
}

/** Runs a command that has to succeed, and returns its stdout. */
export function output(home: string, ...args: string[]): Promise<string> {
  return succeed(command(home, ...args));
}

/** Runs a command that has to fail with exit code 1 and one line on stderr, and returns the line. */
export async function refusal(home: string, ...args: string[]): Promise<string> {
  const { code, stderr } = await run(command(home, ...args));
  const lines = stderr.trim().split("\n").filter((line) => !line.includes("[INFO]"));
  assertEquals(code, 1);
  assertEquals(lines.length, 1, lines.join("\n"));
  return lines[0];
}

/**
 * Runs a command at a terminal and answers its prompts.
 *
 * @param answers Pairs of the end of a prompt and the answer to it, in order.
 * @returns Its exit code, and the text on the terminal.
 */
export function atTerminal(
  home: string,
  answers: [question: string, answer: string][],
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  return programAtTerminal(home, answers, "run", "-A", manager, ...args);
}

/** The same for any program that Deno runs. */
export async function programAtTerminal(
  home: string,
  answers: [question: string, answer: string][],
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  const env = environment({ home, env: { TERM: "dumb" } });
  return await typeAtTerminal(env, answers, [Deno.execPath(), ...args]);
}

/** The same for Deno's prompt, with a movable cursor, where Tab completes names. */
export async function replAtTerminal(
  home: string,
  answers: [question: string, answer: string][],
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  const env = environment({ home, env: { TERM: "xterm" } });
  return await typeAtTerminal(env, answers, [Deno.execPath(), "repl", ...args]);
}

/** The same for a command of this package, at a terminal with colours and a movable cursor. */
export async function atColourTerminal(
  home: string,
  answers: [question: string, answer: string][],
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  const { CI: _, NO_COLOR: __, ...env } = environment({ home, env: { TERM: "xterm" } });
  return await typeAtTerminal(env, answers, [Deno.execPath(), "run", "-A", manager, ...args]);
}

/** The same for a command of this package that a shell runs before another command of the shell. */
export async function shellAtTerminal(
  home: string,
  answers: [question: string, answer: string][],
  after: string,
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  const env = environment({ home, env: { TERM: "dumb" } });
  const words = ["sh", "-c", `"$@"; ${after}`, "sh", Deno.execPath(), "run", "-A", manager];
  return await typeAtTerminal(env, answers, [...words, ...args]);
}

/** A command of this package at a terminal with a movable cursor, and a person who types at it. */
export class LiveTerminal implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #shown = "";
  /** Where what was not waited for begins. */
  #read = 0;

  /** Starts it. */
  constructor(home: string, ...args: string[]) {
    const { CI: _, NO_COLOR: __, ...env } = environment({ home, env: { TERM: "xterm" } });
    this.#child = new Deno.Command(PYTHON, {
      args: [terminal, "-", Deno.execPath(), "run", "-A", manager, ...args],
      env,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** All that was shown, without the movements of the cursor and colours. */
  get shown(): string {
    // deno-lint-ignore no-control-regex -- escape sequences
    return this.#shown.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "").replaceAll("\r", "");
  }

  /** Types keys. */
  async type(keys: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(keys));
  }

  /** Waits until a text is shown, after what was waited for before. */
  async shows(text: string): Promise<void> {
    await inTime(`"${text}" is shown`, this.#find(text)).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(this.shown.slice(this.#read))}`);
    });
  }

  /** Waits for its end, and returns its exit code. */
  async end(): Promise<number> {
    await inTime("the command has ended", this.#find(undefined));
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.abort().catch(() => {});
    try {
      this.#child.kill("SIGKILL"); // the end of its terminal ends the command
    } catch {
      // It has ended.
    }
    await this.#find(undefined).catch(() => {});
    await this.#child.status;
  }

  async #find(text: string | undefined): Promise<void> {
    for (;;) {
      const at = text === undefined ? -1 : this.shown.indexOf(text, this.#read);
      if (at >= 0) return void (this.#read = at + text!.length);
      const { value, done } = await this.#reader.read();
      if (done && text === undefined) return;
      if (done) throw new Error(`The command has ended before it showed "${text}"`);
      this.#shown += value;
    }
  }
}

async function typeAtTerminal(
  env: Record<string, string>,
  answers: [question: string, answer: string][],
  args: string[],
): Promise<{ code: number; shown: string }> {
  const { code, stdout, stderr } = await run(
    new Deno.Command(PYTHON, {
      args: [terminal, JSON.stringify(answers), ...args],
      env,
      clearEnv: true,
      stdin: "null",
    }),
  );
  assertEquals(stderr, "");
  return { code, shown: stdout };
}
