/**
 * The handshake: makes an accepted connection an authenticated and identified client or service. The
 * Manager sends one prompt after the other, and the peer answers each.
 *
 * An answer is a JSON reply, or plain text that a person types at a terminal; `administrator_login.ts`
 * parses it.
 * `authentication.ts` decides which prompts come before the one for the identity.
 *
 * @module
 */

import type { Holder } from "../base/budget.ts";
import { type Answer, parseAnswer, textOf } from "./administrator_login.ts";
import type { LoginAttempt } from "./login_throttle.ts";
import {
  authenticate,
  type Authentication,
  type Prompt,
  RejectionError,
} from "./authentication.ts";
import type { SessionUser } from "./database/users_table.ts";
import type { Connection } from "../net/connection.ts";
import { KeyError, TimeoutError, ValueError } from "../errors.ts";
import type { Host } from "./hosts.ts";
import type { Limits } from "../limits.ts";
import type { HeldLine, HeldMemory } from "../wire/held_line.ts";
import { type Line, LongLine } from "../wire/line.ts";
import { withTimeout } from "../base/with_timeout.ts";
import { readLongIdentity } from "./long_identity.ts";
import { logger } from "../base/log.ts";
import { encodeValue } from "../wire/json.ts";
import { memberText } from "../wire/member_text.ts";
import { encodeError, encodeManagerRequest, isObject } from "../wire/message.ts";
import { ABOUT } from "../wire/protocol.ts";
import { checkDepth } from "./depth.ts";
import { toServiceAbout } from "../wire/about.ts";
import { checkName } from "./names.ts";
import { NOTHING_SAID_JSON, type PeerIdentity } from "./peer.ts";
import type { Yielder } from "../base/pause.ts";
import { repr } from "../base/repr.ts";
import { withoutQuotes } from "./terminal.ts";
import { formatDuration } from "../base/units.ts";

/** Before an answer of more bytes than this is read, the handshake pauses if that is due. */
const LONG = 1024;

const log = logger("handshake");
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** How a handshake ended. */
export type Outcome =
  /** The peer is authenticated and identified. `user` has logged in, if any did. */
  | {
    state: "identified";
    identity: PeerIdentity;
    user: SessionUser | undefined;
    /** What a long identity keeps of the budget, in bytes. Give it back when the peer is gone. */
    share: number;
  }
  /** The peer was sent the reason. `record` is for the `connections` table. */
  | { state: "rejected"; reason: Error; record: string }
  /** The peer has disconnected, as a program does that only fetches the certificate. */
  | { state: "left"; record: string };

/** What a handshake depends on. */
export interface HandshakeOptions {
  /** The network name of the Manager. */
  manager: string;
  /** The computer that the peer connects from. */
  host: Host;
  /** The address of the peer in its network name: `host:port`. */
  address: string;
  authentication: Authentication;
  /** Checks a password from that computer, throttled. */
  attemptLogin: LoginAttempt;
  /** Says when to pause before an answer is read: many may come at once, and all peers wait then. */
  yielder: Pick<Yielder, "isDue" | "pause">;
  limits: Limits;
  /** Where a long identity is held. */
  memory: HeldMemory;
  /** The peer as a holder of that memory, once it is known who has logged in. */
  holderOf: (user: SessionUser | undefined) => Holder;
}

/** Authenticates and identifies the peer of a new connection. Never rejects. */
export async function handshake(
  connection: Connection,
  options: HandshakeOptions,
): Promise<Outcome> {
  const { manager, limits } = options;
  const send = (attribute: string, args: string[]): Promise<Answer> => {
    connection.sendText(encodeManagerRequest(manager, attribute, args));
    return nextAnswer(connection, attribute, options);
  };
  const prompt: Prompt = async (attribute, argument) => textOf(await send(attribute, [argument]));
  connection.wholeLineLimit = limits.handshakeSize;
  try {
    const peer = { host: options.host, prompt, attemptLogin: options.attemptLogin };
    const user = await authenticate(options.authentication, manager, peer);
    connection.sendText(encodeManagerRequest(manager, "identity", []));
    const holder = options.holderOf(user);
    const { identity, share } = await readIdentity(connection, options, holder);
    connection.wholeLineLimit = Math.min(limits.longLine, limits.maxMessageSize);
    return { state: "identified", identity, user, share };
  } catch (error) {
    if (error instanceof PeerLeftError) return { state: "left", record: error.record };
    const { reason, record } = error instanceof RejectionError ? error : failure(error);
    connection.sendText(encodeError(manager, "", reason));
    return { state: "rejected", reason, record: `rejected: ${record}` };
  }
}

