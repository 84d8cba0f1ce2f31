/**
 * Reads the arrays of a value that was received: puts each in its place, and removes the underscores of
 * other keys (`array_writer.ts` has the form). It changes the value.
 *
 * It does so in steps, since a value may have hundreds of thousands of arrays: of a value in pieces it
 * reads what each piece of JSON has completed, and of a long line so many values at once.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { periodicPause } from "../base/pause.ts";
import { ARRAY_KEY, isReserved } from "./array_key.ts";
import { base64Length, readBase64 } from "./base64.ts";
import { type Kind, kindOf, shown, swap } from "./dtype.ts";
import { isObject, type JsonObject } from "./message.ts";
import { isTypedArray, NdArray, sizeOf } from "./nd_array.ts";

/** So many characters of base64 are decoded in one step: a multiple of 4. */
const TEXT_AT_ONCE = 1024 * 1024;
/** So many values are read in one step, which takes 2 ms at most. */
const VALUES_AT_ONCE = 1_000;
/** The time from one pause to the next, in milliseconds. */
const SLICE = 5;

/** An array or an object: something that has other values in it, by their keys. */
type Holder = unknown[] | JsonObject;

/** An array or an object that is being read. */
interface Level {
  readonly holder: Holder;
  /** Its keys; `undefined` for an array, which has its indices. */
  readonly keys: readonly string[] | undefined;
  /** Which of them is next, and the end of those that are read. */
  index: number;
  readonly end: number;
}

/** Where an array belongs, and what is known of it. */
interface Place {
  holder: Holder;
  key: string | number;
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** The size of the array, in bytes. */
  readonly size: number;
}

/** Reads the arrays of one value. */
export class ArrayReader {
  /** What is being read, from the outermost to the innermost. */
  readonly #levels: Level[] = [];
  /** The objects that are not complete, and have a key that stands for an array or may be taken for it. */
  readonly #reserved = new Set<Holder>();
  /** The arrays whose bytes come in binary pieces, by the number of their part. */
  readonly #parts = new Map<number, Place>();
  /** The same, by what they belong to: a peer may send many of both. */
  readonly #placesIn = new Map<Holder, Place[]>();
  /** Decodes a long array. */
  #decoding: Generator<void, void> | undefined;

  /** Reads a value that an array or an object has, with the next steps. */
  begin(holder: Holder, key: string | number): void {
    const value = holder[key as keyof typeof holder];
    if (typeof value === "object" && value !== null) this.#enter(holder, key, value);
  }

