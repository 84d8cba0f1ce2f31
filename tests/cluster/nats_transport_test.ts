import { assertRejects } from "@std/assert";
import { connectNats } from "../../cluster/nats_transport.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";

natsTest("a server that refuses a login, and resets the connection, ends no program", async () => {
  const config = `authorization { user: lab, password: "right" }`;
  await using server = await NatsServer.start({ config });
  // The error of a socket comes late, and once in some tens of times.
  for (let count = 0; count < 300; count++) {
    const options = { servers: [server.url], user: "lab", pass: "wrong", reconnect: false };
    await assertRejects(() => connectNats(options), Error, "Authorization Violation");
  }
});
