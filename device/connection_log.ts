/**
 * What a device logs of its connection. The pages of a browser have no such log: their bundle has
 * another module in the place of this one.
 *
 * @module
 */

import type { Logger } from "../base/log.ts";
import { contentOfEnd, type End } from "../net/connection_end.ts";
import { type ConnectionChange, contentOfChange } from "./connector.ts";

/**
 * Logs a change of the connection or of a link.
 *
 * @param owner The device, as the only property of an object, e.g. `{ client: "Client" }`.
 */
export function logChange(
  log: Logger,
  owner: Record<string, string>,
  change: ConnectionChange,
): void {
  const { message, properties } = contentOfChange(change);
  log.info(`{${Object.keys(owner)[0]}}: ${message}`, { ...owner, ...properties });
}

/**
 * Logs that a connection has ended.
 *
 * @param error The latest error of the Manager that answered no request, if there was one.
 */
export function logEnd(
  log: Logger,
  device: string,
  manager: string,
  end: End,
  error: string | undefined,
): void {
  const { message, properties } = contentOfEnd(end);
  const after = error === undefined ? "" : " after the error {error}";
  log.info(`{device} disconnected from {manager}: ${message}${after}`, {
    device,
    manager,
    ...properties,
    ...(error === undefined ? {} : { error }),
  });
}
