/** Unhandled rejections, which would end a program. */

import { assertEquals } from "@std/assert";

/** Runs a function, and asserts that no rejection is left unhandled. */
export async function expectNothingUnhandled(run: () => void | Promise<void>): Promise<void> {
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    unhandled.push(event.reason);
    event.preventDefault();
  };
  globalThis.addEventListener("unhandledrejection", note);
  try {
    await run();
    await turn();
    assertEquals(unhandled, []);
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
  }
}

/** Runs all tasks that wait neither for a timer nor for I/O. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
