/**
 * The signals that ask a process to end.
 *
 * @module
 */

/** Calls a function at each signal that asks the process to end, instead of ending it. */
export function onTermination(callback: () => void): Disposable {
  // Windows has no SIGTERM; a console window that is closed sends SIGHUP there.
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK", "SIGHUP"]
    : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, callback);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, callback);
    },
  };
}

/** An `AbortSignal` that is aborted when a signal asks the process to end, instead of ending it. */
export function terminationSignal(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const listening = onTermination(() => controller.abort());
  return { signal: controller.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
