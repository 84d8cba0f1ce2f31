/** A little of `deno task fuzz`, with inputs that are others each time. A failure prints the seed. */

import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { denoCommand, run } from "../support/process.ts";
import { targets } from "./targets.ts";

for (const { name, numRuns, check } of targets()) {
  Deno.test(`fuzz: ${name}`, () => check({ numRuns }));
}

/** Runs the command. */
async function fuzz(...args: string[]): Promise<{ code: number; said: string }> {
  const script = fileURLToPath(import.meta.resolve("./fuzz.ts"));
  const { code, printed, said } = await run(denoCommand(["run", "-A", script, ...args]));
  return { code, said: printed + said };
}

Deno.test("the command says with which seed it has tried how many inputs", async () => {
  const { code, said } = await fuzz(
    "--minutes=0",
    "--seed=7",
    "--only=the cuts make no difference",
  );
  assertEquals(code, 0, said);
  assertMatch(
    said,
    /^Fuzzing for 0 min, --seed 7\n +500 inputs +[\d.]+ s +whatever is skimmed, the/,
  );
});

Deno.test("the command refuses what it does not know", async () => {
  const wrong: [arg: string, said: RegExp][] = [
    ["--only=nothing at all", /^There is no target called/],
    ["--minutes=long", /^--minutes must be/],
    ["--seeds=7", /^Unknown argument: --seeds/],
  ];
  for (const [arg, expected] of wrong) {
    const { code, said } = await fuzz(arg);
    assertEquals(code, 2, said);
    assertMatch(said, expected);
  }
});
