/**
 * Watches one service: links with it as soon as it is there, and says when it is gone and back. The
 * Client restores the link; what is read from the service is left to the sources.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import type { Client } from "../client.ts";
import type { ConnectionChange } from "../device/connector.ts";
import { ConnectionAbortedError, RemoteError, TimeoutError } from "../errors.ts";
import type { Link, LinkOptions } from "../client/link.ts";
import { hintOfLink, isNoSuchService } from "../client/hints.ts";
import { NO_HINT, type NoHint } from "../client/links.ts";
import { KEPT_NOTIFICATIONS } from "../limits.ts";
import { splitArguments } from "../wire/call.ts";
import { repr } from "../base/repr.ts";
import type { Clock } from "./clock.ts";
import type { Cause } from "./series.ts";

/** A notification of a service. */
export interface Notification {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** When what it says was measured, in milliseconds since 1970, if the service says it. */
  readonly time: number | undefined;
}

/** What reads from a service. */
export interface ServiceListener {
  /** The service is linked, for the first time or again. It may say other things of itself now. */
  onUp(link: Link): void;
  /** There is no link with the service. */
  onDown(cause: Cause, detail: string): void;
  /** The service has emitted a notification. */
  onNotification?(notification: Notification): void;
}

/** The pauses between attempts to link with a service that is not there, in milliseconds. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;

/** How long the Manager may take for an answer, in milliseconds. */
const LINK_TIMEOUT = 30_000;

/** A service of which something is recorded. */
export class ServiceWatch {
  readonly name: string;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #note: (text: string) => void;
  readonly #listeners: ServiceListener[] = [];
  #link: Link | undefined;
  #isUp = false;
  /** Whether it has gone while the reply to the link was on its way to `open`. */
  #hasGone = false;
  /**
   * Notifications that have come in one packet with the reply that restores the link: what the service
   * says of itself may be new.
   */
  #early: Notification[] = [];
  #changed = Promise.withResolvers<void>();

  constructor(
    name: string,
    { client, clock, note }: { client: Client; clock: Clock; note: (text: string) => void },
  ) {
    this.name = name;
    this.#client = client;
    this.#clock = clock;
    this.#note = note;
  }

  /** Adds what reads from it. */
  add(listener: ServiceListener): void {
    this.#listeners.push(listener);
  }

  /** The link; `undefined` while the service is not there. */
  get link(): Link | undefined {
    return this.#isUp ? this.#link : undefined;
  }

  /**
   * Waits until the service is linked.
   *
   * @throws The reason of the signal, if that is aborted.
   */
  async up(signal: AbortSignal): Promise<Link> {
    while (this.link === undefined) await abortable(this.#changed.promise, signal);
    return this.link;
  }

  /** Links for the first time. Never rejects. */
  async open(signal: AbortSignal): Promise<void> {
    let said = "";
    for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      this.#hasGone = false;
      const options: LinkOptions & NoHint = { signal, timeout: LINK_TIMEOUT, [NO_HINT]: true };
      try {
        const link = await this.#client.link(this.name, options);
        this.#link = link;
        link.notificationHandler = (...parameters) => {
          const { args, kwargs } = splitArguments(parameters);
          this.#receive({ args, kwargs, time: link.notificationTime });
        };
        if (said !== "") this.#note(`The ${repr(this.name)} service is there`);
        if (!this.#hasGone) this.#setUp();
        return;
      } catch (error) {
        if (signal.aborted) return;
        const reason = reasonOf(error);
        if (reason !== said && !(error instanceof ConnectionAbortedError)) {
          said = reason;
          this.#note(`Waiting for ${repr(this.name)}: ${reason}${await this.#hint(error, signal)}`);
        }
      }
      await this.#clock.sleep(pause, signal).catch(() => {});
    }
  }

  /** What services there are, if there is none of this name: it may be misspelt, or of another node. */
  async #hint(error: unknown, signal: AbortSignal): Promise<string> {
    if (!(error instanceof RemoteError) || !isNoSuchService(error)) return "";
    try {
      const { services } = await this.#client.identities({ signal, timeout: LINK_TIMEOUT });
      return `. ${hintOfLink(this.name, Object.keys(services))}`;
    } catch {
      return ""; // the next attempt says why
    }
  }

  /** A change of the connection. Those of the connection itself concern each service. */
  change(change: ConnectionChange): void {
    switch (change.state) {
      case "lost":
        return this.#setDown("Manager gone", change.error.message);
      case "unlinked":
        if (change.service !== this.name) return;
        return this.#setDown("service gone", reasonOf(change.error));
      case "linked":
        if (change.service === this.name && this.#link !== undefined) this.#setUp();
        return;
    }
  }

  #receive(notification: Notification): void {
    if (this.#isUp) {
      for (const listener of this.#listeners) listener.onNotification?.(notification);
    } else {
      this.#early.push(notification);
      // They lie in the gap that begins before them.
      if (this.#early.length > KEPT_NOTIFICATIONS) this.#early.shift();
    }
  }

  #setUp(): void {
    this.#isUp = true;
    for (const listener of this.#listeners) listener.onUp(this.#link!);
    const early = this.#early;
    this.#early = [];
    for (const notification of early) this.#receive(notification);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #setDown(cause: Cause, detail: string): void {
    this.#hasGone = true;
    this.#isUp = false;
    for (const listener of this.#listeners) listener.onDown(cause, detail);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof TimeoutError) return "the Manager does not answer";
  if (!(error instanceof RemoteError)) return (error as Error).message;
  return error.remoteName === "KeyError" ? "no such service is connected" : error.remoteMessage;
}
