/**
 * The messages of the wire: their types, how they are written, and how a line that is not
 * trusted becomes one of them.
 *
 * A message is one line of JSON. Our writers put every routing key (`error`, `requester`,
 * `service`, `uid`, `attribute`) before the payload (`args`, `kwargs`, `result`), so a Manager
 * knows where a message goes before it has seen all of it. Readers never depend on the order.
 *
 * @module
 */

import { JSONDecodeError, ValueError, wireMessage } from "../errors.ts";
import { encodeValue, parseJson } from "./json.ts";

/** The port of a Manager, if nothing else is said. */
export const DEFAULT_PORT = 1875;

/** The `uid` of a notification. */
export const NOTIFICATION = "notification";

/** The `attribute` that asks the Manager to close the connection. */
export const DISCONNECT = "__disconnect__";

/** The `service` of a request that the Manager itself answers. */
export const MANAGER = "Manager";

/**
 * The extension that a device offers in its identity and only our Manager knows: once the device
 * is registered, the Manager says so with a reply of this `uid`. A Python Manager ignores the
 * offer, and a Python device never makes it.
 */
export const READY = "ready";

/**
 * The extension of a device that says something, if only a space, in every beat. The Manager does
 * the same, and tells the length of a beat with {@linkcode READY}.
 */
export const BEAT = "beat";

/**
 * The extension of a client that wants to know when a service goes that it is linked with: a reply
 * of this `uid` whose `result` is the name of the service.
 */
export const GONE = "gone";

/**
 * The extension of who knows {@linkcode CANCEL_REQUEST}: a client may send it, a service heeds it.
 */
export const CANCEL = "cancel";

/**
 * The extension of who knows streams: a client that asks for one puts the key `stream` into its
 * request, and a service that finds it there sends each value by itself.
 */
export const STREAM = "stream";

/** The `attribute` of a message by which a client gives up its request of the same `uid`. */
export const CANCEL_REQUEST = "__cancel__";

/** The `attribute` of a message by which a client lets a service send so many values more. */
export const MORE_VALUES = "__more__";

/** The `attribute` of a reply that is a value of a stream, and not its end. */
export const NEXT_VALUE = "__next__";

/** What the Manager says with the uid {@linkcode READY}. */
export interface Welcome {
  /** The length of a beat in milliseconds; 0 if the Manager keeps none. */
  beat: number;
  /** The extensions of the protocol that the Manager knows. */
  extensions: string[];
}

/** Every extension that our Manager knows. */
export const EXTENSIONS: readonly string[] = [READY, BEAT, GONE, CANCEL, STREAM];

/** An object of JSON values. */
export type JsonObject = Record<string, unknown>;

/** A request, as it is read. */
export interface Request {
  kind: "request";
  /** The Service, or `"Manager"`; absent where the Manager asks a device. */
  service: string | undefined;
  attribute: string;
  args: unknown[];
  kwargs: JsonObject;
  uid: string;
  /** Who asks: the network name of a Client, or of the Manager. */
  requester: string | null;
  /** How many values of a stream may be sent; `undefined` from who knows no streams. */
  stream: number | undefined;
}

/** The answer to a request. */
export interface Reply {
  kind: "reply";
  result: unknown;
  requester: string | null;
  uid: string;
}

/** A value of a stream. The answer to the request comes after the last one. */
export interface StreamValue {
  kind: "value";
  value: unknown;
  uid: string;
}

/** The answer to a request that failed. */
export interface ErrorReply {
  kind: "error";
  /** `ClassName: text`. */
  message: string;
  traceback: string[];
  requester: string | null;
  uid: string;
}

/** What a Service tells everyone who is linked with it. */
export interface Notification {
  kind: "notification";
  service: string;
  args: unknown[];
  kwargs: JsonObject;
}

/** Any message. */
export type Message = Request | Reply | StreamValue | ErrorReply | Notification;

/** What a Client says of itself. */
export interface ClientIdentity {
  /** What kind of device it is. */
  type: "client";
  /** How it calls itself. */
  name: string;
  /** Its programming language, e.g. `"Python 3.11.2"`. */
  language: string;
  /** Its operating system, e.g. `"Linux x86_64"`. */
  os: string;
  /** Extensions of the protocol that the Client offers, e.g. `"ready"`. */
  extensions: string[];
}

/** What a Service says of itself. */
export interface ServiceIdentity {
  type: "service";
  name: string;
  /** Method name to signature text, or the value itself for a constant or property. */
  attributes: JsonObject;
  language: string;
  os: string;
  /** How many Clients may be linked at once; 0 or less means no limit. */
  max_clients: number;
  /** Extensions of the protocol that the Service offers, e.g. {@linkcode READY}. */
  extensions: string[];
  /** The names of the methods whose results are streams. */
  streams: string[];
}

/** A request as one line, without its terminator. */
export function encodeRequest(
  request: {
    service: string;
    attribute: string;
    args: readonly unknown[];
    kwargs: JsonObject;
    uid: string;
  },
): string {
  return `${beginRequest(request)}${encodeValue(request.args)}` +
    `,"kwargs":${encodeValue(request.kwargs)}}`;
}

/** The beginning of a request as one line, up to the value of `args`. */
export function beginRequest(
  { service, uid, attribute }: { service: string; uid: string; attribute: string },
): string {
  return `{"error":false,"service":${quote(service)},"uid":${quote(uid)}` +
    `,"attribute":${quote(attribute)},"args":`;
}

/**
 * A message about a request that is out, as one line without its terminator. It is not answered.
 *
 * @param requester Whose request it is, where the Manager says it instead of the client.
 */
