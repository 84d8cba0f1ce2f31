/**
 * The connection of a device to its Manager, from the first `open()` until the device ends: one
 * `Connection`, or one after the other if the device reconnects. It keeps each of them alive.
 *
 * `connector.ts` opens a connection, `retry.ts` decides when to try again, and the device (a Client
 * or a Service) reads the lines.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { pauseAfter, retry } from "./retry.ts";
import type { Connection } from "../net/connection.ts";
import { describeEnd } from "../net/connection_end.ts";
import { logEnd } from "./connection_log.ts";
import type { ResolvedOptions } from "./device_options.ts";
import { ConnectionAbortedError } from "../errors.ts";
import { IDLE_INTERVALS, Keepalive } from "../net/keepalive.ts";
import { LONGEST_TIME, MIN_KEEPALIVE_INTERVAL } from "../limits.ts";
import { decodeLines, LongLine } from "../wire/line.ts";
import { logger } from "../base/log.ts";
import type { ClientIdentity, ServiceIdentity } from "../wire/identities.ts";
import { encodeDisconnect, isObject } from "../wire/message.ts";
import { periodicPause } from "../base/pause.ts";
import { withTimeout } from "../base/with_timeout.ts";
import { type ConnectionChange, Connector, isRetriable } from "./connector.ts";

/** A Client or a Service, as its connection calls it. */
export interface Device {
  /** The name of the device, for the log. */
  readonly name: string;
  /** The identity to send when a connection is opened. */
  identity(): ClientIdentity | ServiceIdentity;
  /**
   * Takes a line.
   *
   * @param text The line, if it is decoded already.
   */
  receive(connection: Connection, line: Uint8Array, text: string | undefined): void;
  /** The same for a long line. The next one is read when the promise is settled. */
  receiveLong(connection: Connection, line: LongLine): Promise<void>;
  /** Called after the lines of one read. The next read begins when the promise is settled. */
  afterRead?(connection: Connection): Promise<void> | undefined;
  /** Settles when the Manager has registered the device. Rejects if it rejects the device. */
  registered(connection: Connection): Promise<void>;
  /** Called when a connection has ended: what was sent over it gets no reply any more. */
  onDisconnect(reason: string): void;
  /** Called when the device is connected again. */
  onReconnect(): void;
  /** Called with each change of the connection, for the log and for the user's handler. */
  onChange(change: ConnectionChange): void;
}

/** The shortest life, in milliseconds, of a connection that counts as a success. */
const SHORT_LIFE = 1_000;
/** How long the Manager may take to end a connection that it is asked to end, in milliseconds. */
const DISCONNECT_TIMEOUT = 2_000;
/** The keepalive interval with a Manager that has agreed to none, in milliseconds. */
const DEFAULT_INTERVAL = 60_000;

/** The time from one pause to the next while pieces are read, in milliseconds. */
const SLICE = 2;
/** To read a line that is longer takes so long that a pause may be due, in bytes. */
const LONG = 64 * 1024;

const log = logger("device");

/** The connections of one device. */
export class ReconnectingConnection {
  readonly #device: Device;
  readonly #options: ResolvedOptions;
  readonly #connector: Connector;
  /** Aborted when the device ends the connection itself, or the connection has ended for good. */
  readonly #end = new AbortController();
  #connection: Connection | undefined;
  #keepalive: DeviceKeepalive | undefined;
  #hasOpened = false;
  /** When the latest connection was opened, in the time of `performance.now()`. */
  #openedAt = 0;
  /** How many connections in a row have ended within `SHORT_LIFE`. */
  #shortLives = 0;
  /** Settles with the reason when the latest connection has ended. */
  #ended: Promise<string> | undefined;
  /** The latest error of the Manager that answers no request: perhaps why it ends the connection. */
  #lastError: string | undefined;

  constructor(device: Device, options: ResolvedOptions) {
    this.#device = device;
    this.#options = options;
    this.#connector = new Connector(options, () => device.identity());
  }

