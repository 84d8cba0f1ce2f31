/** A small part of `deno task fuzz`, with the same inputs in each run. A failure prints the seed. */

import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { denoCommand, run } from "../support/process.ts";
import { targets } from "./targets.ts";

for (const { name, numRuns, check } of targets()) {
  Deno.test(`fuzz: ${name}`, () => check({ numRuns }));
}

/** Runs the command. */
async function fuzz(...args: string[]): Promise<{ code: number; output: string }> {
  const script = fileURLToPath(import.meta.resolve("./fuzz.ts"));
  const { code, stdout, stderr } = await run(denoCommand(["run", "-A", script, ...args]));
  return { code, output: stdout + stderr };
}

Deno.test("the command prints the seed and the number of inputs of each target", async () => {
  const { code, output } = await fuzz(
    "--minutes=0",
    "--seed=7",
    "--only=the cuts make no difference",
  );
  assertEquals(code, 0, output);
  assertMatch(
    output,
    /^Fuzzing for 0 min, --seed 7\n +500 inputs +[\d.]+ s +whatever is skimmed, the/,
  );
});

Deno.test("the command rejects unknown options", async () => {
  const wrong: [arg: string, output: RegExp][] = [
    ["--only=nothing at all", /^There is no target called/],
    ["--minutes=long", /^--minutes must be/],
    ["--seeds=7", /^Unknown argument: --seeds/],
  ];
  for (const [arg, expected] of wrong) {
    const { code, output } = await fuzz(arg);
    assertEquals(code, 2, output);
    assertMatch(output, expected);
  }
});
