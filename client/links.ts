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
import type { Future } from "../future.ts";
import { LinkCore, type LinkOwner } from "./link.ts";
import type { ConnectionChange } from "../device/connector.ts";
import type { ServiceEntry } from "../wire/identities.ts";
import { repr } from "../base/repr.ts";

/** How often it is looked at least whether a Service has come back, in milliseconds. */
const SLOWEST_LOOK = 2_000;

/** What the Links ask of their Client. */
export interface LinksOwner extends LinkOwner {
  /** How to restore what is lost; `undefined` for not at all. */
  readonly reconnect: ResolvedReconnect | undefined;
  /** Sends a request to the Manager, at once or not at all. */
  callManager<R>(attribute: string, args: unknown[], kwargs?: { shared: boolean }): Promise<R>;
  /** Sends the requests that wait for a Service. */
  release(service: string): void;
  /** Fails the requests that wait for a Service. */
  fail(service: string, errorOf: (label: string) => Error): void;
  /** Tells the user. */
  report(change: ConnectionChange): void;
}

/** The Links of one Client. */
export class Links {
  readonly #owner: LinksOwner;
  readonly #cores = new Set<LinkCore>();
  /** The Services that are locked, and whether the lock is a shared one. */
  readonly #locks = new Map<string, boolean>();
  /** The Services whose Links are not restored yet. */
  readonly #lost = new Set<string>();
  /** The Services that have gone since they were linked with last. */
  readonly #departed = new Set<string>();
  /** How many Links with each Service are asked for. */
  readonly #expected = new Map<string, number>();
  /** The Services whose last Link has ended while another was asked for. */
  readonly #unwanted = new Set<string>();
  /** Aborted when the restoring has to begin again, or is over. */
  #restoring = new AbortController();

  constructor(owner: LinksOwner) {
    this.#owner = owner;
  }

  /** Makes a Link. */
  open(service: string, entry: ServiceEntry): LinkCore {
    const core = new LinkCore(this.#owner, service, entry);
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
      this.#unlink(service);
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
    if (!this.#lost.delete(serviceName)) return !isExpected;
    this.#owner.fail(
      serviceName,
      (label) => new ConnectionAbortedError(`Cannot request ${label}: the link has ended`),
    );
    return false;
  }

  /** The Links with a Service. */
  of(service: string): LinkCore[] {
    return [...this.#cores].filter(({ serviceName }) => serviceName === service);
  }

  /** A lock was acquired. */
  locked(service: string, shared: boolean): void {
    if (this.#has(service)) this.#locks.set(service, shared);
  }

  /** A lock is not wanted any longer. */
  unlocked(service: string): void {
    this.#locks.delete(service);
  }

  /** The extensions of the protocol that a Service knows which is linked, and its Manager too. */
  extensionsOf(service: string): readonly string[] {
    for (const core of this.#cores) {
      if (core.serviceName === service) return core.extensions;
    }
    return [];
  }

  /** Whether the requests to a Service have to wait for its Link. */
  isLost(service: string): boolean {
    return this.#lost.has(service);
  }

  /** The connection has ended, and every Link with it. */
  lose(): void {
    this.#restoring.abort();
    this.#restoring = new AbortController();
    for (const { serviceName } of this.#cores) this.#lost.add(serviceName);
  }

  /** The Client is connected again: restores what was lost. */
  restoreAll(): void {
    for (const service of this.#lost) this.#restore(service);
  }

  /** A Service has gone. Its Link is restored when it is back. */
  gone(service: string): void {
    if (this.#owner.reconnect === undefined || !this.#has(service)) return;
    this.#departed.add(service);
    if (this.isLost(service)) return; // its Link is being restored, and has to be once more
    this.#lost.add(service);
    const error = new ConnectionAbortedError(`the ${repr(service)} service has disconnected`);
    this.#owner.report({ state: "unlinked", service, error });
    this.#restore(service, true);
  }

  /** Nothing is restored any more. */
  end(): void {
    this.#restoring.abort();
  }

  /** Ends at the Manager what nobody wants any longer. */
  async #unlink(service: string): Promise<void> {
    try {
      await this.#owner.callManager("unlink", [service]);
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
    const reconnect = this.#owner.reconnect!;
    const attempt = async () => {
      try {
        await this.#relink(service);
      } catch (error) {
        if (error instanceof RemoteError && !isTold) {
          isTold = true;
          this.#owner.report({ state: "unlinked", service, error });
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
      else await this.#owner.callManager("unlink", [service]);
      return;
    }
    this.#lost.delete(service);
    this.#owner.release(service); // what has waited comes before what the user sends now
    this.#owner.report({ state: "linked", service });
  }

  async #link(service: string): Promise<ServiceEntry> {
    try {
      return await this.#owner.callManager<ServiceEntry>("link", [service]);
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
      await this.#owner.callManager("acquire_lock", [service], { shared });
    } catch (error) {
      if (!isTaken(error)) throw error;
      this.#loseLock(service, error);
    }
  }

  #loseLock(service: string, error: RemoteError): void {
    this.#locks.delete(service);
    this.#owner.fail(
      service,
      (label) =>
        new ConnectionAbortedError(
          `Cannot request ${label}: the lock was lost with the connection, and cannot be ` +
            `acquired again (${error.message})`,
          { cause: error },
        ),
    );
    this.#owner.report({ state: "unlocked", service, error });
  }
}

/** Whether somebody else was faster: another lock or link is in the way. */
function isTaken(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.remoteName === "PermissionError" &&
    !error.message.includes("because it is not linked with"); // which the Service has undone
}
