/**
 * The long lines that peers send: each is held in memory until its end has arrived, under a budget
 * of the process, and checked in a worker. Then its digest goes through the router like any line.
 *
 * Nothing of a line is forwarded before it is whole and checked: a reply of the Python software names
 * what it answers at its end, and a broken line ends the reader of a Python client.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import type { Holder } from "../base/budget.ts";
import type { Yielder } from "../base/pause.ts";
import { formatSize } from "../base/units.ts";
import { JSONDecodeError, ValueError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { HeldLine, HeldMemory } from "../wire/held_line.ts";
import { KeyScanner } from "../wire/key_scanner.ts";
import type { LongLine } from "../wire/line.ts";
import { LineChecker } from "./line_checker.ts";
import type { CheckLimits } from "./line_check.ts";
import type { Peer } from "./peer.ts";
import type { Router } from "./router.ts";
import type { LineSink, Session } from "./session.ts";

/** How often the rate of a peer that sends a long line is checked, in milliseconds. */
const RATE_INTERVAL = 60_000;
/** How much of a held line is scanned between two pauses, in bytes. */
const SCANNED = 1024 * 1024;

const MiB = 1024 * 1024;
/** The longest line whose bytes `wire/envelope.ts` can number. */
const LONGEST_LINE = 2 ** 31 - 1;

const encoder = new TextEncoder();
const log = logger("long_lines");

type LongLineLimits = Pick<Limits, "maxMessageSize" | "maxHeld" | "minLineRate"> & CheckLimits;

/** What sends long lines: a peer, or a session with another node. */
export interface LongLineSource<Sink> {
  /** What the log calls it. */
  readonly name: string;
  /** The sender as a holder of the lines. */
  readonly holder: Holder;
  /** Disconnects the sender. */
  close(): void;
  /** Routes a line, as `Router.receiveHeld` does. */
  receiveHeld(digest: Uint8Array, line: HeldLine, end: number): Sink | undefined;
  /** Answers a line that is not forwarded with an error. */
  reject(uid: string | undefined, requester: string | undefined, error: Error): Sink | undefined;
}

/** Receives long lines. */
export class LongLines<Sink extends LineSink> implements Disposable {
  readonly #router: Router<Sink>;
  readonly #limits: LongLineLimits;
  readonly #maxSize: number;
  readonly #memory: HeldMemory;
  readonly #checker: LineChecker;
  readonly #rateInterval: number;

  /** @param rateInterval How often the rate of a sender is checked, in milliseconds. */
  constructor(
    router: Router<Sink>,
    limits: LongLineLimits,
    rateInterval: number = RATE_INTERVAL,
  ) {
    this.#router = router;
    this.#limits = limits;
    this.#maxSize = Math.min(limits.maxMessageSize, LONGEST_LINE);
    this.#rateInterval = rateInterval;
    this.#memory = new HeldMemory(limits.maxHeld || halfOfMemory());
    this.#checker = new LineChecker(limits);
  }

  /** What all long lines together may hold. Long identities count too. */
  get memory(): HeldMemory {
    return this.#memory;
  }

  /** How many bytes of long lines are held. */
  get held(): number {
    return this.#memory.held;
  }

  /**
   * Receives a long line of a peer, and routes it. Never rejects.
   *
   * @returns The sink that the line went to, as of `Router.receive`.
   */
  receive(peer: Peer<Session<Sink>>, line: LongLine): Promise<Sink | undefined> {
    const { sink } = peer.session;
    return this.receiveFrom({
      name: peer.networkName,
      holder: sink.holder,
      close: () => void sink.close(),
      receiveHeld: (digest, held, end) => this.#router.receiveHeld(peer, digest, held, end),
      reject: (uid, requester, error) =>
        peer.kind === "client"
          ? this.#router.sendError(peer, uid ?? "", error)
          : this.#router.failReply(peer, requester, uid, error),
    }, line);
  }

