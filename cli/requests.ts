/**
 * The requests of commands. Where the name of a Service is misspelt, or the Manager does not know a
 * request, the error says what there is instead.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Link, RequestOptions } from "../client/link.ts";
import { Stream } from "../client/stream.ts";
import { PermissionError, RemoteError, ValueError } from "../errors.ts";
import { repr } from "../base/repr.ts";
import { listNames, suggestName } from "../base/suggestion.ts";
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
  const names = Object.keys(services);
  const meant = suggestName(name, names);
  return new ValueError(
    `Cannot ${task} ${repr(name)}: no such service is connected. ${meant && `${meant} `}` +
      `Those that are: ${listNames(names)}`,
    { cause },
  );
}

/** The error for the name of an attribute that a Service does not have. It lists those that it has. */
export function noSuchAttribute(
  service: string,
  name: string,
  offered: Readonly<Record<string, unknown>>,
): ValueError {
  const names = Object.keys(offered);
  const meant = suggestName(name, names);
  return new ValueError(
    `Cannot describe ${repr(name)}: the ${repr(service)} service has none of that name. ` +
      `${meant && `${meant} `}It has ${listNames(names)}`,
  );
}

/**
 * The result of a request, or the values of a stream as they arrive.
 *
 * @param onStream Called if it is a stream, when it is requested.
 * @throws The errors of {@linkcode Link.request}.
 */
export async function* resultsOf(
  link: Link,
  attribute: string,
  options: RequestOptions,
  onStream: () => void = () => {},
): AsyncGenerator<unknown> {
  const request = link.request(attribute, options);
  if (request instanceof Stream) {
    onStream();
    yield* request;
  } else yield await request;
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
