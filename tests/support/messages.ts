/** Messages of devices and of the Manager, with defaults for the keys that a test does not set. */

import type { JsonObject } from "../../wire/message.ts";
import { MANAGER_NAME } from "./devices.ts";

/** A client's request, with the key order of this package. */
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

/** The members of an error reply. */
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

/** A request of the Manager to a device, as in the handshake. */
export function question(attribute: string, ...args: string[]): JsonObject {
  return { attribute, args, kwargs: {}, requester: MANAGER_NAME, uid: "", error: false };
}

/** The same message with Python's key order. */
export function pythonic(message: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(message).toSorted(([a], [b]) => a < b ? -1 : 1));
}
