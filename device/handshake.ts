/**
 * The handshake of a Client or a Service with its Manager, and the replies to its requests for
 * credentials. The dialer of the options opens the stream of bytes below it, and
 * `reconnecting_connection.ts` reads the connection after it.
 *
 * @module
 */

import type { ResolvedOptions } from "./device_options.ts";
import { Connection } from "../net/connection.ts";
import { CONNECTION_LIMITS } from "../limits.ts";
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

/** The network name of a Manager. A password is requested for that, or for a username. */
const MANAGER_NAME = /^Manager\[\S+:\d+]$/;

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
    const transport = await options.dialer.dial({ prompt: options.prompt, signal });
    const limits = { ...CONNECTION_LIMITS, maxMessageSize: options.readLimit };
    connection = new Connection(transport, limits);
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
  const address = `${options.host}:${options.port}`;
  const manager = `the Manager at ${address}`;
  for (let hasSpoken = false;; hasSpoken = true) {
    const explain = (error: Error) => hasSpoken ? error : options.dialer.explainSilence(error);
    let line;
    try {
      line = await connection.nextLine(options.timeout);
    } catch (cause) {
      if (!(cause instanceof TimeoutError)) throw cause;
      const text = `Cannot connect: ${address} did not answer within ${options.timeout} ms`;
      throw explain(new TimeoutError(text, { cause }));
    }
    if (line === undefined) {
      throw explain(
        new ConnectionAbortedError(`${manager} closed the connection during the handshake`),
      );
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
