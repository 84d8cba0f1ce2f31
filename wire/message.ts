/**
 * The messages of the wire: their types, how they are encoded, and how a line from a peer is decoded
 * and checked. `protocol.ts` has the fixed words in them, `json.ts` their JSON, and `envelope.ts` is
 * what a Manager reads of a message that it forwards.
 *
 * A message is one line of JSON. We write every routing key (`error`, `requester`, `service`, `uid`,
 * `attribute`) before the payload (`args`, `kwargs`, `result`), so that a Manager knows where a
 * message goes before all of it has arrived. When we read, the order does not matter.
 *
 * @module
 */

import { JSONDecodeError, ValueError, wireMessage } from "../errors.ts";
import { decodeUtf8 } from "../base/encoding.ts";
import { KNOWS_ARRAYS } from "./array_key.ts";
import { type ArrayWriter, encodeTexts, encodeValue, type ParseJson, parseJson } from "./json.ts";
import {
  ARRAYS,
  BEAT,
  type Control,
  DISCONNECT,
  NEXT_VALUE,
  NOTIFICATION,
  type NotificationForm,
  PART,
  ROOM,
} from "./protocol.ts";

/**
 * An object of JSON values by name.
 *
 * @example
 * ```ts
 * import type { JsonObject } from "@msl/network";
 *
 * const settings: JsonObject = { range: 10, unit: "V", channels: [1, 2] };
 * ```
 */
export type JsonObject = Record<string, unknown>;

/** A request. */
export interface Request {
  kind: "request";
  /** The Service, or `"Manager"`; `undefined` in a request of the Manager to a device. */
  service: string | undefined;
  attribute: string;
  args: unknown[];
  kwargs: JsonObject;
  uid: string;
  /** The network name of the Client, or of the Manager, that sent the request. */
  requester: string | null;
  /** How many values of a stream the Client has room for; `undefined` without streams. */
  stream: number | undefined;
  /** How many pieces of the result the Client has room for; `undefined` without pieces. */
  parts: number | undefined;
  /** Whether values of a stream may have one line in the place of a piece. */
  takesWhole: boolean;
  /** The size of the arguments, which come in pieces, in bytes; `undefined` if they are here. */
  size: number | undefined;
  /** Whether the reply should have the time at which the reading was taken. */
  wantsTime: boolean;
  /** Whether the Client knows arrays, as the Manager says. */
  knowsArrays: boolean;
}

/** The reply to a request that succeeded. */
export interface Reply {
  kind: "reply";
  result: unknown;
  requester: string | null;
  uid: string;
  /** The size of the result, whose pieces came before, in bytes; `undefined` if it is here. */
  size: number | undefined;
  /** When the reading was taken, in milliseconds since 1970, if the Service says it. */
  time: number | undefined;
  /** Whether its arrays are in their places: those of a long line are read with pauses. */
  areArraysRead?: boolean;
}

/** A value of a stream. The reply to the request follows the last value. */
export interface StreamValue {
  kind: "value";
  value: unknown;
  uid: string;
  /** The size of the value, whose pieces came before, in bytes; `undefined` if it is here. */
  size: number | undefined;
  /** Whether it is here in the place of a piece. */
  isWhole: boolean;
  /** When the reading was taken, in milliseconds since 1970, if the Service says it. */
  time: number | undefined;
  /** Whether its arrays are in their places: those of a long line are read with pauses. */
  areArraysRead?: boolean;
}

/** A piece of a value: a text of its JSON, or bytes of an array in it. */
export type PieceContent = string | BinaryPiece;

/** Bytes of an array, in base64. */
export interface BinaryPiece {
  /** The number of the array in the value, from 0. */
  part: number;
  data: string;
  /** The size of the whole array in bytes, which its first piece has. */
  size: number | undefined;
}

/** A piece of a result, or of a value of a stream. */
export interface ResultPart {
  kind: "part";
  content: PieceContent;
  uid: string;
  /** The size of the whole result in bytes, which the first piece has. */
  size: number | undefined;
}

/** A Service has room for more pieces of the arguments. */
export interface RoomForParts {
  kind: "room";
  count: number;
  uid: string;
}

