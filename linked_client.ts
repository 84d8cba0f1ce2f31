/**
 * The LinkedClient: a Client and its Link with one Service, in one object. Everything that it does is
 * left to `client.ts` and `client/link.ts`.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { LinkedClient } from "@msl/network/linked-client";
 *
 * await using dmm = await LinkedClient.connect("DigitalMultimeter", { host: "lab-pc" });
 * console.log(await dmm.measure());
 * ```
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { forCaller } from "./base/caller.ts";
import { type Client, type ClientOptions, connect, type ShutdownHandler } from "./client.ts";
import { RemoteError, TimeoutError } from "./errors.ts";
import type { Future } from "./future.ts";
import { hintOfLink } from "./client/hints.ts";
import type { Link, LinkOptions } from "./client/link.ts";
import { combineWith } from "./client/link_object.ts";
import { NO_HINT, type NoHint } from "./client/links.ts";
import type { ClientIdentity } from "./wire/identities.ts";
import type { ConnectionHandler } from "./device/connector.ts";
import { repr } from "./base/repr.ts";
import type { Task } from "./base/callbacks.ts";

/** The pauses between attempts to link with a Service that is not connected yet, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 500;

/** How long the error waits for the names of the services, in milliseconds. */
const HINT_TIMEOUT = 1_000;

/**
 * The members of a {@linkcode LinkedClient} that belong to its Client. All others belong to its Link.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { LinkedClient } from "@msl/network";
 *
 * await using dmm = await LinkedClient.connect("DigitalMultimeter");
 * console.log(`${dmm.name} is connected to ${dmm.addressManager}`);
 * ```
 */
export class LinkedClientMembers<S = unknown> implements AsyncDisposable {
  /** The Client, which has the link. */
  readonly client: Client;
  readonly #service: string;
  readonly #options: ClientOptions & { sameUser?: boolean };

  /** Made by {@linkcode LinkedClient.connect}. */
  constructor(client: Client, service: string, options: ClientOptions & { sameUser?: boolean }) {
    this.client = client;
    this.#service = service;
    this.#options = options;
  }

  /** The name of the Client. */
  get name(): string {
    return this.client.name;
  }

  /** The host of the Manager. */
  get host(): string {
    return this.client.host;
  }

  /**
   * Fulfilled when the connection has ended for good, by either side, and the `shutdownHandler` has
   * returned; never rejected.
   */
  get disconnected(): Promise<void> {
    return this.client.disconnected;
  }

  /** The port of the Manager. */
  get port(): number {
    return this.client.port;
  }

  /** The address of the Manager, `host:port`. */
  get addressManager(): string {
    return this.client.addressManager;
  }

  /** Whether the Client is connected. False while it reconnects. */
  isConnected(): boolean {
    return this.client.isConnected();
  }

  /** The identity of the Client. */
  identity(): ClientIdentity {
    return this.client.identity();
  }

  /**
   * Requests the identity of the Manager, with those of the connected devices, as
   * {@linkcode Client.identities} does.
   *
   * The call throws a `RangeError` if its `timeout` is not a positive number of milliseconds. The
   * Future rejects with a `TimeoutError` after that time, with the reason of its `signal`, or with a
   * `ConnectionAbortedError` if the connection ends before the reply.
   */
  get identities(): Client["identities"] {
    return this.client.identities.bind(this.client);
  }

  /**
   * Sends a request that only an administrator may send, as {@linkcode Client.adminRequest} does.
   *
   * @throws {RemoteError} If the user is not an administrator, or the request fails.
   * @throws {ConfigurationError} If the username or the password is missing and there is no terminal.
   * @throws {TimeoutError} If the request has a `timeout` and there is no reply in time.
   * @throws {CancelledError} If the Future is cancelled.
   * @throws {ConnectionAbortedError} If the connection ends before the reply.
   */
  adminRequest<R = unknown>(attribute: string, ...args: unknown[]): Future<R> {
    return this.client.adminRequest(attribute, ...args);
  }

  /**
   * Adds tasks that run while the Client is connected, as {@linkcode Client.addTasks} does.
   *
   * @throws {ConnectionAbortedError} If the connection has ended.
   */
  addTasks(...tasks: readonly Task[]): void {
    this.client.addTasks(...tasks);
  }

  /** Called once when the connection has ended for good, as of a {@linkcode Client}. */
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

