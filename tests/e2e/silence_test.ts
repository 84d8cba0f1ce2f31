/** Dead peers without a closed connection, and peers that are only idle. */

import { assertEquals, assertMatch } from "@std/assert";
import { connect, type JsonObject, Service } from "../../mod.ts";
import { IDLE_INTERVALS } from "../../net/keepalive.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { reply, request } from "../support/messages.ts";

const SERVICE = { type: "service", name: "S", language: "Python", os: "Linux", attributes: {} };
const CLIENT = { type: "client", name: "c", language: "Python", os: "Linux" };

/** A Manager whose keepalive interval is a fifth of this idle time-out: 50 ms by default. */
function start(silenceTimeout = 250): Promise<TestManager> {
  return TestManager.start({ disableTls: true, limits: { silenceTimeout } });
}

/** Sends a client's request whose reply stays pending. */
function measure(client: WirePeer): void {
  client.send(request("S", "measure", [], { uid: "7" }));
}

function answer({ requester, uid }: JsonObject): JsonObject {
  return reply(String(requester), { uid, result: -1 });
}

Deno.test("a service with keepalive that is silent is disconnected, and its pending requests are rejected", async () => {
  await using manager = await start();
  await using client = await WirePeer.introduce(manager.connectOptions, CLIENT);
  await manager.connected("c");
  await using service = await WirePeer.introduce(manager.connectOptions, {
    ...SERVICE,
    extensions: ["beat"],
  });
  await manager.connected("S");
  measure(client);
  const { uid, message } = await client.read();
  assertEquals(uid, "7");
  assertMatch(String(message), /^ConnectionAbortedError: the 'S' service disconnected before/);
  await manager.disconnected("S");
  assertEquals((await service.read()).attribute, "measure");
});

Deno.test("a Python service that stops replying to keepalive requests is disconnected, if it has replied before", async () => {
  await using manager = await start();
  await using client = await WirePeer.introduce(manager.connectOptions, CLIENT);
  await using service = await WirePeer.introduce(manager.connectOptions, SERVICE);
  const question = await service.read();
  assertEquals(question, {
    error: false,
    requester: manager.manager.networkName,
    service: "S",
    uid: "beat",
    attribute: "max_clients",
    args: [],
    kwargs: {},
  });
  measure(client); // it has never replied to one, so its silence does not count
  while ((await service.read()).attribute !== "measure");
  service.send(answer(question));
  assertMatch(String((await client.read()).message), /^ConnectionAbortedError: /);
});

Deno.test("idle peers stay connected, with and without keepalive", async () => {
  await using manager = await start(600); // ours send in time even on a busy computer
  await using withoutKeepalive = await WirePeer.introduce(manager.connectOptions, SERVICE);
  await using client = await WirePeer.introduce(manager.connectOptions, CLIENT);
  await using ours = new (class Ours extends Service {
    echo(text: string): string {
      return text;
    }
  })({ name: "Ours" });
  await ours.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  const link = await cxn.link("Ours");
  await manager.connected("S", "c");
  client.send(request("Manager", "link", ["S"]));
  await client.readText();
  client.send(request("Manager", "acquire_lock", ["S"], { uid: "2" }));
  await client.readText();
  for (let beats = 0; beats <= IDLE_INTERVALS; beats++) {
    assertEquals((await withoutKeepalive.read()).uid, "beat");
  }
  assertEquals(await link.echo("hello"), "hello");
  client.send(request("S", "measure", [], { uid: "3" }));
  let received = await withoutKeepalive.read();
  while (received.uid === "beat") received = await withoutKeepalive.read();
  withoutKeepalive.send(answer(received));
  const line = await client.readText();
  assertMatch(line!, /^ +\{/); // the spaces of the keepalive, then the message
  assertEquals(JSON.parse(line!).uid, "3");
});
