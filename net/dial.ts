/**
 * Dials a Manager: opens a connection over TCP, or over TLS with the one certificate that is
 * trusted. `trust.ts` finds that certificate, and `verification.ts` compares it with the one that
 * the Manager shows; `device/` sends the identity.
 *
 * @module
 */

import { deadline } from "../base/timer.ts";
import {
  CertificateDateError,
  CertificateError,
  TimeoutError,
  TlsMismatchError,
} from "../errors.ts";
import type { Prompt } from "../base/prompt.ts";
import { openSocket, type SocketOptions } from "./open_socket.ts";
import { SecureSocket } from "./secure_socket.ts";
import type { Transport } from "./transport.ts";
import { tlsMismatch, trustedCertificate } from "./trust.ts";
import { authoritiesIn, unverified, verifyCertificate } from "./verification.ts";

/** The options of `ConnectOptions` that dialling needs, with the defaults filled in. */
export interface DialOptions extends SocketOptions {
  /** The time-out of each step, in milliseconds. */
  timeout: number;
  disableTls?: boolean;
  certFile?: string;
  assertHostname?: boolean;
  autoSave?: boolean;
  prompt: Prompt;
}

/** A stream to a Manager, which knows the address that it has here. */
export type DialledTransport = Transport & Pick<Deno.Conn, "localAddr">;

/**
 * Opens a connection to a Manager. Nothing is sent before its certificate is verified.
 *
 * @throws {ConnectError} If nothing listens there, or it does not accept within the time-out.
 * @throws {TlsMismatchError} If one side speaks TLS and the other does not.
 * @throws {CertificateError} If the certificate is not trusted, or its file cannot be read.
 * @throws {CertificateDateError} If the certificate is trusted, and not valid now.
 * @throws {TimeoutError} If the TLS handshake takes longer than the time-out.
 */
export async function dial(options: DialOptions): Promise<DialledTransport> {
  const { host, port, timeout, signal, disableTls } = options;
  if (disableTls) return await openSocket(options);
  const trusted = await trustedCertificate({ ...options, autoSave: options.autoSave ?? false });
  const authorities = authoritiesIn(trusted).map(String);
  const connection = SecureSocket.connect(await openSocket(options), host, authorities);
  try {
    await deadline(connection.secure(), timeout, { signal });
    verifyCertificate(connection.shown, trusted, options);
    return connection;
  } catch (cause) {
    await connection.close();
    signal?.throwIfAborted();
    if (cause instanceof CertificateError || cause instanceof CertificateDateError) throw cause;
    if (isTimeout(cause)) throw noAnswer(options, cause);
    if (!isUnproved(cause)) throw tlsMismatch(host, port, cause);
    throw unverified(options, trusted, "the server does not prove that it has the key", cause);
  }
}

/**
 * The error of a Manager that has sent nothing: without TLS, one with TLS waits as this side does, and
 * the one that has waited longer closes the connection.
 */
export function explainSilence(
  { disableTls }: Pick<DialOptions, "disableTls">,
  error: Error,
): Error {
  if (!disableTls) return error;
  return new TlsMismatchError(
    `${error.message}. You have TLS disabled. Perhaps the Manager is using TLS for the connection.`,
    error.cause === undefined ? undefined : { cause: error.cause },
  );
}

/** The error of a TLS handshake that takes too long. */
function noAnswer({ host, port, timeout }: DialOptions, cause: Error): Error {
  return new TimeoutError(`Cannot connect: ${host}:${port} did not answer within ${timeout} ms`, {
    cause,
  });
}

/**
 * Whether the handshake failed for the certificate, which is not verified in it: what can be wrong
 * with it then is the signature of its key.
 */
function isUnproved(error: unknown): boolean {
  return /CERT|SIGNATURE|ISSUER/.test(String((error as { code?: unknown }).code));
}

function isTimeout(error: unknown): error is DOMException {
  return error instanceof DOMException && error.name === "TimeoutError";
}
