/**
 * The requests of commands. Where a name is misspelt, or the Manager does not know a request, the
 * error says what there is instead.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Link, RequestOptions } from "../client/link.ts";
import { Stream } from "../client/stream.ts";
import { PermissionError, RemoteError, ValueError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import { options } from "../wire/call.ts";
import { isObject } from "../wire/message.ts";
import { isStatus, type ManagerStatus } from "../wire/status.ts";
import type { ClientSession } from "./client_session.ts";

/**
 * Links with a Service.
 *
 * @throws {ValueError} If no Service of that name is connected.
 * @throws The errors of {@linkcode Client.link}.
 */
export async function linkWith(client: Client, name: string, signal: AbortSignal): Promise<Link> {
  try {
    return await client.link(name, { signal });
  } catch (cause) {
    if (!(cause instanceof RemoteError) || cause.remoteName !== "KeyError") throw cause;
    const { services } = await client.identities({ signal });
    if (!isObject(services) || Object.hasOwn(services, name)) throw cause;
    throw noSuchService("link with", name, services, cause);
  }
}

/** The error for the name of a Service that is not connected. It lists the Services that are. */
export function noSuchService(
  task: string,
  name: string,
  services: Readonly<Record<string, unknown>>,
  cause?: unknown,
): ValueError {
  return new ValueError(
    `Cannot ${task} ${repr(name)}: no such service is connected. ` +
      `Those that are: ${listNames(services)}`,
    { cause },
  );
}

/**
 * The result of a request, or the values of a stream as they arrive.
 *
 * @param onStream Called if it is a stream, when it is requested.
 * @throws {ValueError} If the Service has no attribute of that name.
 * @throws The errors of {@linkcode Link.request}.
 */
export async function* resultsOf(
  link: Link,
  attribute: string,
  options: RequestOptions,
  onStream: () => void = () => {},
): AsyncGenerator<unknown> {
  try {
    const request = link.request(attribute, options);
    if (request instanceof Stream) {
      onStream();
      yield* request;
    } else {
      yield await request;
    }
  } catch (cause) {
    const offered = link.serviceAttributes;
    const isMissing = cause instanceof RemoteError && cause.remoteName === "AttributeError" &&
      !Object.hasOwn(offered, attribute);
    if (!isMissing) throw cause;
    throw new ValueError(`${cause.message}. It has ${listNames(offered)}`, { cause });
  }
}

/**
 * The status of the Manager.
 *
 * @throws {ValueError} If the Manager does not report it. A Manager of the Python software does not
 * know the request.
 */
export async function requestStatus({ client, signal }: ClientSession): Promise<ManagerStatus> {
  const manager = `The Manager at ${client.host}:${client.port}`;
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

function listNames(named: Readonly<Record<string, unknown>>): string {
  return Object.keys(named).map(repr).join(", ") || "none";
}
