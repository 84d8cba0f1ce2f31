/**
 * The LinkedClient: a Client and its Link with one Service, in one object.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { Client, type ClientOptions, type ShutdownHandler } from "./client.ts";
import { RemoteError, TimeoutError } from "./errors.ts";
import type { Future } from "./future.ts";
import type { Link } from "./client/link.ts";
import type { ClientIdentity } from "./wire/identities.ts";
import type { ConnectionHandler } from "./device/connector.ts";
import { repr } from "./base/repr.ts";
import type { Task } from "./base/callbacks.ts";

/** How often a LinkedClient looks whether its Service has appeared, in milliseconds. */
const FIRST_LOOK = 50;
const SLOWEST_LOOK = 500;

/** The part of a LinkedClient that is its Client's; everything else is its Link's. */
export class LinkedClientMembers<S = unknown> implements AsyncDisposable {
  /** The Client that the link belongs to. */
  readonly client: Client;
  readonly #service: string;
  readonly #options: ClientOptions;

  /** Made by {@linkcode LinkedClient.connect}. */
  constructor(client: Client, service: string, options: ClientOptions) {
    this.client = client;
    this.#service = service;
    this.#options = options;
  }

  /** How the Client calls itself. */
  get name(): string {
    return this.client.name;
  }

  /** The host of the Manager. */
  get host(): string {
    return this.client.host;
  }

  /** Settles when the connection has ended, whoever ended it. */
  get disconnected(): Promise<void> {
    return this.client.disconnected;
  }

  /** The port of the Manager. */
  get port(): number {
    return this.client.port;
  }

  /** Where the Manager is, `host:port`. */
  get addressManager(): string {
    return this.client.addressManager;
  }

  /** Whether the connection is up. */
  isConnected(): boolean {
    return this.client.isConnected();
  }

  /** What the Client says of itself. */
  identity(): ClientIdentity {
    return this.client.identity();
  }

  /** Asks the Manager who is connected, as {@linkcode Client.identities} does. */
  get identities(): Client["identities"] {
    return this.client.identities.bind(this.client);
  }

  /** Sends an administrator's request, as {@linkcode Client.adminRequest} does. */
  adminRequest<R = unknown>(attribute: string, ...args: unknown[]): Future<R> {
    return this.client.adminRequest(attribute, ...args);
  }

  /** Adds what is to be done while it is connected, as {@linkcode Client.addTasks} does. */
  addTasks(...tasks: readonly Task[]): void {
    this.client.addTasks(...tasks);
  }

  /** Called once when the connection has ended, as of a {@linkcode Client}. */
  get shutdownHandler(): ShutdownHandler | undefined {
    return this.client.shutdownHandler;
  }
  set shutdownHandler(handler: ShutdownHandler | undefined) {
    this.client.shutdownHandler = handler;
  }

  /** Called with each change of the connection and the link, as of a {@linkcode Client}. */
  get connectionHandler(): ConnectionHandler | undefined {
    return this.client.connectionHandler;
  }
  set connectionHandler(handler: ConnectionHandler | undefined) {
    this.client.connectionHandler = handler;
  }

  /** Opens another connection to the same Manager, linked with the same Service. */
  spawn(name: string = "LinkedClient"): Promise<LinkedClient<S>> {
    return LinkedClient.connect<S>(this.#service, {
      ...this.#options,
      signal: undefined,
      name,
    });
  }

  /** Disconnects from the Manager, which ends the link too. */
  disconnect(): Promise<void> {
    return this.client.disconnect();
  }

  /** For `await using`: the same as {@linkcode LinkedClientMembers.disconnect}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }
}

/** A Client that is linked with a Service of class `S`, or with one of an unknown class. */
export type LinkedClient<S = unknown> =
  & LinkedClientMembers<S>
  & (unknown extends S ? Link<S> : Omit<Link<S>, keyof LinkedClientMembers>);

/** Makes LinkedClients. */
export const LinkedClient: {
  /** Connects to a Manager and links with a Service. */
  connect<S = unknown>(service: string, options?: ClientOptions): Promise<LinkedClient<S>>;
} = {
  /**
   * Connects to a Manager and links with a Service. Waits up to `timeout` for the Service to
   * appear.
   *
   * @throws {TimeoutError} If the Service does not appear in time.
   * @throws {RemoteError} If the Service is locked or full.
   * @throws As {@linkcode connect} does.
   *
   * @example
   * ```ts ignore it needs a Manager
   * import { LinkedClient } from "@msl/network";
   *
   * await using dmm = await LinkedClient.connect("DigitalMultimeter", { host: "lab-pc" });
   * console.log(await dmm.measure());
   * ```
   */
  async connect<S = unknown>(
    service: string,
    options: ClientOptions = {},
  ): Promise<LinkedClient<S>> {
    const client = await Client.connect({ name: "LinkedClient", ...options });
    try {
      const link = await waitForService<S>(client, service, options.timeout ?? 10_000);
      return join(new LinkedClientMembers<S>(client, service, options), link);
    } catch (error) {
      await client.disconnect();
      throw error;
    }
  },
};

/** One object with the members of both; those of the Client come first. */
function join<S>(members: LinkedClientMembers<S>, link: Link<S>): LinkedClient<S> {
  return new Proxy(members, {
    get(target, name) {
      if (!(name in target)) return Reflect.get(link, name);
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
    set: (target, name, value) =>
      name in target ? Reflect.set(target, name, value, target) : Reflect.set(link, name, value),
  }) as LinkedClient<S>;
}

async function waitForService<S>(
  client: Client,
  service: string,
  timeout: number,
): Promise<Link<S>> {
  const deadline = performance.now() + timeout;
  const tooLate = (cause: unknown) =>
    new TimeoutError(`The ${repr(service)} service did not appear within ${timeout} ms`, { cause });
  for (let pause = FIRST_LOOK;; pause = Math.min(pause * 2, SLOWEST_LOOK)) {
    try {
      return await client.link<S>(service, { timeout: Math.max(deadline - performance.now(), 1) });
    } catch (cause) {
      if (cause instanceof TimeoutError) throw tooLate(cause);
      if (!(cause instanceof RemoteError) || cause.remoteName !== "KeyError") throw cause;
      const left = deadline - performance.now();
      if (left <= 0) throw tooLate(cause);
      await delay(Math.min(pause, left));
    }
  }
}
