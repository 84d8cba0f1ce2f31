/**
 * A Manager under hundreds of devices that come and go, for minutes:
 * `deno task soak [--minutes N] [--seed S] [--clients N] [--services N]`.
 *
 * It fails unless every request was answered once, and the Manager is afterwards what it was before.
 */

import { delay } from "@std/async/delay";
import { join } from "node:path";
import { Program } from "../../benchmarks/program.ts";
import { showProgress } from "../../cli/progress.ts";
import { temporaryFolder } from "../support/folder.ts";
import { readNumber, readOptions, readSeed, runCommand } from "../support/program_options.ts";
import type { Place } from "../support/raw_peer.ts";
import {
  type Counts,
  faultsOf,
  formatResult,
  type Look,
  noCounts,
  type Result,
  sumOf,
} from "./counts.ts";
import type { CrowdOptions, CrowdOrder } from "./crowd.ts";
import { Random } from "./random.ts";

/** How a soak is run. */
export interface SoakOptions {
  minutes: number;
  seed: number;
  clients: number;
  services: number;
  /** Is told what was counted so far, every 10 seconds. */
  progress?: (seconds: number, counts: Counts) => void;
  /** Ends it before its time; it rejects with the reason. */
  signal?: AbortSignal;
}

/** How long it may take until all are connected, or the last answers have come, in milliseconds. */
const PATIENCE = 60_000;
/** The longest warm-up, in milliseconds. */
const WARM_UP = 20_000;
const PROGRESS = 10_000;
/** How long a process of mayflies lives on average, in milliseconds. */
const MAYFLY_LIFE = 15_000;
/** What part of the devices are mayflies. */
const MAYFLIES = 0.05;
/** Small, so that a message need not be megabytes to be passed on in pieces. */
const LIMITS = { longLine: 64 * 1024 };

const MODULES = "../tests/soak";

/** Runs a soak to its end. */
export async function soak(options: SoakOptions): Promise<Result> {
  const { minutes, seed, clients, services, signal } = options;
  await using folder = await temporaryFolder();
  await using manager = Program.start(
    `${MODULES}/manager.ts`,
    {
      host: "localhost",
      port: 0,
      database: join(folder.path, "soak.sqlite3"), // one in memory would grow with its records
      limits: { ...LIMITS, maxPending: 1_000 },
    },
    ["--v8-flags=--expose-gc"],
  );
  const { place } = await manager.receive<{ place: Place }>();
  const look = async () => {
    await manager.send({ task: "look" });
    return await manager.receive<Look>();
  };
  const crowdOf = (name: string, part: number): CrowdOptions => ({
    place,
    seed: new Random(seed + name.length).below(2 ** 16),
    name,
    clients: Math.ceil(clients * part),
    services: Math.ceil(services * part),
    everyService: [],
  });
  const mayflies = crowdOf("mayfly", MAYFLIES);
  const others = crowdOf("device", 1);
  others.clients = clients - mayflies.clients;
  others.services = services - mayflies.services;
  const everyService = [mayflies, others].flatMap(({ name, services }) =>
    Array.from({ length: services }, (_, index) => `${name} S${index}`)
  );
  mayflies.everyService = others.everyService = everyService;

  await using crowd = new CrowdProcess(others);
  await using swarm = new Swarm(mayflies);
  const both = async (task: CrowdOrder["task"]) =>
    sumOf(await Promise.all([crowd.order(task), swarm.order(task)]));

  const alone = await look();
  const begin = performance.now();
  await both("gather");
  const warmUp = Math.min(WARM_UP, minutes * 60_000 / 4);
  await both("work");
  await swarm.live(warmUp, signal);
  await both("rest");
  await both("leave");
  await both("gather");
  const start = await look();

  await both("work");
  const working = performance.now();
  const report = async () => {
    const counts = sumOf(await Promise.all([crowd.order("count"), swarm.order("count")]));
    options.progress?.((performance.now() - begin) / 1_000, counts);
  };
  // One that fails is heard of with the next order.
  const timer = setInterval(() => report().catch(() => {}), PROGRESS);
  try {
    await swarm.live(Math.max(minutes * 60_000 - (working - begin), 0), signal);
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - working) / 1_000;
  const counts = await both("rest");
  const after = await look();
  // A connection keeps the buffers that it needed once. So all connect anew before they are looked
  // at: what is left over then is what nobody needs.
  await both("leave");
  await both("gather");
  const end = await look();
  await both("leave");
  const gone = await look();
  return { counts, alone, start, after, end, gone, seconds };
}