/** The identity of the peer, and what a long one keeps of the budget. */
async function readIdentity(
  connection: Connection,
  options: HandshakeOptions,
  holder: Holder,
): Promise<{ identity: PeerIdentity; share: number }> {
  const { limits, memory, yielder } = options;
  const read = (line: Uint8Array) => {
    const answer = parse(line, "identity");
    return rejectInvalid(() => toPeerIdentity(parseIdentity(answer), line, options));
  };
  const start = performance.now();
  const line = await nextLine(connection, "identity", limits);
  if (!(line instanceof LongLine)) {
    await pauseBefore(line, yielder);
    return { identity: read(line), share: 0 };
  }
  const left = Math.max(limits.handshakeTimeout - (performance.now() - start), 1);
  const limit = Math.max(limits.handshakeSize, limits.maxIdentity);
  const reading = readLongIdentity(line, limit, memory, holder);
  let held: HeldLine | undefined;
  try {
    held = await withTimeout(reading, left, () => {
      throw tooLate("identity", limits);
    });
  } catch (error) {
    reading.then((late) => late?.release(), () => {}); // it ends when the connection is closed
    throw error instanceof ValueError ? new RejectionError(error, "invalid identity") : error;
  }
  if (held === undefined) throw new PeerLeftError("identity");
  let identity: PeerIdentity;
  try {
    await pauseBefore(held.bytes, yielder);
    identity = read(held.bytes);
  } finally {
    held.release();
  }
  if (identity.kind === "client") return { identity, share: 0 };
  const share = identity.attributes.length + (identity.about?.length ?? 0);
  if (memory.tryTakeFairly(share, holder)) return { identity, share };
  const full = new ValueError(
    "The Manager holds as many bytes as it may, of all peers or of this origin (--max-held)",
  );
  throw new RejectionError(full, "invalid identity");
}

/** The result of `read`, whose errors reject the peer. */
function rejectInvalid<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RejectionError(error as Error, "invalid identity");
  }
}

/** An error of the Manager itself, e.g. of its database. The peer is not sent the details. */
export function failure(error: unknown): { reason: Error; record: string } {
  log.error("A handshake failed: {error}", { error });
  return { reason: new ValueError("The Manager cannot let anybody in now"), record: "failure" };
}

/** The peer has disconnected during the handshake. */
class PeerLeftError extends Error {
  readonly record: string;

  constructor(attribute: string) {
    super(`Connection closed before receiving the ${attribute}`);
    this.record = attribute === "identity"
      ? "connection closed prematurely"
      : `connection closed before receiving the ${attribute}`;
  }
}

/** The line that answers a prompt for an attribute. */
async function nextLine(connection: Connection, attribute: string, limits: Limits): Promise<Line> {
  let line;
  try {
    const isTyped = attribute !== "identity";
    line = await connection.nextLine(isTyped ? limits.loginTimeout : limits.handshakeTimeout);
  } catch (error) {
    throw error instanceof TimeoutError ? tooLate(attribute, limits) : error;
  }
  if (line === undefined) throw new PeerLeftError(attribute);
  return line;
}

function tooLate(attribute: string, limits: Limits): RejectionError {
  const [timeout, option] = attribute === "identity"
    ? [limits.handshakeTimeout, "--handshake-timeout"]
    : [limits.loginTimeout, "--login-timeout"];
  return new RejectionError(
    new TimeoutError(
      `No ${attribute} was received within the limit of ${formatDuration(timeout)} (${option})`,
    ),
    `no ${attribute} in time`,
  );
}

/** The answer to a prompt for an attribute other than the identity. */
async function nextAnswer(
  connection: Connection,
  attribute: string,
  { limits, yielder }: HandshakeOptions,
): Promise<Answer> {
  const line = await nextLine(connection, attribute, limits);
  if (line instanceof LongLine) {
    throw new RejectionError(
      new ValueError(
        `The ${attribute} is longer than the limit of ${limits.handshakeSize} bytes ` +
          `(--handshake-size)`,
      ),
      `invalid ${attribute}`,
    );
  }
  await pauseBefore(line, yielder);
  return parse(line, attribute);
}

