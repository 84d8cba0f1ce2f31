/**
 * Private keys: made, written and read. They are PEM files that the Python software reads too, and
 * none but those that can serve TLS.
 *
 * @module
 */

import { createPrivateKey, generateKeyPair, type KeyObject } from "node:crypto";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { ConfigurationError } from "../errors.ts";
import { exposedMode, fileExists, makePrivate, readFile, replaceFile } from "../base/files.ts";
import { logger } from "../base/log.ts";
import { keyFolder } from "../base/paths.ts";
import { type Prompt, promptIfTerminal } from "../base/prompt.ts";
import { quoteWord } from "../base/quote.ts";

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

/** What reading a key takes. */
export interface KeyOptions {
  /** The password of the key, if it is encrypted. */
  password?: string;
  /** Who is asked for a password that is missing. Default: the person at the terminal, if any. */
  prompt?: Pick<Prompt, "secret">;
  /** Is told what is wrong with the file, though it is used. Default: the log. */
  warn?: (message: string) => void;
}

const log = logger("key");

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
 * @throws {ConfigurationError} If it cannot be read or decrypted, cannot serve TLS, or others can
 * read it.
 */
export async function readKey(file: string, options: KeyOptions = {}): Promise<KeyObject> {
  const pem = readFile(file, "the private key");
  if (!pem.includes("PRIVATE KEY-----")) throw unusable(file, "not a private key in PEM");
  const isEncrypted = pem.includes("ENCRYPTED");
  keepSecret(file, isEncrypted, options.warn ?? ((message) => log.warn("{message}", { message })));
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
 * Reads a private key, after making it where there is none: RSA of 2048 bits.
 *
 * @throws {ConfigurationError} If it cannot be read, decrypted or written, cannot serve TLS, or
 * others can read it.
 */
export async function loadKey(file: string, options: KeyOptions = {}): Promise<KeyObject> {
  if (fileExists(file)) return await readKey(file, options);
  return (await makeKey(file, { type: "rsa", bits: RSA_BITS.default }, options.password)).key;
}

/**
 * Deals with a key that others can read. One of the home folder is made private, since the Python
 * software makes them with the rights of any file; any other is what the user has made of it.
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
      "whoever has a copy of it can pass for this Manager. If that may be, make a new key with the " +
      "keygen command, and then its certificate with certgen",
  );
}

/** Whether a file is really in the folder of the keys: a link to elsewhere is not. */
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
