/**
 * The key that stands for an array on the wire, and whether a value has it. `array_reader.ts` reads
 * the arrays: it is loaded when the first one comes.
 *
 * @module
 */

/**
 * Whether arrays are known. Only `/client.js` has another module in this place, with `false`, so that
 * what depends on it is not in that file.
 */
export const KNOWS_ARRAYS: boolean = true;

/** The only key of an object that stands for an array. */
export const ARRAY_KEY = "__array__";

/** Whether a key is that one, or one of a user that has more underscores at its start. */
export function isReserved(key: string): boolean {
  return key.endsWith(ARRAY_KEY) && /^_*$/.test(key.slice(0, -ARRAY_KEY.length));
}

/** Whether a value, or any value inside of it, has such a key. */
export function hasReserved(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object" && hasReserved(item)) return true;
    return false;
  }
  for (const key in value) {
    if (isReserved(key) || hasReserved((value as Record<string, unknown>)[key])) return true;
  }
  return false;
}

/** Whether JSON may have such a key; a text that ends like it is rare. */
export function mayHaveReserved(json: string): boolean {
  return json.includes(`${ARRAY_KEY}"`);
}
