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
import {
  BEAT,
  type CANCEL_REQUEST,
  DISCONNECT,
  type MORE_VALUES,
  NEXT_VALUE,
  NOTIFICATION,
} from "./protocol.ts";

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

/** What the Manager asks a device during the handshake or an administrator's login. */
export function encodeManagerRequest(requester: string, attribute: string, args: string[]): string {
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
  return toMessage(decodeObject(line));
}

/**
 * The message that an object is.
 *
 * @throws {ValueError} If it is none.
 */
export function toMessage(object: JsonObject): Message {
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