/** A process with clients and services, which is told one thing after the other. */
class CrowdProcess implements AsyncDisposable {
  readonly #program: Program;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CrowdOptions) {
    this.#program = Program.start(`${MODULES}/crowd.ts`, options);
  }

  /** Tells it something, and gives what it has counted so far. */
  order(task: CrowdOrder["task"]): Promise<Counts> {
    const counts = this.#last.then(async () => {
      await this.#program.send({ task });
      return await this.#program.receive<Counts>(PATIENCE);
    });
    this.#last = counts.catch(() => {}); // whoever has given the order hears of it
    return counts;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

/** A crowd whose process vanishes now and then, and is started anew. */
class Swarm implements AsyncDisposable {
  readonly #options: CrowdOptions;
  readonly #random: Random;
  #crowd: CrowdProcess;
  /** What those have counted that have vanished. */
  #before = noCounts();
  #vanishing: Promise<void> = Promise.resolve();

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#crowd = new CrowdProcess(options);
  }

  async order(task: CrowdOrder["task"]): Promise<Counts> {
    await this.#vanishing;
    return sumOf([this.#before, await this.#crowd.order(task)]);
  }

  /** Lives and vanishes for some time, in milliseconds. */
  async live(time: number, signal?: AbortSignal): Promise<void> {
    const end = performance.now() + time;
    for (let rest = time; rest > 0; rest = end - performance.now()) {
      const life = this.#random.until(MAYFLY_LIFE);
      await delay(Math.min(life, rest), { signal });
      if (life < rest) await (this.#vanishing = this.#vanish());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#vanishing.catch(() => {});
    await this.#crowd[Symbol.asyncDispose]();
  }

  async #vanish(): Promise<void> {
    this.#before = sumOf([this.#before, await this.#crowd.order("vanish")]);
    await this.#crowd[Symbol.asyncDispose]();
    this.#options.seed++;
    this.#crowd = new CrowdProcess(this.#options);
    await this.#crowd.order("gather");
    await this.#crowd.order("work");
  }
}

async function main(): Promise<number> {
  const args = readOptions(["minutes", "seed", "clients", "services"]);
  const minutes = readNumber("minutes", args.minutes ?? "2");
  const clients = readNumber("clients", args.clients ?? "500");
  const services = readNumber("services", args.services ?? "50");
  const seed = readSeed(args.seed);
  console.log(`${clients} clients and ${services} services for ${minutes} min, --seed ${seed}`);
  const interrupted = new AbortController();
  Deno.addSignalListener("SIGINT", () => interrupted.abort(new Error("Interrupted")));
  using shown = showProgress("Gathering", { endOnSignal: false });
  const progress = (seconds: number, { requests, answered, notifications, deaths }: Counts) =>
    shown.show(
      `${seconds.toFixed(0)} s of ${minutes} min: ${requests} requests, ${answered} answered, ` +
        `${notifications} notifications, ${deaths} deaths`,
    );
  try {
    const { signal } = interrupted;
    const result = await soak({ minutes, seed, clients, services, progress, signal });
    shown[Symbol.dispose]();
    console.log(`\n${formatResult(result)}\n`);
    const faults = faultsOf(result);
    for (const fault of faults) console.log(`FAILED: ${fault}`);
    return faults.length === 0 ? 0 : 1;
  } catch (error) {
    shown[Symbol.dispose]();
    console.log(`\n${(error as Error).message}`);
    return interrupted.signal.aborted ? 130 : 1;
  }
}

if (import.meta.main) await runCommand(main);
