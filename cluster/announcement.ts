/**
 * What nodes tell each other of themselves and of their services, as bytes: encoded, and checked when
 * they arrive. Any node of the network may have sent them, also one that is hostile or of another
 * version. So a value of a wrong type rejects the message, keys that are unknown are ignored, and
 * nothing is longer than its limit. When what is sent, and what follows from it, is the job of
 * `announcer.ts` and `directory.ts`.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { CLUSTER_LIMITS, LIMITS } from "../limits.ts";
import { checkDepth } from "../manager/depth.ts";
import type { AnnouncedService } from "../manager/remote_services.ts";
import { parseJson } from "../wire/json.ts";
import { decodeObject, isObject, type JsonObject } from "../wire/message.ts";
import { BEAT_RANGE } from "./join_options.ts";
import { isIncarnation } from "./message.ts";

/** The version of what nodes send each other. A node does not talk to one of another version. */
export const PROTOCOL = 1;

/** The longest text in a message other than the attributes of a service, in UTF-16 code units. */
export const LONGEST = 512;

/** That a node is there. Sent in each beat to all others. */
export interface Beat {
  /** Random text that the node has made at its start. */
  readonly incarnation: string;
  /** How long this incarnation has existed, in milliseconds. No clock of a wall is compared. */
  readonly uptime: number;
  /** How often it sends beats, in milliseconds. */
  readonly beat: number;
  /** The version of the list of its services. It starts at 0 for none, and grows with each change. */
  readonly version: number;
  /** The address of its Manager, `host:port`. */
  readonly address: string;
  /** The version of its software. */
  readonly software: string;
  /** {@linkcode PROTOCOL} of the node. */
  readonly protocol: number;
  /** Whether the node knows nobody yet: the others send it a beat at once. */
  readonly isNew: boolean;
}

/** A change of the services of a node, to all others. */
export interface Change {
  readonly incarnation: string;
  /** The version that is changed. */
  readonly from: number;
  /** The version that results. */
  readonly version: number;
  /** The services that have come, or have changed. */
  readonly set: readonly AnnouncedService[];
  /** The names of those that have gone. */
  readonly removed: readonly string[];
}

/** A part of all services of a node, to one that has asked, or to all. */
export interface SnapshotPart {
  readonly incarnation: string;
  readonly version: number;
  /** The number of this part, from 0. */
  readonly part: number;
  /** How many parts there are. */
  readonly parts: number;
  readonly set: readonly AnnouncedService[];
}

/** A beat as bytes. */
export function encodeBeat(beat: Beat): Uint8Array<ArrayBuffer> {
  const { isNew, ...others } = beat;
  return encode(isNew ? { ...others, new: true } : others);
}

/**
 * A beat of another node. One of another protocol may lack all but its incarnation and `protocol`.
 *
 * @throws {ValueError} If it is none.
 * @throws {JSONDecodeError} If the bytes are not JSON.
 */
export function decodeBeat(bytes: Uint8Array): Beat {
  const value = decode(bytes);
  const protocol = countOf(value, "protocol");
  const incarnation = incarnationOf(value);
  if (protocol !== PROTOCOL) {
    const software = typeof value.software === "string" ? value.software.slice(0, LONGEST) : "";
    const [_, beat] = BEAT_RANGE;
    return {
      incarnation,
      uptime: 0,
      beat,
      version: 0,
      address: "",
      software,
      protocol,
      isNew: false,
    };
  }
  const beat = countOf(value, "beat");
  if (beat < BEAT_RANGE[0] || beat > BEAT_RANGE[1]) throw wrong("beat");
  return {
    incarnation,
    uptime: countOf(value, "uptime"),
    beat,
    version: countOf(value, "version"),
    address: textOf(value, "address"),
    software: textOf(value, "software"),
    protocol,
    isNew: value.new === true,
  };
}

/** A change as bytes. */
export function encodeChange({ set, ...others }: Change): Uint8Array<ArrayBuffer> {
  return encode({ ...others, set: set.map(encodeService) });
}

/**
 * A change of the services of another node.
 *
 * @throws {ValueError} If it is none.
 * @throws {JSONDecodeError} If the bytes are not JSON.
 */
export function decodeChange(bytes: Uint8Array): Change {
  const value = decode(bytes);
  const [from, version] = [countOf(value, "from"), countOf(value, "version")];
  if (version <= from) throw wrong("version");
  return {
    incarnation: incarnationOf(value),
    from,
    version,
    set: servicesOf(value),
    removed: listOf(value, "removed", CLUSTER_LIMITS.services),
  };
}

/** A part of a snapshot as bytes. */
export function encodeSnapshotPart({ set, ...others }: SnapshotPart): Uint8Array<ArrayBuffer> {
  return encode({ ...others, set: set.map(encodeService) });
}

/**
 * A part of a snapshot of another node.
 *
 * @throws {ValueError} If it is none.
 * @throws {JSONDecodeError} If the bytes are not JSON.
 */
export function decodeSnapshotPart(bytes: Uint8Array): SnapshotPart {
  const value = decode(bytes);
  const [part, parts] = [countOf(value, "part"), countOf(value, "parts")];
  if (part >= parts || parts > CLUSTER_LIMITS.snapshotParts) throw wrong("part");
  return {
    incarnation: incarnationOf(value),
    version: countOf(value, "version"),
    part,
    parts,
    set: servicesOf(value),
  };
}

