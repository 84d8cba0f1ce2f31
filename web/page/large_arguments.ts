/**
 * In the place of `client/large_arguments.ts` in `/client.js`, which knows no arrays: the large arguments
 * of a call, written at the call where that takes a few milliseconds, and otherwise while they are sent.
 *
 * @module
 */

import { writeJson } from "../../wire/json_writer.ts";
import { encodeLarge, PIECE_LENGTH } from "../../wire/large_values.ts";
import type { JsonObject } from "../../wire/message.ts";
import {
  type BegunJson,
  isMeasured,
  measure,
  type MeasuredJson,
  measureNow,
  type WriteJson,
} from "../../wire/parts.ts";

/** What stands between the arguments and the keyword arguments in one line. */
const KWARGS = ',"kwargs":';

/** The arguments of one call. */
export class LargeArguments {
  readonly #args: Part;
  readonly #kwargs: Part;

  /**
   * Writes them if they have up to `AT_ONCE` bytes: the caller may change them then. The rest of
   * others is read later.
   *
   * @throws {TypeError} When JSON cannot hold them.
   */
  constructor(args: readonly unknown[], kwargs: JsonObject) {
    this.#args = partOf("args", args);
    this.#kwargs = partOf("kwargs", kwargs);
  }

  /** Whether they are written: the caller may change them. */
  get isWritten(): boolean {
    return isMeasured(this.#args.json) && isMeasured(this.#kwargs.json);
  }

  /** The texts of `args` and `kwargs` in one line, after the beginning of a request. */
  async texts(): Promise<(string | Uint8Array)[]> {
    return [...await textsOf(this.#args), KWARGS, ...await textsOf(this.#kwargs)];
  }

  /** Does not hold their texts any more. If they are needed again, they are written again. */
  releaseTexts(): void {
    for (const { json } of [this.#args, this.#kwargs]) if (isMeasured(json)) json.release();
  }

  /** The JSON of an array of the two, to be cut into pieces. */
  async inParts(): Promise<{ json: MeasuredJson; isHeld: boolean }> {
    const [args, kwargs] = [await measuredOf(this.#args), await measuredOf(this.#kwargs)];
    const json = {
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
    return { json, isHeld: json.isHeld };
  }
}

/** One of the two. */
interface Part {
  name: string;
  value: unknown;
  write: WriteJson;
  json: MeasuredJson | BegunJson;
}

function partOf(name: string, value: unknown): Part {
  const write = () => writeJson(value, PIECE_LENGTH, name);
  return { name, value, write, json: measureNow(write) };
}

async function measuredOf(part: Part): Promise<MeasuredJson> {
  const { write, json } = part;
  return part.json = isMeasured(json) ? json : await measure(write, json);
}

async function textsOf({ name, value, json }: Part): Promise<Iterable<string | Uint8Array>> {
  return isMeasured(json) && json.isHeld ? json.texts() : await encodeLarge(value, name);
}
