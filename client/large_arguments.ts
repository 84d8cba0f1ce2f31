/**
 * The arguments of a call that are too large for one piece, or have arrays of numbers: written at the
 * call where that takes a few milliseconds, and otherwise while they are sent. `/client.js` knows no
 * arrays, and has `web/page/large_arguments.ts` in its place.
 *
 * `requests.ts` decides when they are sent, and whether in pieces or in one line.
 *
 * @module
 */

import { readArrays } from "../wire/array_reader.ts";
import { ArrayParts, InlineArrays } from "../wire/array_writer.ts";
import { mayHaveReserved } from "../wire/array_key.ts";
import { parseJsonExactly } from "../wire/json.ts";
import { writeJson } from "../wire/json_writer.ts";
import { encodeLarge, PIECE_LENGTH } from "../wire/large_values.ts";
import type { JsonObject } from "../wire/message.ts";
import {
  type BegunJson,
  isMeasured,
  measure,
  type MeasuredJson,
  measureNow,
  type ValueInParts,
  type WriteJson,
} from "../wire/parts.ts";

/** What stands between the arguments and the keyword arguments in one line. */
const KWARGS = ',"kwargs":';

/** How arrays of numbers are written: what the receiver knows. */
export type ArrayForm = "lists" | "inline" | "parts";

/** The arguments of one call. */
export class LargeArguments {
  readonly #form: ArrayForm;
  readonly #args: Part;
  readonly #kwargs: Part;

  /**
   * Writes them if they have up to `AT_ONCE` bytes, and copies the bytes of arrays up to `COPIED`: the
   * caller may change them then. The rest of others is read later.
   *
   * @throws {TypeError} When JSON cannot hold them.
   */
  constructor(args: readonly unknown[], kwargs: JsonObject, form: ArrayForm) {
    this.#form = form;
    const ofArgs = writerOf(form);
    const ofKwargs = writerOf(form, partsOf(ofArgs));
    try {
      this.#args = partOf("args", args, ofArgs);
      this.#kwargs = partOf("kwargs", kwargs, ofKwargs, isMeasured(this.#args.json));
    } catch (error) {
      // Nobody else can: the arrays before what JSON cannot hold are copied already.
      for (const arrays of [ofArgs, ofKwargs]) partsOf(arrays)?.release();
      throw error;
    }
  }

  /** Whether they are written: the caller may change them. */
  get isWritten(): boolean {
    return isWritten(this.#args) && isWritten(this.#kwargs);
  }

  /**
   * The same arguments for a receiver that takes another form than was expected at the call: another
   * device has taken the place of the service.
   *
   * @throws {TypeError} When JSON cannot hold them.
   */
  in(form: ArrayForm): LargeArguments {
    if (form === this.#form) return this;
    if (!this.isWritten) {
      this.release();
      return new LargeArguments(this.#args.value, this.#kwargs.value, form);
    }
    const [args, kwargs] = [this.#args, this.#kwargs].map(({ json }) => joined(json));
    if (!mayHaveReserved(args) && !mayHaveReserved(kwargs)) return this;
    const value = parseJsonExactly(`[${args},${kwargs}]`);
    // The memory of its own copies is given back.
    const parts = arraysOf(this.#args, this.#kwargs).map(({ bytes }) => Uint8Array.from(bytes));
    const read = this.#form === "lists" ? value : readArrays(value, parts);
    this.release();
    return new LargeArguments(...read as [unknown[], JsonObject], form);
  }

  /** The texts of `args` and `kwargs` in one line, after the beginning of a request. */
  async texts(): Promise<(string | Uint8Array)[]> {
    return [...await textsOf(this.#args), KWARGS, ...await textsOf(this.#kwargs)];
  }

  /** Does not hold their texts any more. If they are needed again, they are written again. */
  releaseTexts(): void {
    for (const { json } of [this.#args, this.#kwargs]) if (isMeasured(json)) json.release();
  }

  /** They are not needed again. */
  release(): void {
    this.releaseTexts();
    for (const { arrays } of [this.#args, this.#kwargs]) partsOf(arrays)?.release();
  }

  /** The JSON of an array of the two, and their long arrays, to be cut into pieces. */
  async inParts(): Promise<ValueInParts & { isHeld: boolean }> {
    const [args, kwargs] = [await measuredOf(this.#args), await measuredOf(this.#kwargs)];
    const json: MeasuredJson = {
      size: args.size + kwargs.size + "[,]".length,
      isHeld: args.isHeld && kwargs.isHeld,
      *texts() {
        yield "[";
        yield* args.texts();
        yield ",";
        yield* kwargs.texts();
        yield "]";
      },
      release: () => this.releaseTexts(),
    };
    const isHeld = json.isHeld && areCopied(this.#args) && areCopied(this.#kwargs);
    return { json, arrays: arraysOf(this.#args, this.#kwargs), isHeld };
  }
}

/** The long arrays of both. */
function arraysOf(...parts: Part[]): ValueInParts["arrays"] {
  return parts.flatMap(({ arrays }) => partsOf(arrays)?.parts ?? []);
}

/** One of the two. */
interface Part {
  name: string;
  // deno-lint-ignore no-explicit-any -- an array, or an object
  value: any;
  arrays: InlineArrays | undefined;
  write: WriteJson;
  json: MeasuredJson | BegunJson;
}

function writerOf(form: ArrayForm, before?: ArrayParts): InlineArrays | undefined {
  if (form === "lists") return undefined;
  if (form === "inline") return new InlineArrays();
  return new ArrayParts(() => before?.parts.length ?? 0);
}

function partsOf(arrays: InlineArrays | undefined): ArrayParts | undefined {
  return arrays instanceof ArrayParts ? arrays : undefined;
}

/** @param isNow Whether it is written now. The arrays before it have to be counted first. */
function partOf(
  name: string,
  value: unknown,
  arrays: InlineArrays | undefined,
  isNow = true,
): Part {
  const write = () => {
    partsOf(arrays)?.begin();
    return writeJson(value, PIECE_LENGTH, name, arrays);
  };
  const json = isNow ? measureNow(write) : { texts: [], size: 0, rest: write() };
  return { name, value, arrays, write, json };
}

function isWritten(part: Part): boolean {
  return isMeasured(part.json) && part.json.isHeld && areCopied(part);
}

function areCopied({ arrays }: Part): boolean {
  return partsOf(arrays)?.areCopied ?? true;
}

function joined(json: MeasuredJson | BegunJson): string {
  return isMeasured(json) ? [...json.texts()].join("") : "";
}

async function measuredOf(part: Part): Promise<MeasuredJson> {
  const { write, json } = part;
  return part.json = isMeasured(json) ? json : await measure(write, json);
}

async function textsOf(
  { name, value, arrays, json }: Part,
): Promise<Iterable<string | Uint8Array>> {
  return isMeasured(json) && json.isHeld ? json.texts() : await encodeLarge(value, name, arrays);
}
