/**
 * Options of a command line as data: their names, what they take, and how a value is read and
 * written. A script reads them with {@linkcode parseOptions}; `cli/option.ts` gives the same data
 * to commander, which a program that only connects does not load.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { ValueError } from "../errors.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "../base/units.ts";

/** How a number is written. */
export interface Notation {
  /** What the help shows in its place, e.g. `"<size>"`. */
  readonly placeholder: string;
  /**
   * Reads it.
   *
   * @throws {ValueError} If the text is no such number.
   */
  readonly parse: (text: string) => number;
  /** Writes it so that `parse` reads it. */
  readonly format: (value: number) => string;
}

/** An option. */
export interface OptionSpec {
  /** Its name, e.g. `"--grace"`. */
  readonly flag: `--${string}`;
  /** Its short name, e.g. `"-p"`. */
  readonly short?: `-${string}`;
  /**
   * What the help shows for its value, e.g. `"<file>"`; `"[word...]"` for any number of words.
   * Without it the option takes no value.
   */
  readonly placeholder?: string;
  /** What the help says of it. */
  readonly description: string;
  /** Its value where it is not given. */
  readonly byDefault?: string | number;
  /** The values that it may have. Default: any. */
  readonly choices?: readonly string[];
  /** Reads its value, and throws an error whose message says what is wrong. Default: as it is. */
  readonly parse?: (text: string) => unknown;
}

/** Milliseconds, as `10s` or `5min`. */
export const DURATION: Notation = {
  placeholder: "<duration>",
  parse: parseDuration,
  format: formatDuration,
};
/** Bytes, as `64KiB` or `1GB`. */
export const SIZE: Notation = { placeholder: "<size>", parse: parseSize, format: formatSize };
/** A whole number. */
export const COUNT: Notation = { placeholder: "<number>", parse: parseCount, format: String };

/** An option with a number. */
export interface NumberOption {
  /** Its name, e.g. `"--grace"`. */
  readonly flag: `--${string}`;
  /** How its number is written. */
  readonly notation: Notation;
  /** What the help says of it. */
  readonly description: string;
}

/**
 * An option with a number, which is not filled in where it is not given.
 *
 * @param byDefault The number that the help names as the default.
 * @param check Throws an error that says what is wrong with a number.
 */
export function numberOption(
  { flag, notation, description }: NumberOption,
  byDefault: number,
  check: (value: number) => unknown,
): OptionSpec {
  return {
    flag,
    placeholder: notation.placeholder,
    description: `${description} (default: ${notation.format(byDefault)})`,
    parse(text) {
      const value = notation.parse(text);
      check(value);
      return value;
    },
  };
}

/** The option on a command line, with its value in one word; nothing if it has none. */
export function formatNumberOption(option: NumberOption, value: number | undefined): string[] {
  return value === undefined ? [] : [`${option.flag}=${option.notation.format(value)}`];
}

/** A parser for the number of a port that is at least so much; throws a `RangeError` for others. */
export function portFrom(least: number): (text: string) => number {
  return (text) => {
    const port = Number(text);
    if (/^\d+$/.test(text) && port >= least && port <= 65_535) return port;
    throw new RangeError(`It must be an integer from ${least} to 65535.`);
  };
}

/** The key of an option among parsed ones, e.g. `"authLogin"` of `--auth-login`. */
export function keyOf({ flag }: Pick<OptionSpec, "flag">): string {
  return flag.slice("--".length).replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
}

/** How an option is shown in the help and in errors, e.g. `"-p, --port <number>"`. */
export function labelOf({ flag, short, placeholder }: OptionSpec): string {
  return (short ? `${short}, ` : "") + flag + (placeholder ? ` ${placeholder}` : "");
}

/**
 * What is said of an option that is not known. What follows a mistyped name may be a password, and
 * is not repeated.
 */
export function describeUnknown(word: string): string {
  const option = word.replace(/=.*/s, "");
  if (/^(-[a-z]|--[a-z-]+)$/i.test(option)) return `unknown option '${option}'`;
  return "unknown option. " +
    "A password that begins with a hyphen goes in one piece: --password=-...";
}

