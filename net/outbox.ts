/**
 * The outbox of a connection: the queue of lines that wait to be written.
 *
 * Invariants:
 * - lines are written in the order in which they were sent, each followed by `\r\n`;
 * - the lines that are sent in one turn of the event loop are written at once;
 * - a line that is written in pieces is never mixed with another;
 * - above a high mark the outbox is congested, and senders should wait for `drained()`. The
 *   connection of a peer that then reads nothing for a time-out ends;
 * - what waits beyond a small share counts against the budget of all outboxes together, if there is
 *   one (`queue_budget.ts`).
 *
 * @module
 */

import { startTimer, type Timer } from "../base/timer.ts";
import { Holder } from "../base/budget.ts";
import { ByteBuffer } from "../base/buffer.ts";
import { periodicPause } from "../base/pause.ts";
import type { Limits } from "../limits.ts";
import type { HeldLine } from "../wire/held_line.ts";
import type { BudgetedQueue, QueueBudget } from "./queue_budget.ts";
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
  /** What may wait in all outboxes together. Default: no limit. */
  budget?: QueueBudget;
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
/** So many bytes may wait without a share of the budget. */
const FREE = 64 * 1024;
/** Shares of the budget are multiples of this, so that few lines take one. */
const SHARE = 256 * 1024;
/** The time from one pause to the next while a long line is written, in milliseconds. */
const SLICE = 1;
const SPACE = new Uint8Array([0x20]);
const TERMINATOR = new Uint8Array([0x0d, 0x0a]);
const EMPTY = new Uint8Array(0);

/** A held line that waits to be written: its first `count` bytes, and an ending in place of the others. */
interface HeldEntry {
  line: HeldLine;
  owner: Holder;
  count: number;
  ending: Uint8Array;
}

