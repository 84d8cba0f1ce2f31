/**
 * What the router keeps for a peer that knows the extension `arrays`: what is spliced into its
 * requests, and in which forms the clients that are linked with it take notifications.
 *
 * @module
 */

import { ARRAYS, NOTIFICATION_FORMS, type NotificationForm } from "../wire/protocol.ts";

const encoder = new TextEncoder();

/** The arrays of one peer. */
export class ArraySession {
  /** What is spliced into its requests to a service that knows arrays, as for any other. */
  readonly requester: Uint8Array;
  readonly requesterAndError: Uint8Array;
  /** How many clients are linked with it that take each form. */
  readonly #linked: Record<NotificationForm, number> = { arrays: 0, lists: 0 };
  /** The forms that it was told last. */
  #told = "";

  /** @param requester The key `requester` with the network name of the peer, and the closing brace. */
  constructor(requester: string) {
    this.requester = encoder.encode(`,"${ARRAYS}":true,${requester}`);
    this.requesterAndError = encoder.encode(`,"${ARRAYS}":true,"error":false,${requester}`);
  }

  /**
   * A link of a client with the service has begun or ended. Which forms its clients take is told to a
   * service, so that it makes no others. What it sends before it knows of a new client is not for that
   * client.
   *
   * @param form The form that the client takes.
   * @returns What the service has to be told; `undefined` if it was.
   */
  countLink(form: NotificationForm, isLinked: boolean): NotificationForm[] | undefined {
    this.#linked[form] += isLinked ? 1 : -1;
    const forms = NOTIFICATION_FORMS.filter((form) => this.#linked[form] > 0);
    if (forms.join() === this.#told) return undefined;
    this.#told = forms.join();
    return forms;
  }
}
