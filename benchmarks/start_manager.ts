/**
 * A Manager as a process of its own, on a free port.
 *
 * @module
 */

import { Manager, type ManagerOptions } from "../manager.ts";
import { options, orders, run, tell } from "./orders.ts";

if (import.meta.main) {
  run(async () => {
    await using manager = await Manager.start({
      host: "localhost",
      port: 0,
      database: ":memory:",
      ...options<ManagerOptions>(),
    });
    tell({ port: manager.port });
    for await (const _order of orders()) {
      // There are none but to end.
    }
  });
}
