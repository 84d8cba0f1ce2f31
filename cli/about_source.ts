/**
 * The source text of a `static about`, and where it is inserted in a file. The text of a comment becomes
 * a string literal of one line, in which nothing can end the string, and invisible characters are
 * escaped.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import type { AttributeAbout } from "../wire/about.ts";
import type { DocumentedClass, DocumentedFile, Import } from "./documented_classes.ts";
import { propertyName, quote } from "./type_text.ts";

/** What is inserted in a file. */
export interface Insertion {
  /** The import of the type `About`, if the file needs it. */
  readonly importLine: string | undefined;
  /** The `static about` of each class. */
  readonly declarations: readonly { readonly className: string; readonly text: string }[];
  /** The file with all of them. */
  readonly source: string;
}

/** The name of the type in this package. */
const TYPE = "About";

/** The name that it gets where the file uses the other one. */
const OTHER_TYPE = "AboutOf";

/**
 * Inserts a `static about` at the beginning of each class.
 *
 * @param source The text of the file.
 * @param classes Those of its classes that get one.
 * @param isTyped Whether the file is TypeScript, and not JavaScript.
 * @throws {ValueError} If the place in the file is not found.
 */
export function insertAbout(
  source: string,
  { classes: all, imports, names }: DocumentedFile,
  classes: readonly DocumentedClass[],
  isTyped: boolean,
): Insertion {
  const newline = source.includes("\r\n") ? "\r\n" : "\n";
  const type = isTyped ? typeOf(source, imports, names) : undefined;
  const edits: { at: number; text: string }[] = [];
  const withAbout = new Set(
    [...classes, ...all.filter(({ hasAbout }) => hasAbout)].map(({ name }) => name),
  );
  const declarations = classes.map((one) => {
    const { brace, isNamed } = findBody(source, one);
    const annotation = type === undefined ? "" : one.isGeneric || !isNamed
      ? `: ${type.name}` // with names of attributes that the compiler does not check
      : `: ${type.name}<${one.name}>`;
    const isOverride = isTyped && one.bases.some((base) => withAbout.has(base));
    const text = declarationOf(one, `${isOverride ? "override " : ""}about${annotation}`);
    const indent = /[ \t]*/.exec(source.slice(source.lastIndexOf("\n", one.start - 1) + 1))![0];
    const inner = text.split("\n").map((line) => `${indent}  ${line}`).join(newline);
    const rest = source.slice(brace + 1);
    const isOnNewLine = /^[ \t]*\r?\n/.test(rest);
    const isLast = /^\s*\}/.test(rest);
    const before = isLast ? `${newline}${indent}` : `${newline}${newline}${indent}  `;
    const after = isOnNewLine ? (isLast ? "" : newline) : before;
    edits.push({ at: brace + 1, text: `${newline}${inner}${after}` });
    return { className: one.name, text };
  });
  if (type?.importLine !== undefined) {
    edits.push({ at: type.at, text: `${newline}${type.importLine}` });
  }
  edits.sort((a, b) => b.at - a.at);
  const edited = edits.reduce(
    (text, edit) => text.slice(0, edit.at) + edit.text + text.slice(edit.at),
    source,
  );
  return { importLine: type?.importLine, declarations, source: edited };
}

