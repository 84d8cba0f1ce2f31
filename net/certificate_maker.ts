/**
 * Certificates that are made, and shown as text. What it imports takes a program longer to load
 * than all of ours: whoever needs it imports this module when it does.
 *
 * @module
 */

import "reflect-metadata"; // which @peculiar/x509 needs
import {
  BasicConstraintsExtension,
  type JsonGeneralName,
  SubjectAlternativeNameExtension,
  X509Certificate as TextCertificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "../base/files.ts";
import { ConfigurationError } from "../errors.ts";
import { eachCertificate, type Hash } from "./certificate.ts";
import { findCurve } from "./key.ts";

const ORGANISATION = "C=NZ, ST=Wellington, L=Lower Hutt, " +
  "O=Measurement Standards Laboratory of New Zealand";
const EMAIL = "E=info@measurement.govt.nz";
const YEARS_VALID = 100;
/** In milliseconds. */
const YEAR = 365.25 * 24 * 3_600_000;
/** The last date that a certificate has room for. */
const LAST_DATE = new Date("9999-12-31T23:59:59Z");

/** A control character, other than the end of a line. */
const CONTROL = /[^\P{Cc}\n]/gu;

/** How a certificate is made. */
export interface SigningOptions {
  /** The hash algorithm of the signature. Default: `"SHA-256"`. */
  hash?: Hash;
  /** How long it is valid, in years of 365.25 days. Default: 100. */
  yearsValid?: number;
}

/**
 * A certificate in PEM, signed by the key itself, with the names and addresses of a computer.
 *
 * @param names The first is its common name. An IPv6 address with a zone (`fe80::1%eth0`) is left
 * out, since it has no place in a certificate.
 * @throws {ConfigurationError} If the key is neither RSA nor on an elliptic curve of TLS, or the
 * certificate would be valid beyond the year 9999.
 */
export async function selfSign(
  key: KeyObject,
  names: readonly string[],
  options: SigningOptions = {},
): Promise<string> {
  const { hash = "SHA-256", yearsValid = YEARS_VALID } = options;
  const notBefore = new Date();
  const notAfter = new Date(notBefore.getTime() + yearsValid * YEAR);
  if (!(notAfter <= LAST_DATE)) {
    throw new ConfigurationError(
      `Cannot make a certificate valid for ${yearsValid} years: it must end before the year 10000`,
    );
  }
  const algorithm = importAlgorithm(key, hash);
  const privateKey = await crypto.subtle.importKey(
    "pkcs8",
    new Uint8Array(key.export({ type: "pkcs8", format: "der" })),
    algorithm,
    true,
    ["sign"],
  );
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `${ORGANISATION}, CN=${escapeName(names[0])}, ${EMAIL}`,
    notBefore,
    notAfter,
    signingAlgorithm: { name: algorithm.name, hash },
    keys: { privateKey, publicKey: await publicKeyOf(privateKey, algorithm) },
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new SubjectAlternativeNameExtension(
        [...new Set(names)].filter((name) => !name.includes("%")).map((value): JsonGeneralName => ({
          type: isAddress(value) ? "ip" : "dns",
          value,
        })),
      ),
    ],
  });
  return certificate.toString("pem") + "\n";
}

/**
 * What the certificates of a PEM file say, as text for a person, with their fingerprints. There
 * are several where a certificate comes with those of its issuers.
 *
 * @throws {ConfigurationError} If the file cannot be read, or there is no certificate in it.
 */
export function describeCertificates(file: string): string {
  return eachCertificate(readFile(file, "the certificate"), file, (pem) => {
    const { fingerprint, fingerprint256 } = new X509Certificate(pem);
    // Whoever made it chose its text: it must not steer the terminal.
    const text = new TextCertificate(pem).toString("text").trimEnd().replaceAll(CONTROL, "?");
    return `${text}\n  Fingerprints:\n    SHA-1: ${fingerprint}\n    SHA-256: ${fingerprint256}\n`;
  }).join("\n");
}

type ImportAlgorithm = RsaHashedImportParams | EcKeyImportParams;

function importAlgorithm(key: KeyObject, hash: Hash): ImportAlgorithm {
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash };
  const namedCurve = findCurve(key.asymmetricKeyDetails?.namedCurve ?? "");
  if (namedCurve) return { name: "ECDSA", namedCurve };
  throw new ConfigurationError(
    `Cannot make a certificate for a key of type ${key.asymmetricKeyType}: ` +
      `use RSA or an elliptic curve`,
  );
}

/** The public half, by way of a JSON Web Key without its private members. */
async function publicKeyOf(key: CryptoKey, algorithm: ImportAlgorithm): Promise<CryptoKey> {
  const { kty, n, e, crv, x, y } = await crypto.subtle.exportKey("jwk", key);
  return crypto.subtle.importKey("jwk", { kty, n, e, crv, x, y }, algorithm, true, ["verify"]);
}

/** A value of a distinguished name, with what has a meaning there escaped (RFC 4514). */
function escapeName(value: string): string {
  return value.replaceAll(/[,+"\\<>;=#]/g, "\\$&");
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}
