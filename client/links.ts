/**
 * The Links of a Client: which there are, which locks are held, and how both are restored when the
 * Client has come back, or a Service has.
 *
 * What always holds: while a Link is lost its requests wait, since they would find neither the Link
 * nor the lock that the caller counts on. If the lock cannot be had again they fail.
 *
 * @module
 */

import { type ResolvedReconnect, retry } from "../device/retry.ts";
import { ConnectionAbortedError, RemoteError } from "../errors.ts";
import type { CallOptions } from "../wire/call.ts";
import type { Future } from "../future.ts";
import { MANAGER } from "../wire/message.ts";
import type { ReconnectingConnection } from "../device/reconnecting_connection.ts";
import type { Requests } from "./requests.ts";
import { LinkCore, type LinkOwner } from "./link.ts";
import type { ConnectionChange } from "../device/connector.ts";
import type { ServiceEntry } from "../wire/identities.ts";
import { repr } from "../base/repr.ts";

/** How often it is looked at least whether a Service has come back, in milliseconds. */
const SLOWEST_LOOK = 2_000;

/** What the Links need of their Client. */
export interface LinksOptions {
  /** The requests of the Client. */
  requests: Requests;
  /** The connection of the Client. */
  connection: ReconnectingConnection;
  /** How to restore what is lost; `undefined` for not at all. */
  reconnect: ResolvedReconnect | undefined;
  /** Reports a change to the user. */
  report: (change: ConnectionChange) => void;
}

/** The Links of one Client. */
export class Links implements LinkOwner {
  readonly requests: Requests;
  readonly #connection: ReconnectingConnection;
  readonly #reconnect: ResolvedReconnect | undefined;
  readonly #report: (change: ConnectionChange) => void;
  readonly #cores = new Set<LinkCore>();
  /** The Services that are locked, and whether the lock is a shared one. */
  readonly #locks = new Map<string, boolean>();
  /** The Services that have gone since they were linked with last. */
  readonly #departed = new Set<string>();
  /** How many Links with each Service are asked for. */
  readonly #expected = new Map<string, number>();
  /** The Services whose last Link has ended while another was asked for. */
  readonly #unwanted = new Set<string>();
  /** Aborted when the restoring has to begin again, or is over. */
  #restoring = new AbortController();

  constructor({ requests, connection, reconnect, report }: LinksOptions) {
    this.requests = requests;
    this.#connection = connection;
    this.#reconnect = reconnect;
    this.#report = report;
  }

  /** Makes a Link. */
  open(service: string, entry: ServiceEntry): LinkCore {
    const core = new LinkCore(this, service, entry);
    this.#cores.add(core);
    return core;
  }

