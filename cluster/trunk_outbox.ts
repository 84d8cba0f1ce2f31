/**
 * What one end of a trunk sends: all frames of one turn of the event loop in one message, which is
 * numbered. The window of the other end limits how many bytes of channels are on their way. While NATS is
 * not connected messages wait, and none is ever sent twice.
 *
 * @module
 */

import { TRUNK_LIMITS } from "../limits.ts";
import type { Bus } from "./bus.ts";
import {
  FRAME,
  FRAME_HEADER,
  headerSize,
  KIND,
  message,
  viewOf,
  writeFrame,
  writeHeader,
} from "./message.ts";

/** What the outbox of a trunk depends on. */
export interface TrunkOutboxOptions {
  bus: Bus;
  /** The subject of the messages to the other end. */
  subject: string;
  /** What tells the messages of this end from all others. */
  origin: Uint8Array;
  /** How many bytes may be sent in all, at first. */
  limit: number;
  traffic: { bytesOut: number };
  /** How many bytes the other end may send in all, which each message says. */
  credit: () => number;
  /** Called when NATS does not take a message, which is lost. */
  onLost: (why: string) => void;
}

/** A message that is being written. */
interface Batch {
  bytes: Uint8Array;
  view: DataView;
  length: number;
}

/** The first capacity of a message, in bytes. */
const SMALL = 4 * 1024;
/** How many buffers of messages are kept for the next ones. */
const MOST_KEPT = 4;
/** Fewer bytes than this do not go in a message of their own while more of them wait. */
const LEAST_PART = 4 * 1024;

/** The messages of one end of a trunk. */
export class TrunkOutbox {
  readonly #options: TrunkOutboxOptions;
  readonly #headerSize: number;
  /** The message that is being written, those that wait to be published, and free memory. */
  #batch: Batch | undefined;
  readonly #unsent: Batch[] = [];
  readonly #free: Batch[] = [];
  #isScheduled = false;
  #isClosed = false;
  /** The number of the next message, and how many bytes were sent and may be sent in all. */
  #next = 0;
  #sent = 0;
  #limit: number;
  /** Whether the other end is to know that it may send more. */
  #owesCredit = false;

  constructor(options: TrunkOutboxOptions) {
    this.#options = options;
    this.#headerSize = headerSize(options.origin);
    this.#limit = options.limit;
  }

  /** The longest content of a frame, in bytes. */
  get longestContent(): number {
    return this.#capacity - this.#headerSize - FRAME_HEADER;
  }

  /** The other end has room for so many bytes in all. False if that is no more than before. */
  raise(limit: number): boolean {
    if (limit <= this.#limit) return false;
    this.#limit = Math.min(limit, this.#sent + TRUNK_LIMITS.trunkWindow.largest);
    return true;
  }

  /** Adds a copy of the first bytes of a channel, `most` at most. Returns how many; 0 if it has to wait. */
  take(id: number, bytes: Uint8Array, most: number): number {
    if (!this.#options.bus.isConnected) return 0;
    const wanted = Math.min(bytes.length, most);
    const start = this.#batch?.length ?? this.#headerSize;
    const inWindow = this.#limit - this.#sent - start - FRAME_HEADER;
    const least = Math.min(wanted, LEAST_PART);
    if (inWindow < least) return 0;
    let inMessage = this.#capacity - start - FRAME_HEADER;
    if (inMessage < least) {
      this.flush();
      inMessage = this.longestContent;
    }
    const count = Math.max(Math.min(wanted, inWindow, inMessage), 0);
    if (count === 0) return 0;
    this.append(FRAME.bytes, id, count < bytes.length ? bytes.subarray(0, count) : bytes);
    return count;
  }

  /** Adds a frame to the message that is being written. */
  append(type: number, id: number, content: Uint8Array): void {
    const size = FRAME_HEADER + content.length;
    if (this.#batch !== undefined && this.#batch.length + size > this.#capacity) this.flush();
    const batch = this.#room(size);
    writeFrame(batch.view, batch.length, type, id, content.length);
    batch.bytes.set(content, batch.length + FRAME_HEADER);
    batch.length += size;
    this.#schedule();
  }

  /** Tells the other end, in this turn of the event loop, that it may send more. */
  giveCredit(): void {
    this.#owesCredit = true;
    this.#schedule();
  }

  /** Publishes a beat, and what is written before it: the other end may not know the trunk yet. */
  beat(content: Uint8Array): void {
    this.flush();
    if (!this.#isClosed) this.#publishBeat(content);
  }

  /** Publishes what is written; later, if NATS is not connected. */
  flush(): void {
    if (this.#isClosed) return;
    if (this.#batch !== undefined) this.#unsent.push(this.#batch);
    this.#batch = undefined;
    while (this.#unsent.length > 0 && this.#publish(this.#unsent[0])) this.#unsent.shift();
    if (this.#owesCredit && this.#unsent.length === 0) this.#publishBeat();
  }

  /** Publishes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#batch = undefined;
    this.#unsent.length = this.#free.length = 0;
  }

  /** The longest message that is sent, in bytes. */
  get #capacity(): number {
    return Math.min(TRUNK_LIMITS.message, this.#options.bus.maxPayload);
  }

  /** The message that is being written, with room for so many more bytes. */
  #room(size: number): Batch {
    const batch = this.#batch ??= this.#free.pop() ?? this.#newBatch(SMALL);
    const needed = batch.length + size;
    if (needed <= batch.bytes.length) return batch;
    const larger = this.#newBatch(Math.max(needed, Math.min(4 * needed, this.#capacity)));
    larger.bytes.set(batch.bytes.subarray(0, batch.length));
    larger.length = batch.length;
    return this.#batch = larger;
  }

  #newBatch(capacity: number): Batch {
    const bytes = new Uint8Array(capacity);
    bytes.set(this.#options.origin, 1);
    return { bytes, view: viewOf(bytes), length: this.#headerSize };
  }

  /** Publishes what is written, after this turn of the event loop. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(this.#flushScheduled);
  }

  readonly #flushScheduled = (): void => {
    this.#isScheduled = false;
    this.flush();
  };

  /** Publishes a message. False if NATS is not connected. */
  #publish(batch: Batch): boolean {
    const { bus, subject, traffic, origin, credit, onLost } = this.#options;
    const bytes = batch.bytes.subarray(0, batch.length);
    writeHeader(batch.view, origin, KIND.frames, credit(), this.#next);
    try {
      if (!bus.publish(subject, bytes)) return false;
    } catch (error) {
      onLost(`NATS does not take a message: ${(error as Error).message}`);
      return false;
    }
    this.#owesCredit = false;
    this.#next++;
    this.#sent += bytes.length;
    traffic.bytesOut += bytes.length;
    batch.length = this.#headerSize;
    // The bus uses the bytes until the microtasks of now have run.
    queueMicrotask(() => {
      if (this.#free.length < MOST_KEPT) this.#free.push(batch);
    });
    return true;
  }

  /** Publishes a beat. Its number is that of the next message, so those before it go first. */
  #publishBeat(content?: Uint8Array): void {
    const { bus, subject, origin, credit } = this.#options;
    this.#owesCredit = false; // if this one is lost, the next beat says it
    bus.publish(subject, message(origin, KIND.beat, credit(), this.#next, content));
  }
}
