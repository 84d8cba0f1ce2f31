/** What is done to the processes of a soak of several nodes, one after the other, or two at once. */

import { delay } from "@std/async/delay";
import type { Random } from "../random.ts";
import type { SoakEvent } from "./history.ts";
import type { Computer } from "./namespaces.ts";
import type { SoakNetwork } from "./network.ts";

/** A fault. It is over, and what was stopped runs again, when `run` is done. */
export interface Fault {
  name: string;
  /** The processes that it is of. */
  of: readonly string[];
  /** @param note Is called with what the checker has to know. */
  run(network: SoakNetwork, time: number, note: (event: SoakEvent) => void): Promise<void>;
}

/** How long a fault lasts, in milliseconds: some are over before anybody notices them. */
const TIMES = { shortest: 100, longest: 8_000 };

/** A random fault, and how long it lasts. */
export function randomFault(
  random: Random,
  network: SoakNetwork,
): { fault: Fault; time: number } {
  const time = TIMES.shortest + random.next() ** 2 * (TIMES.longest - TIMES.shortest);
  const index = random.below(network.nodes.length);
  const other = (index + 1 + random.below(network.nodes.length - 1)) % network.nodes.length;
  const ofOne = [killManager(index), stopManager(index), killPeers(index, "clients")];
  const ofSeveral = network.nats === undefined
    ? []
    : [killPeers(index, "services"), killNats(index), stopNats(index)];
  const ofNetwork = network.nats === undefined
    ? []
    : network.computers.length === 0
    ? [cutRoute(index, other, "close"), cutRoute(index, other, "freeze")]
    : [
      cutRoute(index, other, "freeze"),
      loseOneWay(index, other),
      ...(["Manager", "NATS"] as const).flatMap((
        what,
      ) => [unplug(what, index), disturb(what, index)]),
    ];
  return { fault: random.pick([...ofOne, ...ofSeveral, ...ofNetwork]), time };
}

/** The Manager of a node is killed, and started again. */
export function killManager(index: number): Fault {
  return {
    name: `kill -9 of Manager ${index}`,
    of: [`Manager ${index}`],
    async run({ nodes }, time) {
      await nodes[index].killManager();
      await delay(time);
      await nodes[index].startManager();
    },
  };
}

/** The Manager of a node stands still, as on a computer that is suspended. */
export function stopManager(index: number): Fault {
  return {
    name: `SIGSTOP of Manager ${index}`,
    of: [`Manager ${index}`],
    async run({ nodes }, time) {
      nodes[index].signalManager("SIGSTOP");
      await delay(time);
      nodes[index].signalManager("SIGCONT");
    },
  };
}

/** The clients or services of a node are killed, and others are started. */
export function killPeers(index: number, kind: "clients" | "services"): Fault {
  return {
    name: `kill -9 of the ${kind} of node ${index}`,
    of: [`${kind} ${index}`],
    async run({ nodes }, time, note) {
      const source = await nodes[index].killPeers(kind);
      note({ kind: "killed", source, at: Date.now() });
      await delay(time);
      await nodes[index].startPeers(kind);
      if (kind === "clients") await nodes[index].order(kind, "work", 0);
    },
  };
}

/** A NATS server is killed, and started again. */
export function killNats(index: number): Fault {
  return {
    name: `kill -9 of NATS server ${index}`,
    of: [`NATS ${index}`],
    async run({ nats }, time) {
      await nats!.server(index).kill();
      await delay(time);
      await nats!.restart(index);
    },
  };
}

/** A NATS server stands still: its connections are open, and nothing passes. */
export function stopNats(index: number): Fault {
  return {
    name: `SIGSTOP of NATS server ${index}`,
    of: [`NATS ${index}`],
    async run({ nats }, time) {
      await nats!.server(index).pause();
      await delay(time);
      nats!.server(index).resume();
    },
  };
}

/** The route between two NATS servers is cut, and both still see the third. */
export function cutRoute(index: number, other: number, how: "close" | "freeze"): Fault {
  return {
    name: `a cut (${how}) of the route between NATS servers ${index} and ${other}`,
    of: [`NATS ${index}`, `NATS ${other}`],
    async run({ nats }, time) {
      await nats!.cut(index, other, how);
      await delay(time);
      await nats!.heal(index, other);
    },
  };
}

/** What one NATS server sends to another one is lost; the other direction passes. */
export function loseOneWay(index: number, other: number): Fault {
  return {
    name: `the loss of all from NATS server ${index} to ${other}`,
    of: [`NATS ${index}`, `NATS ${other}`],
    async run({ computers, nodes }, time) {
      const [from, to] = [index, other].map((server) => computers[nodes.length + server]);
      await from.lose(to);
      await delay(time);
      await from.find(to);
    },
  };
}

/** The link of a Manager's computer, or of a NATS server's, goes down: neither end is told. */
export function unplug(what: "Manager" | "NATS", index: number): Fault {
  return {
    name: `the unplugged link of ${what} ${index}`,
    of: [`${what} ${index}`],
    async run(network, time) {
      const computer = computerOf(network, what, index);
      await computer.unplug();
      await delay(time);
      await computer.plug();
    },
  };
}

/** The link of a computer loses and delays packets. */
export function disturb(what: "Manager" | "NATS", index: number): Fault {
  return {
    name: `the bad link of ${what} ${index}`,
    of: [`${what} ${index}`],
    async run(network, time) {
      const computer = computerOf(network, what, index);
      await computer.disturb();
      await delay(time);
      await computer.calm();
    },
  };
}

function computerOf(network: SoakNetwork, what: "Manager" | "NATS", index: number): Computer {
  return network.computers[what === "NATS" ? network.nodes.length + index : index];
}
