/**
 * Calls functions in Workers, so that a long computation keeps nobody else waiting. A worker is
 * started when it is needed and used again; one that crashes or is given up is replaced.
 *
 * @module
 */

import { splitArguments } from "../wire/call.ts";
import { WorkerError } from "../errors.ts";
import { asThrown, type WorkerAnswer, type WorkerCall, type WorkerTask } from "./worker.ts";

/** The workers of a Service. */
export interface WorkerOptions {
  /** How many there are at most. Default: one less than the cores of the computer, at least 1. */
  size?: number;
  /** How many calls may wait for a worker; one more fails at once. Default: 1,000. */
  queue?: number;
}

/** A call until it is answered. */
interface Job extends PromiseWithResolvers<unknown> {
  task: WorkerTask;
  args: readonly unknown[];
}

/** The workers, and the calls that wait for one. */
export class WorkerPool {
  readonly #size: number;
  readonly #queue: number;
  /** What each worker is doing; `undefined` where it is nothing. */
  readonly #workers = new Map<Worker, Job | undefined>();
  /** In the order in which they came. */
  readonly #waiting = new Set<Job>();
  /** Why no calls are taken any more. */
  #closed: Error | undefined;

  /**
   * Starts nothing yet.
   *
   * @throws {RangeError} If `size` or `queue` is no number of workers or calls.
   */
  constructor({ size = defaultSize(), queue = 1_000 }: WorkerOptions = {}) {
    check("size", size, 1);
    check("queue", queue, 0);
    this.#size = size;
    this.#queue = queue;
  }

  /**
   * Calls a function in a worker.
   *
   * @param signal When it is aborted, the call is given up, and a worker that is at it is ended.
   * @returns Rejects with what the function throws, with a {@linkcode WorkerError} if its worker
   * crashes or too many calls wait, and with a `TypeError` if a worker cannot be given an argument.
   */
  call(task: WorkerTask, args: readonly unknown[], signal?: AbortSignal): Promise<unknown> {
    const job: Job = { task, args, ...Promise.withResolvers<unknown>() };
    const refusal = this.#closed ?? (signal?.aborted ? signal.reason : this.#full(task));
    if (refusal !== undefined) {
      job.reject(refusal);
      return job.promise;
    }
    this.#waiting.add(job);
    this.#next();
    if (signal === undefined) return job.promise;
    const giveUp = () => this.#giveUp(job, signal.reason);
    signal.addEventListener("abort", giveUp);
    return job.promise.finally(() => signal.removeEventListener("abort", giveUp));
  }

  /** Ends every worker. All calls that run or wait reject with the reason. */
  abandon(reason: Error): void {
    const jobs = [...this.#workers.values(), ...this.#waiting];
    this.#waiting.clear();
    for (const worker of this.#workers.keys()) this.#end(worker);
    for (const job of jobs) job?.reject(reason);
  }

  /** Abandons the calls, and those that still come. */
  close(reason: Error): void {
    this.#closed = reason;
    this.abandon(reason);
  }

  #full({ name }: WorkerTask): WorkerError | undefined {
    const running = [...this.#workers.values()].filter((job) => job !== undefined).length;
    if (running < this.#size || this.#waiting.size < this.#queue) return undefined;
    return new WorkerError(
      `Cannot call ${name}: ${this.#waiting.size} calls wait for a worker already ` +
        `(workers: { queue })`,
    );
  }

  /** Gives the calls that wait to the workers that are free. */
  #next(): void {
    for (const job of this.#waiting) {
      const worker = this.#free();
      if (worker === undefined) return;
      this.#waiting.delete(job);
      try {
        const { args, kwargs } = splitArguments(job.args);
        worker.postMessage({ ...job.task, args, kwargs } satisfies WorkerCall);
        this.#workers.set(worker, job);
      } catch (error) {
        const { message } = error as Error;
        job.reject(new TypeError(`Cannot call ${job.task.name} in a worker: ${message}`));
      }
    }
  }

  /** A worker that does nothing, a new one if need be. */
  #free(): Worker | undefined {
    for (const [worker, job] of this.#workers) if (job === undefined) return worker;
    return this.#workers.size < this.#size ? this.#start() : undefined;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      const job = this.#workers.get(worker);
      this.#workers.set(worker, undefined);
      if (data.state === "returned") job?.resolve(data.value);
      else job?.reject(asThrown(data));
      this.#next();
    };
    worker.onerror = (event) => {
      event.preventDefault(); // or this program would end
      const job = this.#workers.get(worker);
      this.#end(worker);
      job?.reject(
        new WorkerError(`Cannot finish ${job.task.name}: its worker crashed: ${event.message}`),
      );
      this.#next();
    };
    this.#workers.set(worker, undefined);
    return worker;
  }

  #giveUp(job: Job, reason: unknown): void {
    this.#waiting.delete(job);
    for (const [worker, running] of this.#workers) if (running === job) this.#end(worker);
    job.reject(reason);
    this.#next();
  }

  #end(worker: Worker): void {
    this.#workers.delete(worker);
    worker.onmessage = worker.onerror = null;
    worker.terminate();
  }
}

function defaultSize(): number {
  return Math.max(1, navigator.hardwareConcurrency - 1);
}

function check(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot make a Service: workers.${name} must be an integer of at least ${least}, got ${value}`,
  );
}
