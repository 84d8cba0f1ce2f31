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
  for (const arg of ["--only=nothing at all", "--minutes=long", "--seeds=7"]) {
    const { code, said } = await fuzz(arg);
    assertEquals(code, 2, said);
    assertMatch(said, /^(There is no target called|--minutes must be|Unknown argument: --seeds)/);
  }
});
