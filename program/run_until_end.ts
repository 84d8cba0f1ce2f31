/**
 * Runs Services as a program: the signals that end it, and its exit code.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import { repr } from "../base/repr.ts";
import type { ConnectOptions } from "../device/connect_options.ts";
import { ConnectionAbortedError } from "../errors.ts";
import { TerminalWriter } from "../logs/terminal_writer.ts";
import type { Service } from "../service.ts";
import { onTermination } from "./signals.ts";

/**
 * Keeps a program running until its Services have ended. SIGINT, SIGTERM and the end of the terminal
 * shut them down; a second signal ends the program at once, with exit code 1. SIGHUP changes nothing
 * for a program that uses no terminal.
 *
 * With options it starts the Services first, and a signal ends an attempt to connect at once. Services
 * that have been started need no options, but a signal during their `start()` is not handled.
 *
 * If a Service was not shut down, but has lost its Manager for good, the standard error gets one line
 * that says why, and the exit code is 1, so that a supervisor starts the program again. A program
 * that needs to do something else awaits {@linkcode Service.finished} itself: it rejects then.
 *
 * @param parameters The Services, and then the options with which they connect.
 * @returns Fulfilled when all Services have ended.
 * @throws What {@linkcode Service.start} throws, unless a signal has ended the start. The other
 * Services have been shut down then.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { runUntilEnd, Service } from "@msl/network";
 *
 * const echo = new Service({ name: "Echo" });
 * echo.addTasks(() => console.log("Echo is running"));
 * await runUntilEnd(echo, { host: "lab-pc" });
 * ```
 */
export async function runUntilEnd(
  ...parameters: Service[] | [...Service[], ConnectOptions]
): Promise<void> {
  const { services, options } = splitParameters<ConnectOptions>(parameters);
  const ending = new AbortController();
  let signals = 0;
  using _signals = onTermination(() => {
    if (++signals > 1) Deno.exit(1);
    ending.abort(new ConnectionAbortedError("a signal has ended the start"));
    for (const service of services) service.shutdown();
  });
  if (options !== undefined) {
    const signal = AbortSignal.any([ending.signal, ...(options.signal ? [options.signal] : [])]);
    try {
      await Promise.all(services.map((service) => service.start({ ...options, signal })));
    } catch (error) {
      await Promise.all(services.map((service) => service.shutdown()));
      if (signals > 0) return;
      throw error;
    }
  }
  const isStalled = await reportEnds(services, () => false);
  if (isStalled) Deno.exit(); // nothing else ends the write that waits
}

/** Services, and then perhaps an object of options. */
export function splitParameters<Options extends object>(
  parameters: readonly (Service | Options)[],
): { services: Service[]; options: Options | undefined } {
  const isService = (parameter: Service | Options): parameter is Service => "start" in parameter;
  return {
    services: parameters.filter(isService),
    options: parameters.find((parameter): parameter is Options => !isService(parameter)),
  };
}

/**
 * Waits until Services have ended. For each that has lost its Manager it writes one line on the
 * standard error, and sets the exit code to 1.
 *
 * @param isExpected Whether the end of the Manager is what was asked for.
 * @returns Whether the reader of the standard error has stopped reading. The write that waits for it
 * keeps the process: only `Deno.exit()` ends it.
 */
export async function reportEnds(
  services: readonly Service[],
  isExpected: () => boolean,
): Promise<boolean> {
  const errors = new TerminalWriter(Deno.stderr, (count) => `${count} lines were dropped\n`);
  await Promise.all(services.map(async (service) => {
    try {
      await service.finished;
    } catch (error) {
      if (isExpected()) return;
      const reason = printable((error as Error).message); // it may come from the Manager
      errors.write(`The ${repr(service.name)} service has ended: ${reason}\n`);
      Deno.exitCode = 1;
    }
  }));
  await errors.flush();
  return errors.isStalled;
}
