/**
 * The registration of a Service at its Manager: whether the Manager has confirmed it, and what the
 * Manager has said of itself and of the linked Clients since. Each connection is a new registration.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { ARRAYS, extensionsOf, type NotificationForm } from "../wire/protocol.ts";
import { formsOf } from "./notifications.ts";

/**
 * How long to wait for a Manager that does not confirm a Service to reject it, in milliseconds.
 */
const REJECTION_TIMEOUT = 1_000;

/** What the Manager has said, which is nothing at first. */
export class Registration {
  #extensions: readonly string[] = [];
  #forms: readonly NotificationForm[] = [];
  /** Settled when the Manager confirms or rejects the Service; `undefined` if nobody has waited for it. */
  #confirmation: PromiseWithResolvers<void> | undefined;

  /**
   * Waits until the Manager confirms the Service. One that has not rejected it in time has accepted it,
   * as one of the Python software does.
   *
   * @param timeout How long to wait, in milliseconds. Default: 1,000.
   * @throws The error of {@linkcode Registration.reject}.
   */
  async confirmed(timeout: number = REJECTION_TIMEOUT): Promise<void> {
    const confirmation = this.#confirmation = Promise.withResolvers<void>();
    confirmation.promise.catch(() => {});
    const timer = new AbortController();
    try {
      await Promise.race([
        confirmation.promise,
        delay(timeout, { signal: timer.signal }).catch(() => {}),
      ]);
    } finally {
      timer.abort();
    }
  }

  /** The Manager has confirmed the Service, with the extensions of the protocol that it knows. */
  confirm(result: unknown): void {
    this.#extensions = extensionsOf(result);
    this.#confirmation?.resolve();
  }

  /** The Manager has sent an error that answers nothing. */
  reject(error: Error): void {
    this.#confirmation?.reject(error);
  }

  /** The connection has ended: the next Manager may be another program. */
  lost(): void {
    this.#extensions = [];
    this.#forms = [];
  }

  /** Whether the Manager knows an extension. */
  knows(extension: string): boolean {
    return this.#extensions.includes(extension);
  }

  /** The Manager has said which forms of notifications with arrays the linked Clients take. */
  acceptForms(result: unknown): void {
    this.#forms = formsOf(result);
  }

  /** Those forms; `undefined` if the Manager does not sort by them. */
  get forms(): readonly NotificationForm[] | undefined {
    return this.knows(ARRAYS) ? this.#forms : undefined;
  }
}
