/**
 * Runs several Managers that are joined for minutes, while their processes, those of their peers and
 * the NATS servers between them are stopped and killed at random:
 * `deno task soak --nodes 3 [--minutes N] [--seed S] [--clients N] [--namespaces]`. With the latter each
 * is on a computer of its own, whose link fails too (`namespaces.ts`).
 *
 * Everything that happens is written down. It fails unless the checker finds that each call was
 * answered once, none has run twice, all was in order, no lock was left, and everything was whole again
 * within ten seconds.
 */

import { delay } from "@std/async/delay";
import { join } from "node:path";
import { showProgress } from "../../../cli/progress.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { Random } from "../random.ts";
import { check, RECOVERY, type Verdict } from "./checker.ts";
import { type Fault, randomFault } from "./faults.ts";
import type { SoakEvent } from "./history.ts";
import { Journal } from "./journal.ts";
import { SoakNetwork, type SoakNetworkOptions } from "./network.ts";

/** The options of a soak of several nodes. */
export interface NodesSoakOptions extends Omit<SoakNetworkOptions, "folder"> {
  minutes: number;
  /** The faults in their order, instead of random ones. */
  faults?: readonly { fault: Fault; time: number }[];
  /** Is called with what is done now. */
  progress?: (text: string) => void;
  /** Aborts the soak, which rejects with the reason. */
  signal?: AbortSignal;
  /** Where to keep what was written down if there is a fault. */
  keep?: string;
}

/** The mean time between a recovery and the next fault, in milliseconds. */
const CALM = 1_500;
/** The part of the faults during which another one begins. */
const DOUBLE = 0.2;
/** The longest time for the last answers, in milliseconds: a beat is missed after five seconds. */
const LAST_ANSWERS = 20_000;
/** How long a client may try to call everything, beyond what is permitted, in milliseconds. */
const PROBE = 3 * RECOVERY;

/** Runs a soak to its end. */
export async function soakNodes(options: NodesSoakOptions): Promise<Verdict> {
  const { signal, progress = () => {} } = options;
  await using folder = await temporaryFolder();
  await using network = await SoakNetwork.start({ ...options, folder: folder.path });
  using journal = new Journal(join(folder.path, "soak.jsonl"));
  const note = (event: SoakEvent) => journal.write(event);
  const random = new Random(options.seed);
  const recover = async (fault: string, since: number) => {
    await network.order("probe", PROBE);
    note({ kind: "recovered", fault, took: performance.now() - since });
  };
  await network.order("probe", PROBE);
  await network.order("work", 0);
  const end = performance.now() + options.minutes * 60_000;
  const given = [...options.faults ?? []];
  const next = () => options.faults === undefined ? randomFault(random, network) : given.shift();
  for (let one = next(); one && performance.now() < end; one = next()) {
    await delay(Math.min(random.until(CALM), Math.max(end - performance.now(), 0)), { signal });
    const { fault, time } = one;
    let { name } = fault;
    progress(`${name}, ${Math.round(time)} ms`);
    const running = [fault.run(network, time, note)];
    if (options.faults === undefined && random.chance(DOUBLE)) {
      const { fault: second, time: lasting } = randomFault(random, network);
      if (areApart(fault, second)) {
        await delay(random.below(time));
        name += ` and ${second.name}`;
        progress(name);
        running.push(second.run(network, lasting, note));
      }
    }
    const outcomes = await Promise.allSettled(running); // none may start a process after the end
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    await recover(name, performance.now());
    await observe(network, note);
    signal?.throwIfAborted();
  }
  progress("The last answers");
  await network.order("rest", LAST_ANSWERS);
  await network.order("leave", LAST_ANSWERS);
  const verdict = check(await network.history());
  verdict.faults.push(...await leftovers(network));
  if (verdict.faults.length > 0 && options.keep !== undefined) {
    await keep(folder.path, options.keep);
  }
  return verdict;
}

/** Whether two faults are of different processes, so that each can end by itself. */
function areApart(one: Fault, other: Fault): boolean {
  return !one.of.some((process) => other.of.includes(process));
}

/** Notes which locks there are. */
async function observe(network: SoakNetwork, note: (event: SoakEvent) => void): Promise<void> {
  for (const node of network.nodes) {
    const { services } = await node.status();
    for (const [name, { locks }] of Object.entries(services)) {
      const service = `${node.name}.${name}`;
      note({ kind: "holders", service, clients: locks, at: Date.now() });
    }
  }
}

/** What is left after all clients have disconnected. */
async function leftovers(network: SoakNetwork): Promise<string[]> {
  const faults: string[] = [];
  for (const node of network.nodes) {
    let left = "";
    for (const end = performance.now() + RECOVERY; performance.now() < end; await delay(50)) {
      const { clients, services } = await node.status();
      const others = Object.keys(clients).filter((name) => !name.startsWith("observer["));
      const pending = Object.entries(services)
        .filter(([, { pending_requests: count, locks, links }]) => {
          return count > 0 || locks.length > 0 || links.length > 0;
        })
        .map(([name]) => name);
      left = [...others, ...pending].join(", ");
      if (left === "") break;
    }
    if (left !== "") faults.push(`At the end there are clients, links, locks or calls: ${left}`);
  }
  return faults;
}

async function keep(folder: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".jsonl")) await Deno.copyFile(join(folder, name), join(to, name));
  }
}

/** The table of a verdict. */
export function formatVerdict({ counts }: Verdict): string {
  const rows: [string, number][] = [
    ["calls", counts.calls],
    ["answered with a result", counts.answered],
    ...Object.entries(counts.failed).sort()
      .map(([error, count]): [string, number] => [`answered with ${error}`, count]),
    ["of clients that were killed", counts.lost],
    ["methods run", counts.runs],
    ["values of streams", counts.values],
    ["notifications", counts.notifications],
    ["locks with calls", counts.locked],
    ["faults with a recovery", counts.recoveries],
    ["slowest recovery, ms", Math.round(counts.slowestRecovery)],
  ];
  return rows.map(([name, count]) => name.padEnd(40) + count.toLocaleString("en").padStart(12))
    .join("\n");
}

/** Runs the command. Returns the exit code. */
export async function runNodesSoak(options: NodesSoakOptions): Promise<number> {
  const { nodes, minutes, seed } = options;
  console.log(`${nodes} nodes for ${minutes} min, --seed ${seed}`);
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interrupted.abort(new Error("Interrupted")));
  }
  using shown = showProgress("Starting", { endOnSignal: false });
  const start = performance.now();
  const progress = (text: string) => {
    shown.show(`${((performance.now() - start) / 1_000).toFixed(0)} s: ${text}`);
  };
  try {
    const { signal } = interrupted;
    const verdict = await soakNodes({ ...options, progress, signal });
    shown[Symbol.dispose]();
    console.log(`\n${formatVerdict(verdict)}\n`);
    for (const fault of verdict.faults) console.log(`FAILED: ${fault}`);
    return verdict.faults.length === 0 ? 0 : 1;
  } catch (error) {
    shown[Symbol.dispose]();
    console.log(`\n${(error as Error).message}`);
    return interrupted.signal.aborted ? 130 : 1;
  }
}
