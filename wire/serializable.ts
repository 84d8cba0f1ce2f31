/**
 * Which values JSON can hold, and what is written for them: one rule for `json.ts`, which writes a
 * value at once, and `json_writer.ts`, which writes it in pieces.
 *
 * `JSON.stringify` writes a Promise, an Error or a Map as `{}`, and leaves functions out. Here each of
 * them is an error that says where it is: a method that gets `{}` in the place of a reading that was
 * not awaited may set an instrument to anything.
 *
 * @module
 */

import { KNOWS_ARRAYS } from "./array_key.ts";
import { isTypedArray, NdArray, type NumberArray, sizeOf } from "./nd_array.ts";

/**
 * The value that is written for a value: itself, or the result of its method `toJSON` or `to_json`. An
 * array of numbers is itself in any case.
 *
 * @param key The key or the index of the value in its object or array.
 * @param place Where the value is, e.g. `args[0].x`, for the error.
 * @throws {TypeError} When JSON cannot hold it.
 */
export function serializable(key: string, value: unknown, place?: string): unknown {
  // The typed array `Buffer` of Node has that method too.
  return !(KNOWS_ARRAYS && isTypedArray(value)) && hasMethod(value, "toJSON")
    ? checkSerializable(key, value.toJSON(key), place)
    : checkSerializable(key, value, place);
}

/**
 * The same for a value whose method `toJSON` was called. Accepts what is a value: text, numbers,
 * booleans, `null`, arrays, typed arrays, plain objects, and objects of a class that have properties
 * of their own. Throws for what is a means to get one, or has its content where JSON does not look.
 */
export function checkSerializable(key: string, value: unknown, place?: string): unknown {
  switch (typeof value) {
    case "function":
    case "symbol":
      throw unserializable(typeof value, place);
    case "object":
      if (value === null || Array.isArray(value)) return value;
      if (isNumbers(value)) return KNOWS_ARRAYS ? checkIntact(value, place) : value;
      if (hasMethod(value, "to_json")) return serializable(key, value.to_json(), place);
      if (isPlainObject(value) || isBoxed(value)) return value;
      return checkObject(value, place);
    default:
      return value;
  }
}

/** Whether a value is an array of numbers: a typed array, or one of several dimensions. */
export function isNumbers(value: unknown): value is NumberArray | NdArray {
  return KNOWS_ARRAYS ? isTypedArray(value) || value instanceof NdArray : isTypedArray(value);
}

/** The numbers of such an array as lists. */
export function asList(numbers: NumberArray | NdArray): unknown {
  return !KNOWS_ARRAYS || isTypedArray(numbers)
    ? Array.from<unknown>(numbers as NumberArray)
    : numbers.toList();
}

/**
 * An array has no numbers any more if its buffer was given to another thread, or is shorter now: it
 * would be taken for an empty one.
 */
function checkIntact<Numbers extends NumberArray | NdArray>(
  numbers: Numbers,
  place: string | undefined,
): Numbers {
  const data = isTypedArray(numbers) ? numbers : numbers.data;
  if (data.length > 0 && data === numbers) return numbers;
  try {
    data.keys();
    if (data === numbers || sizeOf((numbers as NdArray).shape) === data.length) {
      return numbers;
    }
  } catch {
    // The next line says it.
  }
  throw unserializable(typeOf(numbers), place, "its buffer was transferred, or is shorter now");
}

/** Whether a number is `-0`, which `JSON.stringify` writes as `0`. */
export function isNegativeZero(value: number): boolean {
  return value === 0 && 1 / value < 0;
}

/** A value that is written as this text: a number with the digits that it has. */
export function rawJson(text: string): unknown {
  // Part of the language since 2025, but not of TypeScript's library yet.
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

/**
 * A number of JSON: as a number if JavaScript writes that in the same way, else as a value that is
 * written with the digits that it has.
 */
export function exactNumber(text: string): unknown {
  const value = Number(text);
  // 1e999 stands for Infinity, which JSON does not have.
  return String(value) === text || /^-?1e999$/.test(text) ? value : rawJson(text);
}

/** The place of an item of an array. */
export function itemPlace(place: string, index: number): string {
  return `${place}[${index}]`;
}

/** The place of a member of an object. */
export function memberPlace(place: string, name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? `${place}.${name}`
    : `${place}[${JSON.stringify(name)}]`;
}

/** An object of a class: throws if its own properties are not all that it is. */
function checkObject(value: object, place: string | undefined): object {
  const type = typeOf(value);
  if (hasMethod(value, "then")) throw unserializable(type, place, "await it first");
  if (value instanceof Error) throw unserializable(type, place, "send its message");
  if (Symbol.iterator in value || Symbol.asyncIterator in value) {
    throw unserializable(type, place, "make an array or an object of it");
  }
  // A Link, a Client, a file: what has to be closed is no value.
  if (Symbol.dispose in value || Symbol.asyncDispose in value) throw unserializable(type, place);
  if (Object.keys(value).length > 0 && !isBuffer(value)) return value;
  throw unserializable(
    type,
    place,
    isBuffer(value)
      ? "make a Uint8Array of it"
      : "it has no properties of its own, a method toJSON would give its value",
  );
}

/** Whether an object has bytes that say nothing of the numbers in them. */
function isBuffer(value: object): boolean {
  return value instanceof ArrayBuffer || value instanceof DataView ||
    KNOWS_ARRAYS && globalThis.SharedArrayBuffer !== undefined &&
      value instanceof SharedArrayBuffer;
}

/** Whether an object has no class, in whatever realm it was made. */
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf");
}

/** `JSON.stringify` writes the text, number or boolean in such an object. */
function isBoxed(value: object): boolean {
  return value instanceof String || value instanceof Number || value instanceof Boolean;
}

function unserializable(type: string, place?: string, advice?: string): TypeError {
  return new TypeError(
    `Object of type ${type} is not JSON serializable` +
      (place === undefined ? "" : `, at ${place}`) + (advice === undefined ? "" : `: ${advice}`),
  );
}

/** The name of the class of an object, as far as it can be told. */
function typeOf(value: object): string {
  const name: unknown = value.constructor?.name;
  if (typeof name === "string" && name !== "") return name;
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, (key?: string) => unknown> {
  return typeof value === "object" && value !== null && name in value &&
    typeof (value as Record<string, unknown>)[name] === "function";
}
