/**
 * One end of a channel: the byte stream of one session on a trunk. The trunk carries its bytes
 * (`trunk.ts`); this module keeps those that nobody has read yet, and makes a writer wait.
 *
 * @module
 */

import { ByteBuffer } from "../base/buffer.ts";
import type { Transport } from "../net/transport.ts";
import { ReceiveWindow, type WindowBudget } from "./window.ts";

/** A buffer that has held more than this returns its memory once it is read, in bytes. */
const MOST_KEPT = 16 * 1024;

/** What a channel needs of its trunk. */
export interface Carrier {
  /** Takes a copy of the first of the bytes, `most` at most. Returns how many; 0 if it has to wait. */
  take(channel: number, bytes: Uint8Array, most: number): number;
  /** Calls `resume()` of the channel when the trunk may take more bytes. */
  wait(channel: Channel): void;
  /** Tells the other end how much it may send in all. */
  credit(channel: number, limit: number): void;
  /** Forgets the channel, and tells the other end that it is closed. */
  close(channel: number): void;
}

/** How a channel has ended for its reader: in order, or for a reason. */
type End = { state: "closed" } | { state: "broken"; cause: Error };

interface PendingRead {
  readonly buffer: Uint8Array;
  readonly resolve: (size: number | null) => void;
  readonly reject: (cause: Error) => void;
}

interface PendingWrite {
  readonly bytes: Uint8Array;
  readonly resolve: (size: number) => void;
  readonly reject: (cause: Error) => void;
}

/** One end of a channel. */
export class Channel implements Transport {
  readonly #id: number;
  readonly #carrier: Carrier;
  readonly #window: ReceiveWindow;
  /** What is read next, from an index on, and what comes after it. */
  #front = new ByteBuffer(true);
  #start = 0;
  #back = new ByteBuffer(true);
  #end: End | undefined;
  #read: PendingRead | undefined;
  #write: PendingWrite | undefined;
  #sent = 0;
  /** How many bytes may be sent in all. */
  #limit: number;

  constructor(id: number, carrier: Carrier, budget: WindowBudget) {
    this.#id = id;
    this.#carrier = carrier;
    this.#window = new ReceiveWindow(budget);
    this.#limit = budget.initial;
  }

  get hasMore(): boolean {
    return this.#front.length > 0;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#front.length > 0) return Promise.resolve(this.#takeInto(buffer));
    if (this.#end !== undefined) {
      return this.#end.state === "closed" ? Promise.resolve(null) : Promise.reject(this.#end.cause);
    }
    return new Promise((resolve, reject) => this.#read = { buffer, resolve, reject });
  }

  write(bytes: Uint8Array): Promise<number> {
    const taken = this.#take(bytes);
    if (taken > 0) return Promise.resolve(taken);
    return new Promise((resolve, reject) => {
      this.#write = { bytes, resolve, reject };
      if (this.#end !== undefined) this.#failWrite();
      else if (this.#limit > this.#sent) this.#carrier.wait(this);
    });
  }

  close(): void {
    this.#front.release();
    this.#back.release();
    if (this.#end !== undefined) return void (this.#end = { state: "closed" });
    this.finish();
    this.#carrier.close(this.#id);
  }

  /** Bytes have come. They are copied. False if they are more than there is room for. */
  receive(bytes: Uint8Array): boolean {
    if (!this.#window.receive(bytes.length)) return false;
    if (this.#read !== undefined && bytes.length > 0) {
      const { buffer, resolve } = this.#read;
      this.#read = undefined;
      const size = Math.min(buffer.length, bytes.length);
      buffer.set(size < bytes.length ? bytes.subarray(0, size) : bytes);
      if (size < bytes.length) this.#front.append(bytes.subarray(size));
      this.#consumed(size);
      resolve(size);
    } else if (this.#front.length === 0) {
      this.#front.append(bytes);
    } else {
      this.#back.append(bytes);
    }
    return true;
  }

  /** The other end has room for more: so many bytes in all, of which it was not sent more. */
  raise(limit: number, largest: number): void {
    if (limit <= this.#limit) return;
    this.#limit = Math.min(limit, this.#sent + largest);
    this.resume();
  }

  /** The trunk may take bytes again. False if it still does not. */
  resume(): boolean {
    if (this.#write === undefined) return true;
    const { bytes, resolve } = this.#write;
    const taken = this.#take(bytes);
    if (taken > 0) {
      this.#write = undefined;
      resolve(taken);
    } else if (this.#limit > this.#sent) {
      this.#carrier.wait(this);
      return false;
    }
    return true;
  }

  /** The other end has closed the channel, or it has broken: the trunk has forgotten it. */
  finish(cause?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = cause === undefined ? { state: "closed" } : { state: "broken", cause };
    this.#window.close();
    this.#failWrite();
    this.#settleRead();
  }

  #take(bytes: Uint8Array): number {
    const room = this.#limit - this.#sent;
    if (this.#end !== undefined || room <= 0) return 0;
    const taken = this.#carrier.take(this.#id, bytes, room);
    this.#sent += taken;
    return taken;
  }

  /** Moves bytes into a buffer. Returns how many. */
  #takeInto(buffer: Uint8Array): number {
    const size = Math.min(buffer.length, this.#front.length - this.#start);
    buffer.set(this.#front.view().subarray(this.#start, this.#start + size));
    this.#start += size;
    if (this.#start === this.#front.length) this.#turn();
    this.#consumed(size);
    return size;
  }

  /** What has come meanwhile is read next. */
  #turn(): void {
    const read = this.#front;
    if (read.length > MOST_KEPT) read.release();
    else read.clear();
    this.#front = this.#back;
    this.#back = read;
    this.#start = 0;
  }

  #consumed(count: number): void {
    if (this.#end === undefined && this.#window.consume(count)) {
      this.#carrier.credit(this.#id, this.#window.limit);
    }
  }

  #settleRead(): void {
    const read = this.#read;
    this.#read = undefined;
    if (this.#end!.state === "closed") read?.resolve(null);
    else read?.reject(this.#end!.cause);
  }

  #failWrite(): void {
    const write = this.#write;
    this.#write = undefined;
    if (write === undefined) return;
    const closed = () => new Deno.errors.BrokenPipe("the channel is closed");
    write.reject(this.#end!.state === "broken" ? this.#end!.cause : closed());
  }
}
