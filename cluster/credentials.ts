/**
 * What this node logs in with at NATS: read from a file, whose content says what it is.
 *
 * @module
 */

import { decodeText, exposedMode } from "../base/files.ts";
import { literal, logger } from "../base/log.ts";
import { quoteWord } from "../base/quote.ts";
import { ConfigurationError } from "../errors.ts";
import type { NatsLogin } from "./nats_bus.ts";

const CREDS = "-----BEGIN NATS USER JWT-----";

/** The seed of a user, which is the one that logs in. */
const SEED = /^SU[A-Z2-7]{56}$/;

const log = logger("cluster");

/**
 * The credentials in a file. Warns in the log if other users of the computer can read it.
 *
 * @throws {ConfigurationError} If the file cannot be read, or has none.
 */
export function readCredentials(file: string): NatsLogin {
  const text = readText(file, "credentials");
  const mode = exposedMode(file);
  if (mode !== undefined) {
    log.warn(
      literal(`Others can read the credentials in ${file} (mode ${mode}). `) +
        literal(`Run: chmod 600 ${quoteWord(file)}`),
    );
  }
  try {
    return parseCredentials(text);
  } catch (error) {
    throw new ConfigurationError(
      `Cannot use the credentials in ${file}: ${(error as Error).message}`,
    );
  }
}

/**
 * The text of a file.
 *
 * @param what What is in it, for the error.
 * @throws {ConfigurationError} If the file cannot be read.
 */
export function readText(file: string, what: string): string {
  try {
    return decodeText(Deno.readFileSync(file));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ConfigurationError(`Cannot read the ${what} in ${file}: ${reason}`, { cause });
  }
}

/**
 * The credentials in the text of a file.
 *
 * @throws {TypeError} If it has none. The message does not repeat the text.
 */
export function parseCredentials(text: string): NatsLogin {
  if (text.includes(CREDS)) return { kind: "creds", text };
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (lines.length !== 1) {
    throw new TypeError(
      lines.length === 0
        ? "the file is empty"
        : "a file that is not a .creds file has one line: an nkey seed, user:password, or a token",
    );
  }
  const [line] = lines;
  if (SEED.test(line)) return { kind: "seed", seed: line };
  const colon = line.indexOf(":");
  if (colon < 0) return { kind: "token", token: line };
  return { kind: "password", user: line.slice(0, colon), password: line.slice(colon + 1) };
}
