/** The command line of the package as a process with a home folder of its own. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { denoCommand, environment, type Outcome, run, shellCommand, succeed } from "./process.ts";
import { ROOT } from "./source_tree.ts";

const manager = join(ROOT, "manager.ts");
const terminal = fileURLToPath(import.meta.resolve("./terminal.py"));

/** What a terminal sends when a person presses Ctrl and C. */
export const CTRL_C = "\x03";

/** A command of ours. Its standard input is not a terminal. */
export function command(home: string, ...args: string[]): Deno.Command {
  return denoCommand(["run", "-A", manager, ...args], { home });
}

/** A command of ours where a new file is everybody's, unless the program that makes it says no. */
export function permissiveCommand(home: string, ...args: string[]): Deno.Command {
  return permissive(home, "run", "-A", manager, ...args);
}

/** The same for any program that Deno runs. */
export function permissive(home: string, ...args: string[]): Deno.Command {
  return shellCommand('umask 0000 && exec "$@"', [Deno.execPath(), ...args], { home });
}

/** A command of ours whose standard input is a file. */
export function commandReading(input: string, home: string, ...args: string[]): Deno.Command {
  const words = [input, Deno.execPath(), "run", "-A", manager, ...args];
  return shellCommand('input="$1"; shift; exec "$@" <"$input"', words, { home });
}

/** A command of ours of whose output only the first line is read. */
export function commandToHead(home: string, ...args: string[]): Deno.Command {
  return shellCommand('"$@" | head -n 1', [Deno.execPath(), "run", "-A", manager, ...args], {
    home,
  });
}

/** A command of ours whose standard input is this text. What came of it. */
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

/** Runs a command that is expected to succeed and returns what it printed. */
export function output(home: string, ...args: string[]): Promise<string> {
  return succeed(command(home, ...args));
}

/** Runs a command that is expected to refuse: exit code 1 and one line. */
export async function refusal(home: string, ...args: string[]): Promise<string> {
  const { code, said } = await run(command(home, ...args));
  const lines = said.trim().split("\n").filter((line) => !line.includes("[INFO]"));
  assertEquals(code, 1);
  assertEquals(lines.length, 1, lines.join("\n"));
  return lines[0];
}

/**
 * Runs a command at a terminal and answers its questions.
 *
 * @param answers Pairs of the end of a question and the answer to it, in their order.
 * @returns Its exit code, and what the terminal showed.
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

/** The same for a command of ours, at a terminal with colours, and whose lines can be changed. */
export async function atColourTerminal(
  home: string,
  answers: [question: string, answer: string][],
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  const { CI: _, NO_COLOR: __, ...env } = environment({ home, env: { TERM: "xterm" } });
  return await typeAtTerminal(env, answers, [Deno.execPath(), "run", "-A", manager, ...args]);
}

/** The same for a command of ours that a shell runs, and after it another command of the shell. */
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

async function typeAtTerminal(
  env: Record<string, string>,
  answers: [question: string, answer: string][],
  args: string[],
): Promise<{ code: number; shown: string }> {
  const { code, printed, said } = await run(
    new Deno.Command("python3", {
      args: [terminal, JSON.stringify(answers), ...args],
      env,
      clearEnv: true,
      stdin: "null",
    }),
  );
  assertEquals(said, "");
  return { code, shown: printed };
}
