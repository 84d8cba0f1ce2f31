/**
 * From an accepted connection to an identified client or service: the Manager asks, the peer
 * answers, one question after the other.
 *
 * An answer is a JSON reply, or plain text typed by a person at a terminal.
 *
 * @module
 */

import { type Answer, parseAnswer, textOf } from "./login.ts";
import type { Judge } from "./login_throttle.ts";
import { type Ask, authenticate, type Authentication, Rejection } from "./authentication.ts";
import type { Connection } from "../net/connection.ts";
import { KeyError, TimeoutError, ValueError } from "../errors.ts";
import type { Host } from "./hosts.ts";
import type { Limits } from "../limits.ts";
import { LongLine } from "../wire/line.ts";
import { logger } from "../base/log.ts";
import { encodeError, encodeQuestion, isObject } from "../wire/message.ts";
import type { Newcomer } from "./peer.ts";
import { repr } from "../base/repr.ts";
import { withoutQuotes } from "./terminal.ts";
import { formatDuration } from "../base/units.ts";

const log = logger("handshake");

/** How a handshake ended. */
export type Outcome =
  /** The peer said who it is, and which user, if it had to log in. */
  | {
    state: "identified";
    newcomer: Newcomer;
    username: string | undefined;
  }
  /** The peer was told why it is turned away. `record` is for the `connections` table. */
  | { state: "rejected"; reason: Error; record: string }
  /** The peer went away, which is also what somebody does who only looks at the certificate. */
  | { state: "left"; record: string };

/** What a handshake needs to know. */
export interface HandshakeOptions {
  /** The network name of the Manager. */
  manager: string;
  /** The computer that the peer connects from. */
  host: Host;
  /** The address of the peer as network names show it, `host:port`. */
  address: string;
  authentication: Authentication;
  /** Judges attempts to log in from that computer. */
  judge: Judge;
  limits: Limits;
}

/** Leads a new connection through authentication and identity. Never throws. */
export async function handshake(
  connection: Connection,
  options: HandshakeOptions,
): Promise<Outcome> {
  const { manager, limits } = options;
  const ask = (attribute: string, args: string[]): Promise<Answer> => {
    connection.sendText(encodeQuestion(manager, attribute, args));
    return nextAnswer(connection, attribute, limits);
  };
  const askText: Ask = async (attribute, argument) => textOf(await ask(attribute, [argument]));
  connection.longestWhole = limits.handshakeSize;
  try {
    const visitor = { host: options.host, ask: askText, judge: options.judge };
    const username = await authenticate(options.authentication, manager, visitor);
    const answer = await ask("identity", []);
    const identity = rejectFaulty(() => parseIdentity(answer));
    const newcomer = rejectFaulty(() => readIdentity(identity, options.address));
    connection.longestWhole = Math.min(limits.longLine, limits.maxMessageSize);
    return { state: "identified", newcomer, username };
  } catch (error) {
    if (error instanceof Departure) return { state: "left", record: error.record };
    const { reason, record } = error instanceof Rejection ? error : failure(error);
    connection.sendText(encodeError(manager, "", reason));
    return { state: "rejected", reason, record: `rejected: ${record}` };
  }
}

/** What `read` makes of an identity; what is wrong with it is why the peer is turned away. */
function rejectFaulty<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Rejection(error as Error, "invalid identity");
  }
}

/** The Manager itself cannot go on, e.g. as its database is broken. The peer need not know why. */
function failure(error: unknown): { reason: Error; record: string } {
  log.error("A handshake failed: {error}", { error });
  return { reason: new ValueError("The Manager cannot let anybody in now"), record: "failure" };
}

/** The peer has left, or never meant to stay. */
class Departure extends Error {
  readonly record: string;

  constructor(question: string) {
    super(`Connection closed before receiving the ${question}`);
    this.record = question === "identity"
      ? "connection closed prematurely"
      : `connection closed before receiving the ${question}`;
  }
}

async function nextAnswer(
  connection: Connection,
  question: string,
  limits: Limits,
): Promise<Answer> {
  const isTyped = question !== "identity";
  const timeout = isTyped ? limits.loginTimeout : limits.handshakeTimeout;
  let line;
  try {
    line = await connection.nextLine(timeout);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    throw new Rejection(
      new TimeoutError(
        `No ${question} was received within the limit of ${formatDuration(timeout)} ` +
          `(${isTyped ? "--login-timeout" : "--handshake-timeout"})`,
      ),
      `no ${question} in time`,
    );
  }
  if (line === undefined) throw new Departure(question);
  if (line instanceof LongLine) {
    throw new Rejection(
      new ValueError(
        `The ${question} is longer than the limit of ${limits.handshakeSize} bytes ` +
          `(--handshake-size)`,
      ),
      `invalid ${question}`,
    );
  }
  try {
    return parseAnswer(line);
  } catch (error) {
    if (error instanceof TypeError) throw new Departure(question); // bytes that are no text
    throw new Rejection(error as Error, `invalid ${question}`);
  }
}

/** The identity object, made from what a person typed where it is not one already. */
function parseIdentity(answer: Answer): Record<string, unknown> {
  if (answer.form === "reply") {
    if (isObject(answer.result)) return answer.result;
    throw new TypeError("The identity must be a JSON object");
  }
  const typed = /^client(?:\s+(\S.*))?$/i.exec(answer.line.trim());
  if (typed === null) {
    // Not with what was typed: it may be a password, and the reason is logged.
    throw new TypeError("Invalid identity. Type: client [name]");
  }
  return { type: "client", name: withoutQuotes(typed[1] ?? "Client") };
}

function readIdentity(identity: Record<string, unknown>, address: string): Newcomer {
  const type = required(identity, "type", "string");
  const kind = type.toLowerCase();
  if (kind !== "client" && kind !== "service") {
    throw new TypeError(
      `Unknown connection type ${repr(type)}. Must be "client" or "service"`,
    );
  }
  const common = {
    name: required(identity, "name", "string"),
    address,
    language: optional(identity, "language"),
    os: optional(identity, "os"),
    extensions: readNames(identity.extensions),
  };
  if (kind === "client") return { kind, ...common };
  const attributes = required(identity, "attributes", "object");
  const maxClients = identity.max_clients ?? -1;
  if (!Number.isInteger(maxClients)) throw new TypeError("'max_clients' must be an integer");
  return {
    kind,
    ...common,
    attributes,
    maxClients: maxClients as number,
    streams: readNames(identity.streams),
  };
}

function readNames(names: unknown): string[] {
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

function required(identity: Record<string, unknown>, key: string, type: "string"): string;
function required(
  identity: Record<string, unknown>,
  key: string,
  type: "object",
): Record<string, unknown>;
function required(
  identity: Record<string, unknown>,
  key: string,
  type: "string" | "object",
): unknown {
  if (!Object.hasOwn(identity, key)) throw new KeyError(key);
  const value = identity[key];
  if (type === "string" ? typeof value === "string" : isObject(value)) return value;
  throw new TypeError(`${repr(key)} must be ${type === "string" ? "a string" : "an object"}`);
}

function optional(identity: Record<string, unknown>, key: string): string {
  const value = identity[key];
  return typeof value === "string" ? value : "unknown";
}
