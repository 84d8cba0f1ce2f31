/**
 * A Client that prints every notification of `heartbeat.ts`. It reconnects when the Manager was
 * restarted, and links again when the Service was.
 *
 * @module
 */

import { connect } from "@msl/network";
import type { Heartbeat } from "./heartbeat.ts";
import { connectOptions } from "./options.ts";

if (import.meta.main) {
  const cxn = await connect({ ...connectOptions(), name: "listener", reconnect: true });
  cxn.connectionHandler = (change) => console.log(`Listener: ${change.state}`);
  const heartbeat = await cxn.link<Heartbeat>("Heartbeat");
  heartbeat.notificationHandler = (count) => console.log(`Beat ${count}`);
  await cxn.disconnected;
}
