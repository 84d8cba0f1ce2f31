/**
 * The options of the examples. Every example that connects takes `--host`, `--port`,
 * `--disable-tls`, `--cert-file` and `--auto-save`. Without them it connects to a Manager on this
 * computer. An example with more options gives their defaults, which determine their types.
 *
 * @module
 */

import type { ConnectOptions } from "@msl/network";
import { parseArgs } from "@std/cli/parse-args";

/** Options of an example by name, each with its default. */
export type Defaults = Readonly<Record<string, string | number>>;

/** The parsed options: a number if the default is one, or else text. */
export type Parsed<Own extends Defaults> = {
  readonly [Name in keyof Own]: Own[Name] extends number ? number : string;
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
  const found = read(args, ["host", "port", "cert-file", ...Object.keys(defaults)], [
    "disable-tls",
    "auto-save",
  ]);
  const connection = {
    host: found.host as string | undefined,
    port: found.port === undefined ? undefined : Number(found.port),
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
  return convert(defaults, read(args, Object.keys(defaults), []));
}

/** The result of `parseArgs`. Its package ships no types. */
type Found = Readonly<Record<string, unknown>>;

function read(args: readonly string[], texts: string[], flags: string[]): Found {
  return parseArgs(args, {
    string: texts,
    boolean: flags,
    unknown: (option: string) => {
      const known = [...texts, ...flags].map((name) => `--${name}`).join(", ");
      fail(`Unknown option ${option}. There are ${known}`);
    },
  });
}

function convert<Own extends Defaults>(defaults: Own, found: Found): Parsed<Own> {
  const converted = Object.entries(defaults).map(([name, standard]) => {
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
  Deno.exit(1);
}
