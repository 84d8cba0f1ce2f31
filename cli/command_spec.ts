/**
 * A command as data. A command line that is plain is parsed by {@linkcode parsePlain}, and the command
 * runs without commander, which takes 20 ms to load with what it needs. All others, with an error or a
 * request for help, are left to commander (`commander_options.ts`).
 * `tests/cli/command_spec_test.ts` checks that both parse the same.
 *
 * @module
 */

import { keyOf, type OptionSpec, type ParsedWords, parseWords } from "../program/option.ts";

/** What the help of the program says of a command. */
export interface CommandSummary {
  readonly description: string;
  /** What the help shows as its usage. Default: its options and operands. */
  readonly usage?: string;
  /**
   * The words that no option takes, e.g. `"<service>"`; `"[service]"` may be left out, and the last one
   * may be `"[argument...]"`. Default: none.
   */
  readonly operands?: readonly (readonly [placeholder: string, description: string])[];
}

/** An option of a command. */
export interface CommandOption extends OptionSpec {
  /** The keys of the options that it cannot be given with. */
  readonly conflicts?: readonly string[];
}

/** The rest of a command. */
export interface CommandSpec {
  /** With `--help` among them if the command has a help of its own. */
  readonly options: readonly CommandOption[];
  /** Changes a word before it is parsed. */
  readonly rewrite?: (word: string) => string;
  /** Runs the command. */
  run(operands: readonly string[], values: Record<string, unknown>): unknown;
}

/** How many operands a command needs at least. */
export function leastOperands({ operands = [] }: CommandSummary): number {
  return operands.filter(([placeholder]) => placeholder.startsWith("<")).length;
}

/** Parses the words after the name of a command; `undefined` if commander has to. */
export function parsePlain(
  summary: CommandSummary,
  { options, rewrite = (word) => word }: CommandSpec,
  words: readonly string[],
): Omit<ParsedWords, "state"> | undefined {
  // Of the program itself; and what comes after two hyphens depends on what was before them.
  if (words.some((word) => word === "--" || /^(-V|--version$)/.test(word))) return undefined;
  const parsed = parseWords(options, words.map((word) => rewrite(word)));
  if (parsed.state !== "parsed") return undefined;
  const { operands, values } = parsed;
  const isGiven = (key: string) => values[key] !== undefined;
  if (options.some((spec) => isGiven(keyOf(spec)) && spec.conflicts?.some(isGiven))) {
    return undefined;
  }
  const expected = summary.operands ?? [];
  const most = expected.at(-1)?.[0].includes("...") ? Infinity : expected.length;
  const isEnough = operands.length >= leastOperands(summary) && operands.length <= most;
  return isEnough ? { operands, values } : undefined;
}