  /** The Manager and its address, for log and error messages. */
  get manager(): string {
    return `the Manager at ${this.#options.host}:${this.#options.port}`;
  }

  /** The latest connection; `undefined` before the first one. */
  get current(): Connection | undefined {
    return this.#connection;
  }

  /** Whether the device is connected. */
  get isUp(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** Whether the device connects again after a connection has ended. */
  get reconnects(): boolean {
    return this.#options.reconnect !== undefined && !this.isEnding;
  }

  /** Whether it still tries to connect for the first time (`waitOnFirstConnect`). */
  get isWaiting(): boolean {
    return (this.#options.reconnect?.waitOnFirstConnect ?? false) && !this.#hasOpened;
  }

  /** Whether the device ends the connection itself, or it has ended for good. */
  get isEnding(): boolean {
    return this.#end.signal.aborted;
  }

  /**
   * Connects for the first time.
   *
   * @throws {ConnectionAbortedError} If the connection ends before the device is registered, or
   * `end()` is called.
   * @throws What `openConnection` and the device's `registered()` throw.
   */
  async open(): Promise<void> {
    const { reconnect, signal: given } = this.#options;
    const signal = given ? AbortSignal.any([given, this.#end.signal]) : this.#end.signal;
    const attempt = () => this.#establish(() => this.#connector.open(signal));
    if (this.isWaiting) await retry(this.#reporting(attempt), reconnect!, signal, isRetriable);
    else await attempt();
    this.#hasOpened = true;
  }

  /**
   * Reconnects, if `reconnect` is set, until the connection has ended for good. Fulfilled with the
   * error that ended it. Called once, after `open()`.
   */
  async keepConnected(): Promise<Error> {
    for (;;) {
      const reason = await this.#ended;
      const error = new ConnectionAbortedError(
        `The connection to ${this.manager} ended: ${reason}`,
      );
      this.#device.onDisconnect(`the connection to ${this.manager} ended, ${reason}`);
      if (!this.reconnects) return error;
      this.#device.onChange({ state: "lost", error });
      try {
        await this.#backOff(error);
        await this.#reconnect();
      } catch (cause) {
        return this.isEnding ? error : cause as Error;
      }
    }
  }

  /** The Manager has confirmed the device with this result, which may have a keepalive interval. */
  acceptConfirmation(result: unknown): void {
    this.#keepalive?.agree(result);
  }

  /** The Manager has sent an error that answers no request, e.g. before it ends the connection. */
  receiveError(message: string): void {
    this.#lastError = message;
  }

  /** Does not reconnect from now on, and cancels an attempt that is under way. */
  end(): void {
    this.#end.abort(
      new ConnectionAbortedError(`The device has given up ${this.manager}`),
    );
  }

  /**
   * Asks the Manager to end the connection, and closes it. What is queued has 2 seconds. Does nothing
   * if there is no connection.
   *
   * @param isAwaited Whether to wait first until the Manager has ended it, for 2 seconds at most. A
   * socket that is closed at once loses what the Manager has not read yet, if anything from the
   * Manager is unread.
   */
  async disconnect(isAwaited: boolean): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    connection.sendText(encodeDisconnect(this.#device.name));
    if (isAwaited) await withTimeout(connection.ended, DISCONNECT_TIMEOUT, () => undefined);
    await connection.close();
  }

  /** Opens a connection and reads it until it ends. Settles when the device is registered. */
  async #establish(open: () => Promise<Connection>): Promise<void> {
    const connection = await open();
    this.#connection = connection;
    this.#lastError = undefined;
    this.#openedAt = performance.now();
    this.#keepalive = new DeviceKeepalive(connection);
    this.#ended = this.#serve(connection, this.#keepalive);
    const refused = Promise.withResolvers<never>();
    this.#ended.then((reason) =>
      refused.reject(
        new ConnectionAbortedError(`${this.manager} did not register the device: ${reason}`),
      )
    );
    try {
      await Promise.race([this.#device.registered(connection), refused.promise]);
    } catch (error) {
      connection.abort();
      await this.#ended;
      throw error;
    }
  }

  /** Pauses longer and longer while each connection ends soon after it was opened. */
  async #backOff(error: Error): Promise<void> {
    const isShort = performance.now() - this.#openedAt < SHORT_LIFE;
    this.#shortLives = isShort ? this.#shortLives + 1 : 0;
    if (!isShort) return;
    const reconnect = this.#options.reconnect!;
    if (this.#shortLives >= reconnect.attempts) throw error;
    const pause = pauseAfter(this.#shortLives, reconnect);
    await delay(pause, { signal: this.#end.signal });
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#end;
    const attempt = this.#reporting(() => this.#establish(() => this.#connector.reopen(signal)));
    await retry(attempt, this.#options.reconnect!, signal, isRetriable);
    if (signal.aborted) return await this.#connection!.close(); // `end()` came in the last attempt
    this.#device.onReconnect(); // sends the requests that wait, before new ones
    this.#device.onChange({ state: "connected" });
  }

  /** The same attempt, which reports each failure to the device. */
  #reporting(attempt: () => Promise<void>): () => Promise<void> {
    let count = 0;
    return async () => {
      try {
        await attempt();
      } catch (error) {
        this.#device.onChange({ state: "retrying", error: error as Error, attempt: ++count });
        throw error;
      }
    };
  }

  /** Reads a connection until it ends. Fulfilled with the reason. */
  async #serve(connection: Connection, keepalive: DeviceKeepalive): Promise<string> {
    const pause = periodicPause(SLICE);
    for await (const lines of connection) {
      const texts = decodeLines(lines);
      let index = 0;
      for (const line of lines) { // `entries()` would make an object for each
        const text = texts[index++];
        try {
          if (line instanceof LongLine) await this.#device.receiveLong(connection, line);
          else this.#device.receive(connection, line, text);
        } catch (error) { // whatever the other side has sent, the next line is read
          log.error("Ignored a message that is no use: {error}", { error });
        }
        if (!(line instanceof LongLine) && line.length > LONG) await pause(); // as pieces are
      }
      await this.#device.afterRead?.(connection); // what was sent leaves before the next read begins
    }
    keepalive[Symbol.dispose]();
    const end = await connection.ended;
    const error = this.#lastError;
    logEnd(log, this.#device.name, this.manager, end, error);
    return describeEnd(end) + (error === undefined ? "" : ` after the error ${error}`);
  }
}

/**
 * The keepalive of one connection, on the device's side. The device sends a space in an interval in
 * which it sends nothing else. Once the Manager has agreed to an interval, the device ends a
 * connection over which nothing comes for `IDLE_INTERVALS` of them.
 */
export class DeviceKeepalive implements Disposable {
  readonly #connection: Connection;
  #keepalive: Keepalive;

  /** Begins at once. A Manager that does not know of keepalive reads only white space. */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.#keepalive = this.#start(DEFAULT_INTERVAL, false);
  }

  /** Takes the interval of the Manager, if the result of its confirmation has one (`beat`). */
  agree(result: unknown): void {
    const interval = isObject(result) ? result.beat : 0;
    if (typeof interval !== "number") return;
    if (!(interval >= MIN_KEEPALIVE_INTERVAL && interval * IDLE_INTERVALS <= LONGEST_TIME)) return;
    this.#keepalive[Symbol.dispose]();
    this.#keepalive = this.#start(interval, true);
  }

  /** For a connection that has ended. */
  [Symbol.dispose](): void {
    this.#keepalive[Symbol.dispose]();
  }

  #start(interval: number, keepsInterval: boolean): Keepalive {
    const connection = this.#connection;
    const keepalive = new Keepalive(interval * IDLE_INTERVALS);
    keepalive.watch({
      connection,
      keepsInterval: () => keepsInterval,
      onWriteIdle: () => connection.sendSpace(),
    });
    return keepalive;
  }
}
