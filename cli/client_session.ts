/**
 * A command's visit to a Manager: it connects, asks, and leaves again, within its time.
 *
 * It sends no username and no password once it is connected, but to come back where it reconnects: a
 * Manager that asks for them on the same connection wants an administrator, which none of these
 * commands needs.
 *
 * @module
 */

import { type Client, connect } from "../client.ts";
import type { CommandConnectOptions } from "./connect_options.ts";
import { ConfigurationError, PermissionError, RemoteError, TimeoutError } from "../errors.ts";
import type { Prompt } from "../base/prompt.ts";
import { formatDuration } from "../base/units.ts";

/** What an errand is given. */
export interface Visit {
  client: Client;
  /** Aborted if the Manager asks for an administrator: with a `PermissionError`. */
  signal: AbortSignal;
  /** Gives the visit more time, in milliseconds. */
  extend(milliseconds: number): void;
  /** Gives the errand any time from now on. Leaving still has its own. */
  takeAnyTime(): void;
}

/**
 * Connects to a Manager, and gives what comes of the errand there. When the time is over something
 * may still be under way, and is left to the end of the process.
 *
 * @param name How the Client calls itself.
 * @throws {TimeoutError} If it takes longer than the time-out. What a person takes to answer a
 * question is no part of it.
 * @throws {ConfigurationError} If the Manager turns the Client away, or something is missing and
 * there is nobody to ask.
 * @throws What connecting and the errand throw.
 */
export async function visit<T>(
  options: CommandConnectOptions,
  name: string,
  errand: (visit: Visit) => Promise<T>,
): Promise<T> {
  const { host, port, timeout } = options;
  const manager = `The Manager at ${host}:${port}`;
  const administrator = new AbortController();
  const { username, password, passwordManager: _, ...others } = options;
  let isConnected = false;
  using patience = new Patience(timeout, () => {
    const late = `${manager} did not answer within ${formatDuration(timeout)} (--timeout)`;
    return options.disableTls && !isConnected
      ? `${late}. You have TLS disabled. Perhaps the Manager is using TLS for the connection`
      : late;
  });
  const ask = async <A>(question: () => A | Promise<A>): Promise<A> => {
    if (isConnected) {
      administrator.abort(new PermissionError(`${manager} wants an administrator for that`));
      throw administrator.signal.reason;
    }
    const start = performance.now();
    const answer = await question();
    patience.extend(performance.now() - start);
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
      throw new ConfigurationError(`${manager} refuses to connect: ${cause.message}`, { cause });
    }
  };
  const client = await patience.withTimeout(connected());
  isConnected = true;
  try {
    const { signal } = administrator;
    const extend = (milliseconds: number) => patience.extend(milliseconds);
    const takeAnyTime = () => patience.suspend();
    return await patience.withTimeout(errand({ client, signal, extend, takeAnyTime }));
  } finally {
    patience.resume(timeout);
    await patience.withTimeout(client.disconnect()).catch(() => {});
  }
}

/** How long is waited for everything together. */
class Patience implements Disposable {
  readonly #expired = Promise.withResolvers<never>();
  readonly #expire: () => void;
  #end: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSuspended = false;

  constructor(timeout: number, message: () => string) {
    this.#expired.promise.catch(() => {}); // or nobody is waiting
    this.#expire = () => this.#expired.reject(new TimeoutError(message()));
    this.#end = performance.now();
    this.extend(timeout);
  }

  extend(milliseconds: number): void {
    this.#end += milliseconds;
    if (this.#isSuspended) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expire, this.#end - performance.now());
  }

  /** From now on it is waited for any time. */
  suspend(): void {
    this.#isSuspended = true;
    clearTimeout(this.#timer);
  }

  /** If any time was waited for, it is this long again, in milliseconds. */
  resume(timeout: number): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.#end = performance.now();
    this.extend(timeout);
  }

  withTimeout<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#expired.promise]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