/** The reply to a request that failed. */
export interface ErrorReply {
  kind: "error";
  /** `ClassName: text`. */
  message: string;
  traceback: string[];
  requester: string | null;
  uid: string;
}

/** A notification of a Service to every linked Client. */
export interface Notification {
  kind: "notification";
  service: string;
  args: unknown[];
  kwargs: JsonObject;
  /** When the reading was taken, in milliseconds since 1970, if the Service says it. */
  time: number | undefined;
  /** Whether its arrays are in their places: those of a long line are read with pauses. */
  areArraysRead?: boolean;
}

/** Any message. */
export type Message =
  | Request
  | Reply
  | StreamValue
  | ResultPart
  | RoomForParts
  | ErrorReply
  | Notification;

/**
 * The characters of JSON that JSON writes with an escape: it has none of the other ones. A class of a
 * few characters is searched seven times as fast as it is written, one with a range is not.
 */
const ESCAPED = /["\\\n\r\t]/;

/** What an error calls a result, and a value of a stream, that JSON cannot hold. */
export const RESULT = "result";
export const VALUE = "value";

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
  return `${openRequest(request)}}`;
}

/** The same without its closing brace, so that more members can follow. */
export function openRequest(request: Parameters<typeof encodeRequest>[0]): string {
  return `${beginRequest(request)}${encodeValue(request.args, "args")}` +
    `,"kwargs":${encodeValue(request.kwargs, "kwargs")}`;
}

/** The beginning of a request as one line, up to the value of `args`. */
export function beginRequest(
  { service, uid, attribute }: { service: string; uid: string; attribute: string },
): string {
  return `{"error":false,"service":${quote(service)},"uid":${quote(uid)}` +
    `,"attribute":${quote(attribute)},"args":`;
}

/**
 * A control message about a pending request, as one line without its terminator. It has no reply.
 *
 * @param requester The client of the request, where the Manager sends the message in its name.
 */
export function encodeControl(
  { service, uid, requester }: { service: string; uid: string; requester?: string },
  attribute: Control,
  ...args: (number | string)[]
): string {
  const named = requester === undefined ? "" : `"requester":${quote(requester)},`;
  return `{"error":false,${named}"service":${quote(service)},"uid":${quote(uid)}` +
    `,"attribute":"${attribute}","args":${JSON.stringify(args)},"kwargs":{}}`;
}

/**
 * A request of the Manager to a device, as one line without its terminator: during the handshake,
 * and while an administrator logs in.
 */
export function encodeManagerRequest(requester: string, attribute: string, args: string[]): string {
  return `{"error":false,"requester":${quote(requester)},"uid":"","attribute":${quote(attribute)}` +
    `,"args":${JSON.stringify(args)},"kwargs":{}}`;
}

/**
 * A keepalive probe, for a service without the extension {@linkcode BEAT}: an ordinary request for
 * an attribute that every service has, and that costs nothing.
 */
export function encodeProbe(requester: string, service: string): string {
  return `{"error":false,"requester":${quote(requester)},"service":${quote(service)}` +
    `,"uid":"${BEAT}","attribute":"max_clients","args":[],"kwargs":{}}`;
}

/**
 * A reply as one line, without its terminator.
 *
 * @param time When the reading was taken, in milliseconds since 1970, if that was requested.
 * @throws {TypeError} When JSON cannot hold the result.
 */
export function encodeReply(
  requester: string | null,
  uid: string,
  result: unknown,
  time?: number,
): string {
  return `${beginReply(requester, uid, time)}${encodeValue(result, RESULT)}}`;
}

/**
 * The line of a reply, or of a value of a stream, to a client that knows arrays: some texts that are
 * the line together.
 *
 * @param beginning The line up to its value.
 * @param place What the value is, for an error.
 * @throws {TypeError} When JSON cannot hold the value.
 */
export function textsOfReply(
  beginning: string,
  value: unknown,
  place: string,
  arrays: ArrayWriter,
): string[] {
  const texts = encodeTexts(value, place, arrays);
  return texts.length === 1 ? [`${beginning}${texts[0]}}`] : [beginning, ...texts, "}"];
}

/**
 * The beginning of a reply as one line, up to the value of `result`.
 *
 * @param time When the reading was taken, in milliseconds since 1970, if that was requested.
 */
