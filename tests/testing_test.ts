/** The tools for tests: what they do when a device does not come, or does not go. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect } from "../client.ts";
import { CertificateError, TimeoutError } from "../errors.ts";
import { TestManager, WireListener, WirePeer } from "../testing.ts";

Deno.test("connected names the devices that are missing, and those that are there", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using _cxn = await connect({ ...manager.connectOptions, name: "a" });
  await manager.connected("a");
  const error: Error = await assertRejects(
    () => manager.connected("a", "b", "Lab", { timeout: 20 }),
    TimeoutError,
  );
  assertEquals(error.message, "Not connected within 20 ms: 'b', 'Lab' (connected: 'a')");
});

Deno.test("disconnected names the devices that are still connected", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using cxn = await connect({ ...manager.connectOptions, name: "a" });
  await manager.connected("a");
  const error: Error = await assertRejects(
    () => manager.disconnected("a", "b", { timeout: 20 }),
    TimeoutError,
  );
  assertEquals(error.message, "Still connected after 20 ms: 'a'");
  await cxn.disconnect();
  await manager.disconnected("a");
});

Deno.test("with a timeout of 0 ms connected and disconnected only look", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await manager.disconnected("a", { timeout: 0 });
  await assertRejects(
    () => manager.connected("a", { timeout: 0 }),
    TimeoutError,
    "Not connected within 0 ms: 'a' (connected: no device)",
  );
});

Deno.test("a timeout that is no number of milliseconds is rejected", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  using listener = new WireListener();
  for (const timeout of [-1, NaN]) {
    await assertRejects(() => manager.connected("a", { timeout }), RangeError, `got ${timeout}`);
    await assertRejects(() => manager.disconnected("a", { timeout }), RangeError, `got ${timeout}`);
    await assertRejects(() => listener.accept({ timeout }), RangeError, `got ${timeout}`);
  }
});

Deno.test("accept names the address that nothing connected to, and loses no later connection", async () => {
  using listener = new WireListener();
  const { port } = listener.connectOptions;
  const error: Error = await assertRejects(() => listener.accept({ timeout: 20 }), TimeoutError);
  assertEquals(error.message, `No device connected to 127.0.0.1:${port} within 20 ms`);
  const accepting = listener.accept();
  await using peer = await WirePeer.connect(listener.connectOptions);
  await using accepted = await accepting;
  peer.send("hello");
  assertEquals(await accepted.readText(), "hello");
});

Deno.test({
  name: "a listener that is disposed leaves no connection that no call of accept has given",
  sanitizeResources: true,
  sanitizeOps: true,
  async fn() {
    const listener = new WireListener();
    await assertRejects(() => listener.accept({ timeout: 0 }), TimeoutError);
    await using peer = await WirePeer.connect(listener.connectOptions);
    listener[Symbol.dispose]();
    assertEquals(await peer.readText(), undefined);
  },
});

Deno.test("a wire peer speaks TLS with a Manager, and believes only its certificate", async () => {
  await using manager = await TestManager.start();
  await using other = await TestManager.start();
  const identity = { type: "client", name: "raw" };
  await using peer = await WirePeer.introduce(manager.connectOptions, identity);
  await manager.connected("raw");
  assertEquals(
    Object.keys(manager.manager.identities().clients)[0].endsWith(`:${peer.port}]`),
    true,
  );
  for (const certFile of [other.connectOptions.certFile, "none.crt"]) {
    const connecting = () => WirePeer.connect({ ...manager.connectOptions, certFile });
    await assertRejects(connecting, CertificateError);
  }
});
