/**
 * Trust on first use: fetches the certificate of a Manager once, shows its fingerprint to a person,
 * and writes it to a file. From then on only the certificate in that file is trusted.
 *
 * @module
 */

import { deadline } from "../base/timer.ts";
import { X509Certificate } from "node:crypto";
import { eachCertificate, fingerprint } from "./certificate.ts";
import { CertificateError, TimeoutError, TlsMismatchError } from "../errors.ts";
import { certificateFile } from "../base/paths.ts";
import { createFile, fileExists, readFile } from "../base/files.ts";
import type { Prompt } from "../base/prompt.ts";
import { openSocket, type SocketOptions } from "./open_socket.ts";
import { SecureSocket } from "./secure_socket.ts";

/** How the certificate to trust is found. */
export interface TrustOptions extends SocketOptions {
  /** The file of the certificate; it must exist. Default: the host's file in the home folder. */
  certFile?: string;
  /** Trust an unknown certificate without asking a person. */
  autoSave: boolean;
  prompt: Prompt;
  /** Opens the TCP connection with which an unknown certificate is fetched. */
  open: () => Promise<Deno.TcpConn>;
}

/** The certificates that are trusted: at least one. */
export interface TrustedCertificate {
  certificates: X509Certificate[];
  file: string;
}

/**
 * Gives the certificate to trust for a Manager: the one in the file, or, where there is no file, the
 * one that the Manager shows, if a person trusts it.
 *
 * @throws {CertificateError} If the file cannot be read, or the person does not trust it.
 * @throws {ConnectError} If there is no file, and the Manager cannot be reached.
 * @throws {TlsMismatchError} If there is no file, and the Manager does not use TLS.
 * @throws {TimeoutError} If there is no file, and the Manager shows no certificate in time.
 */
export async function trustedCertificate(options: TrustOptions): Promise<TrustedCertificate> {
  const { host, port, certFile } = options;
  const file = certFile ?? certificateFile(host);
  if (certFile !== undefined || fileExists(file)) return readTrusted(file);
  const pem = await fetchCertificate(options, options.open);
  if (!options.autoSave && !await options.prompt.confirm(question(options, pem))) {
    throw new CertificateError(`The certificate of ${host}:${port} is not trusted`);
  }
  createFile(file, pem); // if another program has kept one meanwhile, that one is trusted
  return readTrusted(file);
}

function readTrusted(file: string): TrustedCertificate {
  try {
    const text = readFile(file, "the certificate");
    return { certificates: eachCertificate(text, file, (pem) => new X509Certificate(pem)), file };
  } catch (cause) {
    throw new CertificateError((cause as Error).message, { cause });
  }
}

/**
 * Fetches the certificate that a server shows, in PEM. No message is sent to the server.
 *
 * @throws {ConnectError} If the server cannot be reached.
 * @throws {TlsMismatchError} If it does not use TLS.
 * @throws {TimeoutError} If it takes longer than the time-out.
 */
export async function fetchCertificate(
  options: SocketOptions,
  open = () => openSocket(options),
): Promise<string> {
  const { host, port, timeout, signal } = options;
  // Any certificate is accepted here. The caller decides whether to trust it.
  const connection = SecureSocket.connect(await open(), host, []);
  try {
    await deadline(connection.secure(), timeout, { signal });
    return new X509Certificate(connection.shown.certificate).toString();
  } catch (cause) {
    signal?.throwIfAborted();
    if (!(cause instanceof DOMException)) throw tlsMismatch(host, port, cause);
    const reason = `No certificate was received from ${host}:${port} in ${timeout} ms`;
    throw new TimeoutError(reason, { cause });
  } finally {
    await connection.close();
  }
}

/** The error for a Manager that does not speak TLS. */
export function tlsMismatch(host: string, port: number, cause: unknown): TlsMismatchError {
  return new TlsMismatchError(
    `Cannot speak TLS with ${host}:${port}, perhaps the Manager has TLS disabled. ` +
      `Start it without --disable-tls`,
    { cause },
  );
}

function question({ host, port }: TrustOptions, pem: string): string {
  return `The certificate of ${host}:${port} is not known yet. Its SHA-256 fingerprint is\n` +
    `${fingerprint(pem)}\nDo you trust it?`;
}
