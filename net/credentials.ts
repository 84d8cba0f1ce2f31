/**
 * The certificate and the private key of a Manager: finds their files, reads them, checks that they
 * belong together, and makes what does not exist. `key.ts` reads and makes the key,
 * `certificate_maker.ts` makes the certificate.
 *
 * @module
 */

import { type KeyObject, X509Certificate } from "node:crypto";
import { createFile, fileExists, readFile, replaceFile } from "../base/files.ts";
import { logger } from "../base/log.ts";
import { certificateFile, keyFile } from "../base/paths.ts";
import { ConfigurationError } from "../errors.ts";
import { eachCertificate } from "./certificate.ts";
import { findKey, loadKey } from "./key.ts";

const log = logger("certificate");

/** The certificate and the private key of a TLS server, in PEM. */
export interface Credentials {
  cert: string;
  /** The key, decrypted. */
  key: string;
}

/** What a user says about the files of a Manager's certificate and key. */
export interface CredentialOptions {
  /** The host that the Manager listens on. Default: every one, whose files are `localhost`. */
  host?: string;
  /** The file of the certificate, which may have the key too. Default: that of the host. */
  certFile?: string;
  /** The file of the key. Default: the one of the certificate if that has a key, else the host's. */
  keyFile?: string;
}

/** The files of a Manager's certificate and key. */
export interface CredentialFiles {
  certFile: string;
  keyFile: string;
  /**
   * Whether a certificate of another key is replaced: the user has named a key and no certificate.
   * Default: false.
   */
  followsKey?: boolean;
}

/**
 * The files that a Manager uses, as the Python software chooses them.
 *
 * @throws {ConfigurationError} If the file of the certificate cannot be read.
 */
export function credentialFiles(options: CredentialOptions): CredentialFiles {
  const { host = "localhost", certFile } = options;
  const withKey = certFile !== undefined && options.keyFile === undefined &&
      fileExists(certFile) && findKey(readFile(certFile, "the certificate")) !== undefined
    ? certFile
    : undefined;
  return {
    certFile: certFile ?? certificateFile(host),
    keyFile: options.keyFile ?? withKey ?? keyFile(host),
    followsKey: options.keyFile !== undefined && certFile === undefined,
  };
}

/**
 * Reads a Manager's certificate and key. A file that does not exist is made first: an RSA key of
 * 2048 bits, and a certificate that the key signs itself. Managers that start at the same time use
 * the same files: one of them makes each.
 *
 * @param password The password of the key, if it is encrypted. Default: ask at the terminal.
 * @param names Gives the names and addresses of a new certificate; the first is its common name.
 * @throws {ConfigurationError} If a file cannot be read, the key does not decrypt or can be read by
 * others, or the certificate does not belong to the key.
 */
export async function loadCredentials(
  { certFile, keyFile, followsKey }: CredentialFiles,
  password: string | undefined,
  names: () => Promise<readonly string[]>,
): Promise<Credentials> {
  const key = await loadKey(keyFile, { password });
  if (!fileExists(certFile)) createFile(certFile, await selfSign(key, await names()));
  let cert = readCertificates(certFile);
  if (!belongs(cert, key)) {
    if (!followsKey) {
      throw new ConfigurationError(
        `Cannot use the certificate ${certFile}: it does not belong to the key ${keyFile}. ` +
          `Make a new one with the certgen command, or name both files`,
      );
    }
    const old = replaceFile(certFile, await selfSign(key, await names()));
    log.warn(
      "Made a new certificate {certFile}, since the old one, which is now {old}, does not belong to " +
        "the key {keyFile}. Devices that have kept the old one need the new one",
      { certFile, old, keyFile },
    );
    cert = readCertificates(certFile);
  }
  return { cert, key: key.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** The certificates of a file, in PEM, without whatever else is in it. */
function readCertificates(file: string): string {
  const text = readFile(file, "the certificate");
  return eachCertificate(text, file, (pem) => new X509Certificate(pem).toString()).join("");
}

/** Whether the first of some certificates has that key. The others are its issuers. */
function belongs(cert: string, key: KeyObject): boolean {
  return new X509Certificate(cert).checkPrivateKey(key);
}

async function selfSign(key: KeyObject, names: readonly string[]): Promise<string> {
  const { selfSign } = await import("./certificate_maker.ts"); // loads an ASN.1 library
  return await selfSign(key, names);
}
