/**
 * Gives lines to the workers that check them (`line_check.ts`), and says which one is next: a short
 * line does not wait for long ones, and a long one is not overtaken for ever.
 *
 * @module
 */

import { ConnectionAbortedError } from "../errors.ts";
import type { CheckedLine, CheckLimits, LineToCheck } from "./line_check.ts";
import "./line_check.ts"; // so that `deno compile` embeds it

/**
 * A worker ends when it has had nothing to check for so long, in milliseconds. After a flood of long
 * lines it keeps 100 MB or more, and it starts again in 11 ms.
 */
const WORKER_IDLE = 3_000;
/** Longer lines have a worker of their own, in bytes. A check takes 1 to 2 ms a MiB. */
const LONGEST_SHORT = 32 * 1024 * 1024;
/** A line is overtaken by so many times as many bytes of shorter lines as it has itself, at most. */
const MOST_OVERTAKING = 64;

/** What checks a line: a worker, or a substitute in a test. */
export interface CheckWorker {
  onmessage: ((event: MessageEvent<CheckedLine>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(line: LineToCheck, transfer: ArrayBuffer[]): void;
  terminate(): void;
}

/** Checks lines in workers, which are started when they are needed and end when they are idle. */
export class LineChecker implements Disposable {
  readonly #short: CheckQueue;
  readonly #long: CheckQueue;

  /** @param start Starts a worker. */
  constructor(
    { maxDepth, maxNameLength }: CheckLimits,
    start: () => CheckWorker = startWorker,
  ) {
    const limits = { maxDepth, maxNameLength };
    this.#short = new CheckQueue(limits, start);
    this.#long = new CheckQueue(limits, start);
  }

  /**
   * Checks a line, whose buffer is transferred to a worker and back.
   *
   * @throws {ConnectionAbortedError} If the worker crashes, or the Manager shuts down.
   */
  check(buffer: ArrayBuffer, length: number): Promise<CheckedLine> {
    const queue = length > LONGEST_SHORT ? this.#long : this.#short;
    return queue.check(buffer, length);
  }

  /** Ends the workers. The lines that are not checked are rejected. */
  [Symbol.dispose](): void {
    this.#short[Symbol.dispose]();
    this.#long[Symbol.dispose]();
  }
}

/** A line that is not checked yet. */
interface PendingLine {
  buffer: ArrayBuffer;
  length: number;
  /** The line with the lowest rank is next. */
  rank: number;
  outcome: PromiseWithResolvers<CheckedLine>;
}

/** One worker, and the lines that wait for it. It has one line at a time. */
class CheckQueue implements Disposable {
  readonly #limits: CheckLimits;
  readonly #start: () => CheckWorker;
  readonly #waiting: PendingLine[] = [];
  /** The line that the worker has. */
  #current: PendingLine | undefined;
  /** How many bytes the worker was given. */
  #checked = 0;
  #worker: CheckWorker | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #isDisposed = false;

  constructor(limits: CheckLimits, start: () => CheckWorker) {
    this.#limits = limits;
    this.#start = start;
  }

  check(buffer: ArrayBuffer, length: number): Promise<CheckedLine> {
    if (this.#isDisposed) return Promise.reject(shuttingDown());
    clearTimeout(this.#idleTimer);
    const rank = this.#checked + MOST_OVERTAKING * length;
    const outcome = Promise.withResolvers<CheckedLine>();
    this.#waiting.push({ buffer, length, rank, outcome });
    this.#checkNext();
    return outcome.promise;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#end(shuttingDown());
  }

  #checkNext(): void {
    if (this.#current !== undefined || this.#waiting.length === 0) return;
    const next = this.#waiting.reduce((next, line) => line.rank < next.rank ? line : next);
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    const { buffer, length } = this.#current = next;
    this.#checked += length;
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage({ buffer, length, limits: this.#limits }, [buffer]);
  }

  #startWorker(): CheckWorker {
    const worker = this.#start();
    worker.onmessage = ({ data }) => {
      this.#current?.outcome.resolve(data);
      this.#current = undefined;
      this.#checkNext();
      if (this.#current !== undefined) return;
      this.#idleTimer = setTimeout(() => this.#end(shuttingDown()), WORKER_IDLE);
      Deno.unrefTimer(this.#idleTimer as unknown as number);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // it is reported by the line that was with the worker
      const reason = `the check of a long line crashed: ${event.message}`;
      this.#end(new ConnectionAbortedError(reason));
    };
    return worker;
  }

  /** Ends the worker. If it has crashed, it has lost its own line only: the others wait for a new one. */
  #end(reason: Error): void {
    clearTimeout(this.#idleTimer);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#current?.outcome.reject(reason);
    this.#current = undefined;
    if (!this.#isDisposed) return this.#checkNext();
    for (const { outcome } of this.#waiting.splice(0)) outcome.reject(reason);
  }
}

function startWorker(): CheckWorker {
  return new Worker(new URL("./line_check.ts", import.meta.url), { type: "module" });
}

function shuttingDown(): ConnectionAbortedError {
  return new ConnectionAbortedError("the Manager is shutting down");
}
