/** Nodes that are joined by trunks, without Managers: over NATS in memory, or over a real one. */

import type { Bus } from "../../cluster/bus.ts";
import { Subjects } from "../../cluster/subjects.ts";
import { Trunks } from "../../cluster/trunks.ts";
import type { Transport } from "../../net/transport.ts";
import type { JsonObject } from "../../wire/message.ts";
import { Events } from "./events.ts";

/** A channel that another node has opened. */
export interface Arrival {
  node: string;
  header: JsonObject;
  channel: Transport;
}

/** A node with its trunks, and what others have opened at it. */
export interface TrunkNode<SomeBus extends Bus> {
  name: string;
  bus: SomeBus;
  incarnation: string;
  subjects: Subjects;
  trunks: Trunks;
  arrivals: Events<Arrival>;
}

/**
 * A node.
 *
 * @param directory The incarnations of the other nodes, which may change. This one is added.
 * @param limits The most channels of a trunk. Default: the usual one.
 */
export function trunkNode<SomeBus extends Bus>(
  name: string,
  bus: SomeBus,
  directory: Map<string, string>,
  incarnation = `${name}-incarnation`,
  limits: { channels?: number } = {},
): TrunkNode<SomeBus> {
  directory.set(name, incarnation);
  const subjects = new Subjects("lab", name);
  const incarnationOf = (node: string) => node === name ? undefined : directory.get(node);
  const trunks = new Trunks({ bus, subjects, incarnation, incarnationOf, ...limits });
  const arrivals = new Events<Arrival>();
  trunks.onChannel = (node, header, channel) => arrivals.add({ node, header, channel });
  return { name, bus, incarnation, subjects, trunks, arrivals };
}

/** Writes bytes, however many calls that takes. */
export async function writeAll(channel: Transport, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await channel.write(bytes));
}

/** Reads so many bytes. Fewer if the stream ends. */
export async function readExactly(
  channel: Transport,
  count: number,
  most = 64 * 1024,
): Promise<Uint8Array> {
  const all = new Uint8Array(count);
  let size = 0;
  while (size < count) {
    const read = await channel.read(all.subarray(size, size + most));
    if (read === null) break;
    size += read;
  }
  return all.subarray(0, size);
}
