/**
 * The options of the examples. Every example that connects takes `--host`, `--port`,
 * `--disable-tls`, `--cert-file` and `--auto-save`. Without them it connects to a Manager on this
 * computer. An example with more options gives their defaults, which determine their types. Every
 * example has `--help`.
 *
 * @module
 */

import type { ConnectOptions } from "@msl/network";
import { parseArgs } from "@std/cli/parse-args";

/** Options of an example by name, each with its default. */
export type Defaults = Readonly<Record<string, string | number | false>>;

/** The parsed options: a number or a flag if the default is one, or else text. */
export type Parsed<Own extends Defaults> = {
  readonly [Name in keyof Own]: Own[Name] extends number ? number
    : Own[Name] extends boolean ? boolean
    : string;
};

/** Parses the connection options. Ends the program if an option is wrong. */
export function connectOptions(args: readonly string[] = Deno.args): ConnectOptions {
  return exampleOptions({}, args).connection;
}

/** Parses the connection options and those of the example. Ends the program if an option is wrong. */
export function exampleOptions<Own extends Defaults>(
  defaults: Own,
  args: readonly string[] = Deno.args,
): Parsed<Own> & { connection: ConnectOptions } {
  const found = read(args, { ...CONNECTION, ...helpOf(defaults) });
  const connection = {
    host: found.host as string | undefined,
    port: found.port === undefined ? undefined : toPort(found.port as string),
    certFile: found["cert-file"] as string | undefined,
    disableTls: found["disable-tls"] as boolean,
    autoSave: found["auto-save"] as boolean,
  };
  return { ...convert(defaults, found), connection };
}

/** Parses the options of an example that does not connect. Ends the program if an option is wrong. */
export function ownOptions<Own extends Defaults>(
  defaults: Own,
  args: readonly string[] = Deno.args,
): Parsed<Own> {
  return convert(defaults, read(args, helpOf(defaults)));
}

/** The result of `parseArgs`. Its package ships no types. */
type Found = Readonly<Record<string, unknown>>;

/** The placeholder of the value of each option, empty if it takes none, and its description. */
type Help = Readonly<Record<string, readonly [placeholder: string, description: string]>>;

const CONNECTION: Help = {
  host: ["<name>", "the computer of the Manager (default: localhost)"],
  port: ["<number>", "the port of the Manager (default: 1875)"],
  "cert-file": ["<file>", "the certificate to trust"],
  "disable-tls": ["", "use plain TCP"],
  "auto-save": ["", "trust a new certificate without a question"],
};

function helpOf(defaults: Defaults): Help {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, standard]) => [
      name,
      standard === false ? ["", "see the documentation of the examples"] : [
        typeof standard === "number" ? "<number>" : "<text>",
        `default: ${standard === Infinity ? "no limit" : standard}`,
      ],
    ]),
  );
}

function read(args: readonly string[], help: Help): Found {
  const names = Object.keys(help);
  const texts = names.filter((name) => help[name][0] !== "");
  if (args.includes("--help") || args.includes("-h")) {
    console.log("Options:");
    for (
      const [name, [placeholder, text]] of Object.entries({ ...help, help: ["", "show this"] })
    ) {
      console.log(`  ${`--${name} ${placeholder}`.padEnd(20)} ${text}`);
    }
    Deno.exit(0);
  }
  return parseArgs(args, {
    string: texts,
    boolean: names.filter((name) => !texts.includes(name)),
    unknown: (option: string) => {
      const known = names.map((name) => `--${name}`).join(", ");
      fail(`Unknown option ${option}. ${known === "" ? "There are none" : `There are ${known}`}`);
    },
  });
}

function toPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  return fail(`--port must be a number from 1 to 65535, got "${text}"`);
}

function convert<Own extends Defaults>(defaults: Own, found: Found): Parsed<Own> {
  const converted = Object.entries(defaults).map(([name, standard]) => {
    if (standard === false) return [name, found[name] === true];
    const text = found[name] as string | undefined;
    if (text === undefined || typeof standard === "string") return [name, text ?? standard];
    const number = Number(text);
    // No number of an example may be negative.
    if (text === "" || !(number >= 0)) fail(`--${name} must be a number from 0, got "${text}"`);
    return [name, number];
  });
  return Object.fromEntries(converted);
}

function fail(reason: string): never {
  console.error(reason);
  Deno.exit(2);
}