  /** The same for any sender. */
  async receiveFrom(source: LongLineSource<Sink>, line: LongLine): Promise<Sink | undefined> {
    const size = Math.min(this.#maxSize, this.#fairShare);
    const held = new HeldLine(this.#memory, size, source.holder);
    try {
      const fault = await this.#collect(source, line, held);
      if (fault !== undefined) return source.reject(fault.uid, fault.requester, fault.error);
      if (!line.isComplete) return undefined; // the connection has ended
      const { outcome } = await held.lend((buffer, length) => this.#checker.check(buffer, length));
      if (outcome.state === "valid") {
        const digest = encoder.encode(outcome.digest);
        return source.receiveHeld(digest, held, outcome.end);
      }
      const { reason, isMalformed, uid, requester } = outcome;
      const error = isMalformed ? new JSONDecodeError(reason) : new ValueError(reason);
      return source.reject(uid, requester, error);
    } catch (error) {
      // The check has failed, not the line: the worker has crashed, or the Manager shuts down.
      log.error("A long line of {peer} is dropped: {error}", {
        peer: source.name,
        error: (error as Error).message,
      });
      source.close();
      return undefined;
    } finally {
      held.release();
    }
  }

  /** How much a peer may have of it if no other peer has anything. */
  get #fairShare(): number {
    return Math.floor(this.#memory.limit / 2);
  }

  /** Ends the workers. */
  [Symbol.dispose](): void {
    this.#checker[Symbol.dispose]();
  }

  /** Holds a line. Gives the reason if it cannot be held; the rest of it is read and dropped then. */
  async #collect(
    source: LongLineSource<Sink>,
    line: LongLine,
    held: HeldLine,
  ): Promise<Fault | undefined> {
    const minimum = this.#limits.minLineRate * this.#rateInterval / RATE_INTERVAL;
    using rate = watchRate(this.#rateInterval, minimum, () => held.length, () => {
      log.warn(
        "{peer} is disconnected: it sends a long line at less than {rate} bytes a minute " +
          "(--min-line-rate)",
        { peer: source.name, rate: this.#limits.minLineRate },
      );
      source.close();
    });
    const { yielder } = this.#memory;
    for await (const piece of line) {
      while (yielder.isDue) await yielder.pause(); // for all that arrive together
      const error = this.#tryHold(held, piece);
      if (error !== undefined) {
        rate[Symbol.dispose](); // what is not held may come at any rate
        return await scanRest(line, held, piece, error, yielder);
      }
    }
  }

  /** Holds a piece. Gives the error if that is above a limit. */
  #tryHold(held: HeldLine, piece: Uint8Array): ValueError | undefined {
    const size = held.length + piece.length;
    if (size > this.#maxSize) {
      return new ValueError(
        `The message is longer than the limit of ${formatSize(this.#maxSize)} ` +
          `(--max-message-size)`,
      );
    }
    if (held.tryAppend(piece)) return undefined;
    const limit = `${formatSize(this.#memory.limit)} (--max-held)`;
    if (size > this.#fairShare) {
      return new ValueError(`The message is longer than half of the limit of ${limit}`);
    }
    return new ValueError(
      `The Manager holds many bytes of long messages, and a peer may have no more of the limit of ` +
        `${limit} than is left, and all peers of its origin no more than three times that. Try again ` +
        `later`,
    );
  }
}

/** Why a line is not forwarded, and the keys for the error reply. */
interface Fault {
  error: Error;
  uid: string | undefined;
  requester: string | undefined;
}

/** Scans what is held of a line and drops it, then the rest of the line as it arrives. */
async function scanRest(
  line: LongLine,
  held: HeldLine,
  piece: Uint8Array,
  error: Error,
  yielder: Yielder,
): Promise<Fault> {
  const scanner = new KeyScanner();
  const next = piece.slice(); // it is valid only until the next one is read
  for (let at = 0; at < held.length; at += SCANNED) {
    while (yielder.isDue) await yielder.pause();
    scanner.read(held.bytes.slice(at, at + SCANNED)); // a copy: the scanner stays fast for others
  }
  held.clear();
  scanner.read(next);
  for await (const piece of line) {
    while (yielder.isDue) await yielder.pause();
    scanner.read(piece);
  }
  return { error, uid: scanner.text("uid"), requester: scanner.text("requester") };
}

/** Calls a function after each interval in which the count has grown by less than the minimum. */
function watchRate(
  interval: number,
  minimum: number,
  count: () => number,
  onTooSlow: () => void,
): Disposable {
  let before = count();
  const timer = setInterval(() => {
    const now = count();
    if (now - before < minimum) onTooSlow();
    before = now;
  }, interval);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Half of the computer's memory, from 256 MiB to 4 GiB; 1 GiB if that may not be read. */
function halfOfMemory(): number {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  if (state !== "granted") return 1024 * MiB;
  const half = Math.floor(Deno.systemMemoryInfo().total / 2);
  return Math.min(Math.max(half, 256 * MiB), 4096 * MiB);
}
