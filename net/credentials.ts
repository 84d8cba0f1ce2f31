/**
 * The certificate and the private key of a Manager: reads them, checks that they belong together,
 * and makes what does not exist. `key.ts` reads and makes the key, `certificate_maker.ts` makes the
 * certificate.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { fileExists, readFile, replaceFile } from "../base/files.ts";
import { ConfigurationError } from "../errors.ts";
import { eachCertificate } from "./certificate.ts";
import { loadKey } from "./key.ts";

/** The certificate and the private key of a TLS server, in PEM. */
export interface Credentials {
  cert: string;
  /** The key, decrypted. */
  key: string;
}

/** The files of a Manager's certificate and key. */
export interface CredentialFiles {
  certFile: string;
  keyFile: string;
  /** The password of the key, if it is encrypted. Default: ask at the terminal. */
  keyPassword?: string;
}

/**
 * Reads a Manager's certificate and key. A file that does not exist is made first: an RSA key of
 * 2048 bits, and a certificate that the key signs itself.
 *
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
  if (!fileExists(certFile)) {
    const { selfSign } = await import("./certificate_maker.ts"); // loads an ASN.1 library
    replaceFile(certFile, await selfSign(key, names));
  }
  const cert = readFile(certFile, "the certificate");
  const certificates = eachCertificate(cert, certFile, (pem) => new X509Certificate(pem));
  if (!certificates[0].checkPrivateKey(key)) { // the others are its issuers
    throw new ConfigurationError(
      `Cannot use the certificate ${certFile}: it does not belong to the key ${keyFile}. ` +
        `Make a new one with the certgen command, or name both files`,
    );
  }
  return { cert, key: key.export({ type: "pkcs8", format: "pem" }).toString() };
}
