/**
 * Private keys: makes, writes and reads them. They are PEM files, which the Python software reads
 * too. A key that cannot serve TLS is rejected.
 *
 * @module
 */

import { createPrivateKey, generateKeyPair, type KeyObject } from "node:crypto";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { ConfigurationError } from "../errors.ts";
import {
  createFile,
  exposedMode,
  fileExists,
  makePrivate,
  readFile,
  replaceFile,
} from "../base/files.ts";
import { literal, logger } from "../base/log.ts";
import { keyFolder } from "../base/paths.ts";
import { type Prompt, promptIfTerminal } from "../base/prompt.ts";
import { quoteWord } from "../base/quote.ts";

/** The sizes of an RSA key in bits. TLS rejects a key that is smaller or larger (Deno 2.9). */
export const RSA_BITS = { min: 2048, default: 2048, max: 8192 } as const;

/** The elliptic curves that TLS accepts (Deno 2.9), and the other names of each. */
const CURVES = {
  "P-256": ["SECP256R1", "PRIME256V1"],
  "P-384": ["SECP384R1"],
  "P-521": ["SECP521R1"],
} as const;

/** A curve, by its name in the Web Cryptography API. */
export type Curve = keyof typeof CURVES;

/** The type of a key to make, and its size. */
export type KeyKind = { type: "rsa"; bits: number } | { type: "ecc"; curve: Curve };

/** How a key is read. */
export interface KeyOptions {
  /** The password of the key, if it is encrypted. */
  password?: string;
  /** Asks for a password that is missing. Default: the terminal, if there is one. */
  prompt?: Pick<Prompt, "secret">;
  /** Called with a warning about a file that is used in spite of it. Default: the log. */
  warn?: (message: string) => void;
}

const log = logger("key");

/** The names of the curves, for messages. */
export const CURVE_NAMES: string = Object.entries(CURVES)
  .map(([curve, [name]]) => `${name} (${curve})`)
  .join(", ");

/** The curve with that name, upper or lower case; `undefined` if TLS does not accept it. */
export function findCurve(name: string): Curve | undefined {
  const wanted = name.toUpperCase();
  const found = Object.entries(CURVES).find(([curve, names]) =>
    curve === wanted || names.some((name) => name === wanted)
  );
  return found?.[0] as Curve | undefined;
}

/**
 * Makes a private key and writes it in traditional PEM, encrypted with AES-256-CBC if there is a
 * password. A file that exists already is renamed.
 *
 * @returns The key, and the new name of the old file if there was one.
 * @throws {ConfigurationError} If the file cannot be written.
 */
export async function makeKey(
  file: string,
  kind: KeyKind,
  password?: string,
): Promise<{ key: KeyObject; old: string | undefined }> {
  const { key, pem } = await newKey(kind, password);
  return { key, old: replaceFile(file, pem) };
}

/** A new private key, and its traditional PEM. */
async function newKey(
  kind: KeyKind,
  password: string | undefined,
): Promise<{ key: KeyObject; pem: string }> {
  const { privateKey: key } = kind.type === "rsa"
    ? await promisify(generateKeyPair)("rsa", { modulusLength: kind.bits })
    : await promisify(generateKeyPair)("ec", { namedCurve: kind.curve });
  const protection = password === undefined ? {} : { cipher: "aes-256-cbc", passphrase: password };
  const type = kind.type === "rsa" ? "pkcs1" : "sec1";
  return { key, pem: key.export({ type, format: "pem", ...protection }).toString() };
}

/**
 * Reads a private key, in traditional (`BEGIN RSA PRIVATE KEY`) or PKCS#8 PEM, encrypted or not.
 *
 * @throws {ConfigurationError} If the file cannot be read or decrypted, the key cannot serve TLS, or
 * other users of the computer can read the file.
 */
export async function readKey(file: string, options: KeyOptions = {}): Promise<KeyObject> {
  const pem = findKey(readFile(file, "the private key"));
  if (pem === undefined) throw unusable(file, "not a private key in PEM");
  const isEncrypted = pem.includes("ENCRYPTED");
  keepSecret(file, isEncrypted, options.warn ?? ((message) => log.warn(literal(message))));
  let { password } = options;
  if (isEncrypted && password === undefined) {
    const prompt = options.prompt ?? promptIfTerminal();
    password = await prompt?.secret(`Enter the password of ${file}:`);
    if (password === undefined) {
      throw unusable(file, "it is encrypted, give its password with --key-file-password");
    }
  }
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, passphrase: password });
  } catch (cause) {
    throw unusable(file, isEncrypted ? "the password is wrong" : (cause as Error).message, cause);
  }
  const unfit = unfitForTls(key);
  if (unfit) throw unusable(file, unfit);
  return key;
}

/**
 * Reads a private key. If the file does not exist, an RSA key of 2048 bits is made first. Of several
 * programs that make it at the same time one does, and the others read that key.
 *
 * @throws {ConfigurationError} If the file cannot be read, decrypted or written, the key cannot
 * serve TLS, or other users of the computer can read the file.
 */
export async function loadKey(file: string, options: KeyOptions = {}): Promise<KeyObject> {
  if (!fileExists(file)) {
    const { pem } = await newKey({ type: "rsa", bits: RSA_BITS.default }, options.password);
    createFile(file, pem);
  }
  return await readKey(file, options);
}

/** The private key in the text of a file, which may have certificates too; `undefined` for none. */
export function findKey(text: string): string | undefined {
  return /-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----/s.exec(text)?.[0];
}

/**
 * Checks that no other user can read a key. A file in the home folder of the package is made
 * private, since the Python software writes keys with the mode of any file. The mode of any other
 * file is the user's decision, so that one is an error.
 */
function keepSecret(file: string, isEncrypted: boolean, warn: (message: string) => void): void {
  const mode = exposedMode(file);
  if (mode === undefined) return;
  const advice = `Run: chmod 600 ${quoteWord(file)}`;
  const fault = `others can read it (mode ${mode})`;
  if (isEncrypted) {
    return warn(`Nothing but its password protects the private key ${file}: ${fault}. ${advice}`);
  }
  if (!isOfHome(file)) throw unusable(file, `${fault}. ${advice}`);
  try {
    makePrivate(file);
  } catch (cause) {
    const reason = `and it cannot be made private: ${(cause as Error).message}`;
    throw unusable(file, `${fault}, ${reason}. ${advice}`, cause);
  }
  warn(
    `OTHERS COULD READ the private key ${file} (mode ${mode}). It is private now (mode 0600), but ` +
      "with a copy of it anyone can impersonate this Manager. If there may be one, make a new key with the " +
      "keygen command, and then its certificate with certgen",
  );
}

/** Whether a file is in the folder of the keys. A symbolic link to another folder is not. */
function isOfHome(file: string): boolean {
  const folder = keyFolder();
  return fileExists(folder) && dirname(Deno.realPathSync(file)) === Deno.realPathSync(folder);
}

function unusable(file: string, reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`Cannot use the private key ${file}: ${reason}`, { cause });
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
