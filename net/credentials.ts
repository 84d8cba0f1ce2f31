/**
 * The certificate and the private key of a Manager: read, checked against each other, and made
 * where they do not exist.
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
  if (!fileExists(certFile)) {
    const { selfSign } = await import("./certificate_maker.ts"); // takes longer than all the rest
    replaceFile(certFile, await selfSign(key, names));
  }
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
