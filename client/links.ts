/**
 * The Links of a Client: opens and ends them, remembers which locks they hold, and restores both
 * when the connection is back, or a Service is.
 *
 * No link stays at the Manager without a Link here: if a `link` request is cancelled, its time-out is
 * over or its reply cannot be read, an `unlink` follows. Otherwise the Client would keep one of the
 * places of a Service with `maxClients`. The same holds for locks.
 *
 * What always holds: while a Link is lost its requests wait in the offline queue, because at the
 * Manager there is neither the link nor the lock that the caller counts on. If the lock cannot be
 * acquired again, those requests fail.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import type { ConnectionChange } from "../device/connector.ts";
import type { ReconnectingConnection } from "../device/reconnecting_connection.ts";
import { type ResolvedReconnect, retry } from "../device/retry.ts";
import { ConnectionAbortedError, PermissionError, RemoteError, TimeoutError } from "../errors.ts";
import type { Future } from "../future.ts";
import { startTimer } from "../base/timer.ts";
import type { CallOptions } from "../wire/call.ts";
import { isSameUser, type ServiceUser, toServiceEntry } from "../wire/identities.ts";
import { MANAGER } from "../wire/protocol.ts";
import { type Link, LinkCore, type LinkOptions, type LinkOwner, remote } from "./link.ts";
import { labelOf } from "./request.ts";
import { PendingChanges } from "./pending_changes.ts";
import type { Requests } from "./requests.ts";

/** The longest time between two attempts to link with a Service again, in milliseconds. */
const LONGEST_DELAY = 2_000;

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
  /** The Services that have disconnected since they were linked with last. */
  readonly #departed = new Set<string>();
  /** The `link` requests, which an `unlink` undoes if there is no Link. */
  readonly #linking = new PendingChanges();
  /** The requests for a lock, which its release undoes. */
  readonly #locking = new PendingChanges();
  /** Aborted when the connection is lost (a new attempt follows) or has ended for good. */
  #restoring = new AbortController();

  constructor({ requests, connection, reconnect, report }: LinksOptions) {
    this.requests = requests;
    this.#connection = connection;
    this.#reconnect = reconnect;
    this.#report = report;
  }

  /**
   * Asks the Manager for a link with a Service. After the time-out the request is cancelled, unlike
   * any other request: its caller does not expect a link then.
   */
  link<S>(service: string, { sameUser, ...options }: LinkOptions): Future<Link<S>> {
    const adapt = (reply: unknown) => {
      const entry = toServiceEntry(reply);
      if (sameUser && entry.offered_by === undefined) throw notTold(service);
      const core = new LinkCore(this, service, entry, sameUser);
      this.#cores.add(core);
      return remote<LinkCore, S>(core);
    };
    const call = { args: [service], kwargs: {}, options };
    const linking = this.requests.call(MANAGER, "link", call, { adapt });
    this.#linking.add(service, linking, async () => {
      if (!this.#has(service)) await this.#unlinkService(service);
    });
    cancelAfter(linking, "link", options);
    return linking;
  }

  /** The Links with a Service. */
  of(service: string): LinkCore[] {
    return [...this.#cores].filter(({ serviceName }) => serviceName === service);
  }

  /**
   * Locks a Service. The lock is restored with the Link. After the time-out the request is cancelled,
   * as that for a link is: its caller does not expect a lock then.
   */
  acquireLock(service: string, shared: boolean, options: CallOptions): Future<string[]> {
    const call = { args: [service], kwargs: { shared }, options };
    const adapt = (linked: unknown) => {
      if (this.#has(service)) this.#locks.set(service, shared);
      return linked as string[];
    };
    const locking = this.requests.call(MANAGER, "acquire_lock", call, { adapt, link: service });
    this.#locking.add(service, locking, () => this.#undoLock(service));
    cancelAfter(locking, "acquire_lock", options);
    return locking;
  }

  /** Releases the lock of a Service. */
  releaseLock(service: string, options: CallOptions): Future<string[]> {
    this.#locks.delete(service); // at once: it must not be acquired again meanwhile
    const call = { args: [service], kwargs: {}, options };
    return this.requests.call(MANAGER, "release_lock", call, { link: service });
  }

  /** Ends a Link, and the link at the Manager if no other Link shares it. */
  async unlink(core: LinkCore): Promise<void> {
    if (!this.#remove(core) || !this.#connection.isUp) return;
    const call = { args: [core.serviceName], kwargs: {}, options: {} };
    try {
      await this.requests.call(MANAGER, "unlink", call);
    } catch (error) {
      if (!(error instanceof ConnectionAbortedError)) throw error;
      // The link has ended with the connection.
    }
  }

  /** The connection is lost, and every link with it. */
  connectionLost(): void {
    this.#restoring.abort();
    this.#restoring = new AbortController();
    for (const { serviceName } of this.#cores) this.requests.hold(serviceName);
  }

  /** The Client is connected again: restores the Links and locks. */
  restoreAll(): void {
    const services = new Set(Array.from(this.#cores, ({ serviceName }) => serviceName));
    for (const service of services) if (this.requests.isHeld(service)) this.#restore(service);
  }

  /** A Service has disconnected. Its Links end, or are restored when it is back. */
  serviceGone(service: string): void {
    if (!this.#has(service)) return;
    if (this.#reconnect === undefined) return this.#end(service);
    this.#departed.add(service);
    if (this.requests.isHeld(service)) return; // its Link is being restored, and has to be once more
    this.requests.hold(service);
    const error = new ConnectionAbortedError(`the ${repr(service)} service has disconnected`);
    this.#report({ state: "unlinked", service, error });
    this.#restore(service, true);
  }

  /** The connection has ended for good: stops restoring. */
  end(): void {
    this.#restoring.abort();
  }

  /**
   * Ends the Links with a Service that has disconnected. Another one of its name would answer their
   * requests, but it knows nothing of their notifications and locks.
   */
  #end(service: string): void {
    const error = new ConnectionAbortedError(`the ${repr(service)} service has disconnected`);
    for (const core of this.of(service)) {
      this.#cores.delete(core);
      core.end("the service has disconnected. Link again, or connect with the option reconnect");
    }
    this.#locks.delete(service);
    this.#report({ state: "unlinked", service, error });
  }

  /** Removes a Link. Returns whether the Manager has to unlink the Service. */
  #remove(core: LinkCore): boolean {
    if (!this.#cores.delete(core)) return false;
    const { serviceName } = core;
    // The Manager knows one link per Service, however many Links of this Client share it.
    if (this.#has(serviceName)) return false;
    this.#locks.delete(serviceName);
    const isLinking = this.#linking.has(serviceName);
    if (isLinking) this.#linking.undoLater(serviceName);
    const wasLost = this.requests.dropLink(
      serviceName,
      (label) => new ConnectionAbortedError(`Cannot request ${label}: the link has ended`),
    );
    return !wasLost && !isLinking;
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

  /** Ends the link with a Service at the Manager. Never rejects. */
  async #unlinkService(service: string): Promise<void> {
    try {
      await this.#callManager("unlink", [service]);
    } catch {
      // There is no such link, or the connection has ended, and the link with it.
    }
  }

  /**
   * A request for a lock was cancelled, or its reply cannot be read: the lock at the Manager becomes
   * what its caller believes. Never rejects.
   */
  async #undoLock(service: string): Promise<void> {
    if (!this.#has(service) || this.requests.isHeld(service)) return; // the link has taken it along
    const shared = this.#locks.get(service);
    try {
      if (shared === undefined) await this.#callManager("release_lock", [service]);
      else await this.#callManager("acquire_lock", [service], { shared });
    } catch {
      // There is no such link, or the connection has ended, and the lock with it.
    }
  }

  #has(service: string): boolean {
    for (const { serviceName } of this.#cores) if (serviceName === service) return true;
    return false;
  }

  /**
   * Tries to link with a Service again until it succeeds. Never rejects.
   *
   * @param isReported Whether the user knows that the Link is lost.
   */
  async #restore(service: string, isReported = false): Promise<void> {
    let isRefused = false;
    const { signal } = this.#restoring;
    const reconnect = this.#reconnect!;
    const attempt = async () => {
      try {
        await this.#relink(service);
      } catch (error) {
        const isNew = error instanceof RemoteError
          ? !isReported
          : error instanceof PermissionError && !isRefused;
        if (isNew) {
          isReported = true;
          isRefused ||= error instanceof PermissionError;
          this.#report({ state: "unlinked", service, error: error as Error });
        }
        throw error;
      }
    };
    try {
      // The Service may come back at any time, whatever the limit of attempts for the Manager is.
      const attempts = Number.MAX_SAFE_INTEGER;
      const { firstDelay } = reconnect;
      const longestDelay = Math.max(firstDelay, Math.min(reconnect.longestDelay, LONGEST_DELAY));
      const options = { ...reconnect, longestDelay, attempts };
      const isRetriable = (error: unknown) =>
        error instanceof RemoteError || error instanceof PermissionError;
      await retry(attempt, options, signal, isRetriable);
    } catch {
      // The connection is lost (a new attempt follows) or has ended for good.
    }
  }

  async #relink(service: string): Promise<void> {
    if (!this.#has(service)) return; // its last Link was ended
    let user: ServiceUser | undefined;
    let before: ServiceUser | undefined;
    do {
      this.#departed.delete(service);
      const entry = toServiceEntry(await this.#link(service));
      const links = this.of(service);
      before = links[0]?.serviceUser ?? before;
      user = entry.offered_by;
      const refusing = links.find((core) => !core.accepts(user));
      if (refusing !== undefined) await this.#refuse(refusing, user);
      for (const core of links) core.renew(entry);
      await this.#relock(service);
    } while (this.#departed.has(service));
    if (!this.#has(service)) { // it was ended meanwhile
      if (this.#linking.has(service)) this.#linking.undoLater(service);
      else await this.#unlinkService(service);
      return;
    }
    this.requests.release(service); // waiting requests come before those that the user sends now
    const isOther = before !== undefined && !isSameUser(before, user);
    this.#report({ state: "linked", service, ...(isOther ? { user, before } : {}) });
  }

  /**
   * Another user than the one that a Link is for offers the Service: ends the link with it. The
   * requests that wait fail, and none is sent.
   *
   * @throws {PermissionError} Always, so that another attempt follows.
   */
  async #refuse(link: LinkCore, user: ServiceUser | undefined): Promise<never> {
    const { serviceName, serviceUser } = link;
    const isNamesake = user?.name === serviceUser?.name;
    const reason = `${nameOf(user)} offers the ${repr(serviceName)} service now, and no longer ` +
      `${nameOf(serviceUser)}${isNamesake ? ", who was another user of that name" : ""} (sameUser)`;
    this.requests.reject(
      serviceName,
      (label) => new PermissionError(`Cannot request ${label}: ${reason}`),
    );
    if (!this.#linking.has(serviceName)) await this.#unlinkService(serviceName);
    throw new PermissionError(reason);
  }

  async #link(service: string): Promise<unknown> {
    try {
      return await this.#callManager("link", [service]);
    } catch (error) {
      // Another client took the lock, or the last link (`maxClients`), while this Client was
      // disconnected.
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

  /** The lock cannot be acquired again: the requests that count on it fail. */
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

function nameOf(user: ServiceUser | undefined): string {
  return user === undefined ? "a device without a user" : `the user ${repr(user.name)}`;
}

/** The error of a Link that is for one user only, if the Manager does not say for which. */
function notTold(service: string): PermissionError {
  return new PermissionError(
    `Cannot link with ${repr(service)} for the same user only: the Manager does not say who ` +
      `offers it. It has to be one of this package where users log in (--auth-login)`,
  );
}

/** Cancels a request to the Manager when its time-out is over. */
function cancelAfter(
  request: Future<unknown>,
  attribute: string,
  { timeout = Infinity }: CallOptions,
): void {
  const expire = () =>
    request.cancel(
      new TimeoutError(`${labelOf(MANAGER, attribute)} was not done within ${timeout} ms`),
    );
  const timer = startTimer(expire, timeout);
  request.addDoneCallback(() => clearTimeout(timer));
}

/** Whether another client took the lock, or the last link (`maxClients`). */
function isTaken(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.remoteName === "PermissionError" &&
    !error.message.includes("because it is not linked with"); // which the Service has undone
}
