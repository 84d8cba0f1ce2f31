/**
 * What the gateway needs of the Manager's certificate: a key that browsers accept if it serves pages, and
 * its names.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { ConfigurationError } from "../errors.ts";

/** The curve that Chromium refuses in TLS: the page could not be opened, and nothing would say why. */
const REFUSED_CURVE = "secp521r1";

/**
 * Checks a certificate for browsers.
 *
 * @param pem The certificate, the first one in the text.
 * @throws {ConfigurationError} If browsers do not accept its key.
 */
export function checkBrowserKey(pem: string): void {
  const { publicKey } = new X509Certificate(pem);
  if (publicKey.asymmetricKeyDetails?.namedCurve === REFUSED_CURVE) {
    throw new ConfigurationError(
      "Cannot serve web pages with a key of the curve SECP521R1: browsers refuse it. Make another " +
        "one, e.g. with keygen ecc --curve SECP256R1, and start the Manager with --key-file",
    );
  }
}

/** The names of hosts in a certificate, without those of domains (`*.lab.org`). */
export function hostNames(pem: string): string[] {
  const { subjectAltName = "" } = new X509Certificate(pem);
  return [...subjectAltName.matchAll(/\bDNS:([^*,\s"]+)(?=,|$)/g)].map(([, name]) => name);
}
