/**
 * The grammar of what is recorded: attributes, which are polled or streams, and notifications.
 *
 * ```text
 * SOURCE    = NAME "." ATTRIBUTE ["(" ARGUMENTS ")"] ["@" DURATION]
 *           | NAME ":" [KEY *("," KEY)]
 * ARGUMENTS = words as the command `call` reads them, separated by commas
 * ```
 *
 * A name is a JSON string, or text without quotes, spaces and `:()@,`. It may have dots: the last one
 * ends the name of the service.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import { formatDuration, parseDuration } from "../base/units.ts";
import { formatList, parseArguments, splitList, SyntaxProblem } from "../client/call_syntax.ts";
import { ValueError } from "../errors.ts";
import { encodeForTerminal } from "../wire/printable_json.ts";

/** A method or property that is polled, or a stream. */
export interface AttributeSource {
  readonly kind: "attribute";
  /** The name of the service. */
  readonly service: string;
  /** The name of the method or property. */
  readonly attribute: string;
  /** The arguments by position. */
  readonly args: readonly unknown[];
  /** The arguments by name. */
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** The time from one reading to the next, in milliseconds; `undefined` if it does not say. */
  readonly every: number | undefined;
}

/** The notifications of a service. */
export interface NotificationSource {
  readonly kind: "notifications";
  /** The name of the service. */
  readonly service: string;
  /** The keys of the values that are recorded; `undefined` for all. */
  readonly keys: readonly string[] | undefined;
}

/** What is recorded. */
export type Source = AttributeSource | NotificationSource;

/** A name without quotes, at the start of a text. Control characters need the escapes of JSON. */
const BARE = /^[^\s\p{C}:()@,"']+/u;

/** A string of JSON, at the start of a text. */
const QUOTED = /^"(?:[^"\\]|\\.)*"/s;

/**
 * Parses a source.
 *
 * @throws {ValueError} If it cannot be read. The message has several lines, and shows the place.
 */
export function parseSource(text: string): Source {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const column = printable(text.slice(0, error.at)).length;
    throw new ValueError(
      `Cannot read the source: ${error.message}\n  ${printable(text)}\n  ${" ".repeat(column)}^`,
    );
  }
}

/** Writes a source so that {@linkcode parseSource} reads it. */
export function formatSource(source: Source): string {
  const service = formatName(source.service);
  if (source.kind === "notifications") {
    return `${service}:${source.keys?.map(formatName).join(",") ?? ""}`;
  }
  const { attribute, every } = source;
  const isPlain = !attribute.includes(".");
  const list = formatSourceArguments(source);
  return `${service}.${isPlain ? formatName(attribute) : encodeForTerminal(attribute)}` +
    (list === "" ? "" : `(${list})`) +
    (every === undefined ? "" : `@${formatDuration(every)}`);
}

/** The arguments of a source in one form, however they were typed; empty for none. */
export function formatSourceArguments({ args, kwargs }: AttributeSource): string {
  return formatList(args, kwargs);
}

function formatName(name: string): string {
  return BARE.exec(name)?.[0] === name ? name : encodeForTerminal(name);
}

function parse(text: string): Source {
  const { service, end } = parseService(text);
  if (text[end] === ":") {
    return { kind: "notifications", service, keys: parseKeys(text, end + 1) };
  }
  const { name: attribute, end: afterName } = parseName(text, end + 1, "the name of an attribute");
  let at = afterName;
  let words: readonly string[] = [];
  if (text[at] === "(") ({ words, end: at } = splitList(text, at));
  const { args, kwargs } = argumentsOf(words, afterName);
  let every: number | undefined;
  if (text[at] === "@") {
    every = parseEvery(text, at + 1);
    at = text.length;
  }
  if (at < text.length) {
    throw new SyntaxProblem(
      at === afterName
        ? 'expected "(" before arguments, or "@" before a time'
        : 'expected "@" before a time, or the end',
      at,
    );
  }
  return { kind: "attribute", service, attribute, args, kwargs, every };
}

/** The name of the service, and the index of the dot or colon that ends it. */
function parseService(text: string): { service: string; end: number } {
  const expected = 'expected "." and the name of an attribute, or ":" for its notifications';
  const { name, end, isQuoted } = parseName(text, 0, "the name of a service", true);
  if (isQuoted || text[end] === ":") {
    if (text[end] !== "." && text[end] !== ":") throw new SyntaxProblem(expected, end);
    return { service: name, end };
  }
  const dot = name.lastIndexOf(".");
  if (dot === -1) throw new SyntaxProblem(expected, end);
  if (dot === 0) throw new SyntaxProblem("expected the name of a service", 0);
  return { service: name.slice(0, dot), end: dot };
}

function parseName(
  text: string,
  start: number,
  expected: string,
  mayHaveDots = false,
): { name: string; end: number; isQuoted: boolean } {
  const rest = text.slice(start);
  if (rest.startsWith('"')) {
    const [quoted] = QUOTED.exec(rest) ?? [];
    if (quoted === undefined) throw new SyntaxProblem("the quote is not closed", start);
    const name = jsonString(quoted, start);
    if (name === "") throw new SyntaxProblem(`expected ${expected}, which is not empty`, start);
    return { name, end: start + quoted.length, isQuoted: true };
  }
  const [name] = BARE.exec(rest) ?? [];
  if (name === undefined) throw new SyntaxProblem(`expected ${expected}`, start);
  const dot = mayHaveDots ? -1 : name.indexOf(".");
  if (dot !== -1) throw new SyntaxProblem("a name with a dot has to be in double quotes", start);
  return { name, end: start + name.length, isQuoted: false };
}

function jsonString(quoted: string, at: number): string {
  try {
    return JSON.parse(quoted);
  } catch {
    throw new SyntaxProblem("text in double quotes is JSON, and this is none", at);
  }
}

function parseKeys(text: string, start: number): string[] | undefined {
  if (start === text.length) return undefined;
  const keys: string[] = [];
  for (let at = start;; at++) {
    const { name, end } = parseName(text, at, "the key of a value in notifications", true);
    if (keys.includes(name)) throw new SyntaxProblem("the key is given twice", at);
    keys.push(name);
    at = end;
    if (at === text.length) return keys;
    if (text[at] === "@") {
      throw new SyntaxProblem("notifications come by themselves, and have no time", at);
    }
    if (text[at] !== ",") throw new SyntaxProblem('expected "," and another key, or the end', at);
  }
}

function argumentsOf(words: readonly string[], at: number) {
  try {
    return parseArguments(words);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new SyntaxProblem("a keyword argument is given twice", at);
  }
}

function parseEvery(text: string, at: number): number {
  let every: number;
  try {
    every = parseDuration(text.slice(at));
  } catch {
    throw new SyntaxProblem("expected a time such as 500ms, 10s, 5min or 2h", at);
  }
  if (every < 1) throw new SyntaxProblem("the time has to be at least 1ms", at);
  return every;
}
