/**
 * How a Client or a Service of a program reaches its Manager: the options, their defaults, and TCP or
 * TLS with a person who is asked at the terminal. The rest of `device/` knows neither.
 *
 * @module
 */

import {
  type DeviceOptions,
  type Dialer,
  resolveDeviceOptions,
  type ResolvedOptions,
} from "./device_options.ts";
import { dial, type DialOptions, explainSilence } from "../net/dial.ts";
import { terminalPrompt } from "../base/prompt.ts";
import { LANGUAGE, OS } from "../version.ts";
import { DEFAULT_PORT } from "../wire/protocol.ts";

/**
 * How to connect to a Manager.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect, type ConnectOptions } from "@msl/network";
 *
 * const options: ConnectOptions = {
 *   host: "lab-pc",
 *   timeout: 5_000,
 *   signal: AbortSignal.timeout(60_000),
 *   reconnect: true,
 * };
 * await using cxn = await connect(options);
 * ```
 */
export interface ConnectOptions extends DeviceOptions {
  /** The host name or IP address of the Manager. Default: `"localhost"`. */
  host?: string;
  /** The port of the Manager, from 1 to 65535. Default: 1875. */
  port?: number;
  /** Use plain TCP instead of TLS. Default: `false`. */
  disableTls?: boolean;
  /**
   * The file of the certificate to trust, in PEM; it must exist. Default: `certs/<host>.crt` in the
   * home folder of the package, which is written when an unknown certificate is trusted.
   */
  certFile?: string;
  /** Check that the certificate was made for `host`. Default: `true`. */
  assertHostname?: boolean;
  /** Trust an unknown certificate on first use without asking a person. Default: `false`. */
  autoSave?: boolean;
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a number is out of its range.
 */
export function resolveOptions(options: ConnectOptions): ResolvedOptions {
  const { host = "localhost", port = DEFAULT_PORT, prompt = terminalPrompt } = options;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`Cannot connect: port must be an integer from 1 to 65535, got ${port}`);
  }
  const resolved = resolveDeviceOptions(options);
  const dialOptions: DialOptions = { ...options, host, port, prompt, timeout: resolved.timeout };
  const dialer: Dialer = {
    dial: (attempt) => dial({ ...dialOptions, ...attempt }),
    explainSilence: (error) => explainSilence(dialOptions, error),
  };
  return { ...resolved, dialer, host, port, prompt, language: LANGUAGE, os: OS };
}
