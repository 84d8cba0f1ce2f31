/**
 * The options of a command line, described as data: their names, their values, and how a value is
 * parsed and written. A program that calls `parseStartOptions` parses them with
 * {@linkcode parseOptions}. The command line gives the same data to commander
 * (`cli/commander_options.ts`), which a program that only connects does not load.
 * `tests/cli/commander_options_test.ts` checks that both give the same result.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "../base/units.ts";

/** The exit code for a command line that cannot be parsed. */
export const USAGE_ERROR = 2;

/** An option. */
export interface OptionSpec {
  /** Its name, e.g. `"--grace"`. */
  readonly flag: `--${string}`;
  /** Its short name, e.g. `"-p"`. */
  readonly short?: `-${string}`;
  /**
   * What the help shows for its value, e.g. `"<file>"`; `"[port]"` for a value that may be left out, and
   * `"[word...]"` for any number of words.
   * Without it the option takes no value.
   */
  readonly placeholder?: string;
  /** The description in the help. */
  readonly description: string;
  /** Whether it may be given several times: its value is an array of what `parse` gives each time. */
  readonly isRepeated?: boolean;
  /** The value of an option that is not given. Default: the option is left out. */
  readonly byDefault?: string | number;
  /** The environment variable that has the value of an option that is not given. */
  readonly env?: string;
  /** The values that are allowed. Default: any. */
  readonly choices?: readonly string[];
  /** Parses a value. The message of an error says what is wrong with it. Default: text. */
  readonly parse?: (text: string) => unknown;
  /** Writes a number so that `parse` reads it. Default: in digits. */
  readonly format?: (value: number) => string;
}

/** How a number is written on a command line. */
export type Notation = Required<Pick<OptionSpec, "placeholder" | "format">> & {
  /**
   * Parses a number.
   *
   * @throws {ValueError} If the text is no such number.
   */
  readonly parse: (text: string) => number;
};

/** Milliseconds, written as `10s` or `5min`. */
export const DURATION: Notation = {
  placeholder: "<duration>",
  parse: parseDuration,
  format: formatDuration,
};
/** Bytes, written as `64KiB` or `1GB`. */
export const SIZE: Notation = { placeholder: "<size>", parse: parseSize, format: formatSize };
/** An integer from 0. */
export const COUNT: Notation = { placeholder: "<number>", parse: parseCount, format: String };

/** An option whose value is a number. */
export interface NumberOption {
  /** Its name, e.g. `"--grace"`. */
  readonly flag: `--${string}`;
  /** How its value is written. */
  readonly notation: Notation;
  /** The description in the help, to which the default is added. */
  readonly description: string;
}

/**
 * An option whose value is a number. It is left out of the parsed options if it is not given.
 *
 * @param byDefault The number that the help shows as the default.
 * @param check Throws an error that says why a number is not allowed.
 */
export function numberOption(
  { flag, notation, description }: NumberOption,
  byDefault: number,
  check: (value: number) => unknown,
): OptionSpec {
  return {
    ...notation,
    flag,
    description: `${description} (default: ${notation.format(byDefault)})`,
    parse(text) {
      const value = notation.parse(text);
      check(value);
      return value;
    },
  };
}

/** A parser for the number of a port. It throws a `RangeError` unless it is `least` to 65535. */
export function portFrom(least: number): (text: string) => number {
  return (text) => {
    const port = Number(text);
    if (/^\d+$/.test(text) && port >= least && port <= 65_535) return port;
    throw new RangeError(`It must be an integer from ${least} to 65535.`);
  };
}

/** The key of an option among parsed options, e.g. `"authLogin"` of `--auth-login`. */
export function keyOf({ flag }: Pick<OptionSpec, "flag">): string {
  return flag.slice("--".length).replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase());
}

/** How the help and errors show an option, e.g. `"-p, --port <number>"`. */
export function labelOf({ flag, short, placeholder }: OptionSpec): string {
  return (short ? `${short}, ` : "") + flag + (placeholder ? ` ${placeholder}` : "");
}

/** Whether the value of an option is any number of words. */
export function takesWords({ placeholder }: OptionSpec): boolean {
  return placeholder?.endsWith("...]") ?? false;
}

