/**
 * Our Client, or our Service, in a process of its own: what people write who use this package.
 *
 * @module
 */

import { connect } from "../client.ts";
import type { ConnectOptions } from "../device/device.ts";
import { Service } from "../service.ts";
import { options, orders, run, tell } from "./orders.ts";
import { call } from "./workers.ts";

/** How it is started. */
export interface CallerOptions extends ConnectOptions {
  role: "client" | "service";
}

class Adder extends Service {
  add(x: number, y: number): number {
    return x + y;
  }
}

if (import.meta.main) {
  run(async () => {
    const { role, ...place } = options<CallerOptions>();
    if (role === "service") {
      await using adder = new Adder();
      await adder.start(place);
      tell({ connected: true });
      for await (const _order of orders()) {
        // There are none but to end.
      }
      return;
    }
    await using client = await connect(place);
    const adder = await client.link<Adder>("Adder");
    tell({ connected: true });
    await call((x, y) => adder.add(x, y));
  });
}
