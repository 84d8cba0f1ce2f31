/**
 * Runs the program `deno`, which parses and formats TypeScript: what a command of ours needs of it would
 * be one more package that every user of this one downloads.
 *
 * @module
 */

import { ConfigurationError } from "../errors.ts";

/**
 * Runs it to its end.
 *
 * @param cwd The folder whose settings count.
 * @param input What it reads from its standard input.
 * @param purpose What fails with it, for the message of an error, e.g. `"Cannot format meter.ts"`.
 * @returns Its standard output.
 * @throws {ConfigurationError} If it does not start, or fails.
 */
export async function runDeno(
  args: readonly string[],
  cwd: string,
  input: string,
  purpose: string,
): Promise<string> {
  // A compiled Manager is not Deno itself.
  const deno = Deno.build.standalone ? "deno" : Deno.execPath();
  let output: Deno.CommandOutput;
  try {
    const child = new Deno.Command(deno, {
      args: [...args],
      cwd,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const written = new Response(input).body!.pipeTo(child.stdin);
    const [ended] = await Promise.allSettled([child.output(), written]); // it may not read all
    if (ended.status === "rejected") throw ended.reason;
    output = ended.value;
  } catch (cause) {
    throw new ConfigurationError(`${purpose}: ${deno} does not run: ${(cause as Error).message}`, {
      cause,
    });
  }
  const [stdout, stderr] = [output.stdout, output.stderr].map((it) => new TextDecoder().decode(it));
  if (output.success) return stdout;
  const [reason = stderr.trim().split("\n")[0]] = /(?<=^error: ).*/mi.exec(stderr) ?? [];
  throw new ConfigurationError(`${purpose}: ${reason}`);
}