export function beginReply(requester: string | null, uid: string, time?: number): string {
  return `{"error":false,"requester":${JSON.stringify(requester)},"uid":${quote(uid)}` +
    `${timed(time)},"result":`;
}

/**
 * The beginning of a value of a stream as one line, up to the value of `result`.
 *
 * @param isWhole Whether it is sent in the place of a piece.
 */
export function beginValue(
  requester: string | null,
  uid: string,
  time?: number,
  isWhole?: boolean,
): string {
  return `{"error":false,"requester":${JSON.stringify(requester)},"uid":${quote(uid)}` +
    `,"attribute":"${NEXT_VALUE}"${isWhole ? ',"whole":true' : ""}${timed(time)},"result":`;
}

/** The content of a piece of JSON, which is some texts, as some texts that are JSON together. */
export function encodeTextPiece(texts: readonly string[]): string[] {
  return ['"', ...texts.map(escape), '"'];
}

/** The content of a piece of an array, in the same way. */
export function encodeBinaryPiece({ part, data, size }: BinaryPiece): string[] {
  const sized = size === undefined ? "" : `"size":${size},`;
  return [`{"part":${part},${sized}"data":"`, data, '"}'];
}

/**
 * A piece of a result, or of a value of a stream, as one line without its terminator: the texts that
 * are the line together. A long text takes more time to be made than its short parts.
 *
 * @param content The texts that are the content of the piece together, as JSON.
 * @param size The size of the whole in bytes, in the first piece.
 */
export function encodeResultPart(
  requester: string,
  uid: string,
  content: readonly string[],
  size: number | undefined,
): string[] {
  const sized = size === undefined ? "" : `"size":${size},`;
  const opening = `{"error":false,"requester":${quote(requester)},"uid":${quote(uid)}` +
    `,"attribute":"${PART}",${sized}"result":`;
  return [opening, ...content, "}"];
}

/** A piece of the arguments of a request, in the same way. */
export function encodeArgumentsPart(
  { service, uid }: { service: string; uid: string },
  content: readonly string[],
): string[] {
  const opening = `{"error":false,"service":${quote(service)},"uid":${quote(uid)}` +
    `,"attribute":"${PART}","args":[`;
  return [opening, ...content, '],"kwargs":{}}'];
}

/** The line after the pieces of a result: the reply, or the value of a stream. */
export function encodeSized(
  requester: string,
  uid: string,
  size: number,
  attribute?: typeof NEXT_VALUE,
  time?: number,
): string {
  const named = attribute === undefined ? "" : `"attribute":"${attribute}",`;
  return `{"error":false,"requester":${quote(requester)},"uid":${quote(uid)}` +
    `,${named}"size":${size}${timed(time)},"result":null}`;
}

/** A Service has room for more pieces of the arguments: one line, without its terminator. */
export function encodeRoom(requester: string, uid: string, count: number): string {
  return `{"error":false,"requester":${quote(requester)},"uid":${quote(uid)}` +
    `,"attribute":"${ROOM}","result":${count}}`;
}

/** An error reply as one line, without its terminator. */
export function encodeError(
  requester: string | null,
  uid: string,
  error: unknown,
): string {
  return encodeFailure(requester, uid, { message: wireMessage(error), traceback: [] });
}

/** An error reply with this message and traceback as one line, without its terminator. */
export function encodeFailure(
  requester: string | null,
  uid: string,
  { message, traceback }: { message: string; traceback: readonly string[] },
): string {
  return `{"error":true,"requester":${JSON.stringify(requester)},"uid":${quote(uid)}` +
    `,"message":${quote(message)},"traceback":${JSON.stringify(traceback)}` +
    `,"result":null}`;
}

/**
 * A notification as one line, without its terminator.
 *
 * @param time When the reading was taken, in milliseconds since 1970.
 * @param form For which clients it is, if it has arrays. Default: all.
 * @param arrays Writes arrays of numbers. Default: they are lists.
 * @throws {TypeError} When JSON cannot hold the arguments.
 */
