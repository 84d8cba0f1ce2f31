/**
 * The values that the properties of a service have now. Those in its identity are from the time at
 * which it was started.
 *
 * @module
 */

import type { Client } from "../client.ts";
import type { Link } from "../client/link.ts";
import type { ServiceAbout } from "../wire/about.ts";
import type { ServiceEntry } from "../wire/identities.ts";
import { isMethod } from "../wire/python_signature.ts";
import { aboutAttribute } from "./description.ts";

/** A value that was read, or why it could not be read. */
export type PropertyValue = { value: unknown } | { unread: string };

/** How long a property may take, and all of them together, in milliseconds. */
const READ_TIMEOUT = 2_000;
const TIMEOUT = 5_000;
/** How many are read at once. */
const AT_ONCE = 8;

/**
 * Reads the properties of a service, except for those of which it says that they are not safe to read.
 * It is linked with for that time only. Never rejects, unless the signal is aborted.
 */
export async function readProperties(
  client: Client,
  service: string,
  { attributes, max_clients }: Pick<ServiceEntry, "attributes" | "max_clients">,
  about: ServiceAbout,
  signal: AbortSignal,
): Promise<Map<string, PropertyValue>> {
  const values = new Map<string, PropertyValue>();
  const wanted: string[] = [];
  for (const [name, shown] of Object.entries(attributes)) {
    if (isMethod(shown)) continue;
    if (aboutAttribute(about, name)?.safe !== false) wanted.push(name);
    values.set(name, { unread: "it is not safe to read" });
  }
  if (wanted.length === 0) return values;
  const late = AbortSignal.timeout(TIMEOUT);
  const reading = AbortSignal.any([signal, late]);
  const fail = (names: readonly string[], error: unknown) => {
    signal.throwIfAborted();
    const reason = late.aborted ? "it was not answered in time" : firstLine(error);
    for (const name of names) values.set(name, { unread: reason });
  };
  let link: Link;
  try {
    link = await client.link(service, { signal: reading });
  } catch (error) {
    fail(wanted, max_clients > 0 ? `it is in use: ${firstLine(error)}` : error);
    return values;
  }
  try {
    const queue = [...wanted];
    const read = async () => {
      for (let name; (name = queue.shift()) !== undefined;) {
        try {
          const options = { timeout: READ_TIMEOUT, signal: reading };
          const request = link.request(name, options);
          try {
            values.set(name, { value: await request });
          } finally {
            request.cancel(); // a property that is too slow is not waited for
          }
        } catch (error) {
          fail([name], error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, read));
  } finally {
    await link.unlink().catch(() => {}); // it has ended with the connection
  }
  return values;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0];
}
