/**
 * Private keys and certificates: made, read, and checked against each other.
 * Both are PEM files that the Python software reads too.
 *
 * @module
 */

import "reflect-metadata"; // must be loaded before @peculiar/x509
import {
  BasicConstraintsExtension,
  type JsonGeneralName,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import {
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { ConfigurationError } from "./errors.ts";
import { makePrivateFolder, writePrivateFile } from "./paths.ts";

const ORGANISATION = "C=NZ, ST=Wellington, L=Lower Hutt, " +
  "O=Measurement Standards Laboratory of New Zealand";
const EMAIL = "E=info@measurement.govt.nz";
const YEARS_VALID = 100;
const RSA_BITS = 2048;

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
  /** The password of the key, if it is encrypted. */
  keyPassword?: string;
}

/**
 * Reads a Manager's certificate and key. Whichever file does not exist is made first: an RSA key
 * of 2048 bits, and a certificate that the key signs itself.
 *
 * @param files Where they are.
 * @param names The names and addresses that the certificate is for; the first is its common name.
 * @throws {ConfigurationError} If a file cannot be read, the key does not decrypt, or the
 * certificate does not belong to the key.
 */
export async function loadCredentials(
  files: CredentialFiles,
  names: readonly string[],
): Promise<Credentials> {
  const { certFile, keyFile, keyPassword } = files;
  const key = exists(keyFile) ? readKey(keyFile, keyPassword) : await makeKey(keyFile, keyPassword);
  if (!exists(certFile)) {
    write(certFile, await selfSign(key, names));
  }
  const cert = read(certFile, "the certificate");
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (cause) {
    throw new ConfigurationError(`Cannot use ${certFile}: not a certificate in PEM`, { cause });
  }
  if (!certificate.checkPrivateKey(key)) {
    throw new ConfigurationError(
      `Cannot use the certificate ${certFile}: it does not belong to the key ${keyFile}. ` +
        `Delete the certificate to have a new one made, or name both files`,
    );
  }
  return { cert, key: key.export({ type: "pkcs8", format: "pem" }).toString() };
}

/**
 * Reads a private key, in traditional (`BEGIN RSA PRIVATE KEY`) or PKCS#8 PEM, encrypted or not.
 *
 * @throws {ConfigurationError} If it cannot be read or decrypted.
 */
export function readKey(file: string, password?: string): KeyObject {
  const pem = read(file, "the private key");
  try {
    return createPrivateKey({ key: pem, passphrase: password });
  } catch (cause) {
    const reason = !pem.includes("ENCRYPTED")
      ? "not a private key in PEM"
      : password === undefined
      ? "it is encrypted, give its password with --key-file-password"
      : "the password is wrong";
    throw new ConfigurationError(`Cannot use the private key ${file}: ${reason}`, { cause });
  }
}

/** The SHA-256 fingerprint of a certificate in PEM, as `AB:CD:...`. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}

async function makeKey(file: string, password?: string): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: RSA_BITS });
  const protection = password === undefined ? {} : { cipher: "aes-256-cbc", passphrase: password };
  write(file, privateKey.export({ type: "pkcs1", format: "pem", ...protection }).toString());
  return privateKey;
}

/** A certificate for the names, signed by the key itself, in PEM. */
async function selfSign(key: KeyObject, names: readonly string[]): Promise<string> {
  const { importing, signing } = algorithms(key);
  const privateKey = await crypto.subtle.importKey(
    "pkcs8",
    new Uint8Array(key.export({ type: "pkcs8", format: "der" })),
    importing,
    true,
    ["sign"],
  );
  const publicKey = await publicKeyOf(privateKey, importing);
  const notBefore = new Date();
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS_VALID);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // A serial number is positive and at most 20 bytes, so its first bit must not be set.
    serialNumber: `0${randomBytes(16).toString("hex").slice(1)}`,
    name: `${ORGANISATION}, CN=${escapeName(names[0])}, ${EMAIL}`,
    notBefore,
    notAfter,
    signingAlgorithm: signing,
    keys: { privateKey, publicKey },
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new SubjectAlternativeNameExtension(
        [...new Set(names)].map((value): JsonGeneralName => ({
          type: isAddress(value) ? "ip" : "dns",
          value,
        })),
      ),
    ],
  });
  return certificate.toString("pem") + "\n";
}

type ImportAlgorithm = RsaHashedImportParams | EcKeyImportParams;

function algorithms(key: KeyObject): { importing: ImportAlgorithm; signing: EcdsaParams } {
  if (key.asymmetricKeyType === "rsa") {
    const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    return { importing: rsa, signing: rsa };
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const namedCurve = curve === "prime256v1" ? "P-256" : curve === "secp384r1" ? "P-384" : undefined;
  if (namedCurve === undefined) {
    throw new ConfigurationError(
      `Cannot make a certificate for a key of type ${key.asymmetricKeyType} ${curve ?? ""}: ` +
        `use RSA, or an elliptic curve key on P-256 or P-384`,
    );
  }
  return {
    importing: { name: "ECDSA", namedCurve },
    signing: { name: "ECDSA", hash: "SHA-256" },
  };
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

function exists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new ConfigurationError(`Cannot read ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function read(file: string, what: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    throw new ConfigurationError(`Cannot read ${what} ${file}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function write(file: string, text: string): void {
  try {
    makePrivateFolder(dirname(file));
    writePrivateFile(file, text);
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}
