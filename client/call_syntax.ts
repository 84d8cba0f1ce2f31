/**
 * The syntax of a call that a person types in a shell, in the console or in a source to record: words,
 * one for each argument. It is parsed and written here.
 *
 * A word is JSON, or else a string. `key=value` is a keyword argument. A word in single quotes is
 * the string between them, even if it is JSON. A shell splits its line into words itself. In the
 * console, and in parentheses, JSON may have spaces in it.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { type ArrayWriter, parseJsonExactly } from "../wire/json.ts";
import { encodeForTerminal } from "../wire/printable_json.ts";

/** The arguments of a call. */
export interface CallArguments {
  args: unknown[];
  kwargs: Record<string, unknown>;
}

/** Text that cannot be read, and where it goes wrong. */
export class SyntaxProblem extends Error {
  /** The index of the character. */
  readonly at: number;

  /** @param reason What is wrong there, as the part of a sentence. */
  constructor(reason: string, at: number) {
    super(reason);
    this.at = at;
  }
}

/** What ends a word that is neither in quotes nor in brackets: in a line, and in parentheses. */
const LINE_END = /\s/;
const LIST_END = /[\s,()]/;

const KEY = /^([\p{ID_Start}_][\p{ID_Continue}]*)=/u;

/**
 * Parses the arguments of a call.
 *
 * @param parse Parses a word, or the part of it after `key=`.
 * @throws {ValueError} If a keyword argument is given twice.
 */
export function parseArguments(
  words: readonly string[],
  parse: (word: string) => unknown = parseValue,
): CallArguments {
  const args: unknown[] = [];
  const named = new Map<string, unknown>();
  for (const word of words) {
    const [prefix, key] = KEY.exec(word) ?? [];
    if (key === undefined || prefix === undefined) {
      args.push(parse(word));
      continue;
    }
    if (named.has(key)) throw new ValueError(`Cannot call: ${key} is given twice`);
    named.set(key, parse(word.slice(prefix.length)));
  }
  // fromEntries, because a keyword argument may be called __proto__
  return { args, kwargs: Object.fromEntries(named) };
}

/** Parses a word: a string in single quotes, JSON, or else a string. */
export function parseValue(word: string): unknown {
  return inQuotes(word) ?? parseJsonOrText(word);
}

/** Parses JSON, whose numbers are sent as they are typed. Text that is not JSON is a string. */
export function parseJsonOrText(text: string): unknown {
  try {
    return parseJsonExactly(text);
  } catch {
    return text;
  }
}

/** Parses a word of the console as the name of a service or a method. */
export function parseName(word: string): string {
  const value = word.startsWith('"') ? parseJsonOrText(word) : parseValue(word);
  return typeof value === "string" ? value : word;
}

/** Writes a name as a word of the console. */
export function formatName(name: string): string {
  return isWord(name) && parseName(name) === name ? name : encodeForTerminal(name);
}

/**
 * Splits a line of the console into words.
 *
 * @throws {ValueError} If a quote or a bracket is not closed, or is not the end of its word.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    at = skipSpaces(line, at);
    if (at === line.length) return words;
    const start = at;
    try {
      at = endOfWord(line, at, LINE_END);
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      throw new ValueError(
        `Cannot read the line: ${error.message} that begins at column ${error.at + 1}. ` +
          "A text goes in single quotes",
      );
    }
    if (at < line.length && !/\s/.test(line[at])) {
      throw new ValueError(`Cannot read the line: expected a space at column ${at + 1}`);
    }
    words.push(line.slice(start, at));
  }
}

/**
 * Splits arguments in parentheses, with commas between them, into words.
 *
 * @param open The index of the opening parenthesis.
 * @returns The words, and the index after the closing parenthesis.
 * @throws {SyntaxProblem} If they cannot be read.
 */
export function splitList(text: string, open: number): { words: string[]; end: number } {
  const words: string[] = [];
  let at = skipSpaces(text, open + 1);
  if (text[at] === ")") return { words, end: at + 1 };
  for (;;) {
    const start = at;
    at = endOfWord(text, at, LIST_END);
    if (at === start) throw new SyntaxProblem("expected an argument", at);
    words.push(text.slice(start, at));
    at = skipSpaces(text, at);
    if (text[at] === ")") return { words, end: at + 1 };
    if (text[at] !== ",") throw new SyntaxProblem('expected "," or ")"', at);
    at = skipSpaces(text, at + 1);
  }
}

/** Writes arguments with commas between them, as {@linkcode splitList} splits them. */
export function formatList(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): string {
  return wordsOf(args, kwargs, LIST_END).join(", ");
}

/** Writes arguments as words, which {@linkcode parseArguments} parses to the same values. */
export function formatArguments(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  arrays?: ArrayWriter,
): string {
  return wordsOf(args, kwargs, LINE_END, arrays).join(" ");
}

function wordsOf(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  end: RegExp,
  arrays?: ArrayWriter,
): string[] {
  const named = Object.entries(kwargs).map(([key, value]) =>
    `${KEY.test(`${key}=`) ? key : encodeForTerminal(key)}=${wordOf(value, end, arrays)}`
  );
  return [...args.map((value) => wordOf(value, end, arrays)), ...named];
}

function wordOf(value: unknown, end: RegExp, arrays?: ArrayWriter): string {
  const isPlain = typeof value === "string" && isWord(value) && !end.test(value) &&
    !KEY.test(value) && parseValue(value) === value;
  return isPlain ? value : encodeForTerminal(value, arrays);
}

/** Whether a text is one word of a line without quotes, and printable. */
function isWord(text: string): boolean {
  return /^[^\s\p{C}'"[{][^\s\p{C}]*$/u.test(text);
}

/** The text between single quotes; `undefined` if the word is not in single quotes. */
function inQuotes(word: string): string | undefined {
  return /^'(.*)'$/s.exec(word)?.[1];
}

function skipSpaces(text: string, at: number): number {
  while (/\s/.test(text[at] ?? "")) at++;
  return at;
}

/** The index after the word that begins at `start`. */
function endOfWord(line: string, start: number, end: RegExp): number {
  return endOfValue(line, start + (KEY.exec(line.slice(start))?.[0].length ?? 0), end);
}

/** The index after the value that begins at `start`. */
function endOfValue(line: string, start: number, end: RegExp): number {
  switch (line[start]) {
    case "'": {
      const close = line.indexOf("'", start + 1);
      return close === -1 ? fail("the quote is not closed", start) : close + 1;
    }
    case '"':
      return endOfString(line, start);
    case "[":
    case "{":
      return endOfBrackets(line, start);
    default: {
      const length = line.slice(start).search(end);
      return length === -1 ? line.length : start + length;
    }
  }
}

function endOfBrackets(line: string, start: number): number {
  let depth = 0;
  for (let at = start; at < line.length; at++) {
    if (line[at] === '"') at = endOfString(line, at) - 1;
    else if (/[[{]/.test(line[at])) depth++;
    else if (/[\]}]/.test(line[at]) && --depth === 0) return at + 1;
  }
  return fail("the bracket is not closed", start);
}

function endOfString(line: string, start: number): number {
  for (let at = start + 1; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line[at] === '"') return at + 1;
  }
  return fail("the quote is not closed", start);
}

function fail(reason: string, at: number): never {
  throw new SyntaxProblem(reason, at);
}
