/** A plain reader of lines, as a reference for the fast readers. */

import { parseJson } from "../../wire/json.ts";
import { isObject, type JsonObject } from "../../wire/message.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The lines of a stream, without their terminators. Text after the last newline is not a line. */
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

/** The object in a line; `undefined` if there is none, or its nesting is above `maxDepth`. */
export function readPlainly(line: Uint8Array, maxDepth = Infinity): JsonObject | undefined {
  try {
    const text = strict.decode(line);
    const value = parseJson(text);
    return isObject(value) && depthOf(text) - 1 <= maxDepth ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The kind of an object's member as {@linkcode Envelope.kind} returns it, `"absent"` if there is none. */
export function kindOf(object: JsonObject, key: string): string {
  if (!Object.hasOwn(object, key)) return "absent";
  const value = object[key];
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** A member of an object, `undefined` if it is not a string. */
export function textOf(object: JsonObject, key: string): string | undefined {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** The nesting depth of a JSON text. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const bracket of text.replaceAll(/"([^"\\]|\\.)*"/g, "").replaceAll(/[^[\]{}]/g, "")) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
