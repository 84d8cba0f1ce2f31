/**
 * Prometheus and its `promtool`, which `.ci/run` installs. Where they are missing, the tests that need
 * them say so and are ignored.
 */

import { assertEquals } from "@std/assert";
import { run } from "./process.ts";

const isInstalled = ["promtool", "prometheus"].every((name) => {
  try {
    return new Deno.Command(name, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
});
if (!isInstalled) console.log("Tests with Prometheus are left out: it is not installed");

/** For tests that need Prometheus. */
export const WITH_PROMETHEUS = { ignore: !isInstalled };

/** Checks a text of metrics with `promtool`; it has to say nothing, not even of style. */
export async function checkMetrics(text: string): Promise<void> {
  const child = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(text)).then(() => writer.close());
  const { code, stdout, stderr } = await child.output();
  await written;
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assertEquals([said, code], ["", 0]);
}

/** Runs `promtool` in a folder. It has to succeed. */
export async function promtool(cwd: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await run(new Deno.Command("promtool", { args, cwd }));
  assertEquals(code, 0, `${stdout}${stderr}`);
}

/** The samples of a text of metrics: the value of each name with its labels, as it is written. */
export function samplesOf(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const end = line.lastIndexOf(" ");
    return [line.slice(0, end), Number(line.slice(end + 1).replace("Inf", "Infinity"))];
  }));
}
