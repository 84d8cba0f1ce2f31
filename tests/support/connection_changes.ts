/** The connection changes of a Client, recorded in order. */

import { type Client, type ClientOptions, connect, type ConnectionChange } from "../../mod.ts";
import { Events } from "./events.ts";

/** Short delays, so that a test does not take long. */
export const RECONNECT = { firstDelay: 1, longestDelay: 20 };

/** A Client and its connection changes. */
export async function connected(
  options: ClientOptions,
): Promise<{ client: Client; changes: Events<ConnectionChange> }> {
  const client = await connect(options);
  const changes = new Events<ConnectionChange>();
  client.connectionHandler = (change) => changes.add(change);
  return { client, changes };
}

/** A predicate for changes to this state. */
export function isState(state: ConnectionChange["state"]): (change: ConnectionChange) => boolean {
  return (change) => change.state === state;
}

/** The message of the error that caused a change. */
export function reasonOf(change: ConnectionChange): string {
  if ("error" in change) return change.error.message;
  throw new Error(`There is no reason for ${change.state}`);
}

/** The states that were reported, without the retries. */
export function statesOf(changes: Events<ConnectionChange>): string[] {
  return changes.all.map(({ state }) => state).filter((state) => state !== "retrying");
}
