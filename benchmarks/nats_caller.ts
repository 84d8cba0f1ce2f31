/**
 * The same as `caller.ts` with NATS: a client that requests, or a service that responds.
 *
 * @module
 */

import { connect } from "@nats-io/transport-node";
import { commands, options, report, run } from "./commands.ts";
import { call } from "./workers.ts";

/** The options of the program. */
export interface NatsCallerOptions {
  role: "client" | "service";
  port: number;
  /** The certificate to trust; without it plain TCP. */
  certFile?: string;
}

if (import.meta.main) {
  run(async () => {
    const { role, port, certFile } = options<NatsCallerOptions>();
    const tls = certFile === undefined ? undefined : { caFile: certFile };
    const connection = await connect({ servers: `localhost:${port}`, tls });
    if (role === "service") {
      connection.subscribe("add", {
        callback(_error, message) {
          const [x, y] = message.json<number[]>();
          message.respond(JSON.stringify(x + y));
        },
      });
      await connection.flush();
      report({ connected: true });
      for await (const _command of commands()) {
        // Waits for the end of the input.
      }
      return;
    }
    report({ connected: true });
    await call(async (x, y) => (await connection.request("add", JSON.stringify([x, y]))).json());
  });
}
