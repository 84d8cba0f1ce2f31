/**
 * What a Client and a Service have in common: the way to a Manager, over TLS or TCP, and the
 * answers to what the Manager asks.
 *
 * @module
 */

import { type ReconnectOptions, type ResolvedReconnect, resolveReconnect } from "./retry.ts";
import { Connection } from "../net/connection.ts";
import { dial, silence } from "../net/dial.ts";
import { ConnectionAbortedError, RemoteError, TimeoutError, ValueError } from "../errors.ts";
import { LongLine } from "../wire/line.ts";
import { decodeMessage, encodeError, encodeReply, type Request } from "../wire/message.ts";
import type { ClientIdentity, ServiceIdentity } from "../wire/identities.ts";
import { DEFAULT_PORT } from "../wire/protocol.ts";
import { type Prompt, terminalPrompt } from "../base/prompt.ts";

/** How to connect to a Manager. */
export interface ConnectOptions {
  /** The host name or address of the Manager. Default: `"localhost"`. */
  host?: string;
  /** The port of the Manager. Default: 1875. */
  port?: number;
  /** How long each step of connecting may take, in milliseconds. Default: 10,000. */
  timeout?: number;
  /** The user's name, for a Manager that asks for it. Asked for at the terminal if missing. */
  username?: string;
  /** The user's password. Asked for at the terminal if missing. */
  password?: string;
  /** The password of the Manager itself. Asked for at the terminal if missing. */
  passwordManager?: string;
  /** The longest message that is accepted, in bytes. Default: 1 GiB. */
  readLimit?: number;
  /** Speak plain TCP. Default: false. */
  disableTls?: boolean;
  /** The certificate to trust, in PEM. Default: `certs/<host>.crt` in the home folder. */
  certFile?: string;
  /** Check that the certificate was made for `host`. Default: true. */
  assertHostname?: boolean;
  /** Trust an unknown certificate on first use without asking. Default: false. */
  autoSave?: boolean;
  /**
   * Come back when the connection is lost, and restore what there was. `true` takes the defaults.
   * Default: false.
   */
  reconnect?: boolean | ReconnectOptions;
  /** Gives up connecting when it is aborted. Later it changes nothing. */
  signal?: AbortSignal;
  /** Who to ask for what is missing. Default: the person at the terminal. */
  prompt?: Prompt;
}

/** Options with every default filled in. */
export interface ResolvedOptions extends Omit<ConnectOptions, "reconnect"> {
  host: string;
  port: number;
  timeout: number;
  readLimit: number;
  prompt: Prompt;
  /** How to come back; `undefined` for not at all. */
  reconnect: ResolvedReconnect | undefined;
}

/** The longest message that is accepted, in bytes. Unlike a Manager, a device asked for it. */
const READ_LIMIT = 1024 ** 3;

/** What a Manager's own name looks like; the argument of a password question is that, or a user's. */
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
 * Connects to a Manager and goes through the handshake. The Manager does not confirm an identity
 * that it accepts, so the connection is established when the identity is sent.
 *
 * @throws {ConnectError} If nothing listens there.
 * @throws {TlsMismatchError} If one side speaks TLS and the other does not.
 * @throws {CertificateError} If the certificate is not trusted.
 * @throws {RemoteError} If the Manager turns the device away, e.g. for a wrong password.
 * @throws {TimeoutError} If it takes too long.
 * @throws The reason of `signal`, if that is aborted.
 */
export async function openConnection(
  options: ResolvedOptions,
  identity: ClientIdentity | ServiceIdentity,
): Promise<Connection> {
  const { signal } = options;
  signal?.throwIfAborted();
  let connection: Connection | undefined;
  const giveUp = () => connection?.abort();
  signal?.addEventListener("abort", giveUp);
  try {
    connection = new Connection(await dial(options), { maxMessageSize: options.readLimit });
    signal?.throwIfAborted();
    await introduce(connection, options, identity);
    return connection;
  } catch (error) {
    connection?.abort();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/** Answers what a Manager asks during the handshake or for an administrator's login. */
export async function answerQuestion(
  connection: Connection,
  { attribute, args, requester, uid }: Request,
  options: ResolvedOptions,
): Promise<void> {
  const about = String(args[0] ?? "");
  const { username, password, passwordManager, prompt } = options;
  let answer: string;
  if (attribute === "username") {
    answer = username ?? await prompt.text(`Enter a username for ${about}:`);
  } else if (MANAGER_NAME.test(about)) {
    answer = passwordManager ?? await prompt.secret(`Enter the password for ${about}:`);
  } else {
    answer = password ?? await prompt.secret(`Enter the password for ${about}:`);
  }
  connection.sendText(encodeReply(requester, uid, answer));
}

/** Whether a request is a question that {@linkcode answerQuestion} answers. */
export function isQuestion({ attribute, uid }: Request): boolean {
  return uid === "" && (attribute === "username" || attribute === "password");
}

async function introduce(
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
      throw silence(options, cause);
    }
    if (line === undefined) {
      throw new ConnectionAbortedError(`${manager} closed the connection during the handshake`);
    }
    if (line instanceof LongLine) {
      throw new ValueError(`${manager} sent a question of more than ${line.head.length} bytes`);
    }
    const message = decodeMessage(line);
    if (message.kind === "error") throw new RemoteError(message.message, message.traceback);
    if (message.kind !== "request") continue;
    if (isQuestion(message)) {
      await answerQuestion(connection, message, options);
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