/** That a name is taken as bytes: the answer of the node that has it. */
export function encodeTaken(address: string): Uint8Array<ArrayBuffer> {
  return encode({ address });
}

/**
 * The address of the node that has a name.
 *
 * @throws {ValueError} If there is none.
 * @throws {JSONDecodeError} If the bytes are not JSON.
 */
export function decodeTaken(bytes: Uint8Array): string {
  return textOf(decode(bytes), "address");
}

/** What has only the incarnation of its sender as bytes: a question, or that the node leaves. */
export function encodeIncarnation(incarnation: string): Uint8Array<ArrayBuffer> {
  return encode({ incarnation });
}

/**
 * The incarnation of the sender of a message.
 *
 * @throws {ValueError} If there is none.
 * @throws {JSONDecodeError} If the bytes are not JSON.
 */
export function decodeIncarnation(bytes: Uint8Array): string {
  return incarnationOf(decode(bytes));
}

/** Whether other nodes accept a service: no text of it is too long, or nested too deep. */
export function isAccepted(service: AnnouncedService): boolean {
  const { name, address, language, os, maxClients, extensions, streams } = service;
  try {
    for (const text of [service.attributes, service.about]) checkText(text);
    return [name, address, language, os, ...extensions, ...streams].every(isShort) &&
      Math.max(extensions.length, streams.length) <= MOST_WORDS && Number.isSafeInteger(maxClients);
  } catch {
    return false;
  }
}

/** The size of a service in a message, in bytes. */
export function sizeOfService(service: AnnouncedService): number {
  return encode(encodeService(service)).length;
}

/**
 * Services in lists that fit into a message each. There is at least one list, which may be empty.
 *
 * @param size How many bytes of services fit into a message.
 */
export function inMessages(
  services: Iterable<AnnouncedService>,
  size: number,
): AnnouncedService[][] {
  const lists: AnnouncedService[][] = [[]];
  let left = size;
  for (const service of services) {
    const needed = sizeOfService(service) + 1;
    if (needed > left && lists.at(-1)!.length > 0) {
      lists.push([]);
      left = size;
    }
    lists.at(-1)!.push(service);
    left -= needed;
  }
  return lists;
}

/** The most extensions, and the most streams, of a service that are announced. */
const MOST_WORDS = 10_000;

const encoder = new TextEncoder();

function encode(value: JsonObject): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(value));
}

function decode(bytes: Uint8Array): JsonObject {
  if (bytes.length > CLUSTER_LIMITS.messageSize) {
    throw new ValueError(
      `A message of ${bytes.length} bytes is too long, the limit is ${CLUSTER_LIMITS.messageSize}`,
    );
  }
  return decodeObject(bytes);
}

function encodeService(service: AnnouncedService): JsonObject {
  const { maxClients, ...others } = service;
  return { ...others, max_clients: maxClients };
}

function servicesOf(message: JsonObject): AnnouncedService[] {
  const { set } = message;
  if (!Array.isArray(set) || set.length > CLUSTER_LIMITS.services) throw wrong("set");
  return set.map((value) => {
    if (!isObject(value)) throw wrong("set");
    const { max_clients: maxClients } = value;
    if (!Number.isSafeInteger(maxClients)) throw wrong("max_clients");
    return {
      name: textOf(value, "name"),
      address: textOf(value, "address"),
      language: textOf(value, "language"),
      os: textOf(value, "os"),
      attributes: objectOf(value, "attributes"),
      maxClients: maxClients as number,
      extensions: listOf(value, "extensions", MOST_WORDS),
      streams: listOf(value, "streams", MOST_WORDS),
      about: objectOf(value, "about"),
    };
  });
}

/** A text that is an object of JSON. */
function objectOf(value: JsonObject, key: string): string {
  const text = value[key];
  if (typeof text !== "string") throw wrong(key);
  decodeObject(text);
  checkText(text);
  // It becomes a part of lines that this node sends. A line feed of JSON is white space.
  return text.replaceAll(/[\r\n]/g, " ");
}

/** Rejects the text of an object that is nested too deep to become a part of lines. */
function checkText(text: string): void {
  // A shorter text cannot be: each level has two brackets. It is not read again.
  if (text.length > 2 * LIMITS.maxDepth) checkDepth(parseJson(text), LIMITS.maxDepth);
}

function incarnationOf({ incarnation }: JsonObject): string {
  if (typeof incarnation === "string" && isIncarnation(incarnation)) {
    return incarnation;
  }
  throw wrong("incarnation");
}

function textOf(value: JsonObject, key: string): string {
  const text = value[key];
  if (isShort(text)) return text;
  throw wrong(key);
}

function countOf(value: JsonObject, key: string): number {
  const count = value[key];
  if (Number.isSafeInteger(count) && (count as number) >= 0) return count as number;
  throw wrong(key);
}

function listOf(value: JsonObject, key: string, most: number): string[] {
  const list = value[key];
  if (Array.isArray(list) && list.length <= most && list.every(isShort)) return list;
  throw wrong(key);
}

function isShort(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST;
}

function wrong(key: string): ValueError {
  return new ValueError(`A message of another node has a wrong value for ${key}`);
}
