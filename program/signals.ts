/**
 * The signals that ask a process to end.
 *
 * @module
 */

import { logger } from "../base/log.ts";

const log = logger("program");

/**
 * Calls a function at each signal that asks the process to end, instead of ending it.
 *
 * SIGHUP says that the terminal is gone. It asks a process to end that uses the terminal. Another one,
 * which `nohup` or a supervisor has started, goes on, and the log has a line. Whether the signal was
 * ignored at the start, as `nohup` does it, cannot be known: Deno catches it itself.
 */
export function onTermination(callback: () => void): Disposable {
  const usesTerminal = [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
  const hangUp = () => {
    if (usesTerminal) return callback();
    log.info(
      "The terminal or the session that has started this program has ended (SIGHUP). It goes on",
    );
  };
  const handlers: [Deno.Signal, () => void][] = Deno.build.os === "windows"
    // Windows has no SIGTERM; a console window that is closed sends SIGHUP there.
    ? [["SIGINT", callback], ["SIGBREAK", callback], ["SIGHUP", callback]]
    : [["SIGINT", callback], ["SIGTERM", callback], ["SIGHUP", hangUp]];
  for (const [signal, handler] of handlers) Deno.addSignalListener(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const [signal, handler] of handlers) Deno.removeSignalListener(signal, handler);
    },
  };
}

/** An `AbortSignal` that is aborted when a signal asks the process to end, instead of ending it. */
export function terminationSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const listening = onTermination(() => controller.abort());
  return { signal: controller.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
