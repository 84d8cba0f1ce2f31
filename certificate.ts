/**
 * Certificates: made, read, shown, and checked against their keys. They are PEM files that the
 * Python software reads too.
 *
 * @module
 */

import type { JsonGeneralName } from "@peculiar/x509";
import { type KeyObject, X509Certificate } from "node:crypto";
import { ConfigurationError } from "./errors.ts";
import { fileExists, readFile, replaceFile } from "./files.ts";
import { findCurve, loadKey } from "./key.ts";

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

/** The hash algorithms of a signature that TLS takes (Deno 2.9). */
export const HASHES = ["SHA-256", "SHA-384", "SHA-512"] as const;

/** One of them, as the Web Cryptography API calls it. */
export type Hash = typeof HASHES[number];

/** How a certificate is made. */
export interface SigningOptions {
  /** The hash algorithm of the signature. Default: `"SHA-256"`. */
  hash?: Hash;
  /** How long it is valid, in years of 365.25 days. Default: 100. */
  yearsValid?: number;
}

/** The certificate and the private key of a TLS server, in PEM. */
export interface Credentials {
  cert: string;
  /** The key, decrypted. */
  key: string;
}

/** Where a Manager finds its certificate and key. */
export interface CredentialFiles {
  certFile: string;
  keyFile: string;
  /** The password of the key, if it is encrypted. Asked for at the terminal if missing. */
  keyPassword?: string;
}

/**
 * Reads a Manager's certificate and key. Whichever file does not exist is made first: an RSA key
 * of 2048 bits, and a certificate that the key signs itself.
 *
 * @param files Where they are.
 * @param names The names and addresses that the certificate is for; the first is its common name.
 * @throws {ConfigurationError} If a file cannot be read, the key does not decrypt or can be read by
 * others, or the certificate does not belong to the key.
 */
export async function loadCredentials(
  files: CredentialFiles,
  names: readonly string[],
): Promise<Credentials> {
  const { certFile, keyFile, keyPassword } = files;
  const key = await loadKey(keyFile, { password: keyPassword });
  if (!fileExists(certFile)) replaceFile(certFile, await selfSign(key, names));
  const cert = readFile(certFile, "the certificate");
  const certificates = eachCertificate(cert, certFile, (pem) => new X509Certificate(pem));
  if (!certificates[0].checkPrivateKey(key)) { // those after it are its issuers
    throw new ConfigurationError(
      `Cannot use the certificate ${certFile}: it does not belong to the key ${keyFile}. ` +
        `Make a new one with the certgen command, or name both files`,
    );
  }
  return { cert, key: key.export({ type: "pkcs8", format: "pem" }).toString() };
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
  const { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } =
    await loadX509();
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
export async function describeCertificates(file: string): Promise<string> {
  const { X509Certificate: TextCertificate } = await loadX509();
  return eachCertificate(readFile(file, "the certificate"), file, (pem) => {
    const { fingerprint, fingerprint256 } = new X509Certificate(pem);
    // Whoever made it chose its text: it must not steer the terminal.
    const text = new TextCertificate(pem).toString("text").trimEnd().replaceAll(CONTROL, "?");
    return `${text}\n  Fingerprints:\n    SHA-1: ${fingerprint}\n    SHA-256: ${fingerprint256}\n`;
  }).join("\n");
}

/** What makes certificates and shows them. To load it takes a program longer than all of ours. */
async function loadX509(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata"); // which it needs
  return await import("@peculiar/x509");
}

/** The SHA-256 fingerprint of a certificate in PEM, as `AB:CD:...`. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

/** What `read` makes of each certificate in the text of a PEM file; at least one. */
function eachCertificate<T>(text: string, file: string, read: (pem: string) => T): T[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!blocks) throw new ConfigurationError(`Cannot use ${file}: not a certificate in PEM`);
  try {
    return blocks.map(read);
  } catch (cause) {
    throw new ConfigurationError(`Cannot use ${file}: the certificate is damaged`, { cause });
  }
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
