/**
 * The outbox of a peer of a Manager: that of any connection, and what is needed where many peers share
 * the memory of one process.
 *
 * - What waits beyond a small share counts against the budget of all outboxes together
 *   (`queue_budget.ts`).
 * - A held line (`wire/held_line.ts`) is written from its own memory, in its turn among the others. A
 *   peer has to read it as fast as a sender has to send one.
 * - A line whose sender does not wait for the peer is for one that keeps up: the connection of another
 *   one ends.
 *
 * @module
 */

import { Holder } from "../base/budget.ts";
import { ByteBuffer } from "../base/buffer.ts";
import { periodicPause } from "../base/pause.ts";
import type { HeldLine } from "../wire/held_line.ts";
import { Outbox, type OutboxOptions, TERMINATOR } from "./outbox.ts";
import type { BudgetedQueue, QueueBudget } from "./queue_budget.ts";

/** So many bytes may wait without a share of the budget. */
const FREE = 64 * 1024;
/** Shares of the budget are multiples of this, so that few lines take one. */
const SHARE = 256 * 1024;
/** The time from one pause to the next while a held line is written, in milliseconds. */
const SLICE = 1;
const EMPTY = new Uint8Array(0);

/** A held line that waits to be written: its first `count` bytes, and an ending in place of the others. */
interface HeldEntry {
  line: HeldLine;
  owner: Holder;
  count: number;
  ending: Uint8Array;
}

/** The lines that wait to be written to one of many peers. */
export class PeerOutbox extends Outbox implements BudgetedQueue {
  /** The peer, as a holder of the held lines that wait for it. */
  holder: Holder = Holder.one();
  readonly #budget: QueueBudget | undefined;
  /** What is written before the queue, in its order: held lines, and the lines between them. */
  readonly #entries: (HeldEntry | ByteBuffer)[] = [];
  /** How many bytes of those are copies, and how many are in held lines. */
  #copiedAhead = 0;
  #heldAhead = 0;
  /** The share of the budget that is taken. */
  #share = 0;
  /** More than so many bytes need a larger share. */
  #allowed: number;
  #progress = 0;

  /** @param budget What may wait in all outboxes together. Default: no limit. */
  constructor(options: OutboxOptions, budget?: QueueBudget) {
    super(options);
    this.#budget = budget;
    this.#allowed = budget === undefined ? Infinity : FREE;
  }

  override end(): void {
    super.end();
    // Not the one that is being written: its memory is in use until the write is settled.
    for (const entry of this.#entries.splice(0)) {
      if (isHeld(entry)) entry.line.release(entry.owner);
      else entry.release();
    }
    this.#copiedAhead = this.#heldAhead = 0;
    this.unwatch();
    this.#giveBack(this.#share);
  }

  /** Ends the connection: too much waits for all peers, and this one is the slowest. */
  evict(limit: number): void {
    this.options.onEnd({ state: "evicted", limit });
  }

  /** When bytes were last written, or when so few waited that they needed no share of the budget. */
  get progress(): number {
    return this.#progress;
  }

  override get queued(): number {
    return this.#copied + this.#heldAhead;
  }

  /** How many bytes wait without held lines, which count against a budget of their own. */
  get #copied(): number {
    return super.queued + this.#copiedAhead;
  }

  /** Sends bytes as one line, joined from its parts. Dropped like text. */
  sendBytes(...parts: readonly Uint8Array[]): void {
    if (!this.isOpen) return;
    for (const part of parts) this.next.append(part);
    this.terminate();
  }

  /** Sends a line, with its bytes from an index on replaced. Dropped like text. */
  sendSpliced(line: Uint8Array, index: number, ending: Uint8Array): void {
    if (!this.isOpen) return;
    this.next.append(line, index);
    this.next.append(ending);
    this.terminate();
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
    const before = this.takeQueue();
    if (before !== undefined) {
      this.#entries.push(before);
      this.#copiedAhead += before.length;
    }
    this.#entries.push({ line, owner, count, ending });
    this.#heldAhead += count;
    this.options.sent.linesOut++;
    this.flush();
    this.watchForStall();
  }

  /**
   * The same for a line whose sender does not wait for `drained()`. If the peer, or its origin, has its
   * share of held lines already, it is a slow consumer too.
   */
  sendHeldOrDrop(line: HeldLine): void {
    if (!this.isOpen || !this.#hasRoom()) return;
    if (line.mayWaitFor(this.holder)) this.sendHeld(line, line.length, EMPTY);
    else this.options.onEnd({ state: "overrun", limit: this.#heldAhead });
  }

  /** False, and the connection ends, if more than the limit waits already. */
  #hasRoom(): boolean {
    const limit = this.options.limits.queueLimit;
    if (this.#copied <= limit) return true;
    this.options.onEnd({ state: "overrun", limit });
    return false;
  }

  protected override get hasAhead(): boolean {
    return this.#entries.length > 0;
  }

  protected override get ahead(): number {
    return this.#copiedAhead;
  }

  protected override async writeAhead(): Promise<void> {
    while (this.#entries.length > 0) {
      const entry = this.#entries.shift()!;
      if (isHeld(entry)) {
        await this.#writeHeld(entry);
      } else {
        try {
          await this.write(entry.view());
        } finally {
          entry.release();
        }
        this.#copiedAhead = Math.max(0, this.#copiedAhead - entry.length);
      }
      this.progressed();
    }
  }

  /** Writes a held line, and releases it when its memory is not in use any more. */
  async #writeHeld({ line, owner, count, ending }: HeldEntry): Promise<void> {
    try {
      await this.write(line.bytes.subarray(0, count), periodicPause(SLICE));
      await this.write(Uint8Array.of(...ending, ...TERMINATOR));
    } finally {
      this.#heldAhead = Math.max(0, this.#heldAhead - count);
      this.unwatch();
      line.release(owner);
    }
  }

  /** Takes a larger share of the budget, or is evicted. */
  protected override grown(): void {
    const more = this.#copied - this.#allowed;
    if (more <= 0) return;
    if (this.#share === 0) this.#progress = performance.now();
    const shares = Math.ceil(more / SHARE) * SHARE;
    if (!this.#budget!.take(this, shares)) return;
    this.#share += shares;
    this.#allowed += shares;
  }

  /** Gives back what is not needed any more. */
  protected override shrunk(): void {
    if (this.#share === 0) return;
    this.#progress = performance.now();
    const needed = Math.ceil(Math.max(0, this.#copied - FREE) / SHARE) * SHARE;
    this.#giveBack(this.#share - needed);
  }

  protected override written(): void {
    if (this.#share > 0) this.#progress = performance.now();
  }

  #giveBack(bytes: number): void {
    if (this.#budget === undefined || bytes <= 0) return;
    this.#share -= bytes;
    this.#allowed -= bytes;
    this.#budget.give(bytes);
    if (this.#share === 0) this.#budget.forget(this);
  }

  /** Held lines take a share of what all may hold: the peer has to read as much as a sender sends. */
  protected override watchPace(time: number): (() => boolean) | undefined {
    if (this.#heldAhead === 0) return undefined;
    const { sent, limits: { minLineRate } } = this.options;
    const before = sent.bytesOut;
    return () => this.#heldAhead > 0 && sent.bytesOut - before < minLineRate * time / 60_000;
  }

  protected override get isWatched(): boolean {
    return super.isWatched || this.#heldAhead > 0;
  }
}

function isHeld(entry: HeldEntry | ByteBuffer): entry is HeldEntry {
  return !(entry instanceof ByteBuffer);
}
