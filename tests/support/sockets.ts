/** Sockets of a listener, for tests. */

import type { Listener, Socket } from "../../net/listener.ts";

/** The first connection that a listener accepts. */
export async function firstSocket(listener: Listener): Promise<Socket> {
  for await (const socket of listener) return socket;
  throw new Error("the listener is closed");
}
