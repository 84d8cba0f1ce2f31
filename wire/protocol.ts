/**
 * The fixed words of the protocol: the default port, the reserved uids and attributes, and the
 * extensions that devices and Managers of this package agree on. `message.ts` has the messages that
 * they occur in.
 *
 * A device offers extensions in its identity, and our Manager names those that it knows in the
 * result of {@linkcode READY}. A Python Manager ignores the offer, and a Python device makes none,
 * so none of this is ever sent to a peer that does not know it.
 *
 * @module
 */

/** The default port of a Manager. */
export const DEFAULT_PORT = 1875;

/** The port of the gateway for browsers, if it is not chosen. */
export const DEFAULT_WEB_PORT = 1876;

/** The `service` of a request that the Manager itself answers. */
export const MANAGER = "Manager";

/** The `uid` of a notification. */
export const NOTIFICATION = "notification";

/** The `attribute` of the request that the Manager closes the connection. */
export const DISCONNECT = "__disconnect__";

/**
 * The extension of a device that waits until it is registered: the Manager then sends a reply with
 * this `uid`, whose result is a {@linkcode ReadyResult}.
 */
export const READY = "ready";

/** The result of the reply with the uid {@linkcode READY}. The keys are those of the wire. */
export interface ReadyResult {
  /** The keepalive interval of the connection in milliseconds; 0 if the Manager has none. */
  beat: number;
  /** The extensions that the Manager knows. */
  extensions: string[];
}

/** The extensions in the result of the reply with the uid {@linkcode READY}, whatever that is. */
export function extensionsOf(result: unknown): readonly string[] {
  const { extensions } = (result ?? {}) as { extensions?: unknown };
  return Array.isArray(extensions) ? extensions.filter((name) => typeof name === "string") : [];
}

/**
 * The extension of a device that sends something in every keepalive interval, if only a space. The
 * Manager does the same, and gives the interval in {@linkcode ReadyResult}.
 */
export const BEAT = "beat";

/**
 * The extension of a client that reports when the connection of a linked service ends: the Manager
 * then sends a reply with this `uid`, whose result is the name of the service.
 */
export const GONE = "gone";

/**
 * The extension of a client that is told who offers a service: the reply to `link` has the key
 * `offered_by` then, if users log in.
 */
export const OWNER = "owner";

/** The extension {@linkcode CANCEL_REQUEST}: a client may send it, and a service obeys it. */
export const CANCEL = "cancel";

/**
 * The extension for streams: a client that requests one adds the key `stream` to its request, and
 * the service then sends each value in a message of its own ({@linkcode NEXT_VALUE}).
 */
export const STREAM = "stream";

/**
 * The extension for large values: their JSON travels in pieces ({@linkcode PART}). A client adds the
 * key `parts` to its request, the number of pieces of the result that it has room for.
 */
export const PARTS = "parts";

/**
 * The extension of a service that describes itself, under the key `about` of its identity, and of a
 * device that wants to know it: the reply to `link` has that key then, and the Manager answers the
 * request `about`.
 */
export const ABOUT = "about";

/**
 * The extension of a service that says when a reading was taken, under the key `time`: in each
 * notification and each value of a stream, and in the reply to a request with the key `time`.
 */
export const TIME = "time";

/**
 * The extension for arrays of numbers: their bytes travel as base64, not as lists (`array_writer.ts`).
 * The Manager adds the key `arrays` to the requests of a client that offers it, to a service that
 * does, and tells such a service which forms its linked clients take: a message with this `uid`, whose
 * result is a list of {@linkcode NotificationForm}s.
 */
export const ARRAYS = "arrays";

/** For whom a notification is that has arrays: its key `arrays` is true for the former. */
export type NotificationForm = typeof NOTIFICATION_FORMS[number];

/** All of them. */
export const NOTIFICATION_FORMS = ["arrays", "lists"] as const;

/**
 * The extension for traces: a request to a service that lists it may have the keys `traceparent` and
 * `tracestate` of W3C Trace Context. A Manager that is traced puts its own beside the `requester`.
 */
export const TRACE = "trace";

/** Every extension that our Manager knows. */
export const EXTENSIONS: readonly string[] = [
  READY,
  BEAT,
  GONE,
  CANCEL,
  STREAM,
  PARTS,
  OWNER,
  ABOUT,
  TIME,
  ARRAYS,
  TRACE,
];

/** The `attribute` of a control message: the client cancels its request of the same `uid`. */
export const CANCEL_REQUEST = "__cancel__";

/** The `attribute` of a control message: the client has room for more values of a stream. */
export const MORE_VALUES = "__more__";

/** The `attribute` of a reply that is a value of a stream. The reply that ends it has none. */
export const NEXT_VALUE = "__next__";

/**
 * The `attribute` of a piece of a large value: of the arguments, as a control message, or of the
 * result or a value of a stream, as a reply after which the request is still pending.
 */
export const PART = "__part__";

/** The `attribute` of a message like that: there is room for more pieces. */
export const ROOM = "__room__";

/** The attributes of control messages. */
export type Control = typeof CANCEL_REQUEST | typeof MORE_VALUES | typeof PART | typeof ROOM;

/**
 * The extension of a control message, which is a request about another request and is not answered;
 * `undefined` for any other attribute.
 */
export function extensionOfControl(attribute: string): string | undefined {
  switch (attribute) {
    case CANCEL_REQUEST:
      return CANCEL;
    case MORE_VALUES:
      return STREAM;
    case PART:
    case ROOM:
      return PARTS;
  }
}

/**
 * The extension of a reply after which the request is still pending; `undefined` for the attribute
 * of any other reply.
 */
export function extensionOfPartialReply(attribute: string): string | undefined {
  switch (attribute) {
    case NEXT_VALUE:
      return STREAM;
    case PART:
    case ROOM:
      return PARTS;
  }
}
