/**
 * Runs the code that a user of a device has given: handlers of events, and tasks that run while the
 * device is connected. Such code may be asynchronous, and it may fail: a failure is logged, and
 * nothing else is affected.
 *
 * @module
 */

import { ConnectionAbortedError } from "../errors.ts";
import { logger } from "./log.ts";
import { withTimeout } from "./with_timeout.ts";

/**
 * A function that runs while a device is connected, e.g. an asynchronous one with a loop. The
 * signal is aborted when the connection ends, with an error that says why; the task should end
 * then. A task that throws ends alone, and the error is logged.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, type Task } from "@msl/network";
 *
 * const poll: Task = async (signal) => {
 *   while (!signal.aborted) {
 *     console.log(await thermometer.read());
 *     await new Promise((resolve) => setTimeout(resolve, 1_000));
 *   }
 * };
 * await using cxn = await connect();
 * const thermometer = await cxn.link("Thermometer");
 * cxn.addTasks(poll);
 * ```
 */
export type Task = (signal: AbortSignal) => unknown;

const tasksLog = logger("tasks");
const handlerLog = logger("handler");

/**
 * Calls a handler and waits until it has finished. Never rejects: a failure is logged.
 *
 * @param what The name of the handler, for the log.
 * @param grace The longest wait, in milliseconds. The handler goes on after it, and the log says so.
 * Default: no limit.
 */
export async function callHandler(
  what: string,
  handler: () => unknown,
  grace?: number,
): Promise<void> {
  const called = (async () => {
    try {
      await handler();
    } catch (error) {
      handlerLog.error("{what} failed: {error}", { what, error });
    }
  })();
  await withTimeout(called, grace, () => {
    handlerLog.error("{what} has not returned within {grace} ms (grace), nothing waits for it", {
      what,
      grace,
    });
  });
}

/** The tasks of one device. */
export class Tasks {
  readonly #abort = new AbortController();
  /** The tasks that start when the device is connected; `undefined` once it is. */
  #pending: Task[] | undefined = [];

  /**
   * Adds tasks. They start when the device is connected; at once if it is connected already.
   *
   * @throws {ConnectionAbortedError} When the connection has ended.
   */
  add(...tasks: readonly Task[]): void {
    if (this.#abort.signal.aborted) {
      throw new ConnectionAbortedError("Cannot add a task: the connection has ended");
    }
    if (this.#pending !== undefined) this.#pending.push(...tasks);
    else for (const task of tasks) this.#run(task);
  }

  /** Starts the tasks: the device is connected. */
  start(): void {
    const pending = this.#pending ?? [];
    this.#pending = undefined;
    if (this.#abort.signal.aborted) return; // the connection was lost in the meantime
    for (const task of pending) this.#run(task);
  }

  /** Aborts the signal of every task: the connection has ended, for this reason. */
  end(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** Runs a task. One that rejects with the reason of its own signal has not failed. */
  async #run(task: Task): Promise<void> {
    const { signal } = this.#abort;
    try {
      await task(signal);
    } catch (error) {
      if (error !== signal.reason) tasksLog.error("A task failed: {error}", { error });
    }
  }
}