/** Whether the value of an option may be left out. It is `true` then. */
function mayLackValue(spec: OptionSpec): boolean {
  return (spec.placeholder?.startsWith("[") ?? false) && !takesWords(spec);
}

/**
 * Writes an option for a command line. Gives `[]` or one word `--flag=value`: a value that begins
 * with a hyphen would be parsed as an option if it were a word of its own. `--flag` is the word of an
 * option that takes no value. An option that may be repeated has a word for each value.
 */
export function formatOption(spec: OptionSpec, value: unknown): string[] {
  if (value === undefined || value === false) return [];
  if (spec.isRepeated && Array.isArray(value)) return value.map((one) => `${spec.flag}=${one}`);
  if (spec.placeholder === undefined || (value === true && mayLackValue(spec))) return [spec.flag];
  const isFormatted = spec.format !== undefined && typeof value === "number";
  return [`${spec.flag}=${isFormatted ? spec.format(value) : value}`];
}

/**
 * The error for an option that does not exist. What follows a mistyped name may be a password, and
 * is not repeated.
 */
export function describeUnknown(word: string): string {
  const option = word.replace(/=.*/s, "");
  if (/^(-[a-z]|--[a-z-]+)$/i.test(option)) return `unknown option '${option}'`;
  return "unknown option. " +
    "A password that begins with a hyphen goes in one piece: --password=-...";
}

/**
 * Whether the error for a wrong value must not repeat the value. `-p` is a port for some commands
 * and a password for others, so its value may be a password.
 */
export function mayBeSecret(label: string): boolean {
  return label.startsWith("-p,");
}

/** What options and the words between them are parsed to. */
export interface ParsedWords {
  state: "parsed";
  /** The values, by the keys that {@linkcode keyOf} gives. */
  values: Record<string, unknown>;
  /** The words that no option takes. */
  operands: string[];
}

/** What comes of parsing a command line. */
export type ParseOutcome =
  | Omit<ParsedWords, "operands">
  /** The help is to be shown. */
  | { state: "help" }
  /** An option or its value cannot be used. */
  | { state: "rejected"; message: string };

/** Parses options as {@linkcode parseWords} does. Words that no option takes are reported last. */
export function parseOptions(specs: readonly OptionSpec[], args: readonly string[]): ParseOutcome {
  const outcome = parseWords(specs, args);
  if (outcome.state !== "parsed") return outcome;
  const { operands, values } = outcome;
  if (operands.length === 0) return { state: "parsed", values };
  return reject(`too many arguments. Expected 0 arguments but got ${operands.length}.`);
}

/**
 * Parses options and the words between them, by the rules of commander and of `cli/command.ts`: a
 * wrong value is reported first, then `--help` is looked for, then an unknown option is reported.
 *
 * `parseArgs` of `node:util` has other rules: it splits `-Psecret` and `-53` into single letters, and
 * does not know options that take any number of words.
 */
export function parseWords(
  specs: readonly OptionSpec[],
  args: readonly string[],
): ParsedWords | Exclude<ParseOutcome, { state: "parsed" }> {
  const values: Record<string, unknown> = {};
  const given = new Set<OptionSpec>();
  for (const spec of specs) {
    if (spec.byDefault !== undefined) values[keyOf(spec)] = spec.byDefault;
  }
  /** The option that the next words belong to. */
  let open: OptionSpec | undefined;
  /** The first unknown option, and the words after it that no option takes. */
  const unknown: string[] = [];
  const operands: string[] = [];
  const skip = (words: readonly string[]) =>
    void (unknown.length > 0 ? unknown : operands).push(...words);
  for (let at = 0; at < args.length; at++) {
    const word = args[at];
    if (word === "--") {
      skip(args.slice(at + 1));
      break;
    }
    if (!isOption(word)) {
      if (open) addWord(values, open, word);
      else skip([word]);
      continue;
    }
    open = undefined;
    const found = findOption(specs, word);
    if (found === undefined) {
      unknown.push(word);
      continue;
    }
    const { spec, value } = found;
    given.add(spec);
    if (spec.placeholder === undefined) {
      values[keyOf(spec)] = true;
    } else if (!takesWords(spec)) {
      const next = args[at + 1];
      if (value === undefined && mayLackValue(spec) && (next === undefined || isOption(next))) {
        values[keyOf(spec)] = true;
        continue;
      }
      const text = value ?? args[++at];
      if (text === undefined || isName(specs, text)) {
        return reject(`option '${labelOf(spec)}' argument missing`);
      }
      try {
        values[keyOf(spec)] = repeated(spec, values[keyOf(spec)], parseValue(spec, text));
      } catch (error) {
        return reject(describeInvalid(spec, text, (error as Error).message));
      }
    } else if (value !== undefined) {
      addWord(values, spec, value);
    } else {
      open = spec;
      const next = args[at + 1];
      if (next === undefined || isOption(next)) values[keyOf(spec)] = true;
    }
  }
  for (const spec of specs) {
    const text = spec.env === undefined || given.has(spec) ? undefined : Deno.env.get(spec.env);
    if (text === undefined) continue;
    if (isName(specs, text)) return reject(`option '${labelOf(spec)}' argument missing`);
    try {
      values[keyOf(spec)] = parseValue(spec, text);
    } catch (error) {
      const where = `option '${labelOf(spec)}' value '${text}' from env '${spec.env}'`;
      return reject(`${where} is invalid. ${(error as Error).message}`);
    }
  }
  if (unknown.some((word) => word === "-h" || word === "--help")) return { state: "help" };
  if (unknown.length > 0) return reject(describeUnknown(unknown[0]));
  return { state: "parsed", values, operands };
}

