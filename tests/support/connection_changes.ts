/** What a Client reports of its connection, kept in order for the test. */

import { type Client, type ClientOptions, connect, type ConnectionChange } from "../../mod.ts";
import { Events } from "./events.ts";

/** Short delays, so that a test does not take long. */
export const RECONNECT = { firstDelay: 1, longestDelay: 20 };

/** A Client and all that it reports. */
export async function connected(
  options: ClientOptions,
): Promise<{ client: Client; changes: Events<ConnectionChange> }> {
  const client = await connect(options);
  const changes = new Events<ConnectionChange>();
  client.connectionHandler = (change) => changes.add(change);
  return { client, changes };
}

/** Whether a change is of this kind. */
export function isState(state: ConnectionChange["state"]): (change: ConnectionChange) => boolean {
  return (change) => change.state === state;
}

/** Why a change came about. */
export function reasonOf(change: ConnectionChange): string {
  if ("error" in change) return change.error.message;
  throw new Error(`There is no reason for ${change.state}`);
}

/** The states that were reported, without how often was tried. */
export function statesOf(changes: Events<ConnectionChange>): string[] {
  return changes.all.map(({ state }) => state).filter((state) => state !== "retrying");
}