export function encodeControl(
  { service, uid, requester }: { service: string; uid: string; requester?: string },
  attribute: typeof CANCEL_REQUEST | typeof MORE_VALUES,
  ...args: number[]
): string {
  const named = requester === undefined ? "" : `"requester":${quote(requester)},`;
  return `{"error":false,${named}"service":${quote(service)},"uid":${quote(uid)}` +
    `,"attribute":"${attribute}","args":${JSON.stringify(args)},"kwargs":{}}`;
}

/** Whether the `attribute` of a request makes it a message about another one. */
export function isControl(attribute: string): boolean {
  return attribute === CANCEL_REQUEST || attribute === MORE_VALUES;
}

/** What the Manager asks a device during the handshake or an administrator's login. */
export function encodeQuestion(requester: string, attribute: string, args: string[]): string {
  return `{"error":false,"requester":${quote(requester)},"uid":"","attribute":${quote(attribute)}` +
    `,"args":${JSON.stringify(args)},"kwargs":{}}`;
}

/**
 * What a service is asked to find out whether it is still there: an ordinary request for an
 * attribute that every service has, and that costs nothing.
 */
export function encodeProbe(requester: string, service: string): string {
  return `{"error":false,"requester":${quote(requester)},"service":${quote(service)}` +
    `,"uid":"${BEAT}","attribute":"max_clients","args":[],"kwargs":{}}`;
}

/**
 * A reply as one line, without its terminator.
 *
 * @throws {TypeError} If JSON cannot hold the result.
 */
export function encodeReply(requester: string | null, uid: string, result: unknown): string {
  return `${beginReply(requester, uid)}${encodeValue(result)}}`;
}

/** The beginning of a reply as one line, up to the value of `result`. */
export function beginReply(requester: string | null, uid: string): string {
  return `{"error":false,"requester":${JSON.stringify(requester)},"uid":${quote(uid)},"result":`;
}

/** The beginning of a value of a stream as one line, up to the value of `result`. */
export function beginValue(requester: string | null, uid: string): string {
  return `{"error":false,"requester":${JSON.stringify(requester)},"uid":${quote(uid)}` +
    `,"attribute":"${NEXT_VALUE}","result":`;
}

/** An error reply as one line, without its terminator. */
export function encodeError(
  requester: string | null,
  uid: string,
  error: unknown,
  traceback: readonly string[] = [],
): string {
  return `{"error":true,"requester":${JSON.stringify(requester)},"uid":${quote(uid)}` +
    `,"message":${quote(wireMessage(error))},"traceback":${JSON.stringify(traceback)}` +
    `,"result":null}`;
}

/**
 * A notification as one line, without its terminator.
 *
 * @throws {TypeError} If JSON cannot hold the arguments.
 */
export function encodeNotification(
  service: string,
  args: readonly unknown[],
  kwargs: JsonObject,
): string {
  return `{"error":false,"service":${quote(service)},"uid":"${NOTIFICATION}"` +
    `,"result":${encodeValue([args, kwargs])}}`;
}

/** The request to be disconnected, as one line without its terminator. */
export function encodeDisconnect(networkName: string): string {
  return `{"error":false,"service":${quote(networkName)},"uid":"","attribute":"${DISCONNECT}"` +
    `,"args":[],"kwargs":{}}`;
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The object that a line of JSON holds.
 *
 * @throws {JSONDecodeError} If it is not UTF-8, not JSON or not an object.
 */
export function decodeObject(line: Uint8Array | string): JsonObject {
  let value: unknown;
  try {
    value = parseJson(typeof line === "string" ? line : decoder.decode(line));
  } catch (cause) {
    throw new JSONDecodeError(`Cannot read the line: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(value)) throw new JSONDecodeError("Cannot read the line: not a JSON object");
  return value;
}

/**
 * Reads a line.
 *
 * @throws {JSONDecodeError} If it is not UTF-8, not JSON or not an object.
 * @throws {ValueError} If it is an object but not a message.
 */
export function decodeMessage(line: Uint8Array | string): Message {
  return asMessage(decodeObject(line));
}

/**
 * The message that an object is.
 *
 * @throws {ValueError} If it is none.
 */
export function asMessage(object: JsonObject): Message {
  const { error, attribute, service, args = [], kwargs = {}, result, stream } = object;
  const uid = typeof object.uid === "string" ? object.uid : "";
  const requester = typeof object.requester === "string" ? object.requester : null;
  if (error === true) {
    return {
      kind: "error",
      message: typeof object.message === "string" ? object.message : "Error: no message was sent",
      traceback: Array.isArray(object.traceback) ? object.traceback.map(asText) : [],
      requester,
      uid,
    };
  }
  if (attribute === NEXT_VALUE && "result" in object) return { kind: "value", value: result, uid };
  if (typeof attribute === "string" && Array.isArray(args) && isObject(kwargs)) {
    const named = typeof service === "string" ? service : undefined;
    return {
      kind: "request",
      service: named,
      attribute,
      args,
      kwargs,
      uid,
      requester,
      stream: isCount(stream) ? stream : undefined,
    };
  }
  if (uid === NOTIFICATION && typeof service === "string" && isPayload(result)) {
    return { kind: "notification", service, args: result[0], kwargs: result[1] };
  }
  if ("result" in object) return { kind: "reply", result, requester, uid };
  throw new ValueError("Cannot read the line: neither a request, nor a reply, nor a notification");
}

/** Whether a value is a JSON object: neither `null` nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a whole number above zero. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function asText(line: unknown): string {
  return typeof line === "string" ? line : JSON.stringify(line);
}

function isPayload(value: unknown): value is [unknown[], JsonObject] {
  return Array.isArray(value) && Array.isArray(value[0]) && isObject(value[1]);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
