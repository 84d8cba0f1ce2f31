/**
 * The options of the examples. All that connect take `--host`, `--port`, `--disable-tls`,
 * `--cert-file` and `--auto-save`; with none of them they connect to a Manager on this computer.
 * One that has options of its own gives their defaults, which say their types too.
 *
 * @module
 */

import type { ConnectOptions } from "@msl/network";
import { parseArgs } from "@std/cli/parse-args";

/** Options of an example by name, each with its default. */
export type Defaults = Readonly<Record<string, string | number>>;

/** What becomes of them: a number where the default is one, else text. */
export type Chosen<Own extends Defaults> = {
  readonly [Name in keyof Own]: Own[Name] extends number ? number : string;
};

/** The connection options that the program was started with. Ends the program if one is wrong. */
export function connectOptions(args: readonly string[] = Deno.args): ConnectOptions {
  return exampleOptions({}, args).connection;
}

/** The connection options and the program's own. Ends the program if one is wrong. */
export function exampleOptions<Own extends Defaults>(
  defaults: Own,
  args: readonly string[] = Deno.args,
): Chosen<Own> & { connection: ConnectOptions } {
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
  return { ...choose(defaults, found), connection };
}

/** The options of a program that connects to no Manager. Ends the program if one is wrong. */
export function ownOptions<Own extends Defaults>(
  defaults: Own,
  args: readonly string[] = Deno.args,
): Chosen<Own> {
  return choose(defaults, read(args, Object.keys(defaults), []));
}

/** What `parseArgs` finds; the package that it comes from ships no types. */
type Found = Readonly<Record<string, unknown>>;

function read(args: readonly string[], texts: string[], flags: string[]): Found {
  return parseArgs(args, {
    string: texts,
    boolean: flags,
    unknown: (option: string) => {
      const known = [...texts, ...flags].map((name) => `--${name}`).join(", ");
      refuse(`Unknown option ${option}. There are ${known}`);
    },
  });
}

function choose<Own extends Defaults>(defaults: Own, found: Found): Chosen<Own> {
  const chosen = Object.entries(defaults).map(([name, standard]) => {
    const text = found[name] as string | undefined;
    if (text === undefined || typeof standard === "string") return [name, text ?? standard];
    const number = Number(text);
    // Everything that an example counts or measures is 0 or more.
    if (text === "" || !(number >= 0)) refuse(`--${name} must be a number from 0, got "${text}"`);
    return [name, number];
  });
  return Object.fromEntries(chosen);
}

function refuse(reason: string): never {
  console.error(reason);
  Deno.exit(1);
}
