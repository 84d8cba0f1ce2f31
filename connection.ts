/**
 * One peer's byte stream: lines in, lines out in order, never more waiting than the limits allow.
 *
 * What always holds:
 * - lines leave in the order in which they were sent, each followed by `\r\n`;
 * - many lines sent in one turn of the event loop leave in one write;
 * - a line that is written in pieces is never mixed with another;
 * - a connection ends once, and says why; what was sent before `close()` is written first.
 *
 * It knows no socket (see {@linkcode Transport}) and no message.
 *
 * @module
 */

import { ByteBuffer } from "./buffer.ts";
import { TimeoutError } from "./errors.ts";
import { type Limits, resolveLimits } from "./limits.ts";
import { type Line, LineSplitter, LongLine } from "./line.ts";
import { formatDuration } from "./units.ts";

/** What a connection needs of a socket. `Deno.Conn` is one. */
export interface Transport {
  /** Reads into the buffer: how many bytes, or `null` at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes bytes from the start of the array: how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends a read or a write that is under way. The promise, if any, settles when all is done. */
  close(): void | Promise<void>;
}

/**
 * How a connection ended: the peer went away, this side closed it, it was closed because it took
 * nothing for too long, said nothing for too long, was sent more than it can take, or would have to
 * wait for ever for the rest of a line; or the stream failed.
 */
export type End =
  | { state: "left" }
  | { state: "closed" }
  | { state: "stalled"; timeout: number }
  | { state: "silent"; timeout: number }
  | { state: "overrun"; limit: number }
  | { state: "cut" }
  | { state: "failed"; cause: unknown };

/** A read buffer grows from the one to the other while reads fill it: idle peers stay cheap. */
const SMALLEST_READ = 4 * 1024;
const LARGEST_READ = 128 * 1024;
/**
 * More lines in one read than any program sends: the next read is small again, so that a flood of
 * empty lines does not keep the event loop busy with one read.
 */
const MOST_LINES = 4 * 1024;
/** How much of a line that is written in pieces may wait: enough to keep the socket busy, in bytes. */
const PIECES_HIGH = 1024 * 1024;
/** How long `close()` waits for a peer to take what was already sent, in milliseconds. */
const LINGER = 2_000;
const SPACE = new Uint8Array([0x20]);
const TERMINATOR = new Uint8Array([0x0d, 0x0a]);

/** What has gone over a connection so far. */
export interface Traffic {
  /** Bytes read. */
  bytesIn: number;
  /** Bytes written. */
  bytesOut: number;
  /** Lines read, of a long one at least its beginning. */
  linesIn: number;
  /** Lines sent; some of them may still wait to be written. */
  linesOut: number;
}

/** Writes one line in pieces. */
export interface LineWriter {
  /** Writes a piece, and waits until it may be followed by another. False if nobody takes it any more. */
  write(bytes: Uint8Array): Promise<boolean>;
  /** Writes the last parts and ends the line. */
  end(...parts: readonly Uint8Array[]): void;
}

/** A stream of lines in both directions. */
export class Connection implements AsyncIterable<Line[]>, AsyncDisposable {
  readonly #transport: Transport;
  readonly #limits: Limits;
  readonly #splitter: LineSplitter;
  readonly #end = Promise.withResolvers<End>();
  /** Open until `close()` is called, closing until what was sent is out, then ended. */
  #state: "open" | "closing" | "ended" = "open";

  #readBuffer = new Uint8Array(SMALLEST_READ);
  #isReading = false;
  /** Lines that have been read and not been taken. */
  #lines: Line[] = [];
  /** The line that a conversation is about. */
  #taken: Line | undefined;

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
  readonly #traffic: Traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };
  #closed: Promise<void> | undefined;

  constructor(transport: Transport, limits: Partial<Limits> = {}) {
    this.#transport = transport;
    this.#limits = resolveLimits(limits);
    this.#splitter = new LineSplitter(
      Math.min(this.#limits.longLine, this.#limits.maxMessageSize),
      () => this.#read(),
    );
    this.#idle.resolve();
  }

  /** Settles with the reason when the connection has ended; never rejects. */
  get ended(): Promise<End> {
    return this.#end.promise;
  }

  /** Whether lines can still be sent. False as soon as `close()` is called. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The longest line that is given as a whole, in bytes. */
  set longestWhole(size: number) {
    this.#splitter.longestWhole = size;
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
    return this.#waiting.length + this.#leaving.length + this.#later.length;
  }