/** Pauses before a line is read that takes some time, if that is due. */
async function pauseBefore(
  { length }: Uint8Array,
  yielder: HandshakeOptions["yielder"],
): Promise<void> {
  if (length > LONG) { while (yielder.isDue) await yielder.pause(); }
}

function parse(line: Uint8Array, attribute: string): Answer {
  try {
    return parseAnswer(line);
  } catch (error) {
    if (error instanceof TypeError) throw new PeerLeftError(attribute); // not UTF-8
    throw new RejectionError(error as Error, `invalid ${attribute}`);
  }
}

/** The members of the identity: those of a JSON object, or those that a typed line stands for. */
function parseIdentity(answer: Answer): Record<string, unknown> {
  if (answer.form === "reply") {
    if (isObject(answer.result)) return answer.result;
    throw new TypeError("The identity must be a JSON object");
  }
  const typed = /^client(?:\s+(\S.*))?$/i.exec(answer.line.trim());
  if (typed === null) {
    // Without the line that was typed: it may be a password, and the reason is logged.
    throw new TypeError("Invalid identity. Type: client [name]");
  }
  return { type: "client", name: withoutQuotes(typed[1] ?? "Client") };
}

function toPeerIdentity(
  members: Record<string, unknown>,
  line: Uint8Array,
  { address, limits }: HandshakeOptions,
): PeerIdentity {
  const type = required(members, "type", "string");
  const kind = type.toLowerCase();
  if (kind !== "client" && kind !== "service") {
    throw new TypeError(
      `Unknown connection type ${repr(type)}. Must be "client" or "service"`,
    );
  }
  const common = {
    name: checkName("name", required(members, "name", "string"), limits),
    address,
    language: checkName("language", optional(members, "language"), limits),
    os: checkName("os", optional(members, "os"), limits),
    extensions: checkNames("extensions", namesOf(members.extensions), limits),
  };
  if (kind === "client") return { kind, ...common };
  const attributes = required(members, "attributes", "object");
  checkNames("attributes", Object.keys(attributes), limits);
  checkDepth(attributes, limits.maxDepth);
  const maxClients = members.max_clients ?? -1;
  if (!isInteger(maxClients)) throw new TypeError("'max_clients' must be an integer");
  return {
    kind,
    ...common,
    attributes: attributesText(attributes, line),
    about: aboutOf(members, new Set(Object.keys(attributes))),
    maxClients,
    streams: checkNames("streams", namesOf(members.streams), limits),
  };
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

/** The text of the attributes, with the digits that the numbers have in the line. */
function attributesText(attributes: Record<string, unknown>, line: Uint8Array): string {
  const encoded = encodeValue(attributes);
  const result = memberText(decoder.decode(line), "result");
  const written = result && memberText(result, "attributes");
  // A copy: the engine would keep the whole line for a part of it.
  return written === undefined || written === encoded
    ? encoded
    : decoder.decode(encoder.encode(written));
}

/** What a service says of itself, as JSON; `undefined` if it says nothing. */
function aboutOf(
  { about, extensions }: Record<string, unknown>,
  names: ReadonlySet<string>,
): string | undefined {
  if (about === undefined || !namesOf(extensions).includes(ABOUT)) return undefined;
  const json = encodeValue(toServiceAbout(about, names));
  return json === NOTHING_SAID_JSON ? undefined : json;
}

function namesOf(names: unknown): string[] {
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

/** The names under a key of an identity. */
function checkNames(key: string, names: string[], limits: Limits): string[] {
  if (names.length > limits.maxAttributes) {
    throw new ValueError(
      `The identity has ${names.length} ${repr(key)}, the limit is ${limits.maxAttributes} ` +
        `(--max-attributes)`,
    );
  }
  for (const name of names) checkName(key, name, limits);
  return names;
}

function required(members: Record<string, unknown>, key: string, type: "string"): string;
function required(
  members: Record<string, unknown>,
  key: string,
  type: "object",
): Record<string, unknown>;
function required(
  members: Record<string, unknown>,
  key: string,
  type: "string" | "object",
): unknown {
  if (!Object.hasOwn(members, key)) throw new KeyError(key);
  const value = members[key];
  if (type === "string" ? typeof value === "string" : isObject(value)) return value;
  throw new TypeError(`${repr(key)} must be ${type === "string" ? "a string" : "an object"}`);
}

function optional(members: Record<string, unknown>, key: string): string {
  const value = members[key];
  return typeof value === "string" ? value : "unknown";
}
