/** TLS over a real connection, as far as the tests of connections do not show it. */

import { assertEquals } from "@std/assert";
import { connect } from "../../mod.ts";
import { listen } from "../../net/listener.ts";
import { TestManager } from "../../testing.ts";
import { firstSocket } from "../support/sockets.ts";
import { inTime } from "../support/until.ts";

Deno.test("writing nothing is done at once, and what is written next arrives", async () => {
  await using manager = await TestManager.start();
  await using _client = await connect(manager.connectOptions);
  const certFile = manager.connectOptions.certFile!;
  const cert = await Deno.readTextFile(certFile);
  const key = await Deno.readTextFile(certFile.replace(/crt$/, "key"));
  const [listener] = listen(["127.0.0.1"], 0, { cert, key });
  try {
    const connecting = Deno.connectTls({
      hostname: "localhost",
      port: listener.port,
      caCerts: [cert],
    });
    const socket = await firstSocket(listener);
    const secured = socket.secure();
    using peer = await connecting;
    await peer.handshake();
    await secured;
    assertEquals(await inTime("nothing", socket.write(new Uint8Array(0))), 0);
    await socket.write(Uint8Array.of(7));
    const buffer = new Uint8Array(10);
    assertEquals(await inTime("a byte", peer.read(buffer)), 1);
    assertEquals(buffer[0], 7);
    await socket.close();
  } finally {
    listener.close();
  }
});
