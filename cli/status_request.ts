/**
 * Asks a Manager how it is, on a command's visit.
 *
 * @module
 */

import { options } from "../wire/call.ts";
import type { CommandConnectOptions } from "./connect_options.ts";
import { PermissionError, RemoteError, ValueError } from "../errors.ts";
import { isStatus, type ManagerStatus } from "../wire/status.ts";
import type { Visit } from "./client_session.ts";

/**
 * How the Manager is.
 *
 * @throws {ValueError} If it does not tell: a Manager of the Python software knows no such request.
 */
export async function askStatus(
  { host, port }: Pick<CommandConnectOptions, "host" | "port">,
  { client, signal }: Visit,
): Promise<ManagerStatus> {
  const manager = `The Manager at ${host}:${port}`;
  let status: unknown;
  try {
    status = await client.adminRequest("status", options({ signal }));
  } catch (cause) {
    const isUnknown = cause instanceof PermissionError ||
      cause instanceof RemoteError && cause.remoteName === "AttributeError";
    if (isUnknown) {
      const text = `${manager} does not know "status": only one of this package does`;
      throw new ValueError(text, { cause });
    }
    if (!(cause instanceof RemoteError)) throw cause;
    throw new ValueError(`${manager} refuses: ${cause.message}`, { cause });
  }
  if (isStatus(status)) return status;
  throw new ValueError(`${manager} answered "status" with something else`);
}
