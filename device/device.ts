/**
 * What a Client and a Service have in common: the options of a connection, the handshake with a
 * Manager, and the replies to its requests for credentials. `net/dial.ts` opens the TCP or TLS
 * connection, and `reconnecting_connection.ts` reads it after the handshake.
 *
 * @module
 */

import { type ReconnectOptions, type ResolvedReconnect, resolveReconnect } from "./retry.ts";
import { Connection } from "../net/connection.ts";
import { dial, noAnswer } from "../net/dial.ts";
import {
  addHint,
  ConnectionAbortedError,
  RemoteError,
  TimeoutError,
  ValueError,
} from "../errors.ts";
import { LongLine } from "../wire/line.ts";
import { decodeMessage, encodeError, encodeReply, type Request } from "../wire/message.ts";
import type { ClientIdentity, ServiceIdentity } from "../wire/identities.ts";
import { DEFAULT_PORT } from "../wire/protocol.ts";
import { type Prompt, terminalPrompt } from "../base/prompt.ts";

/**
 * How to connect to a Manager.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, type ConnectOptions } from "@msl/network";
 *
 * const options: ConnectOptions = {
 *   host: "lab-pc",
 *   timeout: 5_000,
 *   signal: AbortSignal.timeout(60_000),
 *   reconnect: true,
 * };
 * await using cxn = await connect(options);
 * ```
 */
export interface ConnectOptions {
  /** The host name or IP address of the Manager. Default: `"localhost"`. */
  host?: string;
  /** The port of the Manager, from 1 to 65535. Default: 1875. */
  port?: number;
  /**
   * The time-out of each step of connecting, in milliseconds: the TCP connection, the TLS handshake,
   * each message of the Manager's handshake. Default: 10,000.
   */
  timeout?: number;
  /** The username, for a Manager that requests it. Default: ask with `prompt`. */
  username?: string;
  /** The password of the user, for a Manager that requests it. Default: ask with `prompt`. */
  password?: string;
  /** The password of the Manager itself, if it has one. Default: ask with `prompt`. */
  passwordManager?: string;
  /**
   * The longest message that is accepted, in bytes. A longer one is not held in memory: it is an
   * error for the request it belongs to. Default: 1 GiB.
   */
  readLimit?: number;
  /** Use plain TCP instead of TLS. Default: `false`. */
  disableTls?: boolean;
  /**
   * The file of the certificate to trust, in PEM; it must exist. Default: `certs/<host>.crt` in the
   * home folder of the package, which is written when an unknown certificate is trusted.
   */
  certFile?: string;
  /** Check that the certificate was made for `host`. Default: `true`. */
  assertHostname?: boolean;
  /** Trust an unknown certificate on first use without asking a person. Default: `false`. */
  autoSave?: boolean;
  /**
   * Reconnect when the connection ends, and restore links and locks. `true` for the defaults of
   * {@linkcode ReconnectOptions}. Default: `false`.
   */
  reconnect?: boolean | ReconnectOptions;
  /**
   * Cancels connecting when it is aborted. It has no effect on a connection that is established.
   * Default: none.
   */
  signal?: AbortSignal;
  /** Asks a person for what is missing. Default: asks at the terminal. */
  prompt?: Prompt;
}

/** Options with every default filled in. */
export interface ResolvedOptions extends Omit<ConnectOptions, "reconnect"> {
  host: string;
  port: number;
  timeout: number;
  readLimit: number;
  prompt: Prompt;
  /** How to reconnect; `undefined` for not at all. */
  reconnect: ResolvedReconnect | undefined;
}

/** In bytes. More than a Manager accepts by default, since a device has requested the message. */
const READ_LIMIT = 1024 ** 3;

/** The network name of a Manager. A password is requested for that, or for a username. */
const MANAGER_NAME = /^Manager\[\S+:\d+]$/;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a number is out of its range.
 */
export function resolveOptions(options: ConnectOptions): ResolvedOptions {
  const {
    host = "localhost",
    port = DEFAULT_PORT,
    timeout = 10_000,
    prompt = terminalPrompt,
    readLimit = READ_LIMIT,
  } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`Cannot connect: port must be an integer from 1 to 65535, got ${port}`);
  }
  checkPositive("timeout", timeout, "milliseconds");
  checkPositive("readLimit", readLimit, "bytes");
  const given = options.reconnect === true ? {} : options.reconnect;
  const reconnect = given ? resolveReconnect(given) : undefined;
  return { ...options, host, port, timeout, readLimit, prompt, reconnect };
}

