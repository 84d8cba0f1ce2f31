/**
 * Runs Services as a program: the signals that end it, and its exit code.
 *
 * @module
 */

import { printable } from "../base/printable.ts";
import { repr } from "../base/repr.ts";
import type { Service } from "../service.ts";
import { onTermination } from "./signals.ts";

/**
 * Keeps a program running until its Services have ended. SIGINT, SIGTERM and the end of the terminal
 * shut them down; a second signal ends the program at once, with exit code 1.
 *
 * If a Service was not shut down, but has lost its Manager for good, the standard error gets one line
 * that says why, and the exit code is 1, so that a supervisor starts the program again. A program
 * that needs to do something else awaits {@linkcode Service.finished} itself: it rejects then.
 *
 * @param services The Services. They have been started.
 * @returns Fulfilled when all Services have ended.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { runUntilEnd, Service } from "@msl/network";
 *
 * const echo = new Service({ name: "Echo" });
 * await echo.start({ host: "lab-pc" });
 * await runUntilEnd(echo);
 * ```
 */
export async function runUntilEnd(...services: readonly Service[]): Promise<void> {
  let signals = 0;
  using _signals = onTermination(() => {
    if (++signals > 1) Deno.exit(1);
    for (const service of services) service.shutdown();
  });
  await reportEnds(services, () => false);
}

/**
 * Waits until Services have ended. For each that has lost its Manager it writes one line on the
 * standard error, and sets the exit code to 1.
 *
 * @param isExpected Whether the end of the Manager is what was asked for.
 */
export async function reportEnds(
  services: readonly Service[],
  isExpected: () => boolean,
): Promise<void> {
  await Promise.all(services.map(async (service) => {
    try {
      await service.finished;
    } catch (error) {
      if (isExpected()) return;
      const reason = printable((error as Error).message); // it may come from the Manager
      console.error(`The ${repr(service.name)} service has ended: ${reason}`);
      Deno.exitCode = 1;
    }
  }));
}
