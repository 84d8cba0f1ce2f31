/**
 * A command as data. A command line that is plain is parsed by {@linkcode parsePlain}, and the command
 * runs without commander, which takes 20 ms to load with what it needs. All others, with an error or a
 * request for help, are left to commander (`commander_options.ts`).
 * `tests/cli/command_spec_test.ts` checks that both parse the same.
 *
 * @module
 */

import { type OptionSpec, type ParsedWords, parseWords } from "../program/option.ts";

/** A command. */
export interface CommandSpec {
  readonly name: string;
  readonly description: string;
  /** What the help shows as its usage. Default: its options and operands. */
  readonly usage?: string;
  /** The words that no option takes, e.g. `"[service]"`; the last one may be `"[argument...]"`. */
  readonly operands: readonly (readonly [placeholder: string, description: string])[];
  /** How many operands it needs at least. */
  readonly least: number;
  /** With `--help` among them if the command has a help of its own. */
  readonly options: readonly OptionSpec[];
  /** Changes a word before it is parsed. */
  readonly rewrite?: (word: string) => string;
  /** Runs the command. */
  run(operands: readonly string[], values: Record<string, unknown>): Promise<void>;
}

/** Parses the words after the name of a command; `undefined` if commander has to. */
export function parsePlain(
  spec: CommandSpec,
  words: readonly string[],
): Omit<ParsedWords, "state"> | undefined {
  // Of the program itself; and what comes after two hyphens depends on what was before them.
  if (words.some((word) => word === "--" || /^(-V|--version$)/.test(word))) return undefined;
  const { operands: expected, options, least, rewrite = (word) => word } = spec;
  const parsed = parseWords(options, words.map((word) => rewrite(word)));
  if (parsed.state !== "parsed") return undefined;
  const { operands, values } = parsed;
  const most = expected.at(-1)?.[0].endsWith("...]") ? Infinity : expected.length;
  return operands.length >= least && operands.length <= most ? { operands, values } : undefined;
}
