/**
 * A line that is held in memory until its end has arrived, under a budget that it shares with the
 * other ones. `manager/long_lines.ts` fills it, and `net/peer_outbox.ts` writes it to each receiver from
 * the same memory.
 *
 * The memory is a resizable buffer, which gives its pages back at once: of 1.1 GB in buffers of 64
 * to 256 KiB that were dropped instead, 1,083 MB stayed in the process (Deno 2.9). It is shared: each
 * owner releases it once, and the last one frees it.
 *
 * Each peer has a fair share of the budget only: of the line that it is sending together with those
 * that wait to be written to it. So has each origin, for all of its peers together
 * (`base/budget.ts`). A line counts once for each of them, however many of its receivers wait for it.
 *
 * @module
 */

import { Budget, type Holder } from "../base/budget.ts";
import { Yielder } from "../base/pause.ts";

/** The memory of a line grows in steps of this size, in bytes. */
const STEP = 1024 * 1024;
/** How much is freed without a pause, in bytes: 1 GB at once takes 150 ms. */
const FREED_AT_ONCE = 8 * STEP;
/** How long to work before others get a turn, in milliseconds. */
const SLICE = 1;

/** The memory that held lines share. */
export class HeldMemory extends Budget {
  /**
   * Says when to pause while lines are filled or freed: all of them together keep the event loop busy,
   * e.g. when 50 peers disconnect at the same time.
   */
  readonly yielder = new Yielder(SLICE);
}

/** A line, or the beginning of one, in memory of its own. */
export class HeldLine {
  readonly #memory: HeldMemory;
  readonly #maker: Holder;
  #buffer: ArrayBuffer;
  #length = 0;
  /** The share of the budget that it has, in bytes. The buffer may be lent, or lost. */
  #share = 0;
  /** The owners and their groups, and how many times each of them is one. */
  readonly #owners = new Map<Holder, number>();

  /**
   * An empty line, which its maker owns.
   *
   * @param limit The longest line that it can hold, in bytes.
   * @param maker The peer that sends it.
   */
  constructor(memory: HeldMemory, limit: number, maker: Holder) {
    this.#memory = memory;
    this.#maker = maker;
    this.retain(maker);
    this.#buffer = new ArrayBuffer(0, { maxByteLength: limit + STEP });
  }

  /** How many bytes are held. */
  get length(): number {
    return this.#length;
  }

  /** The bytes, as a view that is valid until the last owner has released the line. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.#length);
  }

  /** Appends a copy of the bytes. False, and nothing is appended, if the budget has no share left. */
  tryAppend(bytes: Uint8Array): boolean {
    const needed = this.#length + bytes.length;
    const size = Math.ceil(needed / STEP) * STEP;
    const growth = size - this.#share;
    if (growth > 0) {
      if (!this.#memory.tryTakeFairly(growth, this.#maker)) return false;
      this.#share = size;
      this.#buffer.resize(size);
    }
    new Uint8Array(this.#buffer, this.#length, bytes.length).set(bytes);
    this.#length = needed;
    return true;
  }

  /** Drops the content, and gives back its share, of a large line little by little. */
  clear(): void {
    const [buffer, share] = [this.#buffer, this.#share];
    if (share === 0) return;
    this.#buffer = new ArrayBuffer(0);
    for (const owner of this.#owners.keys()) owner.count(-share);
    this.#length = this.#share = 0;
    if (!buffer.detached) free(buffer, share, this.#memory);
    else this.#memory.give(share); // it was lost with a worker
  }

  /** Whether it may wait for a receiver: that would have no more than its fair share then. */
  mayWaitFor(receiver: Holder): boolean {
    const { left } = this.#memory;
    return [...receiver.withGroup()].every((one) =>
      one.mayHold(this.#owners.has(one) ? 0 : this.#share, left)
    );
  }

  /** Adds an owner. */
  retain(owner: Holder): void {
    for (const one of owner.withGroup()) {
      const times = this.#owners.get(one) ?? 0;
      if (times === 0) one.count(this.#share);
      this.#owners.set(one, times + 1);
    }
  }

  /**
   * An owner does not need it any more. The last one frees the memory, and gives back its share.
   *
   * @param owner Default: its maker.
   */
  release(owner: Holder = this.#maker): void {
    for (const one of owner.withGroup()) {
      const times = this.#owners.get(one)!;
      if (times > 1) this.#owners.set(one, times - 1);
      else if (this.#owners.size > 1) {
        this.#owners.delete(one);
        one.count(-this.#share);
      } else {
        this.clear();
        this.#owners.delete(one);
      }
    }
  }

  /**
   * Lends the memory, e.g. to a worker.
   *
   * @param use Is given the buffer, to be transferred, and the number of bytes in it. Fulfilled with
   * the buffer that the worker has transferred back.
   */
  async lend<T extends { buffer: ArrayBuffer }>(
    use: (buffer: ArrayBuffer, length: number) => Promise<T>,
  ): Promise<T> {
    const result = await use(this.#buffer, this.#length);
    this.#buffer = result.buffer;
    return result;
  }
}

async function free(buffer: ArrayBuffer, share: number, memory: HeldMemory): Promise<void> {
  const { yielder } = memory;
  while (share > 0) {
    const step = Math.min(share, FREED_AT_ONCE);
    if (share > FREED_AT_ONCE) { while (yielder.isDue) await yielder.pause(); }
    share -= step;
    buffer.resize(share);
    memory.give(step);
  }
}
