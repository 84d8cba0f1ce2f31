/**
 * Many joined Managers: how long it takes until one more knows the services of all, and what their
 * beats cost. All nodes are in this process, without Managers, each with its own connection to one NATS
 * server.
 *
 * @module
 */

import process from "node:process";
import { delay } from "@std/async/delay";
import type { BusMessage } from "../cluster/bus.ts";
import { SYSTEM_CLOCK } from "../cluster/clock.ts";
import { DEFAULT_BEAT } from "../cluster/join_options.ts";
import { LocalNode } from "../cluster/local_node.ts";
import { NatsBus } from "../cluster/nats_bus.ts";
import { Subjects } from "../cluster/subjects.ts";
import type { AnnouncedService } from "../manager/remote_services.ts";
import { startNats } from "./nats.ts";
import type { Section } from "./report.ts";
import type { Setting } from "./setting.ts";

/** What NATS adds to a message, about, in bytes. */
const OVERHEAD = 20;

/** A bus that counts what it receives, in bytes. */
class CountingBus extends NatsBus {
  received = 0;

  override subscribe(subject: string, receive: (message: BusMessage) => void): () => void {
    return super.subscribe(subject, (message) => {
      this.received += message.data.length + message.subject.length + OVERHEAD;
      receive(message);
    });
  }
}

/** A node. */
interface Node {
  readonly bus: CountingBus;
  readonly local: LocalNode;
}

/** Measures this part. */
export async function measureDirectory(setting: Setting): Promise<Section> {
  const title = "Many joined Managers";
  await using nats = await startNats(setting);
  if (nats === undefined) return { title, figures: [], notes: ["nats-server is not installed"] };
  const [count, services] = setting.quick ? [20, 20] : [100, 100];
  const start = (index: number) => startNode(index, services, nats.port, setting.certFile);
  const nodes: Node[] = [];
  try {
    while (nodes.length < count - 1) {
      nodes.push(start(nodes.length));
      await until(() => nodes.at(-1)!.local.state.state === "joined");
    }
    await until(() => nodes.every((node) => known(node, services) === count - 2));
    await delay(2 * DEFAULT_BEAT);

    const begin = performance.now();
    const last = start(count - 1);
    nodes.push(last);
    await until(() => known(last, services) === count - 1);
    const join = performance.now() - begin;
    const joinBytes = last.bus.received;
    await until(() => nodes.every((node) => known(node, services) === count - 1));
    const both = performance.now() - begin;

    await delay(2 * DEFAULT_BEAT);
    const [before, cpu, at] = [last.bus.received, process.cpuUsage(), performance.now()];
    await delay(setting.quick ? 2_000 : 5_000);
    const seconds = (performance.now() - at) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const rate = (last.bus.received - before) / seconds / 1_000;
    const of = `${count} nodes with ${services} services each`;
    return {
      title,
      figures: [
        {
          name: `one more knows all of ${of}`,
          value: join,
          unit: "ms",
          goal: { of: "value", bound: "at most", limit: 1_000 },
        },
        { name: "all of them know the one", value: both, unit: "ms" },
        { name: "what the one has received", value: joinBytes / 1_000, unit: "KB" },
        {
          name: "the beats, to each node",
          value: rate,
          unit: "KB/s",
          goal: { of: "value", bound: "at most", limit: 50 },
        },
        {
          name: "CPU of a node for the beats",
          value: (user + system) / 1_000 / seconds / count,
          unit: "ms/s",
        },
      ],
      notes: [],
    };
  } finally {
    for (const { local } of nodes) local.leave();
    await Promise.all(nodes.map(({ bus }) => bus.close()));
  }
}

function startNode(index: number, services: number, port: number, caFile: string): Node {
  const name = `node-${index}`;
  const subjects = new Subjects("lab", name);
  const bus = new CountingBus({
    servers: [`tls://localhost:${port}`],
    name,
    answers: subjects.to(name, "answers", "bench"),
    caFile,
    onProblem: (error) => console.log(error.message),
  });
  const announced = Array.from({ length: services }, (_, number) => announcedService(number));
  const local = new LocalNode({
    node: name,
    address: `computer-${index}:1875`,
    beat: DEFAULT_BEAT,
    bus,
    subjects,
    clock: SYSTEM_CLOCK,
    services: () => announced,
  });
  return { bus, local };
}

function announcedService(number: number): AnnouncedService {
  return {
    name: `Service-${number}`,
    address: "computer:50000",
    language: "Python 3.11.2",
    os: "Linux x86_64",
    attributes: JSON.stringify({ read: "(channel: int) -> float", unit: "V", serial: "A-12345" }),
    maxClients: -1,
    extensions: ["ready", "beat", "cancel", "stream", "parts"],
    streams: [],
    about: "{}",
  };
}

/** How many nodes a node knows with all of their services. */
function known({ local }: Node, services: number): number {
  let count = 0;
  for (const { isHere, services: own } of local.directory.all) {
    if (isHere && own.size === services) count++;
  }
  return count;
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 120_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error("the nodes do not know each other");
    await delay(1);
  }
}