  /** A Link was asked for: until it is there, or is not, the Manager is told of no end of another. */
  expect(service: string, linking: Future<unknown>): void {
    this.#expected.set(service, (this.#expected.get(service) ?? 0) + 1);
    linking.addDoneCallback(() => {
      const others = this.#expected.get(service)! - 1;
      if (others > 0) this.#expected.set(service, others);
      else this.#expected.delete(service);
      if (others > 0 || !this.#unwanted.delete(service) || this.#has(service)) return;
      this.#unlinkService(service);
    });
  }

  /** Removes a Link. True if it was the last one with its Service, which the Manager should know. */
  close(core: LinkCore): boolean {
    if (!this.#cores.delete(core)) return false;
    const { serviceName } = core;
    // The Manager knows of one link per Service, however many of ours share it.
    if (this.#has(serviceName)) return false;
    this.#locks.delete(serviceName);
    const isExpected = this.#expected.has(serviceName);
    if (isExpected) this.#unwanted.add(serviceName);
    const wasLost = this.requests.dropLink(
      serviceName,
      (label) => new ConnectionAbortedError(`Cannot request ${label}: the link has ended`),
    );
    return !wasLost && !isExpected;
  }

  /** The Links with a Service. */
  of(service: string): LinkCore[] {
    return [...this.#cores].filter(({ serviceName }) => serviceName === service);
  }

  /** Locks a Service. The lock is restored with the Link. */
  acquireLock(service: string, shared: boolean, options: CallOptions): Future<string[]> {
    const call = { args: [service], kwargs: { shared }, options };
    const adapt = (linked: unknown) => {
      if (this.#has(service)) this.#locks.set(service, shared);
      return linked as string[];
    };
    return this.requests.call(MANAGER, "acquire_lock", call, { adapt, link: service });
  }

  /** Releases the lock of a Service. */
  releaseLock(service: string, options: CallOptions): Future<string[]> {
    this.#locks.delete(service); // at once: it must not be acquired again meanwhile
    const call = { args: [service], kwargs: {}, options };
    return this.requests.call(MANAGER, "release_lock", call, { link: service });
  }

  /** Ends a Link, and the link at the Manager if no other one shares it. */
  async unlink(core: LinkCore): Promise<void> {
    if (!this.close(core) || !this.#connection.isUp) return;
    const call = { args: [core.serviceName], kwargs: {}, options: {} };
    try {
      await this.requests.call(MANAGER, "unlink", call);
    } catch (error) {
      if (!(error instanceof ConnectionAbortedError)) throw error;
      // The link has ended with the connection.
    }
  }

  /** The connection has ended, and every Link with it. */
  lose(): void {
    this.#restoring.abort();
    this.#restoring = new AbortController();
    for (const { serviceName } of this.#cores) this.requests.hold(serviceName);
  }

  /** The Client is connected again: restores what was lost. */
  restoreAll(): void {
    const services = new Set(Array.from(this.#cores, ({ serviceName }) => serviceName));
    for (const service of services) if (this.requests.isHeld(service)) this.#restore(service);
  }

  /** A Service has gone. Its Link is restored when it is back. */
  gone(service: string): void {
    if (this.#reconnect === undefined || !this.#has(service)) return;
    this.#departed.add(service);
    if (this.requests.isHeld(service)) return; // its Link is being restored, and has to be once more
    this.requests.hold(service);
    const error = new ConnectionAbortedError(`the ${repr(service)} service has disconnected`);
    this.#report({ state: "unlinked", service, error });
    this.#restore(service, true);
  }

  /** Nothing is restored any more. */
  end(): void {
    this.#restoring.abort();
  }

  /** Sends a request to the Manager, at once or not at all. */
  async #callManager<R>(
    attribute: string,
    args: unknown[],
    kwargs: { shared?: boolean } = {},
  ): Promise<R> {
    if (!this.#connection.isUp) throw new ConnectionAbortedError("the connection is lost again");
    const call = { args, kwargs: { ...kwargs }, options: {} };
    return await this.requests.call<R>(MANAGER, attribute, call, { failsOffline: true });
  }

  /** Ends at the Manager what nobody wants any longer. */
  async #unlinkService(service: string): Promise<void> {
    try {
      await this.#callManager("unlink", [service]);
    } catch {
      // There is no such link, or the connection has ended, and the link with it.
    }
  }

  #has(service: string): boolean {
    for (const { serviceName } of this.#cores) if (serviceName === service) return true;
    return false;
  }

  /** @param isTold Whether the user knows that the Link is lost. */
  async #restore(service: string, isTold = false): Promise<void> {
    const { signal } = this.#restoring;
    const reconnect = this.#reconnect!;
    const attempt = async () => {
      try {
        await this.#relink(service);
      } catch (error) {
        if (error instanceof RemoteError && !isTold) {
          isTold = true;
          this.#report({ state: "unlinked", service, error });
        }
        throw error;
      }
    };
    try {
      // The Service may come back at any time, whatever the limit of attempts for the Manager is.
      const attempts = Number.MAX_SAFE_INTEGER;
      const { firstDelay } = reconnect;
      const longestDelay = Math.max(firstDelay, Math.min(reconnect.longestDelay, SLOWEST_LOOK));
      const options = { ...reconnect, longestDelay, attempts };
      await retry(attempt, options, signal, (error) => error instanceof RemoteError);
    } catch {
      // The connection is lost once more, and then all begins again; or the Client has ended.
    }
  }

  async #relink(service: string): Promise<void> {
    if (!this.#has(service)) return; // nobody wants it any longer
    do {
      this.#departed.delete(service);
      const entry = await this.#link(service);
      for (const core of this.of(service)) core.renew(entry);
      await this.#relock(service);
    } while (this.#departed.has(service));
    if (!this.#has(service)) { // it was ended meanwhile
      if (this.#expected.has(service)) this.#unwanted.add(service);
      else await this.#callManager("unlink", [service]);
      return;
    }
    this.requests.release(service); // what has waited comes before what the user sends now
    this.#report({ state: "linked", service });
  }

  async #link(service: string): Promise<ServiceEntry> {
    try {
      return await this.#callManager<ServiceEntry>("link", [service]);
    } catch (error) {
      // Who keeps this Client out has the lock, or had a place, that it counts on having kept.
      if (isTaken(error) && this.#locks.has(service)) this.#loseLock(service, error);
      throw error;
    }
  }

  async #relock(service: string): Promise<void> {
    const shared = this.#locks.get(service);
    if (shared === undefined) return;
    try {
      await this.#callManager("acquire_lock", [service], { shared });
    } catch (error) {
      if (!isTaken(error)) throw error;
      this.#loseLock(service, error);
    }
  }

  #loseLock(service: string, error: RemoteError): void {
    this.#locks.delete(service);
    this.requests.reject(
      service,
      (label) =>
        new ConnectionAbortedError(
          `Cannot request ${label}: the lock was lost with the connection, and cannot be ` +
            `acquired again (${error.message})`,
          { cause: error },
        ),
    );
    this.#report({ state: "unlocked", service, error });
  }
}

/** Whether somebody else was faster: another lock or link is in the way. */
function isTaken(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.remoteName === "PermissionError" &&
    !error.message.includes("because it is not linked with"); // which the Service has undone
}
