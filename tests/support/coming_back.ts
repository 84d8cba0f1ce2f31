/** What tests of devices need that come back: a Manager that is restarted, or scripted. */

import { assertEquals } from "@std/assert";
import {
  type Client,
  type ClientOptions,
  connect,
  type ConnectionChange,
  type ConnectOptions,
  type JsonObject,
  type Link,
  Service,
  type ServiceOptions,
} from "../../mod.ts";
import { TestManager, WireListener, type WirePeer } from "../../testing.ts";
import { Events } from "./events.ts";

/** Quickly, so that a test does not take long. */
export const RECONNECT = { firstDelay: 1, longestDelay: 20 };

/** A Service that remembers what it was asked for, and what it reports. */
export class Lab extends Service {
  readonly changes = new Events<ConnectionChange>();
  readonly letGo = Promise.withResolvers<void>();
  calls: string[] = [];

  constructor(options: ServiceOptions = {}) {
    super({ name: "Lab", ...options });
  }

  echo(text: string): string {
    this.calls.push(text);
    return text;
  }

  tell(text: string): void {
    this.emitNotification(text);
  }

  async slow(): Promise<void> {
    this.calls.push("slow");
    await this.letGo.promise;
  }

  override connectionHandler(change: ConnectionChange): void {
    this.changes.add(change);
  }
}

/** A Manager that can be restarted, on the same port with the same files. */
export class Restarts implements AsyncDisposable {
  #manager: TestManager;
  #isStopped = false;
  readonly #options: Parameters<typeof TestManager.start>[0];

  private constructor(manager: TestManager, options: Parameters<typeof TestManager.start>[0]) {
    this.#manager = manager;
    this.#options = options;
  }

  static async start(options: Parameters<typeof TestManager.start>[0] = {}): Promise<Restarts> {
    const manager = await TestManager.start({ disableTls: true, ...options });
    return new Restarts(manager, { disableTls: true, ...options });
  }

  get connectOptions(): ConnectOptions & { host: string; port: number } {
    return { ...this.#manager.connectOptions, reconnect: RECONNECT };
  }

  get manager(): TestManager {
    return this.#manager;
  }

  /** Ends the Manager. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#manager[Symbol.asyncDispose]();
  }

  /** Starts it again. */
  async resume(options: Parameters<typeof TestManager.start>[0] = {}): Promise<void> {
    const { port } = this.#manager.connectOptions;
    this.#manager = await TestManager.start({ ...this.#options, port, ...options });
    this.#isStopped = false;
  }

  /** Ends the Manager, unless the test has. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isStopped) await this.stop();
  }
}

/** A Client and all that it reports. */
export async function connected(options: ClientOptions) {
  const client = await connect(options);
  const changes = new Events<ConnectionChange>();
  client.connectionHandler = (change) => changes.add(change);
  return { client, changes };
}

/** A Manager that can be restarted, a Service, and a Client that is linked with it. */
export class LinkedLab implements AsyncDisposable {
  readonly manager: Restarts;
  readonly lab: Lab;
  readonly client: Client;
  readonly changes: Events<ConnectionChange>;
  readonly link: Link<Lab>;

  private constructor(
    manager: Restarts,
    lab: Lab,
    { client, changes }: { client: Client; changes: Events<ConnectionChange> },
    link: Link<Lab>,
  ) {
    this.manager = manager;
    this.lab = lab;
    this.client = client;
    this.changes = changes;
    this.link = link;
  }

  /** Starts all of it. */
  static async open(): Promise<LinkedLab> {
    const manager = await Restarts.start();
    const lab = new Lab();
    await lab.start(manager.connectOptions);
    const connection = await connected(manager.connectOptions);
    return new LinkedLab(manager, lab, connection, await connection.client.link<Lab>("Lab"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.disconnect();
    await this.lab.shutdown();
    await this.manager[Symbol.asyncDispose]();
  }
}

/** Whether a change is of this kind. */
export function isState(state: ConnectionChange["state"]): (change: ConnectionChange) => boolean {
  return (change) => change.state === state;
}

/** Why a change came about. */
export function reasonOf(change: ConnectionChange): string {
  if ("error" in change) return change.error.message;
  throw new Error(`There is no reason for ${change.state}`);
}

/** The states that were reported, without how often was tried. */
export function statesOf(changes: Events<ConnectionChange>): string[] {
  return changes.all.map(({ state }) => state).filter((state) => state !== "retrying");
}

/** Accepts a device of ours, and lets it in. */
export async function welcome(listener: WireListener): Promise<WirePeer> {
  const peer = await listener.accept();
  const requester = "Manager[lab-pc:1875]";
  peer.send({ attribute: "identity", args: [], kwargs: {}, requester, uid: "", error: false });
  await peer.read();
  return peer;
}

/** Answers the next request of a Client, which has to be for the attribute. */
async function answer(
  peer: WirePeer,
  attribute: string,
  answer: JsonObject,
): Promise<JsonObject> {
  const request = await peer.read();
  assertEquals(request.attribute, attribute);
  peer.send({ error: false, result: null, requester: "c[a:1]", uid: request.uid, ...answer });
  return request;
}

/** What a Manager says of a service that is linked with. */
export const ENTRY = { attributes: {}, address: "a:2", language: "", os: "", max_clients: -1 };

/** A Client that is linked with `Lab` under a scripted Manager, and what both can do. */
export class ScriptedLink implements AsyncDisposable {
  readonly client: Client;
  readonly changes: Events<ConnectionChange>;
  readonly link: Link;
  readonly #listener: WireListener;
  #peer: WirePeer;

  private constructor(
    listener: WireListener,
    peer: WirePeer,
    { client, changes }: { client: Client; changes: Events<ConnectionChange> },
    link: Link,
  ) {
    this.#listener = listener;
    this.#peer = peer;
    this.client = client;
    this.changes = changes;
    this.link = link;
  }

  /** Connects and links, and locks if that is asked for. */
  static async open(
    { lock, ...options }: ClientOptions & { lock?: "shared" | "exclusive" } = {},
  ): Promise<ScriptedLink> {
    const listener = new WireListener();
    const welcomed = welcome(listener);
    const connection = await connected({
      ...listener.connectOptions,
      reconnect: RECONNECT,
      ...options,
    });
    const peer = await welcomed;
    const linking = connection.client.link("Lab");
    await answer(peer, "link", { result: ENTRY });
    const scripted = new ScriptedLink(listener, peer, connection, await linking);
    if (lock !== undefined) {
      const locking = scripted.link.acquireLock({ shared: lock === "shared" });
      await scripted.answer("acquire_lock", { result: [] });
      await locking;
    }
    return scripted;
  }

  /** Ends the connection, and waits until the Client knows. */
  async lose(): Promise<void> {
    await this.#peer.close();
    await this.changes.next(isState("lost"));
  }

  /** Lets the Client in again. */
  async comeBack(): Promise<void> {
    this.#peer = await welcome(this.#listener);
  }

  /** Says something to the Client. */
  say(message: JsonObject): void {
    this.#peer.send({ error: false, result: null, requester: "c[a:1]", ...message });
  }

  /** The next request of the Client. */
  hear(): Promise<JsonObject> {
    return this.#peer.read();
  }

  /** Answers the next request of the Client, which has to be for the attribute. */
  answer(attribute: string, message: JsonObject): Promise<JsonObject> {
    return answer(this.#peer, attribute, message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer.close();
    await this.client.disconnect();
    this.#listener[Symbol.dispose]();
  }
}
