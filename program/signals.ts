/**
 * The signals that ask a process to end.
 *
 * @module
 */

/** Calls a function when the process is asked to end. */
export function onSignal(callback: () => void): Disposable {
  // Windows knows no SIGTERM; closing the console window is a SIGHUP there.
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

/** A signal that is aborted when the process is asked to end, which it then does not by itself. */
export function interruption(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const listening = onSignal(() => controller.abort());
  return { signal: controller.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
