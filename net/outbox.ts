/**
 * What is sent over a connection: lines wait here, and leave in their order.
 *
 * What always holds:
 * - lines leave in the order in which they were sent, each followed by `\r\n`;
 * - many lines sent in one turn of the event loop leave in one write;
 * - a line that is written in pieces is never mixed with another;
 * - whoever sends more than may wait is told to pause, and a peer that takes nothing is given up.
 *
 * @module
 */

import { ByteBuffer } from "../base/buffer.ts";
import type { Limits } from "../limits.ts";
import { type StreamEnd, streamEnd } from "./transport.ts";

/** Why nothing more can be sent: the peer took nothing for too long, or has more than it can take. */
export type OutboxEnd =
  | StreamEnd
  | { state: "stalled"; timeout: number }
  | { state: "overrun"; limit: number };

/** Writes one line in pieces. */
export interface LineWriter {
  /**
   * Writes a piece, put together from its parts, and waits until it may be followed by another.
   * False if nobody takes it any more.
   */
  write(...parts: readonly Uint8Array[]): Promise<boolean>;
  /** Writes the last parts and ends the line. */
  end(...parts: readonly Uint8Array[]): void;
}

/** What is counted of what is sent. */
export interface Sent {
  /** Bytes written. */
  bytesOut: number;
  /** Lines sent; some of them may still wait to be written. */
  linesOut: number;
}

/** What an outbox depends on. */
export interface OutboxOptions {
  /** Writes bytes from the start of the array: how many. */
  write: (bytes: Uint8Array) => Promise<number>;
  limits: Pick<Limits, "queueHigh" | "queueLow" | "queueLimit" | "stallTimeout">;
  /** Where it is counted. */
  sent: Sent;
  /** Called when nothing more can be sent. It calls {@linkcode Outbox.end}. */
  onEnd: (end: OutboxEnd) => void;
}

/** How much of a line that is written in pieces may wait: enough to keep the socket busy, in bytes. */
const PIECES_HIGH = 1024 * 1024;
const SPACE = new Uint8Array([0x20]);
const TERMINATOR = new Uint8Array([0x0d, 0x0a]);

