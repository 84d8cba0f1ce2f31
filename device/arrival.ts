/**
 * The values of one request that arrive in pieces, and the room that is given for them: the
 * arguments at a Service, the result and the values of a stream at a Client.
 *
 * A sender may send as many pieces as it was given room for. One piece of each request is always
 * free, so that every value arrives in the end. The room for more is taken from a budget that all
 * requests of the connection share, so a receiver that is slow, or has many values under way, never
 * has more than that waiting in the Manager. `wire/parts.ts` puts the pieces together.
 *
 * @module
 */

import type { ParseJson } from "../wire/json.ts";
import { ValueError } from "../errors.ts";
import { KNOWS_ARRAYS } from "../wire/array_key.ts";
import type { PieceContent } from "../wire/message.ts";
import { Assembly, PIECE_SIZE } from "../wire/parts.ts";

/**
 * The pieces that may be on their way to a device beside the free ones: 4 MiB, less than a Manager
 * queues for a peer.
 */
const BUDGET = 4 * 1024 * 1024 / PIECE_SIZE;
/** How many pieces of one value may be on their way. */
const WINDOW = 8;
/** How many pieces of a stream may be on their way, or in values that are not read. */
const STREAM_WINDOW = 12;
/** The same where they come slowly: others need the budget more. */
const SLOW_WINDOW = 2;
/** If room lasts for longer, they come slowly, in milliseconds. */
const SLOW = 500;

/** What all values that arrive over one connection share. */
export class ArrivalBudget {
  #room = BUDGET;

  /** Takes room for so many pieces, or for fewer if less is left. */
  take(count: number): number {
    const taken = Math.min(count, this.#room);
    this.#room -= taken;
    return taken;
  }

  /** Gives room back. */
  giveBack(count: number): void {
    this.#room += count;
  }
}

/** What an {@linkcode Arrival} depends on. */
export interface ArrivalOptions {
  budget: ArrivalBudget;
  /** The largest value, in bytes: the `readLimit` of the device. */
  limit: number;
  /** Tells the sender that it may send so many more pieces. */
  giveRoom: (count: number) => void;
  /** Parses the values. Default: as JavaScript does. */
  parse?: ParseJson;
  /** Whether the values may have arrays. */
  knowsArrays?: boolean;
  /** Whether there are several values, which are read one by one. */
  isStream?: boolean;
  /** The time in milliseconds. Default: that of the process. */
  now?: () => number;
  /** Called after each piece of a value whose size is known. */
  onProgress?: (done: number, total: number) => void;
}

/** The values of one request, one after the other. */
export class Arrival {
  readonly #options: ArrivalOptions & { now: () => number };
  /** What has come of the value that is not complete. */
  protected assembly: Assembly | undefined;
  /** How many pieces the sender may still send. One is free. */
  #room = 1;
  /** How many of them are from the budget. */
  #borrowed = 0;
  /** How many pieces the incomplete value has so far. */
  #pieces = 0;
  /** How many pieces the complete values have that are not read. */
  #unread = 0;
  /** When the sender got room. */
  #givenAt = 0;
  #isClosed = false;

  constructor(options: ArrivalOptions) {
    this.#options = { now: () => performance.now(), ...options };
  }

  /**
   * Adds a piece, and gives room for more.
   *
   * @param size The size of the whole value in bytes, if the piece has it.
   * @throws {ValueError} When there was no room for it, or the value is too large.
   * @throws {JSONDecodeError} When it is not JSON.
   */
  add(content: PieceContent, size?: number): void {
    this.#take();
    this.assembly ??= this.assemble(size);
    this.assembly.add(content, size);
    const { received, size: total } = this.assembly;
    if (total !== undefined) this.#options.onProgress?.(received, total);
    this.give();
  }

  /**
   * The value, after its last piece. Another one may follow.
   *
   * @throws {ValueError} When its pieces have another size.
   * @throws {JSONDecodeError} When it is not JSON.
   */
  end(size: number): unknown {
    const assembly = this.assembly ?? new Assembly(Infinity);
    this.assembly = undefined;
    return assembly.end(size);
  }

  /**
   * The value of a stream that is complete waits to be read.
   *
   * @param isWhole Whether it has come in one line, in the place of a piece.
   * @returns How many pieces it had.
   * @throws {ValueError} When there was no room for it.
   */
  wait(isWhole?: boolean): number {
    if (isWhole) this.#take();
    const pieces = this.#pieces;
    this.#unread += pieces;
    this.#pieces = 0;
    this.give();
    return pieces;
  }

  /** A value was read that had so many pieces: the sender may send others. */
  read(pieces: number): void {
    this.#unread -= pieces;
    this.give();
  }

  /** Drops what has come: the request is completed, or has failed. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#giveBack(this.#borrowed);
    this.assembly = undefined;
  }

  /**
   * A value begins, of this size if it is known.
   *
   * @throws {ValueError} When it is larger than the limit.
   */
  protected assemble(size: number | undefined): Assembly {
    const { limit, parse } = this.#options;
    return KNOWS_ARRAYS
      ? new Assembly(limit, size, parse, this.#options.knowsArrays)
      : new Assembly(limit, size, parse);
  }

  /** Uses room for a piece. */
  #take(): void {
    if (this.#room === 0) throw new ValueError("There was no room for another piece of a value");
    this.#room--;
    this.#pieces++;
    if (this.#borrowed > this.#room) this.#giveBack(1);
  }

  /** Gives room when half of it is used: a message for each piece would be twice the messages. */
  protected give(): void {
    const window = this.#window;
    if (this.#isClosed || this.#room >= window || this.#room > window / 2) return;
    const free = this.#room === this.#borrowed ? 1 : 0;
    const borrowed = this.#options.budget.take(window - this.#room - free);
    this.#borrowed += borrowed;
    this.#room += free + borrowed;
    if (free + borrowed === 0) return;
    this.#givenAt = this.#options.now();
    this.#options.giveRoom(free + borrowed);
  }

  /**
   * How many pieces may be on their way: no more than the rest of the value has, and those of the next
   * values of a stream, as far as those before them are read.
   */
  get #window(): number {
    const { size = Infinity, received = 0 } = this.assembly ?? { size: 0 };
    const rest = Math.min(WINDOW, Math.ceil((size - received) / PIECE_SIZE));
    if (!this.#options.isStream) return rest;
    const isSlow = this.#options.now() - this.#givenAt > SLOW;
    const ahead = isSlow ? SLOW_WINDOW : STREAM_WINDOW;
    return this.#unread === 0
      ? Math.max(rest, ahead)
      : Math.max(ahead - this.#unread - this.#pieces, 0);
  }

  #giveBack(count: number): void {
    this.#borrowed -= count;
    this.#options.budget.giveBack(count);
  }
}
