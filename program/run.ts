/**
 * Runs a Manager as a program: with a log, the signals that end it, the ready line, and Services in
 * the same process. The Manager itself is in `manager.ts`.
 *
 * @module
 */

import { getConfig } from "@logtape/logtape";
import { dirname } from "node:path";
import type { ConnectOptions } from "../device/connect_options.ts";
import { resolveLogLimits } from "../limits.ts";
import { forCaller } from "../base/caller.ts";
import { literal, logger } from "../base/log.ts";
import { type Logging, startLogging } from "../logging.ts";
import { Manager } from "../manager.ts";
import { deleteOldLogs } from "../logs/log_file.ts";
import { certificateFile, logFile } from "../base/paths.ts";
import { printLine } from "./print.ts";
import { formatReadyLine, type ReadyLine } from "./ready_line.ts";
import { reportEnds, splitParameters } from "./run_until_end.ts";
import type { Service } from "../service.ts";
import { onTermination, outliveTerminal } from "./signals.ts";
import type { StartOptions } from "./start_options.ts";

/** How a Manager and Services are run in one process. */
export interface RunOptions extends StartOptions {
  /**
   * The user that the Services log in as, if `authLogin` is set. Default: the program asks for it at
   * the terminal.
   */
  username?: string;
  /** The password of that user. Default: the program asks for it at the terminal. */
  password?: string;
}

/**
 * Runs a Manager and Services in one process. When all Services are connected it prints
 * `Network Manager running on <host>:<port> (TLS ENABLED|DISABLED)`.
 *
 * It returns when the last Service has disconnected, or the Manager is shut down. SIGINT and SIGTERM
 * shut the Manager down: running requests have the time of the limit `grace` (in milliseconds) to be
 * answered. A second signal ends it at once. SIGHUP does the same as SIGTERM if the program uses a
 * terminal, and else is only logged.
 *
 * For each Service that has lost the Manager, although that was not shut down, the standard error gets
 * one line, and the exit code of the program is 1.
 *
 * It logs to the standard error and to a file, unless the program has configured LogTape. If the
 * reader of the standard error has stopped reading, the process ends in the place of the return: else
 * it never could.
 *
 * @param parameters The Services, and then the options of the Manager.
 * @throws {ConfigurationError} If an option, a file, the database or the port cannot be used, or a
 * question has to be asked and there is no terminal.
 * @throws {RangeError} If a limit is out of its range.
 * @throws {ValueError} If there is no such `logLevel`.
 * @throws {RemoteError} If the Manager rejects a Service, e.g. because two have the same name or the
 * user cannot log in.
 * @throws {ConnectionAbortedError} If the Manager cannot accept connections any more, a Service was
 * started before, or the Manager is shut down
 * before all Services are connected.
 * @throws {TypeError} If a Service has a `static schema` that does not fit its methods.
 *
 * @example
 * ```ts ignore it does not end
 * import { runServices, Service } from "@msl/network";
 *
 * class Lamp extends Service {
 *   isOn(): boolean {
 *     return true;
 *   }
 * }
 *
 * await runServices(new Lamp(), new Lamp({ name: "Spare" }), { port: 1876 });
 * ```
 */
export function runServices(...parameters: Service[] | [...Service[], RunOptions]): Promise<void> {
  const { services, options = {} } = splitParameters<RunOptions>(parameters);
  return forCaller(() => run(options, services));
}

/** Runs a Manager, alone or with Services, for {@linkcode runServices} and the command `start`. */
export async function run(options: RunOptions, services: readonly Service[] = []): Promise<void> {
  using starting = outliveTerminal();
  const logging = getConfig() === null ? await log(options) : undefined;
  let code = 1;
  let isStalled = false;
  try {
    isStalled = await runManager(options, services, starting);
    code = Deno.exitCode;
  } finally {
    await logging?.[Symbol.asyncDispose]();
    // Nothing else ends the write that waits for a reader of the standard error that has stopped.
    if (isStalled || logging?.isStalled) Deno.exit(code);
  }
}

/** Returns whether the reader of the standard error has stopped reading. */
async function runManager(
  options: RunOptions,
  services: readonly Service[],
  starting: Disposable,
): Promise<boolean> {
  await using manager = await Manager.start(options);
  let signals = 0;
  using _signals = onTermination(() => ++signals === 1 ? manager.shutdown() : manager.abort());
  starting[Symbol.dispose]();
  await Promise.all(services.map((service) => service.start(connectOptionsFor(manager, options))));
  const { port, tls, webPort } = manager;
  const hostname = options.host ?? manager.hostname;
  const metricsPort = options.metrics === undefined ? undefined : manager.metricsPort;
  printReady({ hostname, port, tls, webPort, metricsPort });
  const lastService = reportEnds(services, () => manager.isShuttingDown);
  await Promise.race(services.length > 0 ? [manager.finished, lastService] : [manager.finished]);
  await manager.shutdown();
  return await lastService; // the handlers of the Services still run, and write to the log
}

/** Prints the ready line. A Manager whose output cannot be written, e.g. to a full disk, runs. */
function printReady(ready: ReadyLine): void {
  const line = formatReadyLine(ready);
  try {
    printLine(line);
  } catch (error) {
    logger("program").warn(`${literal(line)}. {error}`, {
      ...ready,
      error: (error as Error).message,
    });
  }
}

/** Starts the log of the program. If the user has not named a file, old log files are deleted. */
async function log(options: RunOptions): Promise<Logging> {
  const { logLevel = "info" } = options;
  if (options.logFile !== undefined) return startLogging(logLevel, options.logFile, options);
  const file = logFile(new Date());
  const logging = await startLogging(logLevel, file, options);
  deleteOldLogs(dirname(file), file, resolveLogLimits(options).logFiles);
  return logging;
}

/** The options with which a Service of this process connects to the Manager. */
function connectOptionsFor(manager: Manager, options: RunOptions): ConnectOptions {
  const { host = "localhost", username, password } = options;
  return {
    host: host === "0.0.0.0" || host === "::" ? "localhost" : host,
    port: manager.port,
    disableTls: options.disableTls,
    certFile: options.certFile ?? certificateFile(host),
    assertHostname: false, // exactly this certificate is expected, for any name
    passwordManager: options.authPassword,
    username,
    password,
  };
}
