/**
 * Calls what a user gave to be called. It may be asynchronous, and it may fail, which is logged and
 * harms nobody else.
 *
 * @module
 */

import { logger } from "./log.ts";

const log = logger("handler");

/**
 * Calls a handler and waits for it. Never rejects.
 *
 * @param what Which handler it is, for the log.
 */
export async function callHandler(what: string, handler: () => unknown): Promise<void> {
  try {
    await handler();
  } catch (error) {
    log.error("{what} failed: {error}", { what, error });
  }
}
