/**
 * Reads certificates: PEM files, which the Python software reads too. `certificate_maker.ts` makes
 * them, and `certificate_text.ts` describes them.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { ConfigurationError } from "../errors.ts";

/** The hash algorithms of a signature that TLS accepts (Deno 2.9). */
export const HASHES = ["SHA-256", "SHA-384", "SHA-512"] as const;

/** A hash algorithm, by its name in the Web Cryptography API. */
export type Hash = typeof HASHES[number];

/** The SHA-256 fingerprint of a certificate in PEM, as `AB:CD:...`. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

/**
 * Calls `read` with each certificate in the text of a PEM file, and gives the results: at least one.
 *
 * @throws {ConfigurationError} If there is no certificate in it, or `read` throws.
 */
export function eachCertificate<T>(text: string, file: string, read: (pem: string) => T): T[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!blocks) throw new ConfigurationError(`Cannot use ${file}: not a certificate in PEM`);
  try {
    return blocks.map(read);
  } catch (cause) {
    throw new ConfigurationError(`Cannot use ${file}: the certificate is damaged`, { cause });
  }
}

/** What is wrong with the dates of a certificate; `undefined` if it is valid at that time. */
export function checkDates(
  { validFrom, validTo }: Pick<X509Certificate, "validFrom" | "validTo">,
  now: Date,
): string | undefined {
  const [from, to] = [new Date(validFrom), new Date(validTo)];
  if (now >= from && now <= to) return undefined;
  const fault = now < from ? "it is not valid yet" : "it has expired";
  return `${fault}. It is valid from ${formatTime(from)} to ${
    formatTime(to)
  }, and the clock shows ` +
    formatTime(now);
}

/** A time in UTC, in seconds. */
function formatTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