  /**
   * Reads so many of the values, or the next part of a long array.
   *
   * @returns Whether all is read.
   * @throws {ValueError} When an array is none.
   */
  step(count = Infinity): boolean {
    while (count > 0) {
      if (this.#decoding !== undefined) {
        if (this.#decoding.next().done) this.#decoding = undefined;
        count -= VALUES_AT_ONCE;
      } else {
        const level = this.#levels.at(-1);
        if (level === undefined) return true;
        if (!this.#enterNext(level)) this.#levels.pop();
        count--;
      }
    }
    return this.#decoding === undefined && this.#levels.length === 0;
  }

  /**
   * Reads what a part of the text of the value has added to an array or object.
   *
   * @param part What it has added, after the first item or member.
   * @param open The keys of what is open at its end: of its last member, of the last one in that. They
   * are not complete.
   * @throws {ValueError} When an array is none.
   */
  readPart(holder: Holder, part: Holder, open: readonly (string | number)[]): void {
    const added = Array.isArray(holder) ? holder.length - (part as unknown[]).length + 1 : 0;
    this.#enterComplete(holder, part, added, open[0]);
    let last = holder;
    for (const [index, key] of open.entries()) {
      last = last[key as keyof typeof last] as Holder;
      if (typeof last !== "object") break; // a text that is open
      this.#enterComplete(last, last, 0, open[index + 1]);
    }
    this.step();
  }

  /**
   * An array or object that was open is complete: all that it has was read.
   *
   * @param holder What has it, at a key.
   * @throws {ValueError} When it is no array of numbers, but stands for one.
   */
  close(value: Holder, holder: Holder, key: string | number): void {
    if (!this.#reserved.delete(value) || Array.isArray(value)) return;
    this.#readReserved(holder, key, value, Object.keys(value));
    this.step();
  }

  /**
   * The first binary piece of a part has come.
   *
   * @param size The size of the part in bytes, as the piece has it.
   * @throws {ValueError} When no array has this part, or it has another size.
   */
  beginPart(part: number, size: number): void {
    const place = this.#parts.get(part);
    if (place === undefined) throw new ValueError(`No array has part ${part}, which has arrived`);
    if (place.size !== size) throw notFitting(place.shape, place.size, size);
  }

  /** The bytes of a part have come, from one to another. After the last ones the array is there. */
  addBytes(part: number, bytes: Uint8Array<ArrayBuffer>, from: number, to: number): void {
    const place = this.#parts.get(part)!;
    const { kind, size } = place;
    if (kind.isSwapped) swap(bytes, kind.size, from, to);
    if (to < size) return;
    this.#parts.delete(part);
    put(place, bytes);
  }

  /** @throws {ValueError} When a part has not come. */
  end(): void {
    for (const part of this.#parts.keys()) {
      throw new ValueError(`Part ${part} of an array has not arrived`);
    }
  }

  /** Reads the values at the keys that a part has, without the one that is not complete. */
  #enterComplete(
    holder: Holder,
    part: Holder,
    index: number,
    open: string | number | undefined,
  ): void {
    if (Array.isArray(holder)) {
      const end = open === undefined ? holder.length : holder.length - 1;
      this.#levels.push({ holder, keys: undefined, index, end });
      return;
    }
    const keys = Object.keys(part);
    if (keys.some(isReserved)) this.#reserved.add(holder);
    const complete = keys.filter((key) => key !== open);
    this.#levels.push({ holder, keys: complete, index, end: complete.length });
  }

  /** Goes to the next value of a level that has others in it. False at the end. */
  #enterNext(level: Level): boolean {
    const { holder, keys, end } = level;
    // Nothing is called for a number: there may be millions, in each message.
    while (level.index < end) {
      const key = keys === undefined ? level.index : keys[level.index];
      level.index++;
      const value = holder[key as keyof typeof holder] as unknown;
      if (typeof value !== "object" || value === null) continue;
      this.#enter(holder, key, value);
      return true;
    }
    return false;
  }

  #enter(holder: Holder, key: string | number, value: object): void {
    if (Array.isArray(value)) {
      this.#levels.push({ holder: value, keys: undefined, index: 0, end: value.length });
      return;
    }
    if (Object.isFrozen(value)) return; // a number with its digits
    let object = value as JsonObject;
    let keys = Object.keys(object);
    if (keys.some(isReserved)) {
      if (this.#readReserved(holder, key, object, keys)) return;
      object = holder[key as keyof typeof holder] as JsonObject;
      keys = Object.keys(object);
    }
    this.#levels.push({ holder: object, keys, index: 0, end: keys.length });
  }

  /** Whether an object with such a key stands for an array. If not, its keys get their own names. */
  #readReserved(
    holder: Holder,
    key: string | number,
    object: JsonObject,
    keys: readonly string[],
  ): boolean {
    if (!keys.includes(ARRAY_KEY)) {
      const own = Object.fromEntries(keys.map((name) => [ownName(name), object[name]]));
      (holder as JsonObject)[key] = own;
      for (const place of this.#placesIn.get(object) ?? []) {
        place.holder = own;
        place.key = ownName(String(place.key));
      }
      return false;
    }
    if (keys.length > 1) {
      throw new ValueError(`An object with the key ${ARRAY_KEY} has others too: no array`);
    }
    this.#readArray(holder, key, object[ARRAY_KEY]);
    return true;
  }

  #readArray(holder: Holder, key: string | number, description: unknown): void {
    const { dtype, shape, data, part, clamped } = (description ?? {}) as JsonObject;
    const kind = kindOf(dtype, clamped === true);
    const length = Array.isArray(shape) ? sizeOf(shape) : undefined;
    if (length === undefined) throw new ValueError(`${shown(shape)} is no shape of an array`);
    const place = { holder, key, kind, shape: shape as number[], size: length * kind.size };
    if (part === undefined) return this.#decode(place, data);
    if (typeof part !== "number" || this.#parts.has(part)) {
      throw new ValueError(`Part ${shown(part)} of an array is no number, or is used twice`);
    }
    this.#parts.set(part, place);
    const others = this.#placesIn.get(holder);
    if (others === undefined) this.#placesIn.set(holder, [place]);
    else others.push(place);
  }

  #decode(place: Place, data: unknown): void {
    if (typeof data !== "string") {
      throw new ValueError("An array has neither data, as a text, nor a part");
    }
    // Before memory is taken for what is only said.
    if (data.length !== base64Length(place.size)) {
      throw notFitting(place.shape, place.size, Math.floor(data.length / 4) * 3);
    }
    const bytes = new Uint8Array(place.size);
    if (data.length > TEXT_AT_ONCE) this.#decoding = decodeInSteps(place, data, bytes);
    else {
      decode(place, data, bytes, 0);
      put(place, bytes);
    }
  }
}

