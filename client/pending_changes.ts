/**
 * The requests of a Client that change something at the Manager, e.g. make a link, and whether such a
 * change has to be undone: the reply to one of them did not come, or was not wanted any more.
 *
 * What undoes the change waits until none of them is pending for the service: it would undo what
 * those change as well.
 *
 * @module
 */

import { RemoteError } from "../errors.ts";
import type { RequestOutcome } from "./request.ts";

/** The requests for one kind of change. */
export class PendingChanges {
  /** How many requests for each service are pending. */
  readonly #pending = new Map<string, number>();
  /** The services for which the change has to be undone. */
  readonly #toUndo = new Set<string>();

  /** Whether a request for a service is pending. */
  has(service: string): boolean {
    return this.#pending.has(service);
  }

  /** The change has to be undone when no request for the service is pending. */
  undoLater(service: string): void {
    this.#toUndo.add(service);
  }

  /**
   * Counts a request until it is settled.
   *
   * @param undo Called then, if no other request for the service is pending and the change has to be
   * undone. It never rejects.
   * @returns To be called when the request is settled. It never rejects.
   */
  add(service: string, undo: () => Promise<void>): (outcome: RequestOutcome) => Promise<void> {
    this.#pending.set(service, (this.#pending.get(service) ?? 0) + 1);
    return (outcome) => this.#settled(service, outcome, undo);
  }

  async #settled(
    service: string,
    outcome: RequestOutcome,
    undo: () => Promise<void>,
  ): Promise<void> {
    const others = this.#pending.get(service)! - 1;
    if (others > 0) this.#pending.set(service, others);
    else this.#pending.delete(service);
    const { state } = outcome;
    const isAnswered = state === "fulfilled" ||
      (state === "rejected" && outcome.error instanceof RemoteError);
    if (!isAnswered) this.#toUndo.add(service); // the Manager has made the change, or may do so
    if (this.#pending.has(service) || !this.#toUndo.delete(service)) return;
    await undo();
  }
}
