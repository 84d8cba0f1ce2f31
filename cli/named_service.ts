/**
 * A Service that a person has named. Where the name, or that of a method, is misspelt, the error
 * says which ones there are.
 *
 * @module
 */

import type { Client } from "../client.ts";
import { RemoteError, ValueError } from "../errors.ts";
import type { Link, RequestOptions } from "../client/link.ts";
import { isObject } from "../wire/message.ts";
import { valuesOf } from "./output.ts";
import { repr } from "../base/repr.ts";

/**
 * Links with a Service.
 *
 * @throws {ValueError} If no such Service is connected.
 * @throws What linking throws.
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

/** The error for a Service that is not among those that are connected. */
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
 * The result of a request, or the values of a stream as they come.
 *
 * @throws {ValueError} If the Service has nothing of that name.
 * @throws What the request throws.
 */
export async function* resultsOf(
  link: Link,
  attribute: string,
  options: RequestOptions,
): AsyncGenerator<unknown> {
  try {
    yield* valuesOf(link.request(attribute, options));
  } catch (cause) {
    const offered = link.serviceAttributes;
    const isMissing = cause instanceof RemoteError && cause.remoteName === "AttributeError" &&
      !Object.hasOwn(offered, attribute);
    if (!isMissing) throw cause;
    throw new ValueError(`${cause.message}. It has ${listNames(offered)}`, { cause });
  }
}

function listNames(named: Readonly<Record<string, unknown>>): string {
  return Object.keys(named).map(repr).join(", ") || "none";
}
