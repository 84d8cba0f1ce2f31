/**
 * The outbox of a connection: the queue of lines that wait to be written.
 *
 * Invariants:
 * - lines are written in the order in which they were sent, each followed by `\r\n`;
 * - the lines that are sent in one turn of the event loop are written at once;
 * - a line that is written in pieces is never mixed with another;
 * - above a high mark the outbox is congested, and senders should wait for `drained()`. The
 *   connection of a peer that then reads nothing for a time-out ends.
 *
 * `peer_outbox.ts` adds what a Manager needs, which has many peers: held lines, and a budget of all
 * outboxes together. A device loads only this module.
 *
 * @module
 */

import { startTimer, type Timer } from "../base/timer.ts";
import { ByteBuffer } from "../base/buffer.ts";
import type { Limits } from "../limits.ts";
import { type StreamEnd, streamEnd } from "./transport.ts";

/**
 * Why nothing more can be sent: the stream has ended, the peer reads nothing, or too little of a held
 * line, its queue is full, or those of all peers together are, and this peer is the slowest.
 */
export type OutboxEnd =
  | StreamEnd
  | { state: "stalled"; timeout: number }
  | { state: "overrun"; limit: number }
  | { state: "evicted"; limit: number };

/** Writes one line in pieces. */
export interface LineWriter {
  /**
   * Writes a piece, joined from its parts, and waits until another one may follow. False if the
   * connection has ended.
   */
  write(...parts: readonly Uint8Array[]): Promise<boolean>;
  /** Writes the last parts and ends the line. */
  end(...parts: readonly Uint8Array[]): void;
}

/** Counts of what is sent. */
export interface Sent {
  /** Bytes written. */
  bytesOut: number;
  /** Lines sent. Some of them may still wait to be written. */
  linesOut: number;
}

/** What an outbox depends on. */
export interface OutboxOptions {
  /** Writes bytes from the start of the array. Fulfilled with the number of bytes written. */
  write: (bytes: Uint8Array) => Promise<number>;
  limits: Pick<Limits, "queueHigh" | "queueLow" | "queueLimit" | "stallTimeout" | "minLineRate">;
  /** The counts to increase. */
  sent: Sent;
  /** Called when nothing more can be sent. It calls {@linkcode Outbox.end}. */
  onEnd: (end: OutboxEnd) => void;
}

/**
 * How much is written at once at most, in bytes. Progress is counted when a write is complete: a
 * peer that reads 8 MiB over TLS at 1.5 Mbit/s would otherwise count as one that reads nothing.
 */
const MAX_WRITE = 256 * 1024;
/** The high mark for a line in pieces, in bytes: enough to keep the socket busy. */
const PIECES_HIGH = 1024 * 1024;
const SPACE = new Uint8Array([0x20]);
const SETTLED = Promise.resolve();
/** What ends a line. */
export const TERMINATOR: Uint8Array = new Uint8Array([0x0d, 0x0a]);