/** The lines that wait to be written. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #limits: OutboxOptions["limits"];
  /** Open for lines, closed for more of them, or ended. */
  #state: "open" | "closed" | "ended" = "open";
  #waiting = new ByteBuffer();
  #leaving = new ByteBuffer();
  #writing = false;
  #idle = Promise.withResolvers<void>();
  #relief: PromiseWithResolvers<void> | undefined;
  /** How many bytes may wait where the congestion is over. */
  #low = 0;
  /** The line that is written in pieces: settles at its end. */
  #line: PromiseWithResolvers<void> | undefined;
  /** What was sent while that line is under way. */
  #later = new ByteBuffer();
  #stallTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#idle.resolve();
  }

  /** Whether lines can be sent. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Settles when nothing waits to be written. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  /** Takes no more lines. Those that wait are written. */
  close(): void {
    if (this.#state === "open") this.#state = "closed";
  }

  /** Drops what waits: nobody takes it. */
  end(): void {
    this.#state = "ended";
    this.#relieve();
    this.#line?.resolve();
    this.#line = undefined;
    this.#waiting.clear();
    this.#later.clear();
  }

  /** How many bytes wait to be written. */
  get queued(): number {
    return this.#waiting.length + this.#leaving.length + this.#later.length;
  }

  /** Sends text as one line. A line sent after `close()` or the end is dropped. */
  sendText(line: string): void {
    if (!this.isOpen) return;
    this.#next.appendText(line);
    this.#terminate();
  }

  /** Sends bytes as one line, put together from its parts. Dropped like text. */
  sendBytes(...parts: readonly Uint8Array[]): void {
    if (!this.isOpen) return;
    for (const part of parts) this.#next.append(part);
    this.#terminate();
  }

  /** Sends a line of which the bytes from an index on are replaced. Dropped like text. */
  sendSpliced(line: Uint8Array, index: number, ending: Uint8Array): void {
    if (!this.isOpen) return;
    this.#next.append(line, index);
    this.#next.append(ending);
    this.#terminate();
  }

  /**
   * Sends bytes as one line that waits for nobody, whatever already waits to be written: a
   * connection that cannot keep up with such lines is ended.
   */
  sendOrDrop(...parts: readonly Uint8Array[]): void {
    const limit = this.#limits.queueLimit;
    if (this.queued > limit) this.#options.onEnd({ state: "overrun", limit });
    else this.sendBytes(...parts);
  }

  /**
   * Begins a line that is written in pieces, when no other such line is under way. Lines that are
   * sent meanwhile leave after it. `undefined` if the connection has ended.
   *
   * @param isWanted Whether the line is still to be written, when it is its turn.
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

  /** Sends a line that is too long for a buffer, when it is its turn. Dropped like text. */
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
   * Sends a space, which is white space before the next message, for the operating system to find
   * out whether the peer is still there. Does nothing where something waits to be written.
   */
  sendSpace(): void {
    if (!this.isOpen || this.#line !== undefined || this.queued > 0) return;
    this.#waiting.append(SPACE);
    this.#leave(this.#limits.queueHigh);
  }

  /** Gives back the memory of buffers that nothing waits in. For a connection that is quiet. */
  shrinkBuffers(): void {
    if (this.#writing || this.queued > 0) return;
    this.#waiting = new ByteBuffer();
    this.#leaving = new ByteBuffer();
    this.#later = new ByteBuffer();
  }

  /** Whether so much waits to be written that whoever feeds this connection should pause. */
  get congested(): boolean {
    return this.#relief !== undefined || this.#isBehindLine;
  }

  /** Settles when the connection may be less congested, or has ended. */
  drained(): Promise<void> {
    if (this.#isBehindLine) return this.#line!.promise;
    return this.#relief?.promise ?? Promise.resolve();
  }

  /** Whether too much waits for a line that is written in pieces. */
  get #isBehindLine(): boolean {
    return this.#line !== undefined && this.#later.length > this.#limits.queueHigh;
  }

  /** Where a line goes that is sent now. */
  get #next(): ByteBuffer {
    return this.#line === undefined ? this.#waiting : this.#later;
  }

  #terminate(): void {
    this.#options.sent.linesOut++;
    this.#next.append(TERMINATOR);
    if (this.#line === undefined) this.#leave(this.#limits.queueHigh);
  }

  async #writePiece(parts: readonly Uint8Array[]): Promise<boolean> {
    if (!this.isOpen) return false;
    for (const part of parts) this.#waiting.append(part);
    this.#leave(PIECES_HIGH);
    await this.#relief?.promise;
    return this.isOpen;
  }

  #endLine(parts: readonly Uint8Array[]): void {
    if (this.#line === undefined) return; // the connection has ended
    for (const part of [...parts, TERMINATOR, this.#later.view()]) this.#waiting.append(part);
    this.#later.clear();
    this.#options.sent.linesOut++;
    this.#line.resolve();
    this.#line = undefined;
    if (this.isOpen) this.#leave(this.#limits.queueHigh);
  }

  /** Has what waits written out. More than `high` bytes are too many. */
  #leave(high: number): void {
    if (!this.#writing) {
      this.#writing = true;
      this.#idle = Promise.withResolvers();
      // After this turn of the event loop, so that the lines of one turn leave together.
      queueMicrotask(() => this.#writeOut());
    }
    if (this.#relief === undefined && this.#waiting.length + this.#leaving.length > high) {
      this.#relief = Promise.withResolvers();
      this.#low = Math.min(this.#limits.queueLow, high / 2);
      this.#watchForStall();
    }
  }

  async #writeOut(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && this.#state !== "ended") {
        [this.#waiting, this.#leaving] = [this.#leaving, this.#waiting];
        for (let bytes = this.#leaving.view(); bytes.length > 0;) {
          const written = await this.#options.write(bytes);
          this.#options.sent.bytesOut += written;
          bytes = bytes.subarray(written);
        }
        this.#leaving.clear();
        if (this.#waiting.length <= this.#low) this.#relieve();
      }
    } catch (error) {
      this.#options.onEnd(streamEnd(error));
    } finally {
      this.#writing = false;
      this.#idle.resolve();
    }
  }

  /** Ends the connection if it is still congested and nothing was written for the time-out. */
  #watchForStall(): void {
    const timeout = this.#limits.stallTimeout;
    const before = this.#options.sent.bytesOut;
    this.#stallTimer = setTimeout(() => {
      if (this.#options.sent.bytesOut === before) {
        this.#options.onEnd({ state: "stalled", timeout });
      } else if (this.congested) this.#watchForStall();
    }, timeout);
  }

  #relieve(): void {
    clearTimeout(this.#stallTimer);
    this.#relief?.resolve();
    this.#relief = undefined;
  }
}
