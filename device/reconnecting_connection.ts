/**
 * The connection of a device to its Manager, for as long as the device lives: one connection, or
 * one after the other where it reconnects.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { pauseAfter, retry } from "./retry.ts";
import { type Connection, describeEnd } from "../net/connection.ts";
import type { ResolvedOptions } from "./device.ts";
import { ConnectionAbortedError } from "../errors.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Line } from "../wire/line.ts";
import { logger } from "../base/log.ts";
import type { ClientIdentity, ServiceIdentity } from "../wire/identities.ts";
import { type ConnectionChange, Connector, isRetriable } from "./connector.ts";

/** What a device does with its connections. */
export interface Device {
  /** How it calls itself. */
  readonly name: string;
  /** What it says of itself. */
  introduction(): ClientIdentity | ServiceIdentity;
  /** Deals with what came in one read. */
  receive(connection: Connection, lines: readonly Line[]): Promise<void>;
  /** Settles when a connection that was opened is of use. Rejects if the device is refused. */
  registered(connection: Connection): Promise<void>;
  /** A connection that was of use has ended: nothing that was sent will be answered any more. */
  lost(reason: string): void;
  /** The device is connected again. */
  returned(): void;
  /** Tells the user. */
  report(change: ConnectionChange): void;
}

/** A connection that is lost sooner counts as an attempt that failed, in milliseconds. */
const SHORT_LIFE = 1_000;

const log = logger("device");

/** The connections of one device. */
export class ReconnectingConnection {
  readonly #device: Device;
  readonly #options: ResolvedOptions;
  readonly #connector: Connector;
  /** Aborted when the device ends the connection itself, or the connection has ended for good. */
  readonly #end = new AbortController();
  #connection: Connection | undefined;
  #heartbeat: Heartbeat | undefined;
  #hasOpened = false;
  /** When the latest connection was opened. */
  #since = 0;
  /** How many connections on end were lost soon. */
  #shortLives = 0;
  /** Settles with the reason when the latest connection has ended. */
  #ended: Promise<string> | undefined;

  constructor(device: Device, options: ResolvedOptions) {
    this.#device = device;
    this.#options = options;
    this.#connector = new Connector(options, () => device.introduction());
  }

  /** Where the Manager is, in words. */
  get manager(): string {
    return `the Manager at ${this.#options.host}:${this.#options.port}`;
  }

  /** The latest connection; `undefined` before there was one. */
  get current(): Connection | undefined {
    return this.#connection;
  }

  /** Whether the connection is up. */
  get isUp(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** Whether a connection that is not up comes back, or at least is tried for. */
  get reconnects(): boolean {
    return this.#options.reconnect !== undefined && !this.isEnding;
  }

  /** Whether it waits for a Manager that it has never been connected to. */
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
   * @throws As `connect` does.
   */
  async open(): Promise<void> {
    const { reconnect, signal: given } = this.#options;
    const signal = given ? AbortSignal.any([given, this.#end.signal]) : this.#end.signal;
    const attempt = () => this.#establish(() => this.#connector.open(signal));
    if (this.isWaiting) await retry(this.#reporting(attempt), reconnect!, signal, isRetriable);
    else await attempt();
    this.#hasOpened = true;
  }

  /** Settles when the connection has ended for good, with the error why. Once, after `open()`. */
  async finished(): Promise<Error> {
    for (;;) {
      const reason = await this.#ended;
      const error = new ConnectionAbortedError(
        `The connection to ${this.manager} ended: ${reason}`,
      );
      this.#device.lost(`the connection to ${this.manager} ended, ${reason}`);
      if (!this.reconnects) return error;
      this.#device.report({ state: "lost", error });
      try {
        await this.#pause(error);
        await this.#comeBack();
      } catch (cause) {
        return this.isEnding ? error : cause as Error;
      }
    }
  }

  /** The Manager has confirmed the device, and said this. */
  acceptWelcome(welcome: unknown): void {
    this.#heartbeat?.agree(welcome);
  }

  /** From now on the connection does not come back. */
  end(): void {
    this.#end.abort(new ConnectionAbortedError(`The device has given up ${this.manager}`));
  }

  /** Opens a connection, and serves it from then on. */
  async #establish(open: () => Promise<Connection>): Promise<void> {
    const connection = await open();
    this.#connection = connection;
    this.#since = performance.now();
    this.#heartbeat = new Heartbeat(connection);
    this.#ended = this.#serve(connection, this.#heartbeat);
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

  /** Connections that are lost as soon as they are there are no reason for one after the other. */
  async #pause(error: Error): Promise<void> {
    const isShort = performance.now() - this.#since < SHORT_LIFE;
    this.#shortLives = isShort ? this.#shortLives + 1 : 0;
    if (!isShort) return;
    const reconnect = this.#options.reconnect!;
    if (this.#shortLives >= reconnect.attempts) throw error;
    const pause = pauseAfter(this.#shortLives, reconnect);
    await delay(pause, { signal: this.#end.signal });
  }

  async #comeBack(): Promise<void> {
    const { signal } = this.#end;
    const attempt = this.#reporting(() => this.#establish(() => this.#connector.reopen(signal)));
    await retry(attempt, this.#options.reconnect!, signal, isRetriable);
    if (signal.aborted) return await this.#connection!.close(); // it was told to while it connected
    this.#device.returned(); // what has waited comes before what the user sends now
    this.#device.report({ state: "connected" });
  }

  /** The same attempt, of which each failure is reported. */
  #reporting(attempt: () => Promise<void>): () => Promise<void> {
    let count = 0;
    return async () => {
      try {
        await attempt();
      } catch (error) {
        this.#device.report({ state: "retrying", error: error as Error, attempt: ++count });
        throw error;
      }
    };
  }

  /** Serves a connection until it ends. Gives the reason. */
  async #serve(connection: Connection, heartbeat: Heartbeat): Promise<string> {
    for await (const lines of connection) await this.#device.receive(connection, lines);
    heartbeat[Symbol.dispose]();
    const reason = describeEnd(await connection.ended);
    log.info("{device} disconnected from {manager}: {reason}", {
      device: this.#device.name,
      manager: this.manager,
      reason,
    });
    return reason;
  }
}