/** The lines that wait to be written. */
export class Outbox implements BudgetedQueue {
  /** The peer, as a holder of the held lines that wait for it. */
  holder: Holder = Holder.one();
  readonly #options: OutboxOptions;
  readonly #limits: OutboxOptions["limits"];
  /** After `close()` no line is added, and those in the queue are still written. */
  #state: "open" | "closed" | "ended" = "open";
  /** The lines that wait to be written. */
  #queue = new ByteBuffer(true);
  /** The lines that are being written. */
  #batch = new ByteBuffer(true);
  /** What is written before the queue, in its order: held lines, and the lines between them. */
  readonly #ahead: (HeldEntry | ByteBuffer)[] = [];
  /** How many bytes of `#ahead` are copies, and how many are in held lines. */
  #copiedAhead = 0;
  #heldAhead = 0;
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
  /** The share of the budget that is taken. */
  #share = 0;
  /** More than so many bytes need a larger share. */
  #allowed: number;
  #progress = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#allowed = options.budget === undefined ? Infinity : FREE;
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
    // Not the one that is being written: its memory is in use until the write is settled.
    for (const entry of this.#ahead.splice(0)) {
      if (isHeld(entry)) entry.line.release(entry.owner);
      else entry.release();
    }
    this.#copiedAhead = this.#heldAhead = 0;
    this.#endCongestion();
    this.#giveBack(this.#share);
  }

  /** Ends the connection: too much waits for all peers, and this one is the slowest. */
  evict(limit: number): void {
    this.#options.onEnd({ state: "evicted", limit });
  }

  /** When bytes were last written, or when so few waited that they needed no share of the budget. */
  get progress(): number {
    return this.#progress;
  }

  /** How many bytes wait to be written. */
  get queued(): number {
    return this.#copied + this.#heldAhead;
  }

  /** How many bytes of held lines wait, which count against a budget of their own. */
  get held(): number {
    return this.#heldAhead;
  }

  /** How many bytes wait without held lines. */
  get #copied(): number {
    return this.#queue.length + this.#batch.length + this.#afterLine.length + this.#copiedAhead;
  }

  /** Sends text as one line. A line sent after `close()` or the end is dropped. */
  sendText(line: string): void {
    if (!this.isOpen) return;
    this.#next.appendText(line);
    this.#terminate();
  }

  /** Sends texts as one line, joined from them. Dropped like text. */
  sendTexts(texts: readonly string[]): void {
    if (!this.isOpen) return;
    for (const text of texts) this.#next.appendText(text);
    this.#terminate();
  }

  /** Sends bytes as one line, joined from its parts. Dropped like text. */
  sendBytes(...parts: readonly Uint8Array[]): void {
    if (!this.isOpen) return;
    for (const part of parts) this.#next.append(part);
    this.#terminate();
  }

  /** Sends a line, with its bytes from an index on replaced. Dropped like text. */
  sendSpliced(line: Uint8Array, index: number, ending: Uint8Array): void {
    if (!this.isOpen) return;
    this.#next.append(line, index);
    this.#next.append(ending);
    this.#terminate();
  }

  /**
   * Sends bytes as one line whose sender does not wait for `drained()`. If more than the limit
   * waits already, the peer is a slow consumer, and the connection ends.
   */
  sendOrDrop(...parts: readonly Uint8Array[]): void {
    if (this.#hasRoom()) this.sendBytes(...parts);
  }

  /**
   * Sends a held line from its own memory, with its bytes from `count` on replaced. Dropped like
   * text.
   */
  sendHeld(line: HeldLine, count: number, ending: Uint8Array): void {
    if (!this.isOpen) return;
    const owner = this.holder;
    line.retain(owner);
    if (this.#queue.length > 0) {
      this.#ahead.push(this.#queue);
      this.#copiedAhead += this.#queue.length;
      this.#queue = new ByteBuffer(true);
    }
    this.#ahead.push({ line, owner, count, ending });
    this.#heldAhead += count;
    this.#options.sent.linesOut++;
    this.#flush(this.#limits.queueHigh);
    this.#watchForStall();
  }

  /**
   * The same for a line whose sender does not wait for `drained()`. If the peer, or its origin, has its
   * share of held lines already, it is a slow consumer too.
   */
  sendHeldOrDrop(line: HeldLine): void {
    if (!this.isOpen || !this.#hasRoom()) return;
    if (line.mayWaitFor(this.holder)) this.sendHeld(line, line.length, EMPTY);
    else this.#options.onEnd({ state: "overrun", limit: this.#heldAhead });
  }

  /** False, and the connection ends, if more than the limit waits already. */
  #hasRoom(): boolean {
    const limit = this.#limits.queueLimit;
    if (this.#copied <= limit) return true;
    this.#options.onEnd({ state: "overrun", limit });
    return false;
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
    this.#flush(this.#limits.queueHigh);
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
    return this.#line !== undefined && this.#afterLine.length > this.#limits.queueHigh;
  }

  /** The buffer for a line that is sent now. */
  get #next(): ByteBuffer {
    return this.#line === undefined ? this.#queue : this.#afterLine;
  }

  #terminate(): void {
    this.#options.sent.linesOut++;
    this.#next.append(TERMINATOR);
    if (this.#line === undefined) this.#flush(this.#limits.queueHigh);
    if (this.#copied > this.#allowed) this.#takeShare();
  }

  /** Takes a larger share of the budget, or is evicted. */
  #takeShare(): void {
    if (this.#share === 0) this.#progress = performance.now();
    const more = Math.ceil((this.#copied - this.#allowed) / SHARE) * SHARE;
    if (!this.#options.budget!.take(this, more)) return;
    this.#share += more;
    this.#allowed += more;
  }

  /** Gives back what is not needed any more, after bytes were written. */
  #shrinkShare(): void {
    this.#progress = performance.now();
    const needed = Math.ceil(Math.max(0, this.#copied - FREE) / SHARE) * SHARE;
    this.#giveBack(this.#share - needed);
  }

  #giveBack(bytes: number): void {
    const { budget } = this.#options;
    if (budget === undefined || bytes <= 0) return;
    this.#share -= bytes;
    this.#allowed -= bytes;
    budget.give(bytes);
    if (this.#share === 0) budget.forget(this);
  }

  async #writePiece(parts: readonly Uint8Array[]): Promise<boolean> {
    if (!this.isOpen) return false;
    for (const part of parts) this.#queue.append(part);
    this.#flush(PIECES_HIGH);
    await this.#congestion?.promise;
    return this.isOpen;
  }

  #endLine(parts: readonly Uint8Array[]): void {
    if (this.#line === undefined) return; // the connection has ended
    for (const part of [...parts, TERMINATOR, this.#afterLine.view()]) this.#queue.append(part);
    this.#afterLine.clear();
    this.#options.sent.linesOut++;
    this.#line.resolve();
    this.#line = undefined;
    if (this.isOpen) this.#flush(this.#limits.queueHigh);
  }

  /** Starts writing the queue. More than `high` bytes in it are congestion. */
  #flush(high: number): void {
    if (!this.#isWriting) {
      this.#isWriting = true;
      // After this turn of the event loop, so that the lines of one turn are written at once.
      queueMicrotask(this.#writeOut);
    }
    const waiting = this.#queue.length + this.#batch.length + this.#copiedAhead;
    if (this.#congestion === undefined && waiting > high) {
      this.#congestion = Promise.withResolvers();
      this.#lowMark = Math.min(this.#limits.queueLow, high / 2);
      this.#watchForStall();
    }
  }

  /**
   * Writes what waits: mostly the queue, all of it at once. An asynchronous function would cost four
   * times as many objects for each message.
   */
  readonly #writeOut = (): void => {
    if (this.#state === "ended" || this.#ahead.length > 0) return void this.#writeAll();
    if (this.#queue.length === 0) return this.#endWriting();
    const batch = this.#queue;
    this.#queue = this.#batch;
    this.#batch = batch;
    this.#options.write(first(batch.view())).then(this.#wrote).catch(this.#failWriting);
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
        await this.#write(rest);
        this.#endBatch();
      }
      while (this.#state !== "ended") {
        const entry = this.#ahead.shift();
        if (entry === undefined) {
          if (this.#queue.length === 0) break;
          return this.#writeOut();
        }
        if (isHeld(entry)) {
          await this.#writeHeld(entry);
        } else {
          try {
            await this.#write(entry.view());
          } finally {
            entry.release();
          }
          this.#copiedAhead = Math.max(0, this.#copiedAhead - entry.length);
        }
        this.#progressed();
      }
    } catch (error) {
      this.#options.onEnd(streamEnd(error));
    }
    this.#endWriting();
  }

  readonly #failWriting = (error: unknown): void => {
    this.#options.onEnd(streamEnd(error));
    this.#endWriting();
  };

  #endBatch(): void {
    this.#batch.clear();
    this.#progressed();
  }

  /** Less waits than before. */
  #progressed(): void {
    if (this.#share > 0) this.#shrinkShare();
    if (this.#queue.length + this.#copiedAhead <= this.#lowMark) this.#endCongestion();
  }

  #endWriting(): void {
    this.#isWriting = false;
    if (this.#state === "ended") this.#batch.release();
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** Counts bytes that were written. */
  #count(written: number): number {
    this.#options.sent.bytesOut += written;
    if (this.#share > 0) this.#progress = performance.now();
    if (this.#stallTimer !== undefined) this.#lastWrite = performance.now();
    return written;
  }

  /** @param pause Awaited after each write of a long line, whose writes may never have to wait. */
  async #write(bytes: Uint8Array, pause?: () => Promise<void>): Promise<void> {
    while (bytes.length > 0 && this.#state !== "ended") {
      bytes = bytes.subarray(this.#count(await this.#options.write(first(bytes))));
      await pause?.();
    }
  }

  /** Writes a held line, and releases it when its memory is not in use any more. */
  async #writeHeld({ line, owner, count, ending }: HeldEntry): Promise<void> {
    try {
      await this.#write(line.bytes.subarray(0, count), periodicPause(SLICE));
      await this.#write(Uint8Array.of(...ending, ...TERMINATOR));
    } finally {
      this.#heldAhead = Math.max(0, this.#heldAhead - count);
      this.#unwatch();
      line.release(owner);
    }
  }

  /**
   * Ends the connection if nothing is written for the time-out while much waits. Of held lines the
   * peer has to read as much as a sender has to send: they take a share of what all may hold. A line
   * that comes meanwhile gives no new time.
   */
  #watchForStall(): void {
    if (this.#stallTimer !== undefined) return;
    this.#lastWrite = performance.now();
    this.#lookAfter(this.#limits.stallTimeout);
  }

  /**
   * The time-out begins with the last write, not with a look at it. A peer that reads nothing stops
   * the reading of its senders, and these may read nothing meanwhile: it has to end before them.
   */
  #lookAfter(time: number): void {
    const { stallTimeout: timeout, minLineRate } = this.#limits;
    const before = this.#options.sent.bytesOut;
    const wasHeld = this.#heldAhead > 0;
    this.#stallTimer = startTimer(() => {
      this.#stallTimer = undefined;
      const left = this.#lastWrite + timeout - performance.now();
      const isSlow = wasHeld && this.#heldAhead > 0 &&
        this.#options.sent.bytesOut - before < minLineRate * time / 60_000;
      if (isSlow || left <= 0) this.#options.onEnd({ state: "stalled", timeout });
      else if (this.#isWatched) this.#lookAfter(wasHeld ? timeout : left);
    }, time);
  }

  /** Whether so much waits that a peer which reads nothing is disconnected. */
  get #isWatched(): boolean {
    return this.congested || this.#heldAhead > 0;
  }

  #unwatch(): void {
    if (this.#isWatched) return;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
  }

  #endCongestion(): void {
    this.#congestion?.resolve();
    this.#congestion = undefined;
    this.#unwatch();
  }
}

/** What is written at once. */
function first(bytes: Uint8Array): Uint8Array {
  return bytes.length > MAX_WRITE ? bytes.subarray(0, MAX_WRITE) : bytes;
}

function isHeld(entry: HeldEntry | ByteBuffer): entry is HeldEntry {
  return !(entry instanceof ByteBuffer);
}