/** What a script is called in its help, and what it does. */
export interface ScriptHelp {
  readonly name: string;
  readonly description: string;
}

/**
 * Reads the options of a script, by the keys that {@linkcode keyOf} gives; what is not given and
 * has no default is left out. Ends the process with a message on standard error and exit code 1 if
 * an option is not known or its value cannot be used, and with the help for `--help`.
 */
export function parseOptions(
  specs: readonly OptionSpec[],
  args: readonly string[],
  help: ScriptHelp,
): Record<string, unknown> {
  const words = args.flatMap((word) => separateWords(word, specs));
  const { tokens } = parseArgs({
    args: words,
    options: Object.fromEntries(specs.map((spec) => [spec.flag.slice("--".length), {
      type: takesValue(spec) ? "string" : "boolean",
      ...spec.short ? { short: spec.short.slice("-".length) } : {},
    }])),
    strict: false,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  for (const spec of specs) {
    if (spec.byDefault !== undefined) values[keyOf(spec)] = spec.byDefault;
  }
  /** The option whose words go on. */
  let open: string | undefined;
  for (const token of tokens) {
    if (token.kind === "option-terminator") {
      open = undefined;
    } else if (token.kind === "positional") {
      if (open === undefined) endWith("too many arguments. Expected 0 arguments but got 1.");
      else addWord(values, open, token.value);
    } else {
      const { name, rawName, value, inlineValue } = token;
      if (name === "help" || rawName === "-h") endWithHelp(specs, help);
      const spec = specs.find(({ flag }) => flag === `--${name}`);
      if (spec === undefined) endWith(describeUnknown(rawName));
      const key = keyOf(spec);
      open = undefined;
      if (takesWords(spec)) {
        if (value === undefined) values[key] ??= true;
        else addWord(values, key, value);
        if (!inlineValue) open = key;
      } else if (takesValue(spec)) {
        if (value === undefined) endWith(`option '${labelOf(spec)}' argument missing`);
        values[key] = readValue(spec, value);
      } else if (value !== undefined) {
        endWith(describeUnknown(rawName));
      } else {
        values[key] = true;
      }
    }
  }
  return values;
}

/** `-Psecret` as two words: the parser would take the letters for options. */
function separateWords(word: string, specs: readonly OptionSpec[]): string[] {
  const isShort = (spec: OptionSpec) =>
    takesWords(spec) && spec.short !== undefined && word.startsWith(spec.short) &&
    word.length > spec.short.length;
  const found = specs.find(isShort);
  return found ? [`${found.flag}=${word.slice(found.short!.length)}`] : [word];
}

function takesWords({ placeholder }: OptionSpec): boolean {
  return placeholder?.startsWith("[") ?? false;
}

function takesValue({ placeholder }: OptionSpec): boolean {
  return placeholder?.startsWith("<") ?? false;
}

function addWord(values: Record<string, unknown>, key: string, word: string): void {
  const before = values[key];
  values[key] = Array.isArray(before) ? [...before, word] : [word];
}

function readValue(spec: OptionSpec, text: string): unknown {
  try {
    if (spec.choices && !spec.choices.includes(text)) {
      throw new RangeError(`Allowed choices are ${spec.choices.join(", ")}.`);
    }
    return spec.parse ? spec.parse(text) : text;
  } catch (error) {
    return endWith(
      `option '${labelOf(spec)}' argument '${text}' is invalid. ${(error as Error).message}`,
    );
  }
}

function endWith(message: string): never {
  console.error(`error: ${message}`);
  Deno.exit(1);
}

function endWithHelp(specs: readonly OptionSpec[], { name, description }: ScriptHelp): never {
  const width = Math.max(...specs.map((spec) => labelOf(spec).length));
  const rows = specs.map((spec) => {
    const rest = spec.byDefault === undefined
      ? ""
      : ` (default: ${JSON.stringify(spec.byDefault)})`;
    return `  ${labelOf(spec).padEnd(width)}  ${spec.description}${rest}`;
  });
  console.log([`Usage: ${name} [options]`, "", description, "", "Options:", ...rows].join("\n"));
  Deno.exit(0);
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new ValueError(`Expected a whole number, got ${JSON.stringify(text)}`);
}
