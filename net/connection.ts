/**
 * One peer's byte stream: lines in, lines out in order, never more waiting than the limits allow.
 *
 * What always holds:
 * - lines come as they were sent, whatever the network has cut them into (`line.ts`);
 * - lines leave in the order in which they were sent, and held back where they must (`outbox.ts`);
 * - a connection ends once, and says why; what was sent before `close()` is written first.
 *
 * It knows no socket (see {@linkcode Transport}) and no message.
 *
 * @module
 */

import { TimeoutError } from "../errors.ts";
import { type Limits, resolveLimits } from "../limits.ts";
import { type Line, LineSplitter, LongLine } from "../wire/line.ts";
import { type LineWriter, Outbox, type OutboxEnd, type Sent } from "./outbox.ts";
import { MIN_READ_SIZE, nextReadBuffer } from "../base/buffer.ts";
import { streamEnd, type Transport } from "./transport.ts";
import { formatDuration } from "../base/units.ts";
import { withTimeout } from "../base/with_timeout.ts";

/**
 * How a connection ended: the peer went away, this side closed it, it was closed because it took
 * nothing for too long, said nothing for too long, was sent more than it can take, or would have to
 * wait for ever for the rest of a line; or the stream failed.
 */
export type End =
  | OutboxEnd
  | { state: "closed" }
  | { state: "silent"; timeout: number }
  | { state: "cut" };

/** How much is read at once at the most, in bytes. */
const LARGEST_READ = 128 * 1024;
/**
 * More lines in one read than any program sends: the next read is small again, so that a flood of
 * empty lines does not keep the event loop busy with one read.
 */
const MOST_LINES = 4 * 1024;
/** How long `close()` waits for a peer to take what was already sent, in milliseconds. */
const LINGER = 2_000;

/** What has gone over a connection so far. */
export interface Traffic extends Sent {
  /** Bytes read. */
  bytesIn: number;
  /** Lines read, of a long one at least its beginning. */
  linesIn: number;
}

/** A stream of lines in both directions. */
export class Connection implements AsyncIterable<Line[]>, AsyncDisposable {
  readonly #transport: Transport;
  readonly #limits: Limits;
  readonly #splitter: LineSplitter;
  readonly #end = Promise.withResolvers<End>();
  readonly #outbox: Outbox;
  #hasEnded = false;

  #readBuffer = new Uint8Array(MIN_READ_SIZE);
  #isReading = false;
  /** Lines that have been read and not been taken. */
  #lines: Line[] = [];
  /** The line that a conversation is about. */
  #taken: Line | undefined;

  readonly #traffic: Traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };
  #closed: Promise<void> | undefined;

