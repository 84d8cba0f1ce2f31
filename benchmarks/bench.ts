/**
 * The benchmark: `deno task bench [--quick] [--json FILE] [--only PART] [--profile FOLDER]`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { showProgress } from "../cli/progress.ts";
import { measureArrays } from "./arrays.ts";
import { measureBulk, measurePieces } from "./bulk.ts";
import { measureCalls } from "./calls.ts";
import { measureDirectory } from "./directory.ts";
import { measureGigabyte } from "./gigabyte.ts";
import { measureGrowth } from "./growth.ts";
import { measureLatency } from "./latency.ts";
import { measureNodes } from "./nodes.ts";
import { killAll } from "./program.ts";
import { measurePythonLatency } from "./python_latency.ts";
import { describeMachine, formatSection, meetsGoal, ratioOf, type Section } from "./report.ts";
import { prepare, type Setting } from "./setting.ts";
import { measureRecord } from "./record.ts";
import { measureStart } from "./start.ts";
import { measureWeb } from "./web.ts";
import { measureValues } from "./values.ts";
import { measureSmallMessages } from "./small_messages.ts";

/** The parts, in the order in which they are run. */
const PARTS: Record<string, (setting: Setting) => Promise<Section>> = {
  messages: measureSmallMessages,
  calls: measureCalls,
  latency: measureLatency,
  python: measurePythonLatency,
  bulk: measureBulk,
  pieces: measurePieces,
  values: measureValues,
  arrays: measureArrays,
  growth: measureGrowth,
  record: measureRecord,
  web: measureWeb,
  nodes: measureNodes,
  start: measureStart,
  directory: measureDirectory,
  numbers: (setting) => measureGigabyte(setting, "numbers"),
  objects: (setting) => measureGigabyte(setting, "objects"),
};

/** The parts that run only if they are named: they take a minute or more, or gigabytes of memory. */
const NAMED: ReadonlySet<string> = new Set(["directory", "numbers", "objects"]);

/** The time after which no further part is started, in milliseconds. */
const TIME_LIMIT = 8.5 * 60_000;

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, {
    boolean: ["quick"],
    string: ["json", "only", "profile"],
    unknown: (argument: string) => {
      throw new TypeError(`Unknown argument: ${argument}`);
    },
  });
  const only = args.only?.split(",") ?? Object.keys(PARTS).filter((part) => !NAMED.has(part));
  const unknown = only.find((part: string) => !(part in PARTS));
  if (unknown) throw new TypeError(`There are ${Object.keys(PARTS).join(", ")}, not ${unknown}`);

  await using setting = await prepare({ quick: args.quick, profile: args.profile });
  using progress = showProgress("Preparing", { endOnSignal: false });
  onInterrupt(() => {
    progress[Symbol.dispose]();
    killAll();
    Deno.removeSync(setting.folder, { recursive: true });
  });
  const start = performance.now();
  const sections: Section[] = [];
  let failures = 0;
  console.log(`${describeMachine()}\n`);
  for (const [index, part] of only.entries()) {
    progress.show(`Measuring ${part}, ${index + 1} of ${only.length}`);
    if (performance.now() - start > TIME_LIMIT) {
      console.log(`${part} is left out: there is no time left\n`);
      continue;
    }
    try {
      const section = await PARTS[part](setting);
      sections.push(section);
      progress.clear();
      console.log(formatSection(section));
    } catch (error) {
      failures++;
      progress.clear();
      console.log(`${part} failed: ${(error as Error).message}\n`);
    }
  }
  progress[Symbol.dispose]();
  const seconds = Math.round((performance.now() - start) / 1_000);
  console.log(`${seconds} s`);
  if (args.json) await Deno.writeTextFile(args.json, toJson(sections, seconds));
  return failures === 0 ? 0 : 1;
}

function toJson(sections: Section[], seconds: number): string {
  const machine = describeMachine();
  const described = sections.map(({ figures, ...section }) => ({
    ...section,
    figures: figures.map((figure) => ({
      ...figure,
      ratio: ratioOf(figure),
      met: meetsGoal(figure),
    })),
  }));
  return JSON.stringify({ machine, seconds, sections: described }, undefined, 2) + "\n";
}

function onInterrupt(clean: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    if (signal === "SIGTERM" && Deno.build.os === "windows") continue; // it has none
    Deno.addSignalListener(signal, () => {
      clean();
      Deno.exit(130);
    });
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(2);
  }
}
