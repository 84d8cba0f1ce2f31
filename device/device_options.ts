/**
 * The options of a Client or a Service that do not depend on how it reaches its Manager, and the
 * interface of what does.
 *
 * @module
 */

import { type ReconnectOptions, type ResolvedReconnect, resolveReconnect } from "./retry.ts";
import type { Prompt } from "../base/prompt.ts";
import type { Transport } from "../net/transport.ts";

/** The options of a device, over whatever it is connected. */
export interface DeviceOptions {
  /**
   * The time-out of each step of connecting, in milliseconds: the TCP connection, the TLS handshake
   * (a WebSocket is one step), each message of the Manager's handshake. Default: 10,000.
   */
  timeout?: number;
  /** The username, for a Manager that requests it. Default: ask with `prompt`. */
  username?: string;
  /** The password of the user, for a Manager that requests it. Default: ask with `prompt`. */
  password?: string;
  /** The password of the Manager itself, if it has one. Default: ask with `prompt`. */
  passwordManager?: string;
  /**
   * The longest message that is accepted, in bytes. A longer one is not held in memory: it is an
   * error for the request it belongs to. Default: 1 GiB.
   */
  readLimit?: number;
  /**
   * Reconnect when the connection ends, and restore links and locks. `true` for the defaults of
   * {@linkcode ReconnectOptions}. Default: `false`.
   */
  reconnect?: boolean | ReconnectOptions;
  /**
   * Cancels connecting when it is aborted. It has no effect on a connection that is established.
   * Default: none.
   */
  signal?: AbortSignal;
  /**
   * Asks a person for what is missing. Default: asks at the terminal, if there is one; a page has none.
   */
  prompt?: Prompt;
}

/** Opens streams of bytes to one Manager: over TCP or TLS, or over a WebSocket. */
export interface Dialer {
  /** Opens one. Nothing is sent before the Manager has shown who it is, where it has to. */
  dial(attempt: DialAttempt): Promise<Transport>;
  /** Makes of the error of a Manager that has sent nothing one that says what that means. */
  explainSilence(error: Error): Error;
}

/** What differs from one attempt to the next. */
export interface DialAttempt {
  /** Asks a person, e.g. whether to trust an unknown certificate. */
  prompt: Prompt;
  /** Cancels the attempt when it is aborted. */
  signal?: AbortSignal;
}

/** The options of a device, with every default filled in. */
export interface ResolvedOptions extends Omit<DeviceOptions, "reconnect"> {
  /** How the Manager is reached. */
  dialer: Dialer;
  host: string;
  port: number;
  timeout: number;
  readLimit: number;
  prompt: Prompt;
  /** How to reconnect; `undefined` for not at all. */
  reconnect: ResolvedReconnect | undefined;
  /** The language and the operating system, as the identity shows them. */
  language: string;
  os: string;
}

/** In bytes. More than a Manager accepts by default, since a device has requested the message. */
const READ_LIMIT = 1024 ** 3;

/** What {@linkcode resolveDeviceOptions} fills in. */
type ResolvedCommon = Omit<
  ResolvedOptions,
  "dialer" | "host" | "port" | "prompt" | "language" | "os"
>;

/**
 * Fills in the defaults that are the same for every device.
 *
 * @throws {RangeError} If a number is out of its range.
 */
export function resolveDeviceOptions(options: DeviceOptions): ResolvedCommon {
  const { timeout = 10_000, readLimit = READ_LIMIT } = options;
  checkPositive("timeout", timeout, "milliseconds");
  checkPositive("readLimit", readLimit, "bytes");
  const { username, password, passwordManager, signal } = options;
  const given = options.reconnect === true ? {} : options.reconnect;
  const reconnect = given ? resolveReconnect(given) : undefined;
  return { timeout, readLimit, username, password, passwordManager, signal, reconnect };
}

function checkPositive(name: string, value: number, unit: string): void {
  if (value > 0) return;
  throw new RangeError(
    `Cannot connect: ${name} must be a positive number of ${unit}, got ${value}`,
  );
}
