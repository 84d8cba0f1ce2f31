/**
 * One connection: lines in both directions over one byte stream.
 *
 * Invariants:
 * - lines are read as they were sent, however the network has split the bytes (`line.ts`);
 * - lines are written in the order in which they were sent, with backpressure (`outbox.ts`);
 * - a connection ends once, with a reason; what was sent before `close()` is written first.
 *
 * It knows neither sockets (see {@linkcode Transport}) nor messages.
 *
 * @module
 */

import { startTimer } from "../base/timer.ts";
import { TimeoutError } from "../errors.ts";
import { CONNECTION_LIMITS, type ConnectionLimits } from "../limits.ts";
import { type Line, LineSplitter, LongLine } from "../wire/line.ts";
import type { End } from "./connection_end.ts";
import { type LineWriter, Outbox, type OutboxOptions, type Sent } from "./outbox.ts";
import { MIN_READ_SIZE, nextReadBuffer } from "../base/buffer.ts";
import { streamEnd, type Transport } from "./transport.ts";
import { withTimeout } from "../base/with_timeout.ts";

/** The largest read, in bytes. */
const LARGEST_READ = 128 * 1024;
/**
 * After a read with more lines than this, which no program sends, the next read is small again. So
 * a flood of empty lines does not block the event loop with one read.
 */
const MOST_LINES = 4 * 1024;
/** How long `close()` waits until the lines that were sent are written, in milliseconds. */
const LINGER = 2_000;

const NO_LINES: Line[] = [];
const itself = (isOpen: boolean) => isOpen;

/** What was sent and received over a connection so far. */
export interface Traffic extends Sent {
  /** Bytes read. */
  bytesIn: number;
  /** Lines read. A long line counts from its first piece. */
  linesIn: number;
}

/** A stream of lines in both directions. */
export class Connection implements AsyncIterable<Line[]>, AsyncDisposable {
  readonly #transport: Transport;
  readonly #splitter: LineSplitter;
  readonly #end = Promise.withResolvers<End>();
  readonly #outbox: Outbox;
  #hasEnded = false;

  #readBuffer = new Uint8Array(MIN_READ_SIZE);
  #isReading = false;
  #hasMore = false;
  /** Lines that were received, and not given to a reader yet. */
  #lines = NO_LINES;
  /** The latest line that a reader was given. */
  #latest: Line | undefined;

  readonly #traffic: Traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };
  #closed: Promise<void> | undefined;

