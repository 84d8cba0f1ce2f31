/** Rejections that nobody handles, which would end a program. */

import { assertEquals } from "@std/assert";

/** Runs something, after which no rejection may be left that nobody has handled. */
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

/** Lets everything run that waits neither for a timer nor for the outside. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
