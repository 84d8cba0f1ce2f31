/**
 * The names that a certificate can have for a host: without the zone of an address, and with the
 * short forms of an address written out.
 *
 * @module
 */

import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { X509Certificate } from "node:crypto";

/**
 * A host as a certificate has it: `fe80::1%eth0` is `fe80::1`, `127.1` is `127.0.0.1`, and a name
 * with letters beyond ASCII is in its encoded form (`xn--...`).
 */
export function serverName(host: string): string {
  const name = host.replace(/^\[(.*)]$/, "$1").replace(/%.*$/s, "");
  if (isIP(name) || !/^[^\s/?#@:\\]+$/.test(name)) return name;
  // The rules of URLs for short forms are those of the system.
  const url = URL.parse(`http://${name}`);
  return url === null || url.hostname === "" ? name : url.hostname;
}

/** Whether a certificate was made for a host. */
export function fitsName(certificate: X509Certificate, host: string): boolean {
  // `checkHost` of Deno 2.9 distinguishes small and capital letters, and knows no wildcard.
  const names = certificate.toLegacyObject() as PeerCertificate;
  return checkServerIdentity(serverName(host), names) === undefined;
}

/** The names and addresses that a certificate was made for, as a text. */
export function namesOf(certificate: X509Certificate): string {
  return certificate.subjectAltName?.replaceAll(/(DNS|IP Address):/g, "") ??
    certificate.subject.match(/^CN=(.*)$/m)?.[1] ?? "no name";
}
