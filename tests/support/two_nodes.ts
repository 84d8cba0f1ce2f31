/** Two Managers that are joined in memory, with devices whose lines the test writes and reads. */

import type { ManagerOptions } from "../../manager.ts";
import { type TestManager, WirePeer } from "../../testing.ts";
import type { JsonObject } from "../../wire/message.ts";
import { MemoryNodes } from "./memory_nodes.ts";

/** A device that is connected to a node. */
export interface NodeDevice {
  readonly peer: WirePeer;
  /** Its network name at its own node. */
  readonly name: string;
}

type NodeOptions = ManagerOptions & { allow?: readonly string[] };

/** The nodes `a` and `b`. */
export class TwoNodes implements AsyncDisposable {
  readonly nodes: MemoryNodes;
  readonly a: TestManager;
  readonly b: TestManager;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    nodes: MemoryNodes,
    a: TestManager,
    b: TestManager,
    stack: AsyncDisposableStack,
  ) {
    this.nodes = nodes;
    this.a = a;
    this.b = b;
    this.#stack = stack;
  }

  /** Starts both. */
  static async start(options: { a?: NodeOptions; b?: NodeOptions } = {}): Promise<TwoNodes> {
    await using stack = new AsyncDisposableStack();
    const nodes = new MemoryNodes();
    const a = stack.use(await nodes.start("a", options.a));
    const b = stack.use(await nodes.start("b", options.b));
    return new TwoNodes(nodes, a, b, stack.move());
  }

  /** Connects a client. */
  client(
    manager: TestManager,
    name: string,
    extensions: readonly string[] = [],
  ): Promise<NodeDevice> {
    return this.#device(manager, { type: "client", name, extensions });
  }

  /** Connects a service. */
  service(manager: TestManager, name: string, more: JsonObject = {}): Promise<NodeDevice> {
    return this.#device(manager, { type: "service", name, attributes: { echo: "(x)" }, ...more });
  }

  async #device(manager: TestManager, identity: JsonObject): Promise<NodeDevice> {
    const peer = this.#stack.use(await WirePeer.introduce(manager.connectOptions, identity));
    await manager.connected(String(identity.name));
    return { peer, name: `${identity.name}[${manager.manager.hostname}:${peer.port}]` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
