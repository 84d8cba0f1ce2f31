/**
 * The syntax of a call that a person types in a shell or in the console: words, one for each
 * argument. It is parsed and written here.
 *
 * A word is JSON, or else a string. `key=value` is a keyword argument. A word in single quotes is
 * the string between them, even if it is JSON. A shell splits its line into words itself. In the
 * console, JSON may have spaces in it.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { parseJsonExactly } from "../wire/json.ts";
import { encodeForTerminal } from "./output.ts";

/** The arguments of a call. */
export interface CallArguments {
  args: unknown[];
  kwargs: Record<string, unknown>;
}

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
    while (/\s/.test(line[at] ?? "")) at++;
    if (at === line.length) return words;
    const start = at;
    at += KEY.exec(line.slice(at))?.[0].length ?? 0;
    at = endOfValue(line, at);
    if (at < line.length && !/\s/.test(line[at])) {
      throw new ValueError(`Cannot read the line: expected a space at column ${at + 1}`);
    }
    words.push(line.slice(start, at));
  }
}

/** Writes arguments as words, which {@linkcode parseArguments} parses to the same values. */
export function formatArguments(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): string {
  const named = Object.entries(kwargs).map(([key, value]) =>
    `${KEY.test(`${key}=`) ? key : encodeForTerminal(key)}=${wordOf(value)}`
  );
  return [...args.map(wordOf), ...named].join(" ");
}

function wordOf(value: unknown): string {
  const isPlain = typeof value === "string" && isWord(value) && !KEY.test(value) &&
    parseValue(value) === value;
  return isPlain ? value : encodeForTerminal(value);
}

/** Whether a text is one word of a line without quotes, and printable. */
function isWord(text: string): boolean {
  return /^[^\s\p{C}'"[{][^\s\p{C}]*$/u.test(text);
}

/** The text between single quotes; `undefined` if the word is not in single quotes. */
function inQuotes(word: string): string | undefined {
  return /^'(.*)'$/s.exec(word)?.[1];
}

/** The index after the value that begins at `start`. */
function endOfValue(line: string, start: number): number {
  switch (line[start]) {
    case "'": {
      const end = line.indexOf("'", start + 1);
      return end === -1 ? fail("the quote is not closed", start) : end + 1;
    }
    case '"':
      return endOfString(line, start);
    case "[":
    case "{":
      return endOfBrackets(line, start);
    default: {
      const length = line.slice(start).search(/\s/);
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
  throw new ValueError(
    `Cannot read the line: ${reason} that begins at column ${at + 1}. ` +
      "A text goes in single quotes",
  );
}
