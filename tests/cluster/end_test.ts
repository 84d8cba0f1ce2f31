/** The shutdown of a Manager that is joined to others: what is pending is completed, or fails once. */

import { assertEquals, assertMatch } from "@std/assert";
import * as messages from "../support/messages.ts";
import { reply } from "../support/messages.ts";
import { TwoNodes } from "../support/two_nodes.ts";
import { until } from "../support/until.ts";

/** Two nodes with a request of `c` at b out to `S` at a. */
async function pending() {
  const net = await TwoNodes.start();
  const s = await net.service(net.a, "S");
  const c = await net.client(net.b, "c");
  c.peer.send(messages.request("Manager", "link", ["a.S"]));
  await c.peer.read();
  c.peer.send(messages.request("a.S", "echo"));
  await s.peer.read();
  return {
    net,
    s,
    c,
    remote: `${c.name}@b`,
    [Symbol.asyncDispose]: () => net[Symbol.asyncDispose](),
  };
}

for (const node of ["a", "b"] as const) {
  Deno.test(`the shutdown of ${node === "a" ? "the home node" : "the client's node"} waits for the reply, and takes no new request`, async () => {
    await using lab = await pending();
    const { net, s, c, remote } = lab;
    const shutdown = net[node].manager.shutdown(60_000);
    c.peer.send(messages.request("a.S", "echo", [], { uid: "late" }));
    const { uid, message } = await c.peer.read();
    assertEquals(uid, "late");
    assertMatch(String(message), /^ConnectionAbortedError: the Manager is shutting down/);
    c.peer.send(messages.request("Manager", "link", ["a.S"], { uid: "link" }));
    const linked = await c.peer.read();
    if (node === "b") assertMatch(String(linked.message), /the Manager is shutting down/);
    s.peer.send(reply(remote, { result: "in time" }));
    assertEquals((await c.peer.read()).result, "in time");
    await shutdown;
  });
}

Deno.test("a request that is not answered at the shutdown of the home node fails with an error, which is sent", async () => {
  await using lab = await pending();
  await lab.net.a.manager.shutdown(0);
  const { uid, message } = await lab.c.peer.read();
  assertEquals(uid, "1");
  assertMatch(
    String(message),
    /^ConnectionAbortedError: the Manager shut down before the 'a\.S' service/,
  );
  await until(
    "the session ends",
    () => lab.net.b.manager.status().clients[lab.c.name].links.length === 0,
  );
});

Deno.test("a request that is not answered at the shutdown of the client's node fails with an error, which is sent", async () => {
  await using lab = await pending();
  await lab.net.b.manager.shutdown(0);
  const { uid, message } = await lab.c.peer.read();
  assertEquals(uid, "1");
  assertMatch(
    String(message),
    /^ConnectionAbortedError: the Manager shut down before the node 'a' answered/,
  );
  await until("the client is gone at a", () => {
    const { clients, services } = lab.net.a.manager.status();
    return Object.keys(clients).length === 0 && services.S.links.length === 0;
  });
});

Deno.test("an aborted Manager leaves nothing of its clients at the others", async () => {
  await using lab = await pending();
  await lab.net.b.manager.abort();
  await until(
    "the client is gone at a",
    () => lab.net.a.manager.status().services.S.links.length === 0,
  );
  assertEquals(lab.net.nodes.channels, 0);
});
