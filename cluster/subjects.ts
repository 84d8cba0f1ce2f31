/**
 * The subjects of the bus: `msl.NETWORK.FROM.TO.KIND`. A node publishes only to those that begin with
 * its own name, and subscribes only to those that are for it or for all: so the permissions of NATS
 * can hold the nodes apart, and FROM is true.
 *
 * What is for one start of a node has its incarnation at the end: for one that has died nobody is
 * subscribed, and NATS says so at once.
 *
 * @module
 */

import { ALL_NODES } from "../wire/node_name.ts";

/** The first word of every subject. */
const ROOT = "msl";

/** The place of FROM among the words of a subject. */
const FROM = 2;

/** The subjects that one node uses. */
export class Subjects {
  readonly #network: string;
  readonly #node: string;

  /** @param network The name of the network. */
  constructor(network: string, node: string) {
    this.#network = `${ROOT}.${network}`;
    this.#node = node;
  }

  /** What this node publishes for all. */
  toAll(kind: string): string {
    return `${this.#network}.${this.#node}.${ALL_NODES}.${kind}`;
  }

  /** What others publish for all, to subscribe to; this node's own comes too. */
  fromAny(kind: string): string {
    return `${this.#network}.*.${ALL_NODES}.${kind}`;
  }

  /**
   * Whether a node can do nothing without this subject: what it subscribes to, and what it publishes
   * for all and for another one of its name. Without a subject of one other node it can do without that.
   */
  isNeeded(operation: "publish" | "subscription", subject: string): boolean {
    const own = `${this.#network}.${this.#node}`;
    return operation === "subscription"
      ? subject.startsWith(`${this.#network}.`)
      : subject.startsWith(`${own}.${ALL_NODES}.`) || subject.startsWith(`${own}.${this.#node}.`);
  }

  /**
   * What this node publishes for another one.
   *
   * @param rest The incarnation for which it is, or another word.
   */
  to(node: string, kind: string, rest: string): string {
    return `${this.#network}.${this.#node}.${node}.${kind}.${rest}`;
  }

  /** The node for which a subject of this one is; `undefined` for any other subject. */
  receiverOf(subject: string): string | undefined {
    const own = `${this.#network}.${this.#node}.`;
    return subject.startsWith(own) ? subject.slice(own.length).split(".", 1)[0] : undefined;
  }

  /** What others publish for this node, to subscribe to. */
  forUs(kind: string, rest: string): string {
    return `${this.#network}.*.${this.#node}.${kind}.${rest}`;
  }
}

/** The node that has published a message. */
export function senderOf(subject: string): string {
  let start = 0;
  for (let word = 0; word < FROM; word++) start = subject.indexOf(".", start) + 1;
  return subject.slice(start, subject.indexOf(".", start));
}
