/**
 * The signals that ask a process to end.
 *
 * @module
 */

import { logger } from "../base/log.ts";

const log = logger("program");

/**
 * Signals within this time after one are the same request, in milliseconds. Ctrl+C of a terminal comes
 * to all of its programs, and `deno task` passes on its own: often both come, one after the other.
 */
export const SAME_REQUEST = 200;

/**
 * Calls a function at each signal that asks the process to end, instead of ending it. One that comes
 * twice within `SAME_REQUEST` is one.
 *
 * SIGHUP says that the terminal is gone. It asks a process to end that uses the terminal. Another one,
 * which `nohup` or a supervisor has started, goes on, and the log has a line. Whether the signal was
 * ignored at the start, as `nohup` does it, cannot be known: Deno catches it itself.
 */
export function onTermination(callback: () => void): Disposable {
  let last = -Infinity;
  const request = () => {
    if (performance.now() - last < SAME_REQUEST) return;
    callback();
    last = performance.now(); // the callback may have taken long
  };
  const onHangUp = usesTerminal() ? request : logHangUp;
  return listen(
    Deno.build.os === "windows"
      // Windows has no SIGTERM; a console window that is closed sends SIGHUP there.
      ? [["SIGINT", request], ["SIGBREAK", request], ["SIGHUP", request]]
      : [["SIGINT", request], ["SIGTERM", request], ["SIGHUP", onHangUp]],
  );
}

/** As long as a program starts, SIGHUP ends it if it uses a terminal, and else does not. */
export function outliveTerminal(): Disposable {
  return listen(Deno.build.os === "windows" || usesTerminal() ? [] : [["SIGHUP", logHangUp]]);
}

function usesTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}

function logHangUp(): void {
  log.info(
    "The terminal or the session that has started this program has ended (SIGHUP). It goes on",
  );
}

function listen(handlers: readonly [Deno.Signal, () => void][]): Disposable {
  // A function that listens twice is removed at once: each call here has functions of its own.
  const own = handlers.map(([signal, handler]) => [signal, () => handler()] as const);
  for (const [signal, handler] of own) Deno.addSignalListener(signal, handler);
  return {
    [Symbol.dispose]() {
      for (const [signal, handler] of own) Deno.removeSignalListener(signal, handler);
    },
  };
}

/** An `AbortSignal` that is aborted when a signal asks the process to end, instead of ending it. */
export function terminationSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const listening = onTermination(() => controller.abort());
  return { signal: controller.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