  /**
   * Makes another LinkedClient of the same Service, with the same options but for the `signal`.
   *
   * @param name The name of its Client. Default: `"LinkedClient"`.
   * @throws {TimeoutError} If the Manager does not answer in time, or the Service is not connected in
   * time.
   * @throws {RemoteError} If the Manager rejects the Client (e.g. for a wrong password), or the link:
   * the Service is locked, or has its largest number of Clients, or the user may not use it.
   * @throws {RangeError} If an option is out of its range.
   * @throws {ConnectError} If nothing listens at this host and port, or the computer does not answer
   * in time.
   * @throws {TlsMismatchError} If one side uses TLS and the other does not.
   * @throws {CertificateError} If the certificate of the Manager is not trusted, or cannot be read.
   * @throws {ConfigurationError} If a question has to be asked and there is no terminal.
   * @throws {CancelledError} If a question at the terminal is interrupted by Ctrl+C.
   * @throws {ConnectionAbortedError} If the connection ends during the handshake, or before the reply
   * to the link.
   * @throws {JSONDecodeError} If the peer sends a line that is no message.
   * @throws {ValueError} If the peer sends a longer line than a handshake has.
   */
  spawn(name: string = "LinkedClient"): Promise<LinkedClient<S>> {
    return LinkedClient.connect<S>(this.#service, {
      ...this.#options,
      signal: undefined,
      name,
    });
  }

  /** Disconnects from the Manager, which ends the link. Pending requests fail. */
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

/**
 * Makes LinkedClients.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LinkedClient, Service } from "@msl/network";
 * import { TestManager } from "@msl/network/testing";
 *
 * class Counter extends Service {
 *   #count = 0;
 *   next(): number {
 *     return ++this.#count;
 *   }
 * }
 *
 * await using manager = await TestManager.start();
 * await using service = new Counter();
 * await service.start(manager.connectOptions);
 * await using counter = await LinkedClient.connect<Counter>("Counter", manager.connectOptions);
 * assertEquals(await counter.next(), 1);
 * ```
 */
export const LinkedClient: {
  /**
   * Connects to a Manager and links with a Service. If no such Service is connected, it tries again
   * until there is one, for up to `timeout` milliseconds (default: 10,000).
   *
   * @param service The name of the Service.
   * @param options How to connect. The default of `name` is `"LinkedClient"`.
   * @throws {TimeoutError} If the Manager does not answer in time, or the Service is not connected in
   * time.
   * @throws {RemoteError} If the Manager rejects the Client (e.g. for a wrong password), or the link:
   * the Service is locked, or has its largest number of Clients, or the user may not use it.
   * @throws {RangeError} If an option is out of its range.
   * @throws {ConnectError} If nothing listens at this host and port, or the computer does not answer
   * in time.
   * @throws {TlsMismatchError} If one side uses TLS and the other does not.
   * @throws {CertificateError} If the certificate of the Manager is not trusted, or cannot be read.
   * @throws {ConfigurationError} If a question has to be asked and there is no terminal.
   * @throws {CancelledError} If a question at the terminal is interrupted by Ctrl+C.
   * @throws {ConnectionAbortedError} If the connection ends during the handshake, or before the reply
   * to the link.
   * @throws {JSONDecodeError} If the peer sends a line that is no message.
   * @throws {ValueError} If the peer sends a longer line than a handshake has.
   * @throws The reason of the `signal`, if it is aborted before the Client is connected.
   */
  connect<S = unknown>(
    service: string,
    options?: ClientOptions & { sameUser?: boolean },
  ): Promise<LinkedClient<S>>;
} = {
  connect: <S = unknown>(
    service: string,
    options: ClientOptions & { sameUser?: boolean } = {},
  ): Promise<LinkedClient<S>> => forCaller(() => connectLinked<S>(service, options)),
};

async function connectLinked<S>(
  service: string,
  options: ClientOptions & { sameUser?: boolean },
): Promise<LinkedClient<S>> {
  const client = await connect({ name: "LinkedClient", ...options });
  try {
    const { timeout = 10_000, sameUser } = options;
    const link = await waitForService<S>(client, service, timeout, sameUser);
    const members = new LinkedClientMembers<S>(client, service, options);
    return combineWith(members, link) as LinkedClient<S>;
  } catch (error) {
    await client.disconnect();
    throw error;
  }
}

async function waitForService<S>(
  client: Client,
  service: string,
  timeout: number,
  sameUser?: boolean,
): Promise<Link<S>> {
  const deadline = performance.now() + timeout;
  const options: LinkOptions & NoHint = { sameUser, [NO_HINT]: true };
  let wasAbsent = false;
  for (let pause = FIRST_PAUSE;; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      const left = Math.max(deadline - performance.now(), 1);
      return await client.link<S>(service, { ...options, timeout: left });
    } catch (cause) {
      const isAbsent = cause instanceof RemoteError && cause.remoteName === "KeyError";
      if (!isAbsent && !(cause instanceof TimeoutError)) throw cause;
      wasAbsent ||= isAbsent; // the last attempt may have had no time for an answer
      const left = deadline - performance.now();
      if (!isAbsent || left <= 0) {
        const late = `The ${repr(service)} service did not appear within ${timeout} ms`;
        throw new TimeoutError(late + (wasAbsent ? await hintOf(client, service) : ""), { cause });
      }
      await delay(Math.min(pause, left));
    }
  }
}

/** The services that are connected, as the end of an error; empty if the Manager does not say. */
async function hintOf(client: Client, service: string): Promise<string> {
  try {
    const { services } = await client.identities().result({ timeout: HINT_TIMEOUT });
    return `. ${hintOfLink(service, Object.keys(services))}`;
  } catch {
    return "";
  }
}
