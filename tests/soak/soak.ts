/**
 * Runs a Manager for minutes under hundreds of devices that connect and disconnect:
 * `deno task soak [--minutes N] [--seed S] [--clients N] [--services N]`.
 *
 * It fails unless every request got one reply, and the Manager has released all resources at the end.
 */

import { delay } from "@std/async/delay";
import { join } from "node:path";
import { Program } from "../../benchmarks/program.ts";
import { showProgress } from "../../cli/progress.ts";
import { temporaryFolder } from "../support/folder.ts";
import { readNumber, readOptions, readSeed, runCommand } from "../support/program_options.ts";
import type { ManagerAddress } from "../support/raw_peer.ts";
import {
  type Counts,
  faultsOf,
  formatResult,
  noCounts,
  type Result,
  type Snapshot,
  sumOf,
} from "./counts.ts";
import type { CrowdOptions, CrowdOrder } from "./crowd.ts";
import { isInNamespaces, runInNamespaces } from "./nodes/namespaces.ts";
import { runNodesSoak } from "./nodes/soak.ts";
import { Random } from "./random.ts";

/** The options of a soak. */
export interface SoakOptions {
  minutes: number;
  seed: number;
  clients: number;
  services: number;
  /** Is called with the counts so far, every 10 seconds. */
  progress?: (seconds: number, counts: Counts) => void;
  /** Aborts the soak, which rejects with the reason. */
  signal?: AbortSignal;
}

/** The time-out for a task, such as connecting all devices or the last replies, in milliseconds. */
const TIMEOUT = 60_000;
/** The longest warm-up, in milliseconds. */
const WARM_UP = 20_000;
const PROGRESS = 10_000;
/** The mean lifetime of the process with short-lived devices, in milliseconds. */
const SHORT_LIFE = 15_000;
/** The part of the devices that is short-lived. */
const SHORT_LIVED_PART = 0.05;
/** Small, so that a message of less than a megabyte is forwarded in pieces. */
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
      database: join(folder.path, "soak.sqlite3"), // a database in memory would grow with its records
      limits: { ...LIMITS, maxPending: 1_000 },
    },
    ["--v8-flags=--expose-gc"],
  );
  const { address } = await manager.receive<{ address: ManagerAddress }>();
  const snapshot = async () => {
    await manager.send({ task: "snapshot" });
    return await manager.receive<Snapshot>();
  };
  const crowdOf = (name: string, part: number): CrowdOptions => ({
    address,
    seed: new Random(seed + name.length).below(2 ** 16),
    name,
    clients: Math.ceil(clients * part),
    services: Math.ceil(services * part),
    everyService: [],
  });
  const shortLived = crowdOf("mayfly", SHORT_LIVED_PART);
  const others = crowdOf("device", 1);
  others.clients = clients - shortLived.clients;
  others.services = services - shortLived.services;
  const everyService = [shortLived, others].flatMap(({ name, services }) =>
    Array.from({ length: services }, (_, index) => `${name} S${index}`)
  );
  shortLived.everyService = others.everyService = everyService;

  await using crowd = new CrowdProcess(others);
  await using restarting = new RestartingCrowd(shortLived);
  const both = async (task: CrowdOrder["task"]) =>
    sumOf(await Promise.all([crowd.order(task), restarting.order(task)]));

  const alone = await snapshot();
  const begin = performance.now();
  await both("gather");
  const warmUp = Math.min(WARM_UP, minutes * 60_000 / 4);
  await both("work");
  await restarting.live(warmUp, signal);
  await both("rest");
  await both("leave");
  await both("gather");
  const start = await snapshot();

  await both("work");
  const working = performance.now();
  const report = async () => {
    const counts = sumOf(await Promise.all([crowd.order("count"), restarting.order("count")]));
    options.progress?.((performance.now() - begin) / 1_000, counts);
  };
  // An error is reported by the next order.
  const timer = setInterval(() => report().catch(() => {}), PROGRESS);
  try {
    await restarting.live(Math.max(minutes * 60_000 - (working - begin), 0), signal);
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - working) / 1_000;
  const counts = await both("rest");
  const after = await snapshot();
  // A connection keeps its largest buffers. So all devices reconnect before the snapshot: memory that
  // is still in use then has leaked.
  await both("leave");
  await both("gather");
  const end = await snapshot();
  await both("leave");
  const empty = await snapshot();
  return { counts, alone, start, after, end, empty, seconds };
}

/** A process with clients and services, which runs one task after the other. */
class CrowdProcess implements AsyncDisposable {
  readonly #program: Program;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CrowdOptions) {
    this.#program = Program.start(`${MODULES}/crowd.ts`, options);
  }

  /** Runs a task, and returns the counts so far. */
  order(task: CrowdOrder["task"]): Promise<Counts> {
    const counts = this.#last.then(async () => {
      await this.#program.send({ task });
      return await this.#program.receive<Counts>(TIMEOUT);
    });
    this.#last = counts.catch(() => {}); // the caller gets the error
    return counts;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

/** A crowd whose process exits now and then, and is started again. */
class RestartingCrowd implements AsyncDisposable {
  readonly #options: CrowdOptions;
  readonly #random: Random;
  #crowd: CrowdProcess;
  /** The counts of the processes that have exited. */
  #before = noCounts();
  #restarting: Promise<void> = Promise.resolve();

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#crowd = new CrowdProcess(options);
  }

  async order(task: CrowdOrder["task"]): Promise<Counts> {
    await this.#restarting;
    return sumOf([this.#before, await this.#crowd.order(task)]);
  }

  /** Exits and restarts at random for some time, in milliseconds. */
  async live(time: number, signal?: AbortSignal): Promise<void> {
    const end = performance.now() + time;
    for (let rest = time; rest > 0; rest = end - performance.now()) {
      const life = this.#random.until(SHORT_LIFE);
      await delay(Math.min(life, rest), { signal });
      if (life < rest) await (this.#restarting = this.#restart());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#restarting.catch(() => {});
    await this.#crowd[Symbol.asyncDispose]();
  }

  async #restart(): Promise<void> {
    this.#before = sumOf([this.#before, await this.#crowd.order("exit")]);
    await this.#crowd[Symbol.asyncDispose]();
    this.#options.seed++;
    this.#crowd = new CrowdProcess(this.#options);
    await this.#crowd.order("gather");
    await this.#crowd.order("work");
  }
}

async function main(): Promise<number> {
  const names = ["minutes", "seed", "clients", "services", "nodes", "keep", "namespaces"];
  const args = readOptions(names);
  const minutes = readNumber("minutes", args.minutes ?? "2");
  const { nodes, namespaces } = args;
  if (namespaces !== undefined && (namespaces !== "" || nodes === undefined)) {
    throw new TypeError("--namespaces has no value, and needs --nodes");
  }
  if (namespaces !== undefined && !isInNamespaces()) return await runInNamespaces(import.meta.url);
  if (args.nodes !== undefined) {
    const nodes = readNumber("nodes", args.nodes);
    const clients = readNumber("clients", args.clients ?? "4");
    const { keep } = args;
    return await runNodesSoak({ nodes, minutes, seed: readSeed(args.seed), clients, keep });
  }
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