/** The help for options, as lines. */
export function formatHelp(specs: readonly OptionSpec[]): string[] {
  const help: OptionSpec = { flag: "--help", short: "-h", description: "show this" };
  const all = [...specs, help];
  const width = Math.max(...all.map((spec) => labelOf(spec).length));
  return all.map((spec) => {
    const { description, byDefault } = spec;
    const rest = byDefault === undefined ? "" : ` (default: ${JSON.stringify(byDefault)})`;
    return `  ${labelOf(spec).padEnd(width)}  ${description}${rest}`;
  });
}

/** Whether a word is parsed as an option. A negative number and a lone hyphen are not. */
function isOption(word: string): boolean {
  return /^-./s.test(word) && !/^-(\d+|\d*\.\d+)(e[+-]?\d+)?$/i.test(word);
}

/** Whether a text is the name of an option: as a value of another one, that has lost its own. */
function isName(specs: readonly OptionSpec[], text: string): boolean {
  return specs.some(({ flag, short }) => text === flag || text === short);
}

/** The option that a word stands for, and its value if it is in the same word. */
function findOption(
  specs: readonly OptionSpec[],
  word: string,
): { spec: OptionSpec; value?: string } | undefined {
  const exact = specs.find(({ flag, short }) => word === flag || word === short);
  if (exact) return { spec: exact };
  const valued = specs.filter(({ placeholder }) => placeholder !== undefined);
  const long = valued.find(({ flag }) => word.startsWith(`${flag}=`));
  if (long) return { spec: long, value: word.slice(long.flag.length + 1) };
  const short = valued.find(({ short }) => short !== undefined && word.startsWith(short));
  return short && { spec: short, value: word.slice(short.short!.length) };
}

/** The value of an option after one more parsed value: an array of all if it may be repeated. */
export function repeated(spec: OptionSpec, before: unknown, value: unknown): unknown {
  return spec.isRepeated ? [before ?? [], value].flat() : value;
}

function addWord(values: Record<string, unknown>, spec: OptionSpec, word: string): void {
  const key = keyOf(spec);
  const before = values[key];
  values[key] = Array.isArray(before) ? [...before, word] : [word];
}

function parseValue({ choices, parse }: OptionSpec, text: string): unknown {
  if (choices && !choices.includes(text)) {
    throw new RangeError(`Allowed choices are ${choices.join(", ")}.`);
  }
  return parse ? parse(text) : text;
}

function describeInvalid(spec: OptionSpec, text: string, reason: string): string {
  const label = labelOf(spec);
  const argument = mayBeSecret(label) ? "" : ` argument '${text}'`;
  return `option '${label}'${argument} is invalid. ${reason}`;
}

function reject(message: string): { state: "rejected"; message: string } {
  return { state: "rejected", message };
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new ValueError(`Expected a whole number, got ${JSON.stringify(text)}`);
}
