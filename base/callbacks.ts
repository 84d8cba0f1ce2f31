/**
 * What a device does beside sending and answering requests: tasks that run for as long as it is
 * connected.
 *
 * @module
 */

import { ConnectionAbortedError } from "../errors.ts";
import { logger } from "./log.ts";

/**
 * Something to do while a device is connected, e.g. an asynchronous function with a loop. The
 * signal is aborted when the connection ends, with the error why; the task should end then.
 */
export type Task = (signal: AbortSignal) => unknown;

const log = logger("tasks");

/** The tasks of one device. */
export class Tasks {
  readonly #abort = new AbortController();
  /** Those that were added before the device was connected. */
  #waiting: Task[] | undefined = [];

  /**
   * Adds tasks. They start when the device is connected, at once if it is.
   *
   * @throws {ConnectionAbortedError} If the device has disconnected.
   */
  add(...tasks: readonly Task[]): void {
    if (this.#abort.signal.aborted) {
      throw new ConnectionAbortedError("Cannot add a task: the connection has ended");
    }
    if (this.#waiting !== undefined) this.#waiting.push(...tasks);
    else for (const task of tasks) this.#run(task);
  }

  /** The device is connected. */
  start(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (this.#abort.signal.aborted) return; // it has lost the connection already
    for (const task of waiting) this.#run(task);
  }

  /** The connection has ended. */
  end(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** A task that fails ends alone, and is heard of in the log. */
  async #run(task: Task): Promise<void> {
    const { signal } = this.#abort;
    try {
      await task(signal);
    } catch (error) {
      if (error !== signal.reason) log.error("A task failed: {error}", { error });
    }
  }
}
