/**
 * A call as a person types it, in a shell or in the console: words, each of them an argument.
 *
 * A word is JSON, or else it is the text itself. `key=value` is a keyword argument. A word in single
 * quotes is the text between them, whatever it looks like. A shell has divided its line into words
 * already; in the console, JSON may have spaces in it.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { bigInteger, encodeValue, parseJson } from "../wire/json.ts";

/** The arguments of a call. */
export interface TypedArguments {
  args: unknown[];
  kwargs: Record<string, unknown>;
}

const KEY = /^([\p{ID_Start}_][\p{ID_Continue}]*)=/u;
const INTEGER = /^-?[1-9]\d*$/;

/**
 * The arguments that words stand for.
 *
 * @param read Makes a value of a word; of the part after `key=` too.
 * @throws {ValueError} If a keyword argument is given twice.
 */
export function argumentsOf(
  words: readonly string[],
  read: (word: string) => unknown = valueOf,
): TypedArguments {
  const args: unknown[] = [];
  const named = new Map<string, unknown>();
  for (const word of words) {
    const [prefix, key] = KEY.exec(word) ?? [];
    if (key === undefined || prefix === undefined) {
      args.push(read(word));
      continue;
    }
    if (named.has(key)) throw new ValueError(`Cannot call: ${key} is given twice`);
    named.set(key, read(word.slice(prefix.length)));
  }
  // fromEntries, because a keyword argument may be called __proto__
  return { args, kwargs: Object.fromEntries(named) };
}

/** The value that a word stands for. */
export function valueOf(word: string): unknown {
  return inQuotes(word) ?? jsonOrText(word);
}

/** The value of JSON, or else the text itself. */
export function jsonOrText(text: string): unknown {
  if (INTEGER.test(text) && !Number.isSafeInteger(Number(text))) return bigInteger(BigInt(text));
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** The name that a word of the console stands for: that of a service or a method. */
export function nameOf(word: string): string {
  const value = word.startsWith('"') ? jsonOrText(word) : valueOf(word);
  return typeof value === "string" ? value : word;
}

/** A name as a word of the console. */
export function wordOfName(name: string): string {
  return isWord(name) && nameOf(name) === name ? name : encodeForTerminal(name);
}

/**
 * The words of a line of the console.
 *
 * @throws {ValueError} If a quote or a bracket is not closed, or a word goes on after it.
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

/** Arguments as words, from which {@linkcode argumentsOf} makes the same values. */
export function formatArguments(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): string {
  const named = Object.entries(kwargs).map(([key, value]) =>
    `${KEY.test(`${key}=`) ? key : encodeForTerminal(key)}=${wordOf(value)}`
  );
  return [...args.map(wordOf), ...named].join(" ");
}

/** A value as JSON that cannot do anything to a terminal. */
export function encodeForTerminal(value: unknown): string {
  return encodeValue(value).replaceAll(
    /\p{C}/gu,
    (characters) =>
      characters.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
  );
}

function wordOf(value: unknown): string {
  const isPlain = typeof value === "string" && isWord(value) && !KEY.test(value) &&
    valueOf(value) === value;
  return isPlain ? value : encodeForTerminal(value);
}

/** Whether a text is one word of a line, and can be shown. */
function isWord(text: string): boolean {
  return /^[^\s\p{C}'"[{][^\s\p{C}]*$/u.test(text);
}

/** The text between single quotes. */
function inQuotes(word: string): string | undefined {
  return /^'(.*)'$/s.exec(word)?.[1];
}

/** Where a value ends that begins there. */
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
