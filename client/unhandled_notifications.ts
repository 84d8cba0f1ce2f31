/**
 * The notifications of a Link whose user has not set a handler yet. They may arrive in the same packet
 * as the reply to `link()`, when the caller does not have the Link.
 *
 * @module
 */

import { KEPT_NOTIFICATIONS, KEPT_NOTIFICATIONS_SIZE } from "../limits.ts";
import { estimateSize } from "../wire/json_writer.ts";
import type { JsonObject } from "../wire/message.ts";

/** The arguments of a notification. */
export interface NotificationArguments {
  args: readonly unknown[];
  kwargs: JsonObject;
  /** When the reading was taken, in milliseconds since 1970, if the Service says it. */
  time: number | undefined;
}

/** The last notifications of one Link, until they are closed. */
export class UnhandledNotifications {
  #kept: (NotificationArguments & { size: number })[] | undefined = [];
  #size = 0;

  /** Whether notifications are kept. */
  get keeps(): boolean {
    return this.#kept !== undefined;
  }

  /** Keeps a notification, and drops the oldest ones that are too many, or too large together. */
  add(args: readonly unknown[], kwargs: JsonObject, time?: number): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    const size = estimateSize([args, kwargs], KEPT_NOTIFICATIONS_SIZE);
    kept.push({ args, kwargs, time, size });
    this.#size += size;
    const isTooMuch = () =>
      kept.length > KEPT_NOTIFICATIONS || this.#size > KEPT_NOTIFICATIONS_SIZE && kept.length > 1;
    while (isTooMuch()) this.#size -= kept.shift()!.size;
  }

  /** Keeps none from now on. Gives those that were kept. */
  close(): readonly NotificationArguments[] {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    return kept;
  }
}
