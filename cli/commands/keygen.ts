/**
 * The `keygen` command: makes a private key.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import { type Command, InvalidArgumentError } from "commander";
import { ConfigurationError } from "../../errors.ts";
import {
  type Curve,
  CURVE_NAMES,
  findCurve,
  type KeyKind,
  makeKey,
  RSA_BITS,
} from "../../net/key.ts";
import {
  askNewPassword,
  type GivenPassword,
  PASSWORD_FORMS,
  readPassword,
} from "../../program/password.ts";
import { keyFile } from "../../base/paths.ts";
import { showProgress } from "../progress.ts";

interface Options {
  curve?: Curve;
  password?: GivenPassword;
  out: string;
  size?: number;
  quiet?: boolean;
}

/** Adds the options of `keygen`, and its action. */
export function addKeygen(command: Command): void {
  command.registeredArguments[0].argParser(parseType).default("rsa");
  command
    .option(
      "-c, --curve <name>",
      `the curve of an ecc key: ${CURVE_NAMES} (default: SECP384R1)`,
      parseCurve,
    )
    .option(
      "-p, --password [word...]",
      `encrypt the key with this password: ${PASSWORD_FORMS}`,
    )
    .option("-o, --out <file>", "the file to write", keyFile("localhost"))
    .option(
      "-s, --size <bits>",
      `the size of an rsa key in bits, ${RSA_BITS.min} to ${RSA_BITS.max} ` +
        `(default: ${RSA_BITS.default})`,
      parseSize,
    )
    .option("-q, --quiet", "print nothing but errors")
    .action(keygen);
}

async function keygen(type: "rsa" | "ecc" | "dsa", options: Options): Promise<void> {
  const kind = kindOf(type, options);
  const password = options.password &&
    readPassword(options.password, () => askNewPassword(options.out));
  using progress = showProgress("Making the private key", options);
  const { old } = await makeKey(options.out, kind, password);
  progress.clear();
  const print = options.quiet ? () => {} : printLine;
  if (old) print(`Kept the old private key as ${old}`);
  print(`Wrote the private key to ${options.out}`);
}

function kindOf(type: "rsa" | "ecc" | "dsa", { curve, size }: Options): KeyKind {
  if (type === "dsa") {
    throw new ConfigurationError(
      "Cannot make a dsa key: dsa keys cannot serve TLS in any current stack. Use rsa or ecc",
    );
  }
  if (type === "rsa") {
    if (curve) {
      throw new ConfigurationError("Cannot make an rsa key on a curve: use ecc, or --size");
    }
    return { type, bits: size ?? RSA_BITS.default };
  }
  if (size) throw new ConfigurationError("Cannot make an ecc key of a size: use rsa, or --curve");
  return { type, curve: curve ?? "P-384" };
}

function parseType(text: string): "rsa" | "ecc" | "dsa" {
  const type = text.toLowerCase();
  if (type === "rsa" || type === "ecc" || type === "dsa") return type;
  throw new InvalidArgumentError("It must be rsa, ecc or dsa.");
}

function parseCurve(name: string): Curve {
  const curve = findCurve(name);
  if (curve) return curve;
  throw new InvalidArgumentError(`The curves that can serve TLS are ${CURVE_NAMES}.`);
}

function parseSize(text: string): number {
  const bits = Number(text);
  if (/^\d+$/.test(text) && bits >= RSA_BITS.min && bits <= RSA_BITS.max) return bits;
  throw new InvalidArgumentError(
    `An RSA key that can serve TLS has ${RSA_BITS.min} to ${RSA_BITS.max} bits.`,
  );
}
