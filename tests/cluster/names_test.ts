/** The names of services of other nodes: what they mean, what lists them, and what they never mean. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type About, connect, RemoteError, Service } from "../../mod.ts";
import { isStatus } from "../../wire/status.ts";
import { recordLogs } from "../support/logs.ts";
import { MemoryNodes } from "../support/memory_nodes.ts";
import * as messages from "../support/messages.ts";
import { TwoNodes } from "../support/two_nodes.ts";

class Meter extends Service {
  static about: About<Meter> = {
    description: "measures",
    attributes: { voltage: { result: { unit: "V" } } },
  };

  model = "3458A";

  voltage(): number {
    return 1.5;
  }
}

Deno.test("a plain name is local only, and its error says which other nodes have it", async () => {
  await using net = await TwoNodes.start();
  await net.service(net.a, "S");
  await using client = await connect(net.b.connectOptions);
  const error = await assertRejects(() => client.link("S"), RemoteError);
  assertMatch(error.message, /the 'S' service does not exist, .* Another node has it: 'a\.S'/);
  await net.service(net.b, "S");
  await client.link("S");
  const { peer } = await net.client(net.b, "raw");
  peer.send(messages.request("T", "x"));
  assertEquals(/Another node/.test(String((await peer.read()).message)), false);
});

Deno.test("what lists the services of a Manager lists those of other nodes too", async () => {
  await using net = await TwoNodes.start();
  await using meter = new Meter({ name: "Meter", maxClients: 2 });
  await meter.start(net.a.connectOptions);
  await net.service(net.b, "Local");
  await using client = await connect({ ...net.b.connectOptions, name: "c" });
  await using local = await connect({ ...net.a.connectOptions, name: "d" });
  const link = await client.link<Meter>("a.Meter");

  const here = await client.identities();
  assertEquals(Object.keys(here.services).sort(), ["Local", "a.Meter"]);
  const { services: { Meter: there } } = await local.identities();
  assertEquals(here.services["a.Meter"], there);
  assertEquals(here.services["a.Meter"].attributes.model, "3458A");
  assertEquals(Object.keys(here.clients).length, 1, "the clients of other nodes are not listed");
  assertEquals(Object.keys((await local.identities()).clients).length, 1);

  const abouts = await client.about();
  assertEquals(Object.keys(abouts).sort(), ["Local", "a.Meter"]);
  assertEquals(abouts["a.Meter"], await client.about("a.Meter"));
  assertEquals(abouts["a.Meter"].attributes.voltage.result?.unit, "V");

  const status = net.b.manager.status();
  assert(isStatus(JSON.parse(JSON.stringify(status))));
  const { address, links, max_clients } = status.services["a.Meter"];
  assertEquals([address, links, max_clients], [there.address, [nameOfFirst(status.clients)], 2]);
  assertEquals(status.clients[nameOfFirst(status.clients)].links, ["a.Meter"]);
  assertEquals(status.node?.name, "b");
  await link.unlink();
  assertEquals(net.b.manager.status().services["a.Meter"].links, []);

  net.nodes.lose("a");
  assertEquals(Object.keys((await client.identities()).services), ["Local"]);
});

function nameOfFirst(clients: Record<string, unknown>): string {
  return Object.keys(clients)[0];
}

Deno.test("a foreign device gets of another node's service what it gets of a local one", async () => {
  await using net = await TwoNodes.start();
  await net.service(net.a, "S", { extensions: ["cancel"] });
  const { peer } = await net.client(net.b, "plain");
  peer.send(messages.request("Manager", "identity"));
  const { services } = (await peer.read()).result as { services: Record<string, object> };
  assertEquals(Object.keys(services["a.S"]), [
    "attributes",
    "address",
    "language",
    "os",
    "max_clients",
  ]);
  const service = await net.service(net.b, "asks", { extensions: ["about"] });
  service.peer.send(messages.request("Manager", "about", ["a.S"]));
  assertEquals((await service.peer.read()).error, false);
  service.peer.send(messages.request("Manager", "link", ["a.S"]));
  assertMatch(String((await service.peer.read()).message), /only a Client can be linked/);
});

Deno.test("no service is offered under a name of another node, or of this one", async () => {
  await using net = await TwoNodes.start();
  for (const name of ["a.S", "b.S", "a.b.c"]) {
    await using service = new Meter({ name });
    await assertRejects(
      () => service.start(net.b.connectOptions),
      Error,
      `names that begin with '${name[0]}.' are those of the services of the node '${name[0]}'`,
    );
  }
  await using other = new Meter({ name: "c.S" }); // no node of that name was ever there
  await other.start(net.b.connectOptions);
  net.nodes.lose("a");
  await using gone = new Meter({ name: "a.S" });
  await assertRejects(() => gone.start(net.b.connectOptions), Error, "the node 'a'");
});

Deno.test("the node's own services have no prefix, and its Manager is no service", async () => {
  await using net = await TwoNodes.start();
  await net.service(net.b, "S");
  const { peer } = await net.client(net.b, "c");
  peer.send(messages.request("b.S", "x"));
  assertMatch(
    String((await peer.read()).message),
    /this Manager is the node 'b' itself.* here: 'S'/,
  );
  peer.send(messages.request("Manager", "link", ["b.S"]));
  assertMatch(String((await peer.read()).message), /this Manager is the node 'b' itself/);
  peer.send(messages.request("a.Manager", "shutdown_manager"));
  assertMatch(
    String((await peer.read()).message),
    /^KeyError: "the 'a\.Manager' Service is not connected/,
  );
  assertEquals(net.a.manager.isShuttingDown, false);
});

Deno.test("a local service that was there before the node of its name stays local, also when it has gone", async () => {
  await using logs = await recordLogs(["msl", "network", "cluster"]);
  const nodes = new MemoryNodes();
  await using b = await nodes.start("b");
  await using first = new Meter({ name: "a.Meter" });
  await first.start(b.connectOptions);
  await using a = await nodes.start("a");
  assertEquals(
    logs.records.filter(({ level }) => level === "warning").map(({ properties }) => properties),
    [{ service: "a.Meter", node: "a" }],
  );
  await using other = new Meter({ name: "Meter" });
  await other.start(a.connectOptions);
  await using client = await connect(b.connectOptions);
  await client.link("a.Meter");
  assertEquals(nodes.channels, 0, "it was linked with the service of the node");
  await first.shutdown();
  await b.disconnected("a.Meter");
  await assertRejects(() => client.link("a.Meter"), RemoteError, "does not exist");
  assertEquals(Object.keys((await client.identities()).services), []);
  await using again = new Meter({ name: "a.Meter" });
  await again.start(b.connectOptions);
  await client.link("a.Meter");
});

Deno.test("the longest name of a service can be used from another node, and one that is longer is refused", async () => {
  const limits = { maxNameLength: 20 };
  await using net = await TwoNodes.start({ a: { limits }, b: { limits } });
  const longest = "S".repeat(20);
  const { peer: s } = await net.service(net.a, longest);
  const { peer: c, name } = await net.client(net.b, "c", ["about"]);
  const ask = async (service: string, attribute: string) => {
    c.send(messages.request("Manager", attribute, [service]));
    return await c.read();
  };
  for (const attribute of ["about", "link", "acquire_lock", "release_lock", "unlink"]) {
    const { error, message } = await ask(`a.${longest}`, attribute);
    assertEquals(error, false, `${attribute}: ${message}`);
    const refused = await ask(`a.${longest}S`, attribute);
    assertMatch(String(refused.message), /of 21 characters is too long \('service'\)/);
  }
  for (const value of ["short", "x".repeat(1_000_000)]) {
    c.send(messages.request(`a.${longest}`, "echo", [value]));
    assertEquals((await s.read()).args, [value]);
    s.send(messages.reply(`${name}@b`));
    assertEquals((await c.read()).error, false);
    c.send(messages.request(`a.${longest}S`, "echo", [value]));
    assertMatch(String((await c.read()).message), /of 21 characters is too long/);
  }
  const { peer: local } = await net.client(net.a, "local");
  local.send(messages.request(`${longest}S`, "echo"));
  assertMatch(String((await local.read()).message), /of 21 characters is too long/);
});
