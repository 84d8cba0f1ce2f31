/**
 * Decides whether the certificate that a Manager shows is believed: it is one of those in the file
 * that the device trusts, or an authority in that file has signed it. Nothing else is believed, and
 * in particular no authority of the runtime (`DENO_CERT`, `DENO_TLS_CA_STORE`,
 * `NODE_EXTRA_CA_CERTS`) or of the system. `trust.ts` finds the file.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { CertificateDateError, CertificateError } from "../errors.ts";
import { checkDates } from "./certificate.ts";
import { fitsName, namesOf } from "./server_name.ts";
import type { TrustedCertificate } from "./trust.ts";

/** The certificate that a server has shown, and whose key it has proved to have. */
export interface ShownCertificate {
  /** In DER. */
  certificate: Uint8Array;
  /** Whether a certificate of the file has signed it, perhaps through others that were shown. */
  isSigned: boolean;
}

/** The server, and what the user said about it. */
export interface Server {
  host: string;
  port: number;
  /** The file that the user has named, if any. */
  certFile?: string;
  /** Whether the certificate must have been made for `host`. Default: true. */
  assertHostname?: boolean;
}

/**
 * The certificates of the file that may have signed others: those of authorities, and those that have
 * signed themselves and do not say what they are, as OpenSSL makes them without extensions. With the
 * key of any other, e.g. that of one of two Managers in a file, nobody can speak for a second name.
 */
export function authoritiesIn({ certificates }: TrustedCertificate): X509Certificate[] {
  return certificates.filter((one) =>
    one.ca || (one.issuer === one.subject && one.raw.indexOf(BASIC_CONSTRAINTS) === -1)
  );
}

/** The number of the extension that says whether a certificate is that of an authority, in DER. */
const BASIC_CONSTRAINTS = Buffer.from("0603551d13", "hex");

/**
 * Checks the certificate of a server.
 *
 * @param now The time of the clock.
 * @throws {CertificateError} If it is not believed, or was made for another name.
 * @throws {CertificateDateError} If it is not valid now, and would be believed.
 */
export function verifyCertificate(
  { certificate, isSigned: hasPath }: ShownCertificate,
  trusted: TrustedCertificate,
  server: Server,
  now: Date = new Date(),
): void {
  const { host, port, assertHostname } = server;
  const shown = new X509Certificate(certificate);
  const isKept = trusted.certificates.some(({ fingerprint256 }) =>
    fingerprint256 === shown.fingerprint256
  );
  // One that has signed itself is another one, though it may have the key and name of one that is kept.
  const isSelfSigned = shown.issuer === shown.subject;
  const authorities = authoritiesIn(trusted);
  // Without one in the file, the runtime has looked for a path to its own authorities.
  const isSigned = hasPath && !isSelfSigned && authorities.length > 0;
  const fault = checkDates(shown, now);
  // There is no path to an authority where the dates are wrong. They are named if all else is right.
  const isSignedAnyTime = () =>
    !isSelfSigned && authorities.some((authority) => signs(authority, shown));
  if (fault && (isKept || isSignedAnyTime())) {
    throw new CertificateDateError(
      `The certificate of ${host}:${port} cannot be verified: ${fault}. Is the clock of this ` +
        `computer right? If it is, make a new certificate with the certgen command`,
    );
  }
  if (!isKept && !isSigned) {
    throw unverified(server, trusted, "neither is it in the file, nor signed by one that is");
  }
  if (assertHostname !== false && !fitsName(shown, host)) {
    throw new CertificateError(
      `The certificate of ${host}:${port} was made for another name (it is for ` +
        `${namesOf(shown)}). Connect with one of these names, or make a certificate with ` +
        `this one: certgen --name ${host}. ` +
        `To disable hostname checking set assert_hostname=False (assertHostname: false)`,
    );
  }
}

/** The error for a certificate that is not believed. */
export function unverified(
  { host, port, certFile }: Server,
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

/** Whether an authority has signed a certificate itself. */
function signs(authority: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.issuer === authority.subject && certificate.verify(authority.publicKey);
  } catch {
    return false; // e.g. a key of a type that the runtime does not know
  }
}