/** The lines that wait to be written. */
export class Outbox {
  protected readonly options: OutboxOptions;
  /** After `close()` no line is added, and those in the queue are still written. */
  #state: "open" | "closed" | "ended" = "open";
  /** The lines that wait to be written. */
  #queue = new ByteBuffer(true);
  /** The lines that are being written. */
  #batch = new ByteBuffer(true);
  #isWriting = false;
  /** Settles when nothing waits to be written; `undefined` if nobody waits for that. */
  #idle: PromiseWithResolvers<void> | undefined;
  /** Settles when the outbox is drained; `undefined` if it is not congested. */
  #congestion: PromiseWithResolvers<void> | undefined;
  /** The outbox is drained when no more bytes than these wait. */
  #lowMark = 0;
  /** The line that is being written in pieces; settles at its end. */
  #line: PromiseWithResolvers<void> | undefined;
  /** The lines that were sent while that line is being written. */
  #afterLine = new ByteBuffer(true);
  #stallTimer: Timer;
  /** When something was written last, while it is watched. */
  #lastWrite = 0;

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  /** Whether lines can be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Settles when nothing waits to be written. */
  get idle(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return (this.#idle ??= Promise.withResolvers()).promise;
  }

  /** Accepts no more lines. Those in the queue are written. */
  close(): void {
    if (this.#state === "open") this.#state = "closed";
  }

  /** Drops the queue: the connection has ended. */
  end(): void {
    this.#state = "ended";
    this.#line?.resolve();
    this.#line = undefined;
    this.#queue.release();
    this.#afterLine.release();
    this.#endCongestion();
  }

  /** How many bytes wait to be written. */
  get queued(): number {
    return this.#queue.length + this.#batch.length + this.#afterLine.length;
  }

  /** Sends text as one line. A line sent after `close()` or the end is dropped. */
  sendText(line: string): void {
    if (!this.isOpen) return;
    this.next.appendText(line);
    this.terminate();
  }

  /** Sends texts as one line, joined from them. Dropped like text. */
  sendTexts(texts: readonly string[]): void {
    if (!this.isOpen) return;
    for (const text of texts) this.next.appendText(text);
    this.terminate();
  }

  /**
   * Begins a line that is written in pieces, once no other such line is being written. Lines that
   * are sent meanwhile are written after it. `undefined` if the connection has ended.
   *
   * @param isWanted Called when the line can begin: whether it is still to be written.
   */
  async startLine(isWanted: () => boolean = () => true): Promise<LineWriter | undefined> {
    while (this.#line !== undefined) await this.#line.promise;
    if (!this.isOpen || !isWanted()) return undefined;
    this.#line = Promise.withResolvers();
    return {
      write: (...parts) => this.#writePiece(parts),
      end: (...parts) => this.#endLine(parts),
    };
  }

  /** Sends a line that is too long for a buffer, in pieces. Dropped like text. */
  async sendPieces(
    pieces: readonly (string | Uint8Array)[],
    isWanted?: () => boolean,
  ): Promise<void> {
    const writer = await this.startLine(isWanted);
    const encoder = new TextEncoder();
    for (const piece of pieces) {
      await writer?.write(typeof piece === "string" ? encoder.encode(piece) : piece);
    }
    writer?.end();
  }

  /**
   * Sends a space, which is white space before the next message, so that the operating system finds
   * out whether the peer is still there. Does nothing if anything waits to be written.
   */
  sendSpace(): void {
    if (!this.isOpen || this.#line !== undefined || this.queued > 0) return;
    this.#queue.append(SPACE);
    this.flush();
  }

  /** Frees the memory of empty buffers, for a connection that is idle. */
  shrinkBuffers(): void {
    if (this.#isWriting || this.queued > 0) return;
    this.#queue = new ByteBuffer(true);
    this.#batch = new ByteBuffer(true);
    this.#afterLine = new ByteBuffer(true);
  }

  /** Whether so much waits to be written that a sender should wait for `drained()`. */
  get congested(): boolean {
    return this.#congestion !== undefined || this.#isBehindLine;
  }

  /** Settles when the connection may be less congested, or has ended. */
  drained(): Promise<void> {
    if (this.#isBehindLine) return this.#line!.promise;
    return this.#congestion?.promise ?? Promise.resolve();
  }

  /** Whether too much waits for the end of a line that is written in pieces. */
  get #isBehindLine(): boolean {
    return this.#line !== undefined && this.#afterLine.length > this.options.limits.queueHigh;
  }

  /** Takes what is in the queue out of it, to be written before it. */
  protected takeQueue(): ByteBuffer | undefined {
    const queue = this.#queue;
    if (queue.length === 0) return undefined;
    this.#queue = new ByteBuffer(true);
    return queue;
  }

  /** Whether something waits that is written before the queue. */
  protected get hasAhead(): boolean {
    return false;
  }

  /** How many bytes of that count as congestion. */
  protected get ahead(): number {
    return 0;
  }

  /** Writes that, in its order, until there is no more. */
  protected writeAhead(): Promise<void> {
    return Promise.resolve();
  }

  /** More waits than before. */
  protected grown(): void {}

  /** Less waits than before. */
  protected shrunk(): void {}

  /** Bytes were written. */
  protected written(): void {}

  /**
   * Looks at how fast the peer reads.
   *
   * @param time In how many milliseconds the result is called.
   * @returns Whether it was too slow; `undefined` if it may take its time as long as it reads.
   */
  protected watchPace(_time: number): (() => boolean) | undefined {
    return undefined;
  }

  /** The buffer for a line that is sent now. */
  protected get next(): ByteBuffer {
    return this.#line === undefined ? this.#queue : this.#afterLine;
  }

  /** Ends the line that was added to {@linkcode Outbox.next}. */
  protected terminate(): void {
    this.options.sent.linesOut++;
    this.next.append(TERMINATOR);
    if (this.#line === undefined) this.flush();
    this.grown();
  }

  async #writePiece(parts: readonly Uint8Array[]): Promise<boolean> {
    if (!this.isOpen) return false;
    for (const part of parts) this.#queue.append(part);
    this.flush(PIECES_HIGH);
    await this.#congestion?.promise;
    return this.isOpen;
  }

  #endLine(parts: readonly Uint8Array[]): void {
    if (this.#line === undefined) return; // the connection has ended
    for (const part of [...parts, TERMINATOR, this.#afterLine.view()]) this.#queue.append(part);
    this.#afterLine.clear();
    this.options.sent.linesOut++;
    this.#line.resolve();
    this.#line = undefined;
    if (this.isOpen) this.flush();
  }

  /** Starts writing the queue. More than `high` bytes in it are congestion. */
  protected flush(high = this.options.limits.queueHigh): void {
    if (!this.#isWriting) {
      this.#isWriting = true;
      // After this turn of the event loop, so that the lines of one turn are written at once.
      // `queueMicrotask` of Deno calls into the runtime, with a function of its own.
      SETTLED.then(this.#writeOut);
    }
    const waiting = this.#queue.length + this.#batch.length + this.ahead;
    if (this.#congestion === undefined && waiting > high) {
      this.#congestion = Promise.withResolvers();
      this.#lowMark = Math.min(this.options.limits.queueLow, high / 2);
      this.watchForStall();
    }
  }

  /**
   * Writes what waits: mostly the queue, all of it at once. An asynchronous function would cost four
   * times as many objects for each message.
   */
  readonly #writeOut = (): void => {
    if (this.#state === "ended" || this.hasAhead) return void this.#writeAll();
    if (this.#queue.length === 0) return this.#endWriting();
    const batch = this.#queue;
    this.#queue = this.#batch;
    this.#batch = batch;
    this.options.write(first(batch.view())).then(this.#wrote, this.#failWriting);
  };

  /** The batch was written, at least its beginning. */
  readonly #wrote = (size: number): void => {
    this.#count(size);
    if (size < this.#batch.length) return void this.#writeAll(this.#batch.view().subarray(size));
    this.#endBatch();
    this.#writeOut();
  };

  /** Writes the rest of the batch, then all that waits. */
  async #writeAll(rest?: Uint8Array): Promise<void> {
    try {
      if (rest !== undefined) {
        await this.write(rest);
        this.#endBatch();
      }
      while (this.hasAhead && this.#state !== "ended") await this.writeAhead();
      if (this.#state !== "ended" && this.#queue.length > 0) return this.#writeOut();
    } catch (error) {
      return this.#failWriting(error);
    }
    this.#endWriting();
  }

  readonly #failWriting = (error: unknown): void => {
    this.options.onEnd(streamEnd(error));
    this.#endWriting();
  };

  #endBatch(): void {
    this.#batch.clear();
    this.progressed();
  }

  /** Less waits than before. */
  protected progressed(): void {
    this.shrunk();
    if (this.#queue.length + this.ahead <= this.#lowMark) this.#endCongestion();
  }

  #endWriting(): void {
    this.#isWriting = false;
    if (this.#state === "ended") this.#batch.release();
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** Counts bytes that were written. */
  #count(written: number): number {
    this.options.sent.bytesOut += written;
    this.written();
    if (this.#stallTimer !== undefined) this.#lastWrite = performance.now();
    return written;
  }

  /** @param pause Awaited after each write of a long line, whose writes may never have to wait. */
  protected async write(bytes: Uint8Array, pause?: () => Promise<void>): Promise<void> {
    while (bytes.length > 0 && this.#state !== "ended") {
      bytes = bytes.subarray(this.#count(await this.options.write(first(bytes))));
      await pause?.();
    }
  }

  /**
   * Ends the connection if nothing is written for the time-out while much waits. A line that comes
   * meanwhile gives no new time.
   */
  protected watchForStall(): void {
    if (this.#stallTimer !== undefined) return;
    this.#lastWrite = performance.now();
    this.#lookAfter(this.options.limits.stallTimeout);
  }

  /**
   * The time-out begins with the last write, not with a look at it. A peer that reads nothing stops
   * the reading of its senders, and these may read nothing meanwhile: it has to end before them.
   */
  #lookAfter(time: number): void {
    const { stallTimeout: timeout } = this.options.limits;
    const isTooSlow = this.watchPace(time);
    this.#stallTimer = startTimer(() => {
      this.#stallTimer = undefined;
      const left = this.#lastWrite + timeout - performance.now();
      if (left <= 0 || isTooSlow?.()) this.options.onEnd({ state: "stalled", timeout });
      else if (this.isWatched) this.#lookAfter(isTooSlow ? timeout : left);
    }, time);
  }

  /** Whether so much waits that a peer which reads nothing is disconnected. */
  protected get isWatched(): boolean {
    return this.congested;
  }

  /** Less waits than before: perhaps so little that nobody watches. */
  protected unwatch(): void {
    if (this.#stallTimer === undefined || this.isWatched) return;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
  }

  #endCongestion(): void {
    this.#congestion?.resolve();
    this.#congestion = undefined;
    this.unwatch();
  }
}

/** What is written at once. */
function first(bytes: Uint8Array): Uint8Array {
  return bytes.length > MAX_WRITE ? bytes.subarray(0, MAX_WRITE) : bytes;
}