/** The name of the type `About` in the file, and the line that imports it where that is missing. */
function typeOf(
  source: string,
  imports: readonly Import[],
  names: ReadonlySet<string>,
): { name: string; importLine?: string; at: number } {
  const present = imports.find(({ originalName }) => originalName === TYPE);
  if (present) return { name: present.importedName, at: 0 };
  const service = imports.find(({ originalName }) => originalName === "Service");
  if (service === undefined) { // import * as msl
    const all = imports.find(({ importedName, originalName }) =>
      originalName === undefined && source.includes(`${importedName}.Service`)
    );
    if (all) return { name: `${all.importedName}.${TYPE}`, at: 0 };
  }
  const statements = /^[ \t]*import\b([^"'`;]*)\bfrom\s*("[^"\n]+"|'[^'\n]+')[ \t]*;?/gm;
  const code = source.replaceAll(/\/\*[^]*?\*\//g, (comment) => " ".repeat(comment.length));
  for (const statement of code.matchAll(statements)) {
    const [text, clause, specifier] = statement;
    if (!/\bService\b/.test(clause)) continue;
    const isTaken = names.has(TYPE) || imports.some(({ importedName }) => importedName === TYPE);
    const name = isTaken ? OTHER_TYPE : TYPE;
    const imported = isTaken ? `${TYPE} as ${OTHER_TYPE}` : TYPE;
    const importLine = `import type { ${imported} } from ${specifier};`;
    return { name, importLine, at: statement.index + text.length };
  }
  throw new ValueError("Cannot find where Service is imported");
}

/** The brace that begins the body of a class, and whether its name is that of a type. */
function findBody(
  source: string,
  { name, start }: DocumentedClass,
): { brace: number; isNamed: boolean } {
  const brace = braceAfter(source, start);
  if (brace === -1) throw new ValueError(`Cannot find the body of the class ${name}`);
  const words = source.slice(start, brace).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, " ");
  const [, declared] = /\bclass\s+([\p{ID_Continue}$]+)/u.exec(words) ?? [];
  return { brace, isNamed: declared === name };
}

/** What has no braces of its own: comments and strings, and the arrow, which closes nothing. */
const SKIPPED = /\/\*[^]*?\*\/|\/\/.*|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|`[^`]*`|=>/y;

/** The first brace after the head of a class, whose types and decorators may have braces too. */
function braceAfter(source: string, start: number): number {
  let depth = 0;
  for (let index = start; index < source.length; index++) {
    SKIPPED.lastIndex = index;
    const skipped = SKIPPED.exec(source);
    if (skipped) {
      index += skipped[0].length - 1;
      continue;
    }
    const character = source[index];
    if (character === "{" && depth === 0) return index;
    if ("<([{".includes(character)) depth++;
    else if (">)]}".includes(character)) depth--;
  }
  return -1;
}

/** The declaration, as `deno fmt` formats it. */
function declarationOf({ description, attributes }: DocumentedClass, head: string): string {
  const members = [...attributes].map(([name, about]): Entry => [propertyName(name), about]);
  const entries: Entry[] = [
    ...(description === "" ? [] : [["description", description] as Entry]),
    ...(members.length === 0 ? [] : [["attributes", new Entries(members)] as Entry]),
  ];
  return `static ${head} = ${textOf(new Entries(entries), "", 0)};`;
}

/** The names, as they are written, and the values of an object. */
type Entry = readonly [name: string, value: Value];
type Value = string | boolean | AttributeAbout | Entries | readonly Value[] | object;

/** An object whose names are written as they are. */
class Entries {
  readonly list: readonly Entry[];

  constructor(list: readonly Entry[]) {
    this.list = list;
  }
}

/** How wide a line of the class is at most, with the two spaces before it: the default of `deno fmt`. */
const WIDTH = 80 - 2;

/**
 * The text of a value. An object without objects is one line if that is short enough.
 *
 * @param used The width of what is before it and after it in its line.
 */
function textOf(value: Value, indent: string, used: number): string {
  if (typeof value === "string") return literal(value);
  if (typeof value !== "object") return String(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${textOf(item, inner, inner.length + 1)},\n`);
    return `[\n${items.join("")}${indent}]`;
  }
  const entries: readonly Entry[] = value instanceof Entries
    ? value.list
    : Object.entries(value).filter(([_, it]) => it !== undefined);
  if (entries.every(([_, it]) => typeof it !== "object")) {
    const line = `{ ${entries.map(([name, it]) => `${name}: ${textOf(it, "", 0)}`).join(", ")} }`;
    if (used + line.length <= WIDTH) return line;
  }
  const lines = entries.map(([name, it]) => {
    const before = `${inner}${name}: `;
    const text = textOf(it, inner, before.length + 1);
    const isTooWide = typeof it === "string" && before.length + text.length + 1 > WIDTH;
    return isTooWide ? `${inner}${name}:\n${inner}  ${text},\n` : `${before}${text},\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

/** A string in the quotes of which it has fewer. */
function literal(text: string): string {
  const quoted = quote(text);
  const count = (mark: string) => text.split(mark).length - 1;
  if (count('"') <= count("'")) return quoted;
  const inner = quoted.slice(1, -1).replaceAll(
    /\\.|'/g,
    (it) => it === '\\"' ? '"' : it === "'" ? "\\'" : it,
  );
  return `'${inner}'`;
}
