/**
 * Calls functions in Workers, so that a long computation does not block the event loop of the
 * Service. A worker is started when it is needed and used again; one that crashes, or whose call is
 * cancelled, is replaced. `worker.ts` is the module that runs in a worker.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import { splitArguments } from "../wire/call.ts";
import { WorkerError } from "../errors.ts";
import { toError, type WorkerCall, type WorkerReply, type WorkerTask } from "./worker.ts";
import { ndArraysIn, withNdArrays } from "./worker_values.ts";

/** The workers of a Service. */
export interface WorkerOptions {
  /**
   * The largest number of workers. Each is a thread, and is started when no other one is free.
   * Default: one less than the cores of the computer, at least 1.
   */
  size?: number;
  /**
   * How many calls may wait for a worker. One more fails at once with a
   * {@linkcode WorkerError}. Default: 1,000.
   */
  queue?: number;
}

/** A call that has no result yet. */
interface Job extends PromiseWithResolvers<unknown> {
  task: WorkerTask;
  args: readonly unknown[];
}

/** The workers, and the calls that wait for one. */
export class WorkerPool {
  readonly #size: number;
  readonly #queue: number;
  /** The call that each worker runs; `undefined` for a worker that is free. */
  readonly #workers = new Map<Worker, Job | undefined>();
  /** The calls that wait for a worker, in their order. */
  readonly #waiting = new Set<Job>();
  /** The error for every call, once the pool is closed. */
  #closed: Error | undefined;

  /**
   * Starts no worker yet.
   *
   * @throws {RangeError} If `size` is not an integer of at least 1, or `queue` of at least 0.
   */
  constructor({ size = defaultSize(), queue = 1_000 }: WorkerOptions = {}) {
    check("size", size, 1);
    check("queue", queue, 0);
    this.#size = size;
    this.#queue = queue;
  }

  /**
   * Makes a method that calls an exported function in a worker.
   *
   * @param module The URL of the module that exports it.
   * @param signalOf The signal for {@linkcode WorkerPool.call}, read at each call.
   * @throws {TypeError} If the function has no name, or `module` is not a URL.
   */
  method<Args extends unknown[], Result>(
    called: (...args: Args) => Result,
    module: string | URL,
    signalOf: () => AbortSignal | undefined,
  ): (...args: Args) => Promise<Awaited<Result>> {
    const { name } = called;
    if (name === "") throw new TypeError("Cannot call a function in workers that has no name");
    if (!URL.canParse(module)) {
      throw new TypeError(
        `Cannot call ${name} in workers: ${repr(String(module))} is no URL, which ` +
          `import.meta.resolve(${JSON.stringify(module)}) is`,
      );
    }
    const task = { module: String(module), name };
    const method = (...args: Args) => this.call(task, args, signalOf()) as Promise<Awaited<Result>>;
    // A Service reads the parameters of its methods from their source text.
    return Object.defineProperties(method, {
      name: { value: name },
      toString: { value: () => called.toString() },
    });
  }

  /**
   * Calls a function in a worker.
   *
   * @param signal Cancels the call when it is aborted. A worker that runs it is terminated.
   * @returns Rejects with what the function throws, with a {@linkcode WorkerError} if its worker
   * crashes or too many calls wait, with a `TypeError` if an argument cannot be copied to a worker,
   * and with the reason of `signal`.
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
    const cancel = () => this.#cancel(job, signal.reason);
    signal.addEventListener("abort", cancel);
    return job.promise.finally(() => signal.removeEventListener("abort", cancel));
  }

  /** Terminates every worker. All calls that run or wait reject with the reason. */
  cancelAll(reason: Error): void {
    const jobs = [...this.#workers.values(), ...this.#waiting];
    this.#waiting.clear();
    for (const worker of this.#workers.keys()) this.#terminate(worker);
    for (const job of jobs) job?.reject(reason);
  }

  /** Cancels all calls, and rejects those that are made later. */
  close(reason: Error): void {
    this.#closed = reason;
    this.cancelAll(reason);
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
        const arrays = ndArraysIn([args, kwargs]);
        worker.postMessage({ ...job.task, args, kwargs, arrays } satisfies WorkerCall);
        this.#workers.set(worker, job);
      } catch (error) {
        const { message } = error as Error;
        job.reject(new TypeError(`Cannot call ${job.task.name} in a worker: ${message}`));
      }
    }
  }

  /** A free worker, which may be a new one; `undefined` if all are busy. */
  #free(): Worker | undefined {
    for (const [worker, job] of this.#workers) if (job === undefined) return worker;
    return this.#workers.size < this.#size ? this.#start() : undefined;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
      const job = this.#workers.get(worker);
      this.#workers.set(worker, undefined);
      if (data.state === "returned") job?.resolve(withNdArrays(data.value, data.arrays));
      else job?.reject(toError(data));
      this.#next();
    };
    worker.onerror = (event) => {
      event.preventDefault(); // otherwise this program would end
      const job = this.#workers.get(worker);
      this.#terminate(worker);
      job?.reject(
        new WorkerError(`Cannot finish ${job.task.name}: its worker crashed: ${event.message}`),
      );
      this.#next();
    };
    this.#workers.set(worker, undefined);
    return worker;
  }

  #cancel(job: Job, reason: unknown): void {
    this.#waiting.delete(job);
    for (const [worker, running] of this.#workers) if (running === job) this.#terminate(worker);
    job.reject(reason);
    this.#next();
  }

  #terminate(worker: Worker): void {
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
