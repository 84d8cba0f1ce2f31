/**
 * Private keys: made, written and read. They are PEM files that the Python software reads too, and
 * none but those that can serve TLS.
 *
 * @module
 */

import { createPrivateKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { ConfigurationError } from "./errors.ts";
import { fileExists, readFile, replaceFile } from "./files.ts";

/** The sizes of an RSA key in bits. TLS takes none that is smaller or larger (Deno 2.9). */
export const RSA_BITS = { min: 2048, default: 2048, max: 8192 } as const;

/** The elliptic curves that TLS takes (Deno 2.9), and the other names of each. */
const CURVES = {
  "P-256": ["SECP256R1", "PRIME256V1"],
  "P-384": ["SECP384R1"],
  "P-521": ["SECP521R1"],
} as const;

/** A curve, as the Web Cryptography API calls it. */
export type Curve = keyof typeof CURVES;

/** What sort of key to make. */
export type KeyKind = { type: "rsa"; bits: number } | { type: "ecc"; curve: Curve };

/** The names of the curves, for a message. */
export const CURVE_NAMES: string = Object.entries(CURVES)
  .map(([curve, [name]]) => `${name} (${curve})`)
  .join(", ");

/** The curve of that name, in any case; `undefined` if TLS does not take it. */
export function findCurve(name: string): Curve | undefined {
  const wanted = name.toUpperCase();
  const found = Object.entries(CURVES).find(([curve, names]) =>
    curve === wanted || names.some((name) => name === wanted)
  );
  return found?.[0] as Curve | undefined;
}

/**
 * Makes a private key and writes it in traditional PEM, encrypted with AES-256-CBC if there is a
 * password. A key that is there already is kept beside it.
 *
 * @returns The key, and where the old file is now if there was one.
 * @throws {ConfigurationError} If the file cannot be written.
 */
export async function makeKey(
  file: string,
  kind: KeyKind,
  password?: string,
): Promise<{ key: KeyObject; old: string | undefined }> {
  const { privateKey: key } = kind.type === "rsa"
    ? await promisify(generateKeyPair)("rsa", { modulusLength: kind.bits })
    : await promisify(generateKeyPair)("ec", { namedCurve: kind.curve });
  const protection = password === undefined ? {} : { cipher: "aes-256-cbc", passphrase: password };
  const type = kind.type === "rsa" ? "pkcs1" : "sec1";
  const pem = key.export({ type, format: "pem", ...protection }).toString();
  return { key, old: replaceFile(file, pem) };
}

/**
 * Reads a private key, in traditional (`BEGIN RSA PRIVATE KEY`) or PKCS#8 PEM, encrypted or not.
 *
 * @throws {ConfigurationError} If it cannot be read or decrypted, or cannot serve TLS.
 */
export function readKey(file: string, password?: string): KeyObject {
  const pem = readFile(file, "the private key");
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, passphrase: password });
  } catch (cause) {
    const reason = !pem.includes("PRIVATE KEY-----")
      ? "not a private key in PEM"
      : !pem.includes("ENCRYPTED")
      ? (cause as Error).message
      : password === undefined
      ? "it is encrypted, give its password with --key-file-password"
      : "the password is wrong";
    throw new ConfigurationError(`Cannot use the private key ${file}: ${reason}`, { cause });
  }
  const unfit = unfitForTls(key);
  if (unfit) throw new ConfigurationError(`Cannot use the private key ${file}: ${unfit}`);
  return key;
}

/**
 * Reads a private key, after making it where there is none: RSA of 2048 bits.
 *
 * @throws {ConfigurationError} If it cannot be read, decrypted or written, or cannot serve TLS.
 */
export async function loadKey(file: string, password?: string): Promise<KeyObject> {
  if (fileExists(file)) return readKey(file, password);
  return (await makeKey(file, { type: "rsa", bits: RSA_BITS.default }, password)).key;
}

/** Why a key cannot serve TLS; `undefined` if it can. */
function unfitForTls({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const { modulusLength: bits = 0, namedCurve = "" } = asymmetricKeyDetails ?? {};
  switch (asymmetricKeyType) {
    case "ed25519":
      return undefined;
    case "rsa":
      if (bits >= RSA_BITS.min && bits <= RSA_BITS.max) return undefined;
      return `an RSA key for TLS has ${RSA_BITS.min} to ${RSA_BITS.max} bits, and it has ${bits}`;
    case "ec":
      if (findCurve(namedCurve)) return undefined;
      return `its curve ${namedCurve} cannot serve TLS. Use ${CURVE_NAMES}`;
    default:
      return `a key of type ${asymmetricKeyType} cannot serve TLS. Use RSA or an elliptic curve`;
  }
}
