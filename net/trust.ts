/**
 * Trust on first use: fetches the certificate of a Manager once, shows its fingerprint to a person,
 * and writes it to a file. From then on only the certificate in that file is trusted.
 *
 * @module
 */

import { startTimer } from "../base/timer.ts";
import { X509Certificate } from "node:crypto";
import { dirname } from "node:path";
import { connect as connectTls } from "node:tls";
import { fingerprint } from "./certificate.ts";
import { CertificateError, ConnectError, TimeoutError, TlsMismatchError } from "../errors.ts";
import { certificateFile } from "../base/paths.ts";
import { makePrivateFolder, writePrivateFile } from "../base/files.ts";
import type { Prompt } from "../base/prompt.ts";
import { OLDEST_TLS } from "./secure_socket.ts";

/** How the certificate to trust is found. */
export interface TrustOptions {
  host: string;
  port: number;
  /** The file of the certificate; it must exist. Default: the host's file in the home folder. */
  certFile: string | undefined;
  /** Trust an unknown certificate without asking a person. */
  autoSave: boolean;
  /** The time-out of fetching a certificate, in milliseconds. */
  timeout: number;
  prompt: Prompt;
}

/** A certificate that is trusted. */
export interface TrustedCertificate {
  pem: string;
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
  const file = options.certFile ?? certificateFile(options.host);
  try {
    return { pem: checkPem(Deno.readTextFileSync(file), file), file };
  } catch (cause) {
    if (cause instanceof CertificateError) throw cause;
    if (options.certFile !== undefined || !(cause instanceof Deno.errors.NotFound)) {
      throw new CertificateError(
        `Cannot read the certificate ${file}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
  const pem = await fetchCertificate(options.host, options.port, options.timeout);
  if (!options.autoSave && !await options.prompt.confirm(question(options, pem))) {
    throw new CertificateError(
      `The certificate of ${options.host}:${options.port} is not trusted`,
    );
  }
  makePrivateFolder(dirname(file));
  writePrivateFile(file, pem);
  return { pem, file };
}

function checkPem(text: string, file: string): string {
  try {
    new X509Certificate(text);
    return text;
  } catch (cause) {
    throw new CertificateError(`Cannot use ${file}: not a certificate in PEM`, { cause });
  }
}

/**
 * Fetches the certificate that a server shows, in PEM. No message is sent to the server.
 *
 * @param timeout In milliseconds.
 * @throws {ConnectError} If the server cannot be reached.
 * @throws {TlsMismatchError} If it does not use TLS.
 * @throws {TimeoutError} If it takes longer than the time-out.
 */
export function fetchCertificate(host: string, port: number, timeout: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Any certificate is accepted here. The caller decides whether to trust it.
  const socket = connectTls({
    host,
    port,
    rejectUnauthorized: false,
    minVersion: OLDEST_TLS,
  });
  const timer = startTimer(() => {
    reject(new TimeoutError(`No certificate was received from ${host}:${port} in ${timeout} ms`));
    socket.destroy();
  }, timeout);
  socket.once("secureConnect", () => {
    resolve(new X509Certificate(socket.getPeerCertificate().raw).toString());
    socket.destroy();
  });
  socket.once("error", (cause: Error & { code?: string }) => {
    reject(
      isUnreachable(cause) ? unreachable(host, port, cause) : tlsMismatch(host, port, cause),
    );
    socket.destroy();
  });
  return promise.finally(() => clearTimeout(timer));
}

/** The error for a Manager that cannot be reached. */
export function unreachable(
  host: string,
  port: number,
  cause: Error & { code?: string },
): ConnectError {
  return new ConnectError(`Cannot connect to ${host}:${port}: ${reasonOf(cause)}`, { cause });
}

/** The same text for the errors of Deno's and of Node's sockets, on every operating system. */
function reasonOf({ code, message }: Error & { code?: string }): string {
  if (code === "ECONNREFUSED" || /refused/i.test(message)) {
    return "Connection refused. Is the Manager running, at that port?";
  }
  if (code === "ENOTFOUND" || /lookup address/.test(message)) {
    return "no computer of that name is known";
  }
  return message || String(code);
}

/** The error for a Manager that does not speak TLS. */
export function tlsMismatch(host: string, port: number, cause: unknown): TlsMismatchError {
  return new TlsMismatchError(
    `Cannot speak TLS with ${host}:${port}, perhaps the Manager has TLS disabled. ` +
      `Try setting disable_tls=True (disableTls: true)`,
    { cause },
  );
}

function isUnreachable({ code }: { code?: string }): boolean {
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]
    .includes(code ?? "");
}

function question({ host, port }: TrustOptions, pem: string): string {
  return `The certificate of ${host}:${port} is not known yet. Its SHA-256 fingerprint is\n` +
    `${fingerprint(pem)}\nDo you trust it?`;
}
