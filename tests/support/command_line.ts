/** The command line as a process with a home folder of its own. */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

const manager = fileURLToPath(import.meta.resolve("../../manager.ts"));
const terminal = fileURLToPath(import.meta.resolve("./terminal.py"));

/** A command of ours. Its standard input is not a terminal. */
export function command(home: string, ...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", manager, ...args],
    ...surroundings(home),
  });
}

/** A command of ours where a new file is everybody's, unless the program that makes it says no. */
export function permissiveCommand(home: string, ...args: string[]): Deno.Command {
  return permissive(home, "run", "-A", manager, ...args);
}

/** The same for any program that Deno runs. */
export function permissive(home: string, ...args: string[]): Deno.Command {
  return new Deno.Command("sh", {
    args: ["-c", 'umask 0000 && exec "$@"', "sh", Deno.execPath(), ...args],
    ...surroundings(home),
  });
}

/** A command of ours whose standard input is a file. */
export function commandReading(input: string, home: string, ...args: string[]): Deno.Command {
  const script = 'input="$1"; shift; exec "$@" <"$input"';
  return new Deno.Command("sh", {
    args: ["-c", script, "sh", input, Deno.execPath(), "run", "-A", manager, ...args],
    ...surroundings(home),
  });
}

function surroundings(home: string): Deno.CommandOptions {
  return {
    env: { MSL_NETWORK_HOME: home, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  };
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
  const { code, stderr } = await command(home, ...args).output();
  const lines = new TextDecoder().decode(stderr).trim().split("\n")
    .filter((line) => !line.includes("[INFO]"));
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
  const env = { MSL_NETWORK_HOME: home, NO_COLOR: "1", TERM: "dumb" };
  return await typeAtTerminal(env, answers, [Deno.execPath(), ...args]);
}

/** The same for a command of ours, at a terminal with colours, and whose lines can be changed. */
export async function atColourTerminal(
  home: string,
  answers: [question: string, answer: string][],
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  const { CI: _, NO_COLOR: __, ...others } = Deno.env.toObject();
  const env = { ...others, MSL_NETWORK_HOME: home, TERM: "xterm" };
  return await typeAtTerminal(env, answers, [Deno.execPath(), "run", "-A", manager, ...args], true);
}

/** The same for a command of ours that a shell runs, and after it another command of the shell. */
export async function shellAtTerminal(
  home: string,
  answers: [question: string, answer: string][],
  after: string,
  ...args: string[]
): Promise<{ code: number; shown: string }> {
  const env = { MSL_NETWORK_HOME: home, NO_COLOR: "1", TERM: "dumb" };
  const script = ["sh", "-c", `"$@"; ${after}`, "sh"];
  return await typeAtTerminal(env, answers, [
    ...script,
    Deno.execPath(),
    "run",
    "-A",
    manager,
    ...args,
  ]);
}

async function typeAtTerminal(
  env: Record<string, string>,
  answers: [question: string, answer: string][],
  args: string[],
  clearEnv = false,
): Promise<{ code: number; shown: string }> {
  const { code, stdout, stderr } = await new Deno.Command("python3", {
    args: [terminal, JSON.stringify(answers), ...args],
    env,
    clearEnv,
    stdin: "null",
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return { code, shown: new TextDecoder().decode(stdout) };
}

/** Runs another program that is expected to succeed and returns what it printed. */
export function tool(name: string, ...args: string[]): Promise<string> {
  return succeed(new Deno.Command(name, { args, stdin: "null" }));
}

/** What a command prints that is expected to succeed. */
export async function succeed(command: Deno.Command): Promise<string> {
  const { code, stdout, stderr } = await command.output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