/**
 * Connects to a Manager, sends the credentials that it requests, and identifies the device. The
 * protocol has no reply to an identity, so the promise is fulfilled when the identity is sent.
 *
 * @throws {ConnectError} If nothing listens there, or it does not accept in time.
 * @throws {TlsMismatchError} If one side speaks TLS and the other does not.
 * @throws {CertificateError} If the certificate is not trusted, or its file cannot be read.
 * @throws {ConfigurationError} If a person would have to be asked, and there is no terminal.
 * @throws {CancelledError} If the person cancels.
 * @throws {RemoteError} If the Manager rejects the device, e.g. for a wrong password.
 * @throws {ConnectionAbortedError} If the Manager closes the connection.
 * @throws {TimeoutError} If a step takes longer than the time-out.
 * @throws {ValueError} If the Manager sends a line that is too long for a handshake.
 * @throws {JSONDecodeError} If the Manager sends a line that is not a JSON object.
 * @throws The reason of `signal`, if that is aborted.
 */
export async function openConnection(
  options: ResolvedOptions,
  identity: ClientIdentity | ServiceIdentity,
): Promise<Connection> {
  const { signal } = options;
  signal?.throwIfAborted();
  let connection: Connection | undefined;
  const cancel = () => connection?.abort();
  signal?.addEventListener("abort", cancel);
  try {
    connection = new Connection(await dial(options), { maxMessageSize: options.readLimit });
    signal?.throwIfAborted();
    await performHandshake(connection, options, identity);
    return connection;
  } catch (error) {
    connection?.abort();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

/** Replies to a Manager's request for credentials: in the handshake, or for an administrator. */
export async function answerCredentialRequest(
  connection: Connection,
  { attribute, args, requester, uid }: Request,
  options: ResolvedOptions,
): Promise<void> {
  const account = String(args[0] ?? "");
  const { username, password, passwordManager, prompt } = options;
  let answer: string;
  if (attribute === "username") {
    answer = username ?? await prompt.text(`Enter a username for ${account}:`);
  } else if (MANAGER_NAME.test(account)) {
    answer = passwordManager ?? await prompt.secret(`Enter the password for ${account}:`);
  } else {
    answer = password ?? await prompt.secret(`Enter the password for ${account}:`);
  }
  connection.sendText(encodeReply(requester, uid, answer));
}

/** Whether a request is one for credentials: {@linkcode answerCredentialRequest} answers it. */
export function isCredentialRequest({ attribute, uid }: Request): boolean {
  return uid === "" && (attribute === "username" || attribute === "password");
}

async function performHandshake(
  connection: Connection,
  options: ResolvedOptions,
  identity: ClientIdentity | ServiceIdentity,
): Promise<void> {
  const manager = `the Manager at ${options.host}:${options.port}`;
  for (;;) {
    let line;
    try {
      line = await connection.nextLine(options.timeout);
    } catch (cause) {
      if (!(cause instanceof TimeoutError)) throw cause;
      throw noAnswer(options, cause);
    }
    if (line === undefined) {
      throw new ConnectionAbortedError(`${manager} closed the connection during the handshake`);
    }
    if (line instanceof LongLine) {
      throw new ValueError(`${manager} sent a question of more than ${line.head.length} bytes`);
    }
    const message = decodeMessage(line);
    if (message.kind === "error") throw rejection(message.message, message.traceback);
    if (message.kind !== "request") continue;
    if (isCredentialRequest(message)) {
      await answerCredentialRequest(connection, message, options);
    } else if (message.attribute === "identity") {
      connection.sendText(encodeReply(message.requester, message.uid, identity));
      return;
    } else {
      const error = new ValueError(`Cannot answer ${message.attribute} during the handshake`);
      connection.sendText(encodeError(message.requester, message.uid, error));
    }
  }
}

function checkPositive(name: string, value: number, unit: string): void {
  if (value > 0) return;
  throw new RangeError(
    `Cannot connect: ${name} must be a positive number of ${unit}, got ${value}`,
  );
}

/** How to mend what a Manager rejects a device for, by its text. */
const REJECTIONS: readonly (readonly [text: RegExp, hint: string])[] = [
  [/Wrong Manager password$/, "Give the one that the Manager was started with: passwordManager"],
  [/Unregistered user$/, "On the Manager's computer, user list shows the users, user add adds one"],
  [/Wrong login password$/, "Give the password of this user: password"],
  [/is not a trusted hostname$/, "On the Manager's computer, hostname add trusts a computer"],
];

/** The error with which a Manager rejects a device. */
function rejection(message: string, traceback: readonly string[]): RemoteError {
  const error = new RemoteError(message, traceback);
  const found = REJECTIONS.find(([text]) => text.test(message));
  if (found !== undefined) addHint(error, found[1]);
  return error;
}