export function encodeNotification(
  service: string,
  args: readonly unknown[],
  kwargs: JsonObject,
  time?: number,
  form?: NotificationForm,
  arrays?: ArrayWriter,
): string {
  const formed = form === undefined ? "" : `,"${ARRAYS}":${form === "arrays"}`;
  return `{"error":false,"service":${quote(service)},"uid":"${NOTIFICATION}"${formed}` +
    `${timed(time)},"result":[${encodeValue(args, "args", arrays)},` +
    `${encodeValue(kwargs, "kwargs", arrays)}]}`;
}

/** The request that the Manager closes a connection, as one line without its terminator. */
export function encodeDisconnect(networkName: string): string {
  return `{"error":false,"service":${quote(networkName)},"uid":"","attribute":"${DISCONNECT}"` +
    `,"args":[],"kwargs":{}}`;
}

/**
 * Decodes a line as a JSON object.
 *
 * @throws {JSONDecodeError} When it is not UTF-8, not JSON or not an object.
 */
export function decodeObject(line: Uint8Array | string, parse: ParseJson = parseJson): JsonObject {
  let value: unknown;
  try {
    value = parse(typeof line === "string" ? line : decodeUtf8(line));
  } catch (cause) {
    throw new JSONDecodeError(`Cannot read the line: ${(cause as Error).message}`, { cause });
  }
  if (!isObject(value)) throw new JSONDecodeError("Cannot read the line: not a JSON object");
  return value;
}

/**
 * Decodes a line as a message.
 *
 * @throws {JSONDecodeError} When it is not UTF-8, not JSON or not an object.
 * @throws {ValueError} When it is an object but not a message.
 */
export function decodeMessage(line: Uint8Array | string, parse?: ParseJson): Message {
  return toMessage(decodeObject(line, parse));
}

/**
 * Checks that an object is a message, and gives it as one.
 *
 * @throws {ValueError} When it is not a message.
 */
export function toMessage(object: JsonObject): Message {
  const { error, attribute, service, args = [], kwargs = {}, result, stream, parts } = object;
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
  const size = isCount(object.size) ? object.size : undefined;
  const time = isTime(object.time) ? object.time : undefined;
  if (typeof attribute === "string" && "result" in object) {
    if (attribute === NEXT_VALUE) {
      return {
        kind: "value",
        value: result,
        uid,
        size,
        isWhole: KNOWS_ARRAYS && object.whole === true,
        time,
      };
    }
    if (attribute === PART) {
      const content = toPiece(result);
      if (content !== undefined) return { kind: "part", content, uid, size };
    }
    if (attribute === ROOM && isCount(result)) return { kind: "room", count: result, uid };
  }
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
      parts: isCount(parts) ? parts : undefined,
      takesWhole: KNOWS_ARRAYS && object.whole === true,
      size: isCount(parts) ? size : undefined,
      wantsTime: object.time === true,
      knowsArrays: object.arrays === true,
    };
  }
  if (uid === NOTIFICATION && typeof service === "string" && isPayload(result)) {
    return { kind: "notification", service, args: result[0], kwargs: result[1], time };
  }
  if ("result" in object) return { kind: "reply", result, requester, uid, size, time };
  throw new ValueError("Cannot read the line: neither a request, nor a reply, nor a notification");
}

/** The content of a piece; `undefined` if it is none. */
export function toPiece(value: unknown): PieceContent | undefined {
  if (typeof value === "string") return value;
  if (!KNOWS_ARRAYS || !isObject(value)) return undefined;
  const { part, data, size } = value;
  if (!Number.isSafeInteger(part) || typeof data !== "string") return undefined;
  return { part: part as number, data, size: isCount(size) ? size : undefined };
}

/** Whether a value is a JSON object: neither `null` nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is an integer above zero. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** The earliest and the latest time of a `Date`, in milliseconds from 1970. */
const MOST_TIME = 8.64e15;

/** Whether a value is a time in milliseconds since 1970: an integer that a `Date` can have. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(value as number) <= MOST_TIME;
}

function timed(time: number | undefined): string {
  return time === undefined ? "" : `,"time":${time}`;
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

/** A part of JSON as it stands between the quotes of JSON. Numbers, for example, need no copy. */
function escape(text: string): string {
  return ESCAPED.test(text) ? quote(text).slice(1, -1) : text;
}
