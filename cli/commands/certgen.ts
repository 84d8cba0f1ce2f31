/**
 * The `certgen` command: makes a self-signed certificate.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import { type Command, InvalidArgumentError } from "commander";
import type { KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { type Hash, HASHES } from "../../net/certificate.ts";
import { fileExists, replaceFile } from "../../base/files.ts";
import { Hosts } from "../../manager/hosts.ts";
import { loadKey } from "../../net/key.ts";
import { serverName } from "../../net/server_name.ts";
import {
  askKeyPassword,
  type GivenPassword,
  PASSWORD_FORMS,
  readPassword,
} from "../../program/password.ts";
import { certificateFile, keyFile } from "../../base/paths.ts";
import { showProgress } from "../progress.ts";

interface Options {
  algorithm?: Hash;
  keyFile: string;
  keyFilePassword?: GivenPassword;
  name?: string[];
  yearsValid?: number;
  show?: boolean;
  quiet?: boolean;
}

/** Adds the options of `certgen`, and its action. */
export function addCertgen(command: Command): void {
  command.registeredArguments[0].default(certificateFile("localhost"));
  command
    .option(
      "-a, --algorithm <hash>",
      `the hash algorithm of the signature: ${HASH_NAMES} (default: SHA256)`,
      parseHash,
    )
    .option(
      "-k, --key-file <file>",
      "the private key in PEM; made where it does not exist",
      keyFile("localhost"),
    )
    .option(
      "-p, --key-file-password [word...]",
      `the password of the key: ${PASSWORD_FORMS}`,
    )
    .option(
      "--name <name>",
      "a further host name or address of this computer; may be repeated",
      collectNames,
    )
    .option(
      "-y, --years-valid <number>",
      "how long it is valid, in years; may be a fraction (default: 100)",
      parseYears,
    )
    .option("--show", "show what is in it, as certdump does")
    .option("-q, --quiet", "print nothing but errors, and what --show shows")
    .action(certgen);
}

async function certgen(out: string, options: Options): Promise<void> {
  const { algorithm: hash, keyFile, keyFilePassword: given, name = [], yearsValid } = options;
  const isNew = !fileExists(keyFile);
  const password = given && readPassword(given, () => askKeyPassword(keyFile));
  const { selfSign } = await import("../../net/certificate_maker.ts");
  const print = options.quiet ? () => {} : printLine;
  const key = await load(keyFile, password, isNew && !options.quiet);
  if (isNew) print(`Wrote a new private key to ${keyFile}`);
  const names = [...await new Hosts().certificateNames(), ...name];
  const old = replaceFile(out, await selfSign(key, names, { hash, yearsValid }));
  if (old) print(`Kept the old certificate as ${old}`);
  print(`Wrote the certificate to ${out}`);
  if (!options.show) return;
  const { describeCertificates } = await import("../../net/certificate_text.ts");
  printLine(describeCertificates(out).trimEnd());
}

async function load(
  keyFile: string,
  password: string | undefined,
  isShown: boolean,
): Promise<KeyObject> {
  // A key that exists may need a password, and loading it prompts: no progress is shown then.
  using _progress = isShown ? showProgress("Making the private key") : undefined;
  return await loadKey(keyFile, { password, warn: console.error });
}

/** The names that the Python software has for them. */
const HASH_NAMES = HASHES.map((hash) => hash.replace("-", "")).join(", ");

function parseHash(name: string): Hash {
  const wanted = name.toUpperCase();
  const hash = HASHES.find((hash) => hash === wanted || hash.replace("-", "") === wanted);
  if (hash) return hash;
  throw new InvalidArgumentError(`The algorithms that TLS takes are ${HASH_NAMES}.`);
}

/** Adds the name of one option to those of the ones before it. */
function collectNames(text: string, names: readonly string[] = []): string[] {
  const name = serverName(text);
  if (isIP(name) || HOST_NAME.test(name)) return [...names, name];
  throw new InvalidArgumentError("It must be a host name or an IP address.");
}

/** The labels of a host name; the first one may be `*`, for any. */
const HOST_NAME = /^(?=.{1,253}$)(?!.*\.\d+$)(\*\.)?\w([\w-]{0,61}\w)?(\.\w([\w-]{0,61}\w)?)*$/;

function parseYears(text: string): number {
  const years = Number(text);
  if (years > 0) return years;
  throw new InvalidArgumentError("It must be a positive number.");
}
