/**
 * The session of a command: it connects to a Manager, runs the task of the command, and disconnects,
 * all within one time-out.
 *
 * A username and a password are sent when it connects, and when it reconnects. A Manager that asks
 * for them while it is connected wants an administrator. Only a command that says so sends them then.
 *
 * @module
 */

import { startTimer, type Timer } from "../base/timer.ts";
import type { Client } from "../client/client.ts";
import { connect } from "../client/connect.ts";
import type { CommandConnectOptions } from "./connect_options.ts";
import { ConfigurationError, PermissionError, RemoteError, TimeoutError } from "../errors.ts";
import type { Prompt } from "../base/prompt.ts";
import { formatDuration } from "../base/units.ts";

/** The session, as its task sees it. */
export interface ClientSession {
  /** The Client, which is connected. */
  client: Client;
  /** Aborted with a `PermissionError` if the Manager asks for an administrator. */
  signal: AbortSignal;
  /** Moves the deadline of the task, by milliseconds. */
  extendDeadline(milliseconds: number): void;
  /** Removes the deadline of the task. Disconnecting still has one. */
  removeDeadline(): void;
}

/**
 * Connects to a Manager, runs a task, and disconnects. After a time-out the task may still be
 * running; the end of the process ends it.
 *
 * @param name The name of the Client.
 * @param isAdministrator Whether the task needs an administrator.
 * @returns What the task returns.
 * @throws {TimeoutError} If it takes longer than the time-out. The time in which a person answers a
 * question does not count.
 * @throws {ConfigurationError} If the Manager rejects the Client, or a question has to be asked and
 * there is no terminal.
 * @throws The other errors of {@linkcode connect}, and those of the task.
 */
export async function runSession<T>(
  options: CommandConnectOptions,
  name: string,
  task: (session: ClientSession) => Promise<T>,
  { isAdministrator = false }: { isAdministrator?: boolean } = {},
): Promise<T> {
  const { host, port, timeout } = options;
  const manager = `The Manager at ${host}:${port}`;
  const administrator = new AbortController();
  const { username, password, passwordManager: _, ...others } = options;
  let isConnected = false;
  using deadline = new Deadline(timeout, () => {
    const late = `${manager} did not answer within ${formatDuration(timeout)} (--timeout)`;
    return options.disableTls && !isConnected
      ? `${late}. You have TLS disabled. Perhaps the Manager is using TLS for the connection`
      : late;
  });
  const ask = async <A>(question: () => A | Promise<A>): Promise<A> => {
    if (isConnected && !isAdministrator) {
      administrator.abort(new PermissionError(`${manager} wants an administrator for that`));
      throw administrator.signal.reason;
    }
    const start = performance.now();
    const answer = await question();
    deadline.extend(performance.now() - start);
    return answer;
  };
  const prompt: Prompt = {
    text: (question) => ask(() => username ?? options.prompt.text(question)),
    secret: (question) => ask(() => password ?? options.prompt.secret(question)),
    confirm: (question) => ask(() => options.prompt.confirm(question)),
  };
  const connected = async (): Promise<Client> => {
    try {
      return await connect({ ...others, name, prompt });
    } catch (cause) {
      if (!(cause instanceof RemoteError)) throw cause;
      const text = cause.remoteMessage;
      const isPassword = /Wrong (Manager|login) password$/.test(text);
      const advice = isPassword ? "Give the right one with --password-file" : cause.hint;
      throw new ConfigurationError(
        `${manager} refuses to connect: ${text}${advice && `. ${advice}`}`,
        { cause },
      );
    }
  };
  const client = await deadline.race(connected());
  isConnected = true;
  try {
    return await deadline.race(task({
      client,
      signal: administrator.signal,
      extendDeadline: (milliseconds) => deadline.extend(milliseconds),
      removeDeadline: () => deadline.remove(),
    }));
  } finally {
    deadline.restore(timeout);
    await deadline.race(client.disconnect()).catch(() => {});
  }
}

/** One deadline for several promises, which can be moved, removed and restored. */
class Deadline implements Disposable {
  readonly #expired = Promise.withResolvers<never>();
  readonly #expire: () => void;
  #end: number;
  #timer: Timer;
  #isRemoved = false;

  /** @param message Writes the message of the `TimeoutError`. */
  constructor(timeout: number, message: () => string) {
    this.#expired.promise.catch(() => {}); // it may expire while nothing is awaited
    this.#expire = () => this.#expired.reject(new TimeoutError(message()));
    this.#end = performance.now();
    this.extend(timeout);
  }

  extend(milliseconds: number): void {
    this.#end += milliseconds;
    if (this.#isRemoved) return;
    clearTimeout(this.#timer);
    this.#timer = startTimer(this.#expire, this.#end - performance.now());
  }

  remove(): void {
    this.#isRemoved = true;
    clearTimeout(this.#timer);
  }

  /** Sets the deadline again, in so many milliseconds from now, if it was removed. */
  restore(timeout: number): void {
    if (!this.#isRemoved) return;
    this.#isRemoved = false;
    this.#end = performance.now();
    this.extend(timeout);
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#expired.promise]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
