/**
 * Dials a Manager: opens a connection over TCP, or over TLS with the one certificate that is
 * trusted. `trust.ts` finds that certificate; `device/` sends the identity.
 *
 * @module
 */

import { deadline, startTimer } from "../base/timer.ts";
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { CertificateError, ConnectError, TimeoutError, TlsMismatchError } from "../errors.ts";
import type { Prompt } from "../base/prompt.ts";
import { SecureSocket } from "./secure_socket.ts";
import type { Transport } from "./transport.ts";
import { tlsMismatch, type TrustedCertificate, trustedCertificate, unreachable } from "./trust.ts";

/** The options of `ConnectOptions` that dialling needs, with the defaults filled in. */
export interface DialOptions {
  host: string;
  port: number;
  /** The time-out of each step, in milliseconds. */
  timeout: number;
  disableTls?: boolean;
  certFile?: string;
  assertHostname?: boolean;
  autoSave?: boolean;
  prompt: Prompt;
  /** Cancels the attempt when it is aborted. */
  signal?: AbortSignal;
}

/**
 * Opens a connection to a Manager.
 *
 * @throws {ConnectError} If nothing listens there, or it does not accept within the time-out.
 * @throws {TlsMismatchError} If one side speaks TLS and the other does not.
 * @throws {CertificateError} If the certificate is not trusted, or its file cannot be read.
 * @throws {TimeoutError} If the TLS handshake takes longer than the time-out.
 */
export async function dial(options: DialOptions): Promise<Transport> {
  const { host, port, timeout, disableTls } = options;
  if (disableTls) return await openSocket(options);
  const trusted = await trustedCertificate({
    host,
    port,
    certFile: options.certFile,
    autoSave: options.autoSave ?? false,
    timeout,
    prompt: options.prompt,
  });
  try {
    return await secure(options, trusted.pem);
  } catch (cause) {
    if (isTimeout(cause)) throw noAnswer(options, cause);
    if (!REFUSED_BY_KIND.test((cause as Error).message)) throw explainTls(options, trusted, cause);
    return await secureByCertificate(options, trusted);
  }
}

/** The error for a Manager that sends nothing within the time-out. */
export function noAnswer(
  { host, port, timeout, disableTls }: DialOptions,
  cause: Error,
): Error {
  const reason = `${host}:${port} did not answer within ${timeout} ms`;
  return disableTls
    ? new TlsMismatchError(
      `${reason}. You have TLS disabled. Perhaps the Manager is using TLS for the connection.`,
      { cause },
    )
    : new TimeoutError(`Cannot connect: ${reason}`, { cause });
}

/** Uses the runtime's TLS, which trusts certificates that the given one has signed. */
async function secure(options: DialOptions, pem: string): Promise<Deno.TlsConn> {
  const { host, timeout, assertHostname, signal } = options;
  const connection = await Deno.startTls(await openSocket(options), {
    hostname: host,
    caCerts: [pem],
    unsafelyDisableHostnameVerification: assertHostname === false,
  });
  try {
    await deadline(connection.handshake(), timeout, { signal });
    return connection;
  } catch (cause) {
    // In the middle of the handshake, the runtime keeps the TCP connection nevertheless, until the
    // server ends it (Deno 2.9). A Manager of this package does so after `handshakeTimeout`.
    connection.close();
    throw cause;
  }
}

/**
 * From a server the runtime's TLS accepts neither a certificate of version 1 nor one of an
 * authority. People make both with OpenSSL, so both are accepted here if the server shows exactly
 * the certificate that the file has.
 */
const REFUSED_BY_KIND = /CaUsedAsEndEntity|UnsupportedCertVersion/;

async function secureByCertificate(
  options: DialOptions,
  trusted: TrustedCertificate,
): Promise<Transport> {
  const { host, port, timeout, assertHostname, signal } = options;
  const connection = SecureSocket.connect(await openSocket(options), host);
  try {
    await deadline(connection.secure(), timeout, { signal });
    const shown = new X509Certificate(connection.certificate);
    const kept = new X509Certificate(trusted.pem);
    if (shown.fingerprint256 !== kept.fingerprint256) {
      throw unverified(options, trusted, "it is another one than that of the file");
    }
    const named = isIP(host) ? shown.checkIP(host) : shown.checkHost(host);
    if (assertHostname !== false && named === undefined) {
      throw wrongName(host, port, `not valid for name ${host}`);
    }
    return connection;
  } catch (cause) {
    await connection.close();
    if (cause instanceof CertificateError) throw cause;
    throw isTimeout(cause) ? noAnswer(options, cause) : tlsMismatch(host, port, cause);
  }
}

async function openSocket(
  { host, port, timeout, signal }: DialOptions,
): Promise<Deno.TcpConn> {
  const expiry = new AbortController();
  const timer = startTimer(() => expiry.abort(), timeout);
  try {
    const either = signal ? AbortSignal.any([signal, expiry.signal]) : expiry.signal;
    const socket = await Deno.connect({ hostname: host, port, signal: either });
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    return socket;
  } catch (cause) {
    if (!expiry.signal.aborted) throw unreachable(host, port, cause as Error);
    const reason = `it did not answer within ${timeout} ms`;
    throw new ConnectError(`Cannot connect to ${host}:${port}: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The error for a TLS handshake that failed. */
function explainTls(options: DialOptions, trusted: TrustedCertificate, cause: unknown): Error {
  if (cause instanceof ConnectError) return cause;
  const { host, port } = options;
  const reason = (cause as Error).message;
  if (/not valid for name/.test(reason)) return wrongName(host, port, reason, cause);
  if (/certificate|UnknownIssuer/i.test(reason)) {
    return unverified(options, trusted, reason, cause);
  }
  return tlsMismatch(host, port, cause);
}

function wrongName(host: string, port: number, reason: string, cause?: unknown): CertificateError {
  return new CertificateError(
    `The certificate of ${host}:${port} was made for another name (${reason}). ` +
      `To disable hostname checking set assert_hostname=False (assertHostname: false)`,
    { cause },
  );
}

function unverified(
  { host, port, certFile }: DialOptions,
  { file }: TrustedCertificate,
  reason: string,
  cause?: unknown,
): CertificateError {
  const advice = certFile === undefined
    ? `If you trust it, delete ${file} and connect again`
    : `The certificate that is trusted is ${file}`;
  return new CertificateError(
    `The certificate of ${host}:${port} cannot be verified (${reason}). ` +
      `Perhaps the Network Manager is using a new certificate. ${advice}`,
    { cause },
  );
}

function isTimeout(error: unknown): error is DOMException {
  return error instanceof DOMException && error.name === "TimeoutError";
}
