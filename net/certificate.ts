/**
 * Certificates as they are read: PEM files that the Python software reads too.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { ConfigurationError } from "../errors.ts";

/** The hash algorithms of a signature that TLS takes (Deno 2.9). */
export const HASHES = ["SHA-256", "SHA-384", "SHA-512"] as const;

/** One of them, as the Web Cryptography API calls it. */
export type Hash = typeof HASHES[number];

/** The SHA-256 fingerprint of a certificate in PEM, as `AB:CD:...`. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

/** What `read` makes of each certificate in the text of a PEM file; at least one. */
export function eachCertificate<T>(text: string, file: string, read: (pem: string) => T): T[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!blocks) throw new ConfigurationError(`Cannot use ${file}: not a certificate in PEM`);
  try {
    return blocks.map(read);
  } catch (cause) {
    throw new ConfigurationError(`Cannot use ${file}: the certificate is damaged`, { cause });
  }
}
