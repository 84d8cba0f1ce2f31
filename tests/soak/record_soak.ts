/**
 * Records a simulated laboratory for an hour of a fast clock, while its Manager, its instruments and
 * the recorder are killed at random: `deno task soak-record [--minutes N] [--factor N] [--seed S]`.
 *
 * It fails unless every reading that an instrument says it has delivered is in the file, or lies inside
 * a gap of the file that says why.
 */

import { delay } from "@std/async/delay";
import { fileURLToPath } from "node:url";
import { showProgress } from "../../cli/progress.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { denoCommand, Process } from "../support/process.ts";
import { readNumber, readOptions, readSeed, runCommand } from "../support/program_options.ts";
import { readRecording } from "../support/recordings.ts";
import { CONFIG } from "../support/source_tree.ts";
import { Random } from "./random.ts";
import type { ProgramOptions } from "./record_program.ts";
import {
  compare,
  faultsOf,
  formatReport,
  type Outage,
  readDelivered,
  type Report,
  sinceRecorded,
} from "./record_report.ts";

/** The options of a run. */
export interface RecordSoakOptions {
  /** The length, in minutes of the simulation. */
  minutes: number;
  /** How much faster its clock is. */
  factor: number;
  seed: number;
  /** The mean time from one kill to the next, in milliseconds of this computer. */
  meanLife: number;
  /** Called with each kill. */
  onKill?: (victim: string, seconds: number) => void;
  signal?: AbortSignal;
}

const INSTRUMENTS = ["DMM1", "DMM2", "DMM3"];
const PROGRAM = fileURLToPath(import.meta.resolve("./record_program.ts"));
/** The mean time that a process is dead, in milliseconds of this computer. */
const MEAN_OUTAGE = 500;
/** Each process that is started gives values of its own. */
const VALUES_OF_PROCESS = 1e7;

/** Runs it. */
export async function recordSoak(
  { minutes, factor, seed, meanLife, onKill, signal }: RecordSoakOptions,
): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const random = new Random(seed);
  const file = folder.join("lab.sqlite");
  const base = Date.now();
  const start = Date.UTC(2026, 0, 31);
  const clock: [number, number, number] = [factor, start, base];
  const simulated = (time: number) => start + (time - base) * factor;
  const logOf = (name: string) => folder.join(`${name}.log`);

  const first = await ManagerProcess.start(folder.path);
  const address = first.connectOptions;
  const running = new Map<string, Process>([["Manager", first]]);
  stack.defer(async () => {
    await Promise.all(Array.from(running.values(), (one) => one[Symbol.asyncDispose]()));
  });
  let processes = 0;
  const program = (options: DistributiveOmit<ProgramOptions, "address" | "clock">) =>
    new Process(denoCommand([
      "run",
      "-A",
      "--no-check",
      `--config=${CONFIG}`,
      PROGRAM,
      JSON.stringify({ ...options, address, clock }),
    ]));
  const sources = INSTRUMENTS.flatMap((name) => [
    `${name}.voltage@5s`,
    `${name}.current`,
    `${name}:temperature`,
  ]);
  const begin = async (name: string): Promise<Process> => {
    switch (name) {
      case "Manager":
        return await ManagerProcess.start(folder.path, `--port=${address.port}`);
      case "recorder": {
        const recorder = program({ program: "recorder", file, sources });
        await recorder.stdout.next();
        return recorder;
      }
      default: {
        const first = ++processes * VALUES_OF_PROCESS;
        return program({ program: "instrument", name, log: logOf(name), first });
      }
    }
  };
  for (const name of [...INSTRUMENTS, "recorder"]) running.set(name, await begin(name));

  const outages: Outage[] = [];
  const victims = ["Manager", "recorder", ...INSTRUMENTS];
  let order: string[] = [];
  const end = Date.now() + minutes * 60_000 / factor;
  for (;;) {
    const life = Math.min(random.until(meanLife), 3 * meanLife);
    await delay(Math.max(Math.min(life, end - Date.now()), 0), { signal });
    if (Date.now() >= end) break;
    // Each in turn, in any order, so that a short run kills each one too.
    if (order.length === 0) order = shuffle(victims, random);
    const victim = order.pop()!;
    onKill?.(victim, (Date.now() - base) / 1_000);
    const dead = Date.now();
    running.get(victim)!.kill("SIGKILL");
    await running.get(victim)!.end();
    await delay(random.until(MEAN_OUTAGE), { signal });
    running.set(victim, await begin(victim));
    outages.push({ victim, start: simulated(dead), end: simulated(Date.now()) });
  }

  const recorder = running.get("recorder")!;
  recorder.kill("SIGTERM");
  await recorder.succeeded();
  for (const name of INSTRUMENTS) {
    running.get(name)!.kill("SIGKILL");
    await running.get(name)!.end();
  }
  const delivered = INSTRUMENTS.flatMap((name) =>
    readDelivered(name, Deno.readTextFileSync(logOf(name)))
  );
  const recorded = readRecording(file);
  return compare(sinceRecorded(delivered, recorded, outages), recorded, outages, factor);
}

type DistributiveOmit<T, Keys extends PropertyKey> = T extends unknown ? Omit<T, Keys> : never;

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [shuffled[at], shuffled[other]] = [shuffled[other], shuffled[at]];
  }
  return shuffled;
}

async function main(): Promise<number> {
  const args = readOptions(["minutes", "factor", "seed"]);
  const minutes = readNumber("minutes", args.minutes ?? "60");
  const factor = readNumber("factor", args.factor ?? "60");
  const seed = readSeed(args.seed);
  console.log(`${minutes} min of a laboratory, ${factor} times as fast, --seed ${seed}`);
  using shown = showProgress("Starting", {});
  const report = await recordSoak({
    minutes,
    factor,
    seed,
    meanLife: 3_000,
    onKill: (victim, seconds) => shown.show(`${seconds.toFixed(0)} s: ${victim} was killed`),
  });
  shown[Symbol.dispose]();
  console.log(`\n${formatReport(report)}\n`);
  const faults = faultsOf(report);
  for (const fault of faults) console.log(`FAILED: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

if (import.meta.main) await runCommand(main);