  /**
   * The lines as they come, those of one read at a time. They are valid until the next batch is
   * asked for, or the next piece of a long line, which is the last of its batch unless it is
   * complete. What is not taken of a long line is skipped. Ends when the connection ends; never
   * throws.
   */
  async *[Symbol.asyncIterator](): AsyncIterator<Line[]> {
    for (;;) {
      while (this.#lines.length > 0) {
        const lines = this.#lines;
        this.#lines = [];
        yield lines;
        const last = lines.at(-1);
        if (last instanceof LongLine) await last.skip();
      }
      if (!await this.#read()) return;
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

  /**
   * Sends bytes as one line that waits for nobody, whatever already waits to be written: a
   * connection that cannot keep up with such lines is ended.
   */
  offerBytes(...parts: readonly Uint8Array[]): void {
    const limit = this.#limits.queueLimit;
    if (this.queued > limit) this.#finish({ state: "overrun", limit });
    else this.sendBytes(...parts);
  }

  /**
   * Begins a line that is written in pieces, when no other such line is under way. Lines that are
   * sent meanwhile leave after it. `undefined` if the connection has ended.
   */
  async startLine(): Promise<LineWriter | undefined> {
    while (this.#line !== undefined) await this.#line.promise;
    if (!this.isOpen) return undefined;
    this.#line = Promise.withResolvers();
    return {
      write: (bytes) => this.#writePiece(bytes),
      end: (...parts) => this.#endLine(parts),
    };
  }

  /** Sends a line that is too long for a buffer, when it is its turn. Dropped like text. */
  async sendPieces(...pieces: readonly (string | Uint8Array)[]): Promise<void> {
    const writer = await this.startLine();
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
  trim(): void {
    if (this.#writing || this.queued > 0) return;
    this.#waiting = new ByteBuffer();
    this.#leaving = new ByteBuffer();
    this.#later = new ByteBuffer();
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
    return this.#relief !== undefined || this.#isBehindLine;
  }

  /** Settles when the connection may be less congested, or has ended. */
  relieved(): Promise<void> {
    if (this.#isBehindLine) return this.#line!.promise;
    return this.#relief?.promise ?? Promise.resolve();
  }

  /** Whether too much waits for a line that is written in pieces. */
  get #isBehindLine(): boolean {
    return this.#line !== undefined && this.#later.length > this.#limits.queueHigh;
  }

  /** Lets what was sent out, for two seconds at the most, then closes the stream. */
  async close(): Promise<void> {
    if (this.#state === "open") this.#state = "closing";
    let timer: ReturnType<typeof setTimeout> | undefined;
    const lingered = new Promise<void>((resolve) => timer = setTimeout(resolve, LINGER));
    await Promise.race([this.#idle.promise, lingered, this.#end.promise]);
    clearTimeout(timer);
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
    if (this.#state === "ended") return false;
    let size: number | null;
    this.#isReading = true;
    try {
      size = await this.#transport.read(this.#readBuffer);
    } catch (error) {
      this.#finish(isOrdinaryEnd(error) ? { state: "left" } : { state: "failed", cause: error });
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
    if (lines.length > MOST_LINES) {
      this.#readBuffer = new Uint8Array(SMALLEST_READ);
    } else if (size === this.#readBuffer.length && size < LARGEST_READ) {
      this.#readBuffer = new Uint8Array(size * 2); // the lines keep the old one
    }
    return true;
  }

  /** Where a line goes that is sent now. */
  get #next(): ByteBuffer {
    return this.#line === undefined ? this.#waiting : this.#later;
  }

  #terminate(): void {
    this.#traffic.linesOut++;
    this.#next.append(TERMINATOR);
    if (this.#line === undefined) this.#leave(this.#limits.queueHigh);
  }

  async #writePiece(bytes: Uint8Array): Promise<boolean> {
    if (!this.isOpen) return false;
    this.#waiting.append(bytes);
    this.#leave(PIECES_HIGH);
    await this.#relief?.promise;
    return this.isOpen;
  }

  #endLine(parts: readonly Uint8Array[]): void {
    if (this.#line === undefined) return; // the connection has ended
    for (const part of [...parts, TERMINATOR, this.#later.view()]) this.#waiting.append(part);
    this.#later.clear();
    this.#traffic.linesOut++;
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
          const written = await this.#transport.write(bytes);
          this.#traffic.bytesOut += written;
          bytes = bytes.subarray(written);
        }
        this.#leaving.clear();
        if (this.#waiting.length <= this.#low) this.#relieve();
      }
    } catch (error) {
      this.#finish(isOrdinaryEnd(error) ? { state: "left" } : { state: "failed", cause: error });
    } finally {
      this.#writing = false;
      this.#idle.resolve();
    }
  }

  /** Ends the connection if it is still congested and nothing was written for the time-out. */
  #watchForStall(): void {
    const timeout = this.#limits.stallTimeout;
    const before = this.#traffic.bytesOut;
    this.#stallTimer = setTimeout(() => {
      if (this.#traffic.bytesOut === before) this.#finish({ state: "stalled", timeout });
      else if (this.congested) this.#watchForStall();
    }, timeout);
  }

  #relieve(): void {
    clearTimeout(this.#stallTimer);
    this.#relief?.resolve();
    this.#relief = undefined;
  }

  async #closeTransport(): Promise<void> {
    try {
      await this.#transport.close();
    } catch {
      // A socket that failed may be closed already.
    }
  }

  #finish(end: End): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#relieve();
    this.#line?.resolve();
    this.#line = undefined;
    this.#waiting.clear();
    this.#later.clear();
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

/** Errors that say no more than that the peer is gone, or that this side closed the stream. */
function isOrdinaryEnd(error: unknown): boolean {
  return error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted;
}