  constructor(transport: Transport, limits: Partial<Limits> = {}) {
    this.#transport = transport;
    this.#limits = resolveLimits(limits);
    this.#splitter = new LineSplitter(
      Math.min(this.#limits.longLine, this.#limits.maxMessageSize),
      () => this.#read(),
    );
    this.#outbox = new Outbox({
      write: (bytes) => transport.write(bytes),
      limits: this.#limits,
      sent: this.#traffic,
      onEnd: (end) => this.#finish(end),
    });
  }

  /** Settles with the reason when the connection has ended; never rejects. */
  get ended(): Promise<End> {
    return this.#end.promise;
  }

  /** Whether lines can still be sent. False as soon as `close()` is called. */
  get isOpen(): boolean {
    return this.#outbox.isOpen;
  }

  /** The longest line that is given as a whole, in bytes. */
  set wholeLineLimit(size: number) {
    this.#splitter.wholeLineLimit = size;
  }

  /** What has gone over it so far. */
  get traffic(): Readonly<Traffic> {
    return this.#traffic;
  }

  /** Whether it waits for the peer to say something. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** How many bytes wait to be written. */
  get queued(): number {
    return this.#outbox.queued;
  }

  /**
   * The lines as they come, those of one read at a time, which may be none. They are valid until
   * the next batch is asked for, or the next piece of a long line, which is the last of its batch
   * unless it is complete. What is not taken of a long line is skipped. Ends when the connection
   * ends; never throws.
   */
  async *[Symbol.asyncIterator](): AsyncIterator<Line[]> {
    while (this.#lines.length > 0 || await this.#read()) {
      const lines = this.#lines;
      this.#lines = [];
      yield lines;
      const last = lines.at(-1);
      if (last instanceof LongLine) await last.skip();
    }
  }

  /**
   * The next line, or `undefined` when the connection has ended: for a conversation, where each
   * line decides what to do with the one after it.
   *
   * @param timeout How long to wait, in milliseconds.
   * @throws {TimeoutError} If no whole line came in time. A read is still under way then, so all
   * that can be done with the connection is to send and to close.
   */
  async nextLine(timeout: number): Promise<Line | undefined> {
    if (this.#taken instanceof LongLine) await this.#taken.skip();
    if (this.#lines.length === 0) {
      const expired = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => expired.reject(new TimeoutError(`No line was received for ${timeout} ms`)),
        timeout,
      );
      try {
        while (this.#lines.length === 0) {
          if (!await Promise.race([this.#read(), expired.promise])) return undefined;
        }
      } finally {
        clearTimeout(timer);
      }
    }
    return this.#taken = this.#lines.shift();
  }

  /** Sends text as one line. A line sent after `close()` or the end is dropped. */
  sendText(line: string): void {
    this.#outbox.sendText(line);
  }

  /** Sends bytes as one line, put together from its parts. Dropped like text. */
  sendBytes(...parts: readonly Uint8Array[]): void {
    this.#outbox.sendBytes(...parts);
  }

  /** The same, for a line that waits for nobody. A peer that cannot keep up with these is lost. */
  sendOrDrop(...parts: readonly Uint8Array[]): void {
    this.#outbox.sendOrDrop(...parts);
  }

  /** Sends a line of which the bytes from an index on are replaced. Dropped like text. */
  sendSpliced(line: Uint8Array, index: number, ending: Uint8Array): void {
    this.#outbox.sendSpliced(line, index, ending);
  }

  /**
   * Begins a line that is written in pieces, when no other such line is under way. Lines that are
   * sent meanwhile leave after it. `undefined` if the connection has ended.
   */
  startLine(): Promise<LineWriter | undefined> {
    return this.#outbox.startLine();
  }

  /**
   * Sends a line that is too long for a buffer, when it is its turn. Dropped like text, or where it
   * is not wanted any more by then.
   */
  sendPieces(pieces: readonly (string | Uint8Array)[], isWanted?: () => boolean): Promise<void> {
    return this.#outbox.sendPieces(pieces, isWanted);
  }

  /** Sends a space, as {@linkcode Outbox.sendSpace} does. */
  sendSpace(): void {
    this.#outbox.sendSpace();
  }

  /** Gives back memory, as {@linkcode Outbox.trim} does. */
  trim(): void {
    this.#outbox.trim();
  }

  /** Ends the connection since the peer has said nothing for the time-out. */
  fallSilent(timeout: number): void {
    this.#finish({ state: "silent", timeout });
  }

  /** Ends the connection in the middle of a line, whose rest will never come. */
  cut(): void {
    this.#finish({ state: "cut" });
  }

  /** Whether so much waits to be written that whoever feeds this connection should pause. */
  get congested(): boolean {
    return this.#outbox.congested;
  }

  /** Settles when the connection may be less congested, or has ended. */
  drained(): Promise<void> {
    return this.#outbox.drained();
  }

  /** Lets what was sent out, for two seconds at the most, then closes the stream. */
  async close(): Promise<void> {
    this.#outbox.close();
    await withTimeout(Promise.race([this.#outbox.idle, this.#end.promise]), LINGER, () => {});
    this.#finish({ state: "closed" });
    await this.#closed;
  }

  /** Closes the stream at once. */
  abort(): void {
    this.#finish({ state: "closed" });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Reads once. False when the connection has ended. */
  async #read(): Promise<boolean> {
    if (this.#hasEnded) return false;
    let size: number | null;
    this.#isReading = true;
    try {
      size = await this.#transport.read(this.#readBuffer);
    } catch (error) {
      this.#finish(streamEnd(error));
      return false;
    } finally {
      this.#isReading = false;
    }
    if (size === null) {
      this.#finish({ state: "left" });
      return false;
    }
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

/** How a connection ended, in words for a log or an error message. */
export function describeEnd(end: End): string {
  switch (end.state) {
    case "left":
      return "the peer closed it";
    case "closed":
      return "it was closed";
    case "stalled":
      return `the peer took nothing for ${formatDuration(end.timeout)} (--stall-timeout)`;
    case "silent":
      return `the peer said nothing for ${formatDuration(end.timeout)} (--silence-timeout)`;
    case "overrun":
      return `more than ${end.limit} bytes waited for the peer to take them (--queue-size)`;
    case "cut":
      return "the sender of a long message went away in the middle of it";
    case "failed":
      return (end.cause as Error).message;
  }
}
