/** Peers that are gone although nothing says so, and peers that only have nothing to say. */

import { assertEquals, assertMatch } from "@std/assert";
import { connect, type JsonObject, Service } from "../../mod.ts";
import { IDLE_INTERVALS } from "../../net/keepalive.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { reply, request } from "../support/messages.ts";

const SERVICE = { type: "service", name: "S", language: "Python", os: "Linux", attributes: {} };
const CLIENT = { type: "client", name: "c", language: "Python", os: "Linux" };

/** A Manager under which a beat is 50 ms, or as the silence that it allows says. */
function start(silenceTimeout = 250): Promise<TestManager> {
  return TestManager.start({ disableTls: true, limits: { silenceTimeout } });
}

/** Has a client wait for the answer of the service. */
function measure(client: WirePeer): void {
  client.send(request("S", "measure", [], { uid: "7" }));
}

function answer({ requester, uid }: JsonObject): JsonObject {
  return reply(String(requester), { uid, result: -1 });
}

Deno.test("a service that has agreed to keep the beat and is silent is gone, and whoever waits is told", async () => {
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

Deno.test("a Python service is asked, and once it has answered it is gone when it no longer does", async () => {
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
  measure(client); // as long as it has not answered, nobody takes it for gone
  while ((await service.read()).attribute !== "measure");
  service.send(answer(question));
  assertMatch(String((await client.read()).message), /^ConnectionAbortedError: /);
});

Deno.test("peers that know nothing of a beat, and ours, stay connected however quiet it is", async () => {
  await using manager = await start(600); // in which ours answer, however busy the computer is
  await using deaf = await WirePeer.introduce(manager.connectOptions, SERVICE);
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
    assertEquals((await deaf.read()).uid, "beat");
  }
  assertEquals(await link.echo("hello"), "hello");
  client.send(request("S", "measure", [], { uid: "3" }));
  let received = await deaf.read();
  while (received.uid === "beat") received = await deaf.read();
  deaf.send(answer(received));
  const line = await client.readText();
  assertMatch(line!, /^ +\{/); // the spaces of the beats, and then the message
  assertEquals(JSON.parse(line!).uid, "3");
});
