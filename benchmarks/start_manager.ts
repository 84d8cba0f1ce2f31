/**
 * A Manager as a process of its own, on a free port.
 *
 * @module
 */

import { Manager, type ManagerOptions } from "../manager.ts";
import { commands, options, report, run } from "./commands.ts";

if (import.meta.main) {
  run(async () => {
    await using manager = await Manager.start({
      host: "localhost",
      port: 0,
      database: ":memory:",
      ...options<ManagerOptions>(),
    });
    report({ port: manager.port, webPort: manager.webPort });
    for await (const _command of commands()) {
      // Waits for the end of the input.
    }
  });
}
