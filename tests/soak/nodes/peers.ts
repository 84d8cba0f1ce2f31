/** A process of the soak of several nodes: clients, or services, of one node. */

import { delay } from "@std/async/delay";
import { commands, options, report, run } from "../../../benchmarks/commands.ts";
import type { ManagerAddress } from "../../support/raw_peer.ts";
import { Random } from "../random.ts";
import { DeviceClient, RawClient, type SoakClient } from "./clients.ts";
import { Journal } from "./journal.ts";
import { Counted } from "./services.ts";

/** The options of a process. */
export interface PeersOptions {
  /** The name of the process. */
  name: string;
  node: string;
  address: ManagerAddress;
  /** The new file for what it sees. */
  file: string;
  seed: number;
  /** How many clients it has, half of them bare sockets. */
  clients: number;
  /** The plain names of its services. */
  offers: string[];
  /** The full names of all services that clients are linked with, and of those that they lock. */
  services: string[];
  locked: string[];
}

/** A task. The answer to each says how many calls are pending. */
export interface PeersOrder {
  task: "work" | "probe" | "rest" | "leave";
  /** The longest time for it, in milliseconds. */
  within: number;
}

/** The answer to an order. */
export interface PeersReport {
  /** Whether it was done in time. */
  done: boolean;
  pending: number;
}

async function main(): Promise<void> {
  const { name, node, address, file, seed, ...peers } = options<PeersOptions>();
  const journal = new Journal(file);
  const services = peers.offers.map((offer) => new Counted(offer, node, journal));
  const clients: SoakClient[] = Array.from({ length: peers.clients }, (_, index) => {
    const random = new Random(seed * 7_919 + index);
    const common = { address, node, process: name, journal, random };
    const of = { ...common, services: peers.services, locked: peers.locked };
    return index % 2 === 0 ? new DeviceClient(of) : new RawClient(of);
  });
  const reconnect = { firstDelay: 20, longestDelay: 500, waitOnFirstConnect: true };
  await Promise.all(services.map((service) => service._begin({ ...address, reconnect })));
  await Promise.all(clients.map((client) => client.connect()));
  report({ ready: true });

  let ending = new AbortController();
  let work: Promise<unknown> = Promise.resolve();
  const allOf = (act: (client: SoakClient) => Promise<void>) => Promise.all(clients.map(act));
  for await (const { task, within } of commands<PeersOrder>()) {
    let done = true;
    const limit = AbortSignal.timeout(within);
    if (task === "work") {
      ending = new AbortController();
      work = allOf((client) => client.work(ending.signal));
    } else if (task === "probe") {
      await allOf((client) => client.probe(limit));
      done = !limit.aborted;
    } else {
      ending.abort();
      const isOver = Promise.all([work, until(limit, () => clients.every((c) => c.isAnswered))]);
      done = await Promise.race([isOver.then(([, held]) => held), never(limit)]);
      if (task === "leave") {
        for (const service of services) service._rest();
        await Promise.race([allOf((client) => client.leave()), delay(within)]);
        await Promise.race([Promise.all(services.map((s) => s.shutdown())), delay(within)]);
      }
    }
    const pending = clients.filter((client) => !client.isAnswered).length;
    report({ done, pending });
  }
}

/** Whether a condition holds before the signal is aborted. */
async function until(limit: AbortSignal, condition: () => boolean): Promise<boolean> {
  while (!condition() && !limit.aborted) await delay(5);
  return condition();
}

async function never(limit: AbortSignal): Promise<false> {
  if (!limit.aborted) await new Promise((resolve) => limit.addEventListener("abort", resolve));
  return false;
}

if (import.meta.main) {
  Deno.addSignalListener("SIGINT", () => {}); // the process ends with its input
  run(main);
}
