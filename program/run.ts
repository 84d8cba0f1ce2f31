/**
 * A Manager as a program: its logs, its signals, the line that says it is ready, and the Services
 * that run in the same process.
 *
 * @module
 */

import { getConfig } from "@logtape/logtape";
import { dirname } from "node:path";
import type { ConnectOptions } from "../device/device.ts";
import { resolveLogLimits } from "../limits.ts";
import { startLogging } from "../logging.ts";
import { Manager } from "../manager.ts";
import { deleteOldLogs } from "../logs/log_file.ts";
import { certificateFile, logFile } from "../base/paths.ts";
import { formatReadyLine } from "./ready_line.ts";
import type { Service } from "../service.ts";
import { onSignal } from "./signals.ts";
import type { StartOptions } from "./start_options.ts";

/** How a Manager is started together with its Services. */
export interface RunOptions extends StartOptions {
  /** Who the Services log in as, where `authLogin` is set. Asked for at the terminal if missing. */
  username?: string;
  /** The password of that user. Asked for at the terminal if missing. */
  password?: string;
}

/**
 * Runs a Manager and Services in one process, until the last of them has disconnected, the Manager
 * is shut down, or the process is asked to end (SIGINT, SIGTERM): requests that are running are
 * answered first, for up to the limit `grace`, unless it is asked a second time. When all are connected it prints
 * `Network Manager running on <host>:<port> (TLS ENABLED|DISABLED)`. It logs to standard error and
 * to a file, unless the application has configured LogTape.
 *
 * @param parameters The Services, and last the options that the Manager is started with.
 * @throws {ConfigurationError} If an option, a file or the port cannot be used.
 * @throws {RemoteError} If a Service is refused, e.g. since two of them have the same name.
 *
 * @example
 * ```ts ignore it does not end
 * import { runServices, Service } from "@msl/network";
 *
 * class Lamp extends Service {}
 *
 * await runServices(new Lamp(), new Lamp({ name: "Spare" }), { port: 1876 });
 * ```
 */
export function runServices(...parameters: Service[] | [...Service[], RunOptions]): Promise<void> {
  const all: readonly (Service | RunOptions)[] = parameters;
  const options = all.find((parameter): parameter is RunOptions => !isService(parameter));
  return run(options ?? {}, all.filter(isService));
}

/** Runs a Manager, alone or with Services: what {@linkcode runServices} and `start` do. */
export async function run(options: RunOptions, services: readonly Service[] = []): Promise<void> {
  await using _logging = getConfig() === null ? await log(options) : undefined;
  await using manager = await Manager.start(options);
  let signals = 0;
  using _signals = onSignal(() => ++signals === 1 ? manager.shutdown() : manager.abort());
  await Promise.all(services.map((service) => service.start(wayTo(manager, options))));
  const { port, tls } = manager;
  console.log(formatReadyLine({ hostname: options.host ?? manager.hostname, port, tls }));
  const lastService = Promise.all(services.map((service) => service.finished));
  await Promise.race(services.length > 0 ? [manager.finished, lastService] : [manager.finished]);
  await manager.shutdown();
  await lastService; // their handlers run, and are logged
}

/** Starts the log of the program. In a file that the user has not named it makes room for itself. */
async function log(options: RunOptions): Promise<AsyncDisposable> {
  const { logLevel = "info" } = options;
  if (options.logFile !== undefined) return startLogging(logLevel, options.logFile, options);
  const file = logFile(new Date());
  const logging = await startLogging(logLevel, file, options);
  deleteOldLogs(dirname(file), file, resolveLogLimits(options).logFiles);
  return logging;
}

function isService(parameter: Service | RunOptions): parameter is Service {
  return "start" in parameter;
}

/** How a Service of this process reaches the Manager of this process. */
function wayTo(manager: Manager, options: RunOptions): ConnectOptions {
  const { host = "localhost", username, password } = options;
  return {
    host: host === "0.0.0.0" || host === "::" ? "localhost" : host,
    port: manager.port,
    disableTls: options.disableTls,
    certFile: options.certFile ?? certificateFile("localhost"),
    assertHostname: false, // it is this very certificate, whatever name it was made for
    passwordManager: options.authPassword,
    username,
    password,
  };
}
