/**
 * Dials a Manager over TLS, with the one certificate that is trusted. `trust.ts` finds that
 * certificate, and `verification.ts` compares it with the one that the Manager shows. `dial.ts` loads
 * this module with the first connection over TLS.
 *
 * @module
 */

import { deadline } from "../base/timer.ts";
import { CertificateDateError, CertificateError, TimeoutError } from "../errors.ts";
import type { Prompt } from "../base/prompt.ts";
import { openSocket, type SocketOptions } from "./open_socket.ts";
import { SecureSocket } from "./secure_socket.ts";
import { tlsMismatch, trustedCertificate } from "./trust.ts";
import { authoritiesIn, unverified, verifyCertificate } from "./verification.ts";

/** The options of `ConnectOptions` that dialling over TLS needs, with the defaults filled in. */
export interface SecureDialOptions extends SocketOptions {
  /** The time-out of each step, in milliseconds. */
  timeout: number;
  certFile?: string;
  assertHostname?: boolean;
  autoSave?: boolean;
  prompt: Prompt;
}

/**
 * Opens a connection to a Manager over TLS. Nothing is sent before its certificate is verified.
 *
 * @param opening The TCP connection, which is being opened. Where no certificate is trusted yet, that
 * is for fetching one, and another one is opened when a person trusts it.
 * @param giveUp Ends the attempt to open it, if it is not needed.
 * @throws {ConnectError} If nothing listens there, or it does not accept within the time-out.
 * @throws {TlsMismatchError} If the Manager does not speak TLS.
 * @throws {CertificateError} If the certificate is not trusted, or its file cannot be read.
 * @throws {CertificateDateError} If the certificate is trusted, and not valid now.
 * @throws {TimeoutError} If the TLS handshake takes longer than the time-out.
 */
export async function dialSecurely(
  opening: Promise<Deno.TcpConn>,
  giveUp: () => void,
  options: SecureDialOptions,
): Promise<SecureSocket> {
  const { host, port, timeout, signal } = options;
  let unused: Promise<Deno.TcpConn> | undefined = opening;
  const open = () => {
    const socket = unused ?? openSocket(options);
    unused = undefined;
    return socket;
  };
  const trusted = await trustedCertificate({
    ...options,
    autoSave: options.autoSave ?? false,
    open,
  }).catch(async (error) => {
    giveUp();
    await unused?.then((socket) => socket.close(), () => {});
    throw error;
  });
  const authorities = authoritiesIn(trusted).map(String);
  const connection = SecureSocket.connect(await open(), host, authorities);
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

/** The error of a TLS handshake that takes too long. */
function noAnswer({ host, port, timeout }: SecureDialOptions, cause: Error): Error {
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
