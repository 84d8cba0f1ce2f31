/**
 * The long lines that peers send: each is held in memory until its end has arrived, under a budget
 * of the process, and checked in a worker. Then its digest goes through the router like any line.
 *
 * Nothing of a line is forwarded before it is whole and checked: a reply of the Python software names
 * what it answers at its end, and a broken line ends the reader of a Python client.
 *
 * @module
 */

import { Budget } from "../base/budget.ts";
import { logger } from "../base/log.ts";
import { periodicPause } from "../base/pause.ts";
import { formatSize } from "../base/units.ts";
import { ConnectionAbortedError, JSONDecodeError, ValueError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { HeldLine } from "../wire/held_line.ts";
import { KeyScanner } from "../wire/key_scanner.ts";
import type { LongLine } from "../wire/line.ts";
import type { CheckedLine, CheckLimits, LineToCheck } from "./line_check.ts";
import "./line_check.ts"; // so that `deno compile` embeds it
import type { Peer } from "./peer.ts";
import type { LineSink, Router, Session } from "./router.ts";

/** How long to work before the other peers get a turn, in milliseconds. */
const SLICE = 1;
/** How often the rate of a peer that sends a long line is checked, in milliseconds. */
const RATE_INTERVAL = 60_000;
/** The worker ends when it has had nothing to check for so long, in milliseconds. */
const WORKER_IDLE = 30_000;
/** How much of a held line is scanned between two pauses, in bytes. */
const SCANNED = 1024 * 1024;

const MiB = 1024 * 1024;
/** The longest line whose bytes `wire/envelope.ts` can number. */
const LONGEST_LINE = 2 ** 31 - 1;

const encoder = new TextEncoder();
const log = logger("long_lines");

type LongLineLimits = Pick<Limits, "maxMessageSize" | "maxHeld" | "minLineRate"> & CheckLimits;

/** Receives long lines. */
export class LongLines<Sink extends LineSink> implements Disposable {
  readonly #router: Router<Sink>;
  readonly #limits: LongLineLimits;
  readonly #maxSize: number;
  readonly #budget: Budget;
  readonly #checker: Checker;
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
    this.#budget = new Budget(limits.maxHeld || quarterOfMemory());
    this.#checker = new Checker(limits);
  }

  /** What all long lines together may hold. Long identities count too. */
  get budget(): Budget {
    return this.#budget;
  }

  /** How many bytes of long lines are held. */
  get held(): number {
    return this.#budget.held;
  }

  /**
   * Receives a long line of a peer, and routes it. Never rejects.
   *
   * @returns The sink that the line went to, as of `Router.receive`.
   */
  async receive(peer: Peer<Session<Sink>>, line: LongLine): Promise<Sink | undefined> {
    const held = new HeldLine(this.#budget, Math.min(this.#maxSize, this.#budget.limit));
    try {
      const fault = await this.#collect(peer, line, held);
      if (fault !== undefined) return this.#reject(peer, fault);
      if (!line.isComplete) return undefined; // the connection has ended
      const { outcome } = await held.lend((buffer, length) => this.#checker.check(buffer, length));
      if (outcome.state === "valid") {
        const digest = encoder.encode(outcome.digest);
        return this.#router.receiveHeld(peer, digest, held, outcome.end);
      }
      const { reason, isMalformed, uid, requester } = outcome;
      const error = isMalformed ? new JSONDecodeError(reason) : new ValueError(reason);
      return this.#reject(peer, { error, uid, requester });
    } catch (error) {
      // The check has failed, not the line: the worker has crashed, or the Manager shuts down.
      log.error("A long line of {peer} is dropped: {error}", {
        peer: peer.networkName,
        error: (error as Error).message,
      });
      peer.session.sink.close();
      return undefined;
    } finally {
      held.release();
    }
  }

  /** Ends the worker. */
  [Symbol.dispose](): void {
    this.#checker[Symbol.dispose]();
  }

  /** Holds a line. Gives the reason if it cannot be held; the rest of it is read and dropped then. */
  async #collect(
    peer: Peer<Session<Sink>>,
    line: LongLine,
    held: HeldLine,
  ): Promise<Fault | undefined> {
    const minimum = this.#limits.minLineRate * this.#rateInterval / RATE_INTERVAL;
    using rate = watchRate(this.#rateInterval, minimum, () => held.length, () => {
      log.warn("{peer} is disconnected: it sends a long line at less than {rate} a minute", {
        peer: peer.networkName,
        rate: `${formatSize(this.#limits.minLineRate)} (--min-line-rate)`,
      });
      peer.session.sink.close();
    });
    const pause = periodicPause(SLICE);
    for await (const piece of line) {
      const error = this.#tryHold(held, piece);
      if (error !== undefined) {
        rate[Symbol.dispose](); // what is not held may come at any rate
        return await scanRest(line, held, piece, error);
      }
      await pause();
    }
  }

  /** Holds a piece. Gives the error if that is above a limit. */
  #tryHold(held: HeldLine, piece: Uint8Array): ValueError | undefined {
    if (held.length + piece.length > this.#maxSize) {
      return new ValueError(
        `The message is longer than the limit of ${formatSize(this.#maxSize)} ` +
          `(--max-message-size)`,
      );
    }
    if (held.tryAppend(piece)) return undefined;
    return new ValueError(
      `The Manager holds as many bytes of long messages as it may, ` +
        `${formatSize(this.#budget.limit)} (--max-held). Try again later`,
    );
  }

  /** Answers a line that is not forwarded with an error. */
  #reject(peer: Peer<Session<Sink>>, { error, uid, requester }: Fault): Sink | undefined {
    if (peer.kind === "client") return this.#router.sendError(peer, uid ?? "", error);
    return this.#router.failReply(peer, requester, uid, error);
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
): Promise<Fault> {
  const scanner = new KeyScanner();
  const pause = periodicPause(SLICE);
  const next = piece.slice(); // it is valid only until the next one is read
  for (let at = 0; at < held.length; at += SCANNED) {
    scanner.read(held.bytes.slice(at, at + SCANNED)); // a copy: the scanner stays fast for others
    await pause();
  }
  held.clear();
  scanner.read(next);
  for await (const piece of line) {
    scanner.read(piece);
    await pause();
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

/** Checks lines in a worker, which is started when the first one comes and ends when it is idle. */
class Checker implements Disposable {
  readonly #limits: CheckLimits;
  readonly #pending = new Map<number, PromiseWithResolvers<CheckedLine>>();
  #worker: Worker | undefined;
  #lastId = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #isDisposed = false;

  constructor({ maxDepth, maxNameLength }: CheckLimits) {
    this.#limits = { maxDepth, maxNameLength };
  }

  /**
   * Checks a line, whose buffer is transferred to the worker and back.
   *
   * @throws {ConnectionAbortedError} If the worker crashes, or the Manager shuts down.
   */
  check(buffer: ArrayBuffer, length: number): Promise<CheckedLine> {
    if (this.#isDisposed) return Promise.reject(shuttingDown());
    clearTimeout(this.#idleTimer);
    const id = ++this.#lastId;
    const pending = Promise.withResolvers<CheckedLine>();
    this.#pending.set(id, pending);
    const line: LineToCheck = { id, buffer, length, limits: this.#limits };
    (this.#worker ??= this.#start()).postMessage(line, [buffer]);
    return pending.promise;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#end(shuttingDown());
  }

  #start(): Worker {
    const worker = new Worker(new URL("./line_check.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<CheckedLine>) => {
      this.#pending.get(data.id)?.resolve(data);
      this.#pending.delete(data.id);
      if (this.#pending.size === 0) {
        this.#idleTimer = setTimeout(() => this.#end(shuttingDown()), WORKER_IDLE);
        Deno.unrefTimer(this.#idleTimer as unknown as number);
      }
    };
    worker.onerror = (event) => {
      event.preventDefault(); // it is reported by the lines that were with the worker
      this.#end(new ConnectionAbortedError(`the check of long lines crashed: ${event.message}`));
    };
    return worker;
  }

  #end(reason: Error): void {
    clearTimeout(this.#idleTimer);
    this.#worker?.terminate();
    this.#worker = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(reason);
  }
}

function shuttingDown(): ConnectionAbortedError {
  return new ConnectionAbortedError("the Manager is shutting down");
}

/** A quarter of the computer's memory, from 256 MiB to 4 GiB; 1 GiB if that may not be read. */
function quarterOfMemory(): number {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  if (state !== "granted") return 1024 * MiB;
  const quarter = Math.floor(Deno.systemMemoryInfo().total / 4);
  return Math.min(Math.max(quarter, 256 * MiB), 4096 * MiB);
}
