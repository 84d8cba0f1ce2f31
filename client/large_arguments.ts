/**
 * The arguments of a call that are too large for one piece: written at the call where that takes a
 * few milliseconds, and otherwise while they are sent.
 *
 * `requests.ts` decides when they are sent, and whether in pieces or in one line.
 *
 * @module
 */

import { writeJson } from "../wire/json_writer.ts";
import { encodeLarge, PIECE_LENGTH } from "../wire/large_values.ts";
import type { JsonObject } from "../wire/message.ts";
import { AT_ONCE, measure, type MeasuredJson, measureNow } from "../wire/parts.ts";

/** What stands between the arguments and the keyword arguments in one line. */
const KWARGS = ',"kwargs":';

/** The arguments of one call. */
export class LargeArguments {
  readonly #args: readonly unknown[];
  readonly #kwargs: JsonObject;
  /** The JSON of both, if it is not too large to be held. */
  readonly #written: { args: MeasuredJson; kwargs: MeasuredJson } | undefined;

  /**
   * Writes them if they have up to `AT_ONCE` bytes: the caller may change them then. Others are
   * read later.
   *
   * @throws {TypeError} When JSON cannot hold them.
   */
  constructor(args: readonly unknown[], kwargs: JsonObject) {
    this.#args = args;
    this.#kwargs = kwargs;
    const [writtenArgs, writtenKwargs] = [measureNow(write(args)), measureNow(write(kwargs))];
    if (writtenArgs === undefined || writtenKwargs === undefined) return;
    if (writtenArgs.size + writtenKwargs.size > AT_ONCE) return;
    this.#written = { args: writtenArgs, kwargs: writtenKwargs };
  }

  /** Whether they are written: the caller may change them. */
  get isWritten(): boolean {
    return this.#written !== undefined;
  }

  /** Their size in bytes; infinite if they are not written. */
  get size(): number {
    const { args, kwargs } = this.#written ?? {};
    return (args?.size ?? Infinity) + (kwargs?.size ?? Infinity);
  }

  /** The texts of `args` and `kwargs` in one line, after the beginning of a request. */
  async texts(): Promise<(string | Uint8Array)[]> {
    const { args, kwargs } = this.#written ?? {};
    return [
      ...args?.texts() ?? await encodeLarge(this.#args),
      KWARGS,
      ...kwargs?.texts() ?? await encodeLarge(this.#kwargs),
    ];
  }

  /** The members `args` and `kwargs`, after the beginning of a request; for written arguments. */
  get members(): string {
    const { args, kwargs } = this.#written!;
    return [...args.texts(), KWARGS, ...kwargs.texts()].join("");
  }

  /** The JSON of an array of the two, to be cut into pieces. */
  async json(): Promise<MeasuredJson> {
    const { args, kwargs } = this.#written ?? {};
    const pair = (first: Iterable<string>, second: Iterable<string>) =>
      (function* () {
        yield "[";
        yield* first;
        yield ",";
        yield* second;
        yield "]";
      })();
    if (args !== undefined && kwargs !== undefined) {
      const size = args.size + kwargs.size + "[,]".length;
      return { size, isHeld: true, texts: () => pair(args.texts(), kwargs.texts()) };
    }
    return await measure(() => pair(write(this.#args)(), write(this.#kwargs)()));
  }
}

function write(value: unknown): () => Generator<string, void> {
  return () => writeJson(value, PIECE_LENGTH);
}
