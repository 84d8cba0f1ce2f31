/** Clients and services that are connected to a Manager, and whose lines the test writes and reads. */

import type { JsonObject } from "../../mod.ts";
import { type TestManager, WirePeer } from "../../testing.ts";

/** A client that the Manager has accepted. */
export async function wireClient(manager: TestManager, name: string): Promise<WirePeer> {
  return await accepted(manager, { type: "client", name });
}

/** A service without attributes that the Manager has accepted. */
export async function wireService(manager: TestManager, name: string): Promise<WirePeer> {
  return await accepted(manager, { type: "service", name, attributes: {} });
}

async function accepted(manager: TestManager, identity: JsonObject): Promise<WirePeer> {
  const peer = await WirePeer.introduce(manager.connectOptions, identity);
  await manager.connected(String(identity.name));
  return peer;
}
