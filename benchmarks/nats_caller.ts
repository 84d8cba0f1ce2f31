/**
 * What `caller.ts` does, with NATS: a client that requests, or a service that responds.
 *
 * @module
 */

import { connect } from "@nats-io/transport-node";
import { options, orders, run, tell } from "./orders.ts";
import { call } from "./workers.ts";

/** How it is started. */
export interface NatsCallerOptions {
  role: "client" | "service";
  port: number;
  certFile: string;
}

if (import.meta.main) {
  run(async () => {
    const { role, port, certFile } = options<NatsCallerOptions>();
    const connection = await connect({ servers: `localhost:${port}`, tls: { caFile: certFile } });
    if (role === "service") {
      connection.subscribe("add", {
        callback(_error, message) {
          const [x, y] = message.json<number[]>();
          message.respond(JSON.stringify(x + y));
        },
      });
      await connection.flush();
      tell({ connected: true });
      for await (const _order of orders()) {
        // There are none but to end.
      }
      return;
    }
    tell({ connected: true });
    await call(async (x, y) => (await connection.request("add", JSON.stringify([x, y]))).json());
  });
}
