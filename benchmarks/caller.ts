/**
 * Our Client, or our Service, in a process of its own: a program like that of a user.
 *
 * @module
 */

import { type ClientOptions, connect } from "../client.ts";
import { Service } from "../service.ts";
import { commands, options, report, run } from "./commands.ts";
import { call } from "./workers.ts";

/** The options of the program. */
export interface CallerOptions extends ClientOptions {
  role: "client" | "service";
  /** The name by which the client knows the service. Default: `"Adder"`. */
  service?: string;
}

class Adder extends Service {
  add(x: number, y: number): number {
    return x + y;
  }
}

if (import.meta.main) {
  run(async () => {
    const { role, service = "Adder", ...address } = options<CallerOptions>();
    if (role === "service") {
      await using adder = new Adder();
      await adder.start(address);
      report({ connected: true });
      for await (const _command of commands()) {
        // Waits for the end of the input.
      }
      return;
    }
    await using client = await connect(address);
    const adder = await client.link<Adder>(service);
    report({ connected: true });
    await call((x, y) => adder.add(x, y));
  });
}
