/** Messages as devices and the Manager send them: each maker sets what a test does not say. */

import type { JsonObject } from "../../wire/message.ts";
import { MANAGER_NAME } from "./devices.ts";

/** A client's request, its keys in the order that ours have. */
export function request(
  service: string,
  attribute: string,
  args: unknown[] = [],
  members: JsonObject = {},
): JsonObject {
  return { error: false, service, uid: "1", attribute, args, kwargs: {}, ...members };
}

/** A reply to the client with that name on the network. */
export function reply(requester: string, members: JsonObject = {}): JsonObject {
  return { error: false, requester, uid: "1", result: null, ...members };
}

/** The members of a reply that is an error. */
export function failure(message: string): JsonObject {
  return { error: true, message, traceback: [] };
}

/** A notification of a service. */
export function notification(
  service: string,
  args: unknown[] = [],
  kwargs: JsonObject = {},
): JsonObject {
  return { error: false, service, uid: "notification", result: [args, kwargs] };
}

/** A question of the Manager to a device, as in the handshake. */
export function question(attribute: string, ...args: string[]): JsonObject {
  return { attribute, args, kwargs: {}, requester: MANAGER_NAME, uid: "", error: false };
}

/** The same message in the order of keys that Python has. */
export function pythonic(message: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(message).toSorted(([a], [b]) => a < b ? -1 : 1));
}
