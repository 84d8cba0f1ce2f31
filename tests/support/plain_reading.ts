/** How lines are read, as plainly as it can be written: what the fast readers are held against. */

import { parseJson } from "../../wire/json.ts";
import { isObject, type JsonObject } from "../../wire/message.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The lines of a stream, without their terminators. What comes after the last newline is none. */
export function splitPlainly(stream: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let line: number[] = [];
  for (const byte of stream) {
    if (byte !== 0x0a) {
      line.push(byte);
      continue;
    }
    if (line.at(-1) === 0x0d) line.pop();
    lines.push(Uint8Array.from(line));
    line = [];
  }
  return lines;
}

/** The object that a line holds, if it holds one that is not nested too deep. */
export function readPlainly(line: Uint8Array, maxDepth = Infinity): JsonObject | undefined {
  try {
    const text = strict.decode(line);
    const value = parseJson(text);
    return isObject(value) && depthOf(text) - 1 <= maxDepth ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What kind a member of an object is, `"absent"` if there is none, as {@linkcode Envelope.kind} tells. */
export function kindOf(object: JsonObject, key: string): string {
  if (!Object.hasOwn(object, key)) return "absent";
  const value = object[key];
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** The text of a member of an object, `undefined` if it is no text. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** How deep the brackets of a text of JSON are nested. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const bracket of text.replaceAll(/"([^"\\]|\\.)*"/g, "").replaceAll(/[^[\]{}]/g, "")) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
