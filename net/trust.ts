/**
 * Trust on first use: the certificate of a Manager is fetched once, shown to a person, and kept
 * in a file; from then on only that file is trusted.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { dirname } from "node:path";
import { connect as connectTls } from "node:tls";
import { fingerprint } from "./certificate.ts";
import { CertificateError, ConnectError, TimeoutError, TlsMismatchError } from "../errors.ts";
import { certificateFile } from "../base/paths.ts";
import { makePrivateFolder, writePrivateFile } from "../base/files.ts";
import type { Prompt } from "../base/prompt.ts";
import { OLDEST_TLS } from "./secure_socket.ts";

/** How a Manager's certificate is found. */
export interface TrustOptions {
  host: string;
  port: number;
  /** The file to trust; it must exist. Default: the one of the host in the home folder. */
  certFile: string | undefined;
  /** Keep an unknown certificate without asking. */
  autoSave: boolean;
  /** How long the Manager may take to show its certificate, in milliseconds. */
  timeout: number;
  prompt: Prompt;
}

/** A certificate that is trusted. */
export interface TrustedCertificate {
  pem: string;
  file: string;
}

/**
 * The certificate to trust for a Manager.
 *
 * @throws {CertificateError} If the file cannot be read, or the person does not trust it.
 * @throws {ConnectError} If there is no file and no Manager either.
 * @throws {TlsMismatchError} If there is no file and the Manager does not use TLS.
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
 * The certificate that a server shows, in PEM. Nothing is sent to the server.
 *
 * @param timeout In milliseconds.
 */
export function fetchCertificate(host: string, port: number, timeout: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // It is only looked at here; whether to trust it is decided afterwards.
  const socket = connectTls({
    host,
    port,
    rejectUnauthorized: false,
    minVersion: OLDEST_TLS,
  });
  const timer = setTimeout(() => {
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

/** The same words whether Deno's sockets or Node's could not connect, in any of the systems. */
function reasonOf({ code, message }: Error & { code?: string }): string {
  if (code === "ECONNREFUSED" || /refused/i.test(message)) {
    return "Connection refused. Is the Manager running, at that port?";
  }
  if (code === "ENOTFOUND" || /lookup address/.test(message)) {
    return "no computer of that name is known";
  }
  return message || String(code);
}

/** The error for a Manager that does not answer in TLS. */
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
