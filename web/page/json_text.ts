/**
 * Values as JSON that a person reads: indented, short arrays and objects on one line, cut at a number
 * of characters. To show the beginning of a large value does not cost more than that.
 *
 * @module
 */

import { itemsOf, withoutDimension } from "./items.ts";

/** JSON, and whether it is only the beginning. */
export interface JsonText {
  text: string;
  isCut: boolean;
}

/** The longest line of an array or object that stays on one. */
const LINE = 80;
/** Deeper than this is cut. */
const DEEPEST = 100;

/**
 * A value as indented JSON, with `NaN` and `Infinity` as they are.
 *
 * @param most The most characters.
 */
export function jsonText(value: unknown, most: number): JsonText {
  const writer = new Writer(most);
  writer.write(value, "");
  const isCut = writer.isCut;
  return { text: isCut ? writer.text.slice(0, most) : writer.text, isCut };
}

class Writer {
  text = "";
  isCut = false;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  write(given: unknown, indent: string): void {
    if (this.isCut) return;
    const value = withoutDimension(given);
    const line = shortOf(value, LINE - indent.length, 0);
    if (line !== undefined) return this.#add(line);
    if (typeof value === "string") {
      const end = this.#most - this.text.length;
      return this.#add(JSON.stringify(value.length > end ? value.slice(0, end + 1) : value));
    }
    if (indent.length / 2 >= DEEPEST) {
      this.#add("…");
      this.isCut = true;
      return;
    }
    const items = itemsOf(value);
    const inner = `${indent}  `;
    this.#add(items ? "[" : "{");
    let separator = "\n";
    const keys = items ? [] : Object.keys(value as object);
    const { length } = items ?? keys;
    for (let index = 0; index < length && !this.isCut; index++) {
      this.#add(`${separator}${inner}`);
      if (!items) this.#add(`${JSON.stringify(keys[index])}: `);
      this.write(items ? items.at(index) : (value as Record<string, unknown>)[keys[index]], inner);
      separator = ",\n";
    }
    this.#add(`\n${indent}${items ? "]" : "}"}`);
  }

  #add(text: string): void {
    if (this.isCut) return;
    this.text += text;
    if (this.text.length > this.#most) this.isCut = true;
  }
}

/** A value on one line; `undefined` if it is longer than `most`, or nested deeply. */
function shortOf(given: unknown, most: number, depth: number): string | undefined {
  const value = withoutDimension(given);
  let text: string | undefined;
  if (typeof value === "string") {
    text = value.length > most ? undefined : JSON.stringify(value);
  } else if (typeof value !== "object" || value === null) {
    text = String(value);
  } else if (depth < 3) {
    const items = itemsOf(value);
    if (items && items.length > most) return undefined;
    const keys = items ? [] : Object.keys(value);
    const { length } = items ?? keys;
    if (length > most) return undefined;
    const parts: string[] = [];
    let left = most;
    for (let index = 0; index < length; index++) {
      const key = keys[index];
      const item = items ? items.at(index) : (value as Record<string, unknown>)[key];
      const part = shortOf(item, left, depth + 1);
      if (part === undefined) return undefined;
      const whole = items ? part : `${JSON.stringify(key)}: ${part}`;
      if ((left -= whole.length + 2) < 0) return undefined;
      parts.push(whole);
    }
    text = items ? `[${parts.join(", ")}]` : parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
  }
  return text !== undefined && text.length <= most ? text : undefined;
}
