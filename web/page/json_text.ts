/**
 * Values as JSON that a person reads: indented, short arrays and objects on one line, cut at a number
 * of characters. To show the beginning of a large value does not cost more than that.
 *
 * @module
 */

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

  write(value: unknown, indent: string): void {
    if (this.isCut) return;
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
    const isArray = Array.isArray(value);
    const inner = `${indent}  `;
    this.#add(isArray ? "[" : "{");
    let separator = "\n";
    const keys = isArray ? undefined : Object.keys(value as object);
    const { length } = keys ?? (value as unknown[]);
    for (let index = 0; index < length && !this.isCut; index++) {
      const key = keys === undefined ? index : keys[index];
      this.#add(`${separator}${inner}`);
      if (typeof key === "string") this.#add(`${JSON.stringify(key)}: `);
      this.write((value as Record<string | number, unknown>)[key], inner);
      separator = ",\n";
    }
    this.#add(`\n${indent}${isArray ? "]" : "}"}`);
  }

  #add(text: string): void {
    if (this.isCut) return;
    this.text += text;
    if (this.text.length > this.#most) this.isCut = true;
  }
}

/** A value on one line; `undefined` if it is longer than `most`, or nested deeply. */
function shortOf(value: unknown, most: number, depth: number): string | undefined {
  let text: string | undefined;
  if (typeof value === "string") {
    text = value.length > most ? undefined : JSON.stringify(value);
  } else if (typeof value !== "object" || value === null) {
    text = String(value);
  } else if (depth < 3) {
    const isArray = Array.isArray(value);
    if (isArray && value.length > most) return undefined;
    const keys = Object.keys(value);
    if (keys.length > most) return undefined;
    const parts: string[] = [];
    let left = most;
    for (const key of keys) {
      const part = shortOf((value as Record<string, unknown>)[key], left, depth + 1);
      if (part === undefined) return undefined;
      const whole = isArray ? part : `${JSON.stringify(key)}: ${part}`;
      if ((left -= whole.length + 2) < 0) return undefined;
      parts.push(whole);
    }
    text = isArray
      ? `[${parts.join(", ")}]`
      : parts.length === 0
      ? "{}"
      : `{ ${parts.join(", ")} }`;
  }
  return text !== undefined && text.length <= most ? text : undefined;
}