  /**
   * @param transport The byte stream.
   * @param limits Default: the default ones.
   * @param makeOutbox Makes the queue of what is sent. Default: an ordinary one.
   */
  constructor(
    transport: Transport,
    limits: ConnectionLimits = CONNECTION_LIMITS,
    makeOutbox = (options: OutboxOptions): Outbox => new Outbox(options),
  ) {
    this.#transport = transport;
    this.#splitter = new LineSplitter(
      Math.min(limits.longLine, limits.maxMessageSize),
      () => this.#read(itself),
    );
    this.#outbox = makeOutbox({
      write: (bytes) => transport.write(bytes),
      limits,
      sent: this.#traffic,
      onEnd: (end) => this.#finish(end),
    });
  }

  /** Fulfilled with the reason when the connection has ended; never rejects. */
  get ended(): Promise<End> {
    return this.#end.promise;
  }

  /** Whether lines can still be sent. False as soon as `close()` is called. */
  get isOpen(): boolean {
    return this.#outbox.isOpen;
  }

  /** The longest line that is given as one array, in bytes. A longer one is a `LongLine`. */
  set wholeLineLimit(size: number) {
    this.#splitter.wholeLineLimit = size;
  }

  /** What was sent and received so far. */
  get traffic(): Readonly<Traffic> {
    return this.#traffic;
  }

  /** Whether a read is pending. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /**
   * Whether the next read may have its bytes at once, because the last one has left some. If not, it
   * waits until the event loop has polled for events, in which the other connections are served too.
   */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** How many bytes wait to be written. */
  get queued(): number {
    return this.#outbox.queued;
  }

  /**
   * The lines as they are received, those of one read at a time, which may be none. They are valid
   * until the next batch or the next piece of a long line is read. A long line is the last one of
   * its batch unless it is complete. Its pieces that the caller does not read are skipped. The loop
   * ends when the connection ends; it never throws.
   */
  [Symbol.asyncIterator](): AsyncIterator<Line[]> {
    return { next: () => this.#nextBatch() };
  }

  /**
   * The next line, or `undefined` when the connection has ended: for a handshake, where each line
   * decides what to do with the next one.
   *
   * @param timeout How long to wait, in milliseconds.
   * @throws {TimeoutError} If no whole line came in time. A read is still pending then, so the
   * connection can only send and close.
   */
  async nextLine(timeout: number): Promise<Line | undefined> {
    if (this.#latest instanceof LongLine) await this.#latest.skip();
    if (this.#lines.length === 0) {
      const expired = Promise.withResolvers<never>();
      const timer = startTimer(
        () => expired.reject(new TimeoutError(`No line was received for ${timeout} ms`)),
        timeout,
      );
      try {
        while (this.#lines.length === 0) {
          if (!await Promise.race([this.#read(itself), expired.promise])) return undefined;
        }
      } finally {
        clearTimeout(timer);
      }
    }
    return this.#latest = this.#lines.shift();
  }

  /** Sends text as one line. A line sent after `close()` or the end is dropped. */
  sendText(line: string): void {
    this.#outbox.sendText(line);
  }

  /** Sends texts as one line, joined from them. Dropped like text. */
  sendTexts(texts: readonly string[]): void {
    this.#outbox.sendTexts(texts);
  }

  /**
   * Begins a line that is written in pieces, once no other such line is being written. Lines that
   * are sent meanwhile are written after it. `undefined` if the connection has ended.
   */
  startLine(): Promise<LineWriter | undefined> {
    return this.#outbox.startLine();
  }

  /**
   * Sends a line that is too long for a buffer, once the lines before it are written. Dropped like
   * text, or if `isWanted` is false by then.
   */
  sendPieces(pieces: readonly (string | Uint8Array)[], isWanted?: () => boolean): Promise<void> {
    return this.#outbox.sendPieces(pieces, isWanted);
  }

  /** Sends a space, as {@linkcode Outbox.sendSpace} does. */
  sendSpace(): void {
    this.#outbox.sendSpace();
  }

  /** Frees memory, as {@linkcode Outbox.shrinkBuffers} does. */
  shrinkBuffers(): void {
    this.#outbox.shrinkBuffers();
  }

  /** Ends the connection because the peer has sent nothing for the idle time-out. */
  endIdle(timeout: number): void {
    this.#finish({ state: "silent", timeout });
  }

  /** Whether so much waits to be written that a sender should wait for `drained()`. */
  get congested(): boolean {
    return this.#outbox.congested;
  }

  /** Settles when the connection may be less congested, or has ended. */
  drained(): Promise<void> {
    return this.#outbox.drained();
  }

  /** Writes what was sent, for two seconds at most, then closes the stream. */
  async close(): Promise<void> {
    this.#outbox.close();
    await withTimeout(Promise.race([this.#outbox.idle, this.#end.promise]), LINGER, () => {});
    this.abort();
    await this.#closed;
  }

  /** Closes the stream at once. */
  abort(): void {
    this.#finish({ state: "closed" });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The next batch of lines. No generator: it would cost four more objects for each message. */
  #nextBatch(): Promise<IteratorResult<Line[], undefined>> {
    const latest = this.#latest;
    if (latest instanceof LongLine) {
      this.#latest = undefined;
      return latest.skip().then(() => this.#nextBatch());
    }
    return this.#lines.length > 0 ? Promise.resolve(this.#batch(true)) : this.#read(this.#batch);
  }

  /** What the iterator gives after a read. */
  readonly #batch = (isOpen: boolean): IteratorResult<Line[], undefined> => {
    if (!isOpen) return { done: true, value: undefined };
    const lines = this.#lines;
    this.#lines = NO_LINES;
    this.#latest = lines.at(-1);
    return { done: false, value: lines };
  };

  /**
   * Reads once. No asynchronous function, as above.
   *
   * @param use Makes the result, in the same turn: whether the connection is open.
   */
  #read<R>(use: (isOpen: boolean) => R): Promise<R> {
    if (this.#hasEnded) return Promise.resolve(use(false));
    this.#isReading = true;
    return this.#transport.read(this.#readBuffer).then(
      (size) => use(this.#received(size)),
      (error) => {
        this.#isReading = false;
        this.#finish(streamEnd(error));
        return use(false);
      },
    );
  }

  #received(size: number | null): boolean {
    this.#isReading = false;
    if (size === null) {
      this.#finish({ state: "left" });
      return false;
    }
    this.#hasMore = this.#transport.hasMore ?? size === this.#readBuffer.length;
    const lines = this.#splitter.split(this.#readBuffer.subarray(0, size));
    this.#traffic.bytesIn += size;
    this.#traffic.linesIn += lines.length;
    this.#lines = this.#lines.length === 0 ? lines : this.#lines.concat(lines);
    this.#readBuffer = lines.length > MOST_LINES
      ? new Uint8Array(MIN_READ_SIZE)
      : nextReadBuffer(this.#readBuffer, size, LARGEST_READ); // the lines keep the old one
    return true;
  }

  async #closeTransport(): Promise<void> {
    try {
      await this.#transport.close();
    } catch {
      // A socket that failed may be closed already.
    }
  }

  #finish(end: End): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#outbox.end();
    this.#closed = this.#closeTransport();
    this.#end.resolve(end);
  }
}
