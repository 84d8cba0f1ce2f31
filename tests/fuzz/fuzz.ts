/**
 * Fuzzes for some minutes: `deno task fuzz [--minutes N] [--seed S] [--only WORDS]`.
 *
 * One round tries every target with the seed, the next one with the seed after that, and so on; there
 * is at least one. A failure is shown with the seed of its round, which reproduces it.
 * `--only` takes the targets whose name has these words in it.
 */

import { showProgress } from "../../cli/progress.ts";
import { readNumber, readOptions, readSeed, runCommand } from "../support/program_options.ts";
import { targets } from "./targets.ts";

async function main(): Promise<number> {
  const args = readOptions(["minutes", "seed", "only"]);
  const minutes = readNumber("minutes", args.minutes ?? "2");
  const seed = readSeed(args.seed);
  const chosen = targets().filter(({ name }) => name.includes(args.only ?? ""));
  if (chosen.length === 0) throw new TypeError(`There is no target called ${args.only}`);

  console.log(`Fuzzing for ${minutes} min, --seed ${seed}`);
  const tried = new Map(chosen.map(({ name }) => [name, { inputs: 0, time: 0 }]));
  using progress = showProgress("Round 1");
  const end = performance.now() + minutes * 60_000;
  for (let round = 0; round === 0 || performance.now() < end; round++) {
    for (const { name, numRuns, check } of chosen) {
      const start = performance.now();
      if (round > 0 && start >= end) break;
      progress.show(`Round ${round + 1}: ${name}`);
      try {
        await check({ seed: seed + round, numRuns });
      } catch (error) {
        const { message, cause } = error as Error;
        progress.clear();
        console.log(`\nFailed: ${name}\n\n${message}\n\n${(cause as Error)?.stack ?? ""}`);
        console.log(`\nAgain: deno task fuzz --seed ${seed + round} --only "${name}"`);
        return 1;
      }
      const sum = tried.get(name)!;
      sum.inputs += numRuns;
      sum.time += performance.now() - start;
    }
  }
  progress[Symbol.dispose]();
  for (const [name, { inputs, time }] of tried) {
    console.log(
      `${String(inputs).padStart(9)} inputs ${(time / 1_000).toFixed(1).padStart(6)} s  ${name}`,
    );
  }
  return 0;
}

if (import.meta.main) await runCommand(main);