/**
 * Puts the arrays of a value in their places.
 *
 * @param parts The bytes of its parts, in the order of their numbers.
 * @returns The value; an array, if it is one itself.
 * @throws {ValueError} When an array is none, or a part is used by none or by two.
 */
export function readArrays(
  value: unknown,
  parts: readonly Uint8Array<ArrayBuffer>[] = [],
): unknown {
  const root = [value];
  const reader = new ArrayReader();
  reader.begin(root, 0);
  reader.step();
  for (const [part, bytes] of parts.entries()) {
    reader.beginPart(part, bytes.length);
    reader.addBytes(part, bytes, 0, bytes.length);
  }
  reader.end();
  return root[0];
}

/**
 * The same with pauses, for a value that has come in a long line.
 *
 * @param isWanted Whether somebody still waits for it. If not, it is left as far as it is read.
 * @throws {ValueError} When an array is none.
 */
export async function readArraysInSteps(
  value: unknown,
  isWanted: () => boolean = () => true,
): Promise<unknown> {
  const root = [value];
  const reader = new ArrayReader();
  const pause = periodicPause(SLICE);
  reader.begin(root, 0);
  while (isWanted() && !reader.step(VALUES_AT_ONCE)) await pause();
  if (isWanted()) reader.end();
  return root[0];
}

/**
 * Puts the arrays of the arguments of a request or of a notification in their places.
 *
 * @throws {ValueError} When an array is none, or stands in the place of the keyword arguments.
 */
export function readArguments(args: unknown[], kwargs: JsonObject): [unknown[], JsonObject] {
  return toArguments(readArrays([args, kwargs]));
}

/** The same with pauses. */
export async function readArgumentsInSteps(
  args: unknown[],
  kwargs: JsonObject,
  isWanted?: () => boolean,
): Promise<[unknown[], JsonObject]> {
  return toArguments(await readArraysInSteps([args, kwargs], isWanted));
}

function toArguments(read: unknown): [unknown[], JsonObject] {
  if (isArguments(read)) return read;
  throw new ValueError("An array cannot stand in the place of the keyword arguments");
}

/** Whether a value is an array of the arguments by position, and those by name. */
export function isArguments(value: unknown): value is [unknown[], JsonObject] {
  if (!Array.isArray(value)) return false;
  const [args, kwargs] = value;
  return Array.isArray(args) && isObject(kwargs) && !isTypedArray(kwargs) &&
    !(kwargs instanceof NdArray);
}

/** Decodes a long array, and puts it in its place. */
function* decodeInSteps(
  place: Place,
  data: string,
  bytes: Uint8Array<ArrayBuffer>,
): Generator<void, void> {
  for (let start = 0; start < data.length; start += TEXT_AT_ONCE) {
    decode(place, data.slice(start, start + TEXT_AT_ONCE), bytes, start / 4 * 3);
    yield;
  }
  put(place, bytes);
}

/** Decodes base64 into bytes from an index, in the order of this computer. */
function decode({ kind, shape, size }: Place, text: string, bytes: Uint8Array, from: number): void {
  const to = Math.min(from + TEXT_AT_ONCE / 4 * 3, size);
  if (!readBase64(text, bytes.subarray(from, to))) {
    throw new ValueError(
      `The data of an array of the shape [${shape}] is not ${size} bytes in base64`,
    );
  }
  if (kind.isSwapped) swap(bytes, kind.size, from, to);
}

function put({ holder, key, kind, shape }: Place, bytes: Uint8Array<ArrayBuffer>): void {
  const array = kind.view(bytes.buffer);
  const value = shape.length === 1 ? array : new NdArray(array, shape);
  (holder as JsonObject)[key] = value;
}

/** The name that a key of a user's object has for the user. */
function ownName(key: string): string {
  return isReserved(key) ? key.slice(1) : key;
}

function notFitting(shape: readonly number[], size: number, found: number): ValueError {
  return new ValueError(
    `An array of the shape [${shape}] has ${size} bytes, and ${found} of them have arrived`,
  );
}
