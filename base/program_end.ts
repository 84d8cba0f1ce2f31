/**
 * The end of the program, and what is told at it. All that depends on the runtime here is in this
 * module: a browser has no exit code, and its pages do not end with an error.
 *
 * @module
 */

import { IS_DENO } from "./runtime.ts";

/** Calls a function when the program ends, also if it ends with an error that nothing catches. */
export function onProgramEnd(callback: () => void): void {
  if (!IS_DENO) return;
  globalThis.addEventListener("unload", callback);
  for (const name of ["error", "unhandledrejection"]) {
    globalThis.addEventListener(name, (event) => {
      if (!event.defaultPrevented) callback(); // else the program handles it, and goes on
    });
  }
}

/** Starts a timer that does not keep the program running. */
export function startIdleTimer(callback: () => void, time: number): ReturnType<typeof setTimeout> {
  const timer = setTimeout(callback, time);
  if (IS_DENO) Deno.unrefTimer(timer);
  return timer;
}

/** Writes lines on the standard error, whatever the log of the program is. */
export function writeProblem(...lines: readonly string[]): void {
  for (const line of lines) console.error(line);
}

/** The program ends with exit code 1, unless it has set another one than 0. */
export function failProgram(): void {
  if (IS_DENO && Deno.exitCode === 0) Deno.exitCode = 1;
}
