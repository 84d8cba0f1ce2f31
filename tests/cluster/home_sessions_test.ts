/** What the home node of a service allows the clients of other nodes, and what it refuses. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { HomeSessions } from "../../cluster/home_sessions.ts";
import type { JsonObject } from "../../mod.ts";
import type { Transport } from "../../net/transport.ts";
import * as messages from "../support/messages.ts";
import { reply } from "../support/messages.ts";
import { TwoNodes } from "../support/two_nodes.ts";
import { inTime, until } from "../support/until.ts";

const HEADER = { name: "c", address: "pc:1", language: "any", os: "any", extensions: [] };

/** A session that the test opens at node a, as node b would. */
class RawSession {
  readonly #transport: Transport;
  #text = "";

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async send(...lines: (JsonObject | string)[]): Promise<void> {
    const text = lines.map((line) => typeof line === "string" ? line : JSON.stringify(line));
    let bytes = new TextEncoder().encode(`${text.join("\n")}\n`);
    while (bytes.length > 0) bytes = bytes.subarray(await this.#transport.write(bytes));
  }

  /** The next line; `undefined` at the end. */
  async read(): Promise<JsonObject | undefined> {
    const buffer = new Uint8Array(4_096);
    while (!this.#text.includes("\n")) {
      const size = await this.#transport.read(buffer);
      if (size === null) return undefined;
      this.#text += new TextDecoder().decode(buffer.subarray(0, size));
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line);
  }

  async ask(line: JsonObject | string): Promise<JsonObject | undefined> {
    await this.send(line);
    return await this.read();
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}

function open(net: TwoNodes, header: JsonObject = HEADER): RawSession {
  return new RawSession(net.nodes.open("b", "a", header));
}

function manager(attribute: string, ...args: unknown[]): JsonObject {
  return messages.request("Manager", attribute, args);
}

Deno.test("a session may request what is about one service of the node, and nothing else of its Manager", async () => {
  await using net = await TwoNodes.start();
  await net.service(net.a, "S");
  const session = open(net);
  for (const attribute of ["link", "acquire_lock", "release_lock", "unlink"]) {
    assertEquals((await session.ask(manager(attribute, "S")))?.error, false, attribute);
  }
  const others = [
    manager("identity"),
    manager("status"),
    manager("about"),
    manager("link", 5),
    manager("shutdown_manager"),
    manager("users_table.users"),
    manager("nothing"),
    "identity",
  ];
  for (const line of others) {
    const { error, message } = (await session.ask(line))!;
    assertEquals(error, true, JSON.stringify(line));
    assertMatch(String(message), /^PermissionError: A client of another node cannot request '/);
  }
  assertEquals(await session.ask("disconnect"), undefined);
});

Deno.test("nothing goes on to a third node", async () => {
  await using net = await TwoNodes.start();
  await net.service(net.b, "T");
  const session = open(net);
  const linked = await session.ask(manager("link", "b.T"));
  assertMatch(String(linked?.message), /^KeyError: "the 'b\.T' service does not exist/);
  const called = await session.ask(messages.request("b.T", "echo"));
  assertMatch(String(called?.message), /^KeyError: "the 'b\.T' Service is not connected to /);
  const plain = await session.ask(messages.request("T", "echo"));
  assertEquals(/Another node/.test(String(plain?.message)), false, "a name that is none at b");
});

Deno.test("a node cannot speak for another client than its own, nor take the name of a local one", async () => {
  await using net = await TwoNodes.start();
  const s = await net.service(net.a, "S");
  const local = await net.client(net.a, "c");
  const address = local.name.slice(2, -1);
  const session = open(net, { ...HEADER, address });
  const forged = messages.request("S", "echo", [], { requester: local.name });
  await session.send(forged);
  assertEquals((await s.peer.read()).requester, `${local.name}@b`);
  s.peer.send(reply(`${local.name}@b`, { result: 1 }));
  assertEquals((await session.read())?.result, 1);
  // The user of a session is one of its node, whatever it is called.
  const { clients } = net.a.manager.status();
  assertEquals(Object.keys(clients).sort(), [local.name, `${local.name}@b`].sort());
  assertEquals(Object.keys(net.a.manager.identities().clients), [local.name]);
});

Deno.test("a header that is none is refused with the reason", async () => {
  await using net = await TwoNodes.start({
    a: { limits: { maxNameLength: 10, maxAttributes: 2 } },
  });
  const wrong: [JsonObject, RegExp][] = [
    [{}, /'address' of a session must be a text/],
    [{ ...HEADER, name: undefined }, /'name' of a session must be a text/],
    [{ ...HEADER, name: "x".repeat(11) }, /too long .* limit is 10/],
    [{ ...HEADER, address: "x".repeat(11) }, /too long/],
    [{ ...HEADER, address: "pc\n:1" }, /control character/],
    [{ ...HEADER, address: "pc" }, /'address' of a session must be a computer and a port/],
    [{ ...HEADER, address: "pc:1]@c" }, /'address' of a session must be a computer and a port/],
    [{ ...HEADER, language: 5 }, /'language' of a session/],
    [{ ...HEADER, os: null }, /'os' of a session/],
    [{ ...HEADER, extensions: "gone" }, /array of at most 2 texts/],
    [{ ...HEADER, extensions: ["a", "b", "c"] }, /array of at most 2 texts/],
    [{ ...HEADER, extensions: [["a"]] }, /'0' of a session/],
    [{ ...HEADER, user: { name: "bob" } }, /'user' of a session/],
  ];
  for (const [header, reason] of wrong) {
    const session = open(net, header);
    const { error, message, uid } = (await session.read())!;
    assertEquals([error, uid], [true, ""], JSON.stringify(header));
    assertMatch(String(message), reason);
    assertEquals(await session.read(), undefined);
  }
  await until("all sessions end", () => net.nodes.channels === 0);
  assertEquals(net.a.manager.status().totals.connections, 0);
});

Deno.test("a node that does not read why it is refused keeps no shutdown waiting", async () => {
  await using net = await TwoNodes.start();
  const parts = net.nodes.parts("a");
  const closed = Promise.withResolvers<void>();
  const transport: Transport = {
    read: () => closed.promise.then(() => null),
    write: () => closed.promise.then(() => Promise.reject(new Error("closed"))), // there is no room
    close: () => closed.resolve(),
  };
  const sessions = new HomeSessions({
    ...parts,
    connect: (transport) => parts.connectionHandler.connect(transport),
    serve: () => Promise.reject(new Error("it has no valid header")),
  });
  const task = sessions.accept("b", {}, transport);
  parts.track(task);
  await inTime("the shutdown", net.a.manager.shutdown(0));
  await task;
  assertEquals(sessions.count("b"), 0);
});

Deno.test("a session above --max-node-sessions is refused, until another one has ended", async () => {
  await using net = await TwoNodes.start({ a: { limits: { maxNodeSessions: 1 } } });
  const first = open(net);
  await first.ask(manager("unlink", "S"));
  const second = open(net, { ...HEADER, name: "d" });
  assertMatch(String((await second.read())?.message), /limit is 1 \(--max-node-sessions\)/);
  await first.close();
  await until("the first one ends", () => Object.keys(net.a.manager.status().clients).length === 0);
  const third = open(net, { ...HEADER, name: "d" });
  assertEquals((await third.ask(manager("unlink", "S")))?.result, true);
});

Deno.test("a client's new session replaces the one before, whose end is not noticed yet", async () => {
  await using net = await TwoNodes.start();
  const s = await net.service(net.a, "S");
  const before = open(net);
  await before.ask(manager("link", "S"));
  await before.ask(manager("acquire_lock", "S"));
  const after = open(net);
  assertEquals(
    (await after.ask(manager("link", "S")))?.error,
    false,
    "its own old lock refuses it",
  );
  assertEquals(await before.read(), undefined);
  const { clients, services } = net.a.manager.status();
  assertEquals([Object.keys(clients), services.S.locks], [["c[pc:1]@b"], []]);
  await after.send(messages.request("S", "echo"));
  assertEquals((await s.peer.read()).requester, "c[pc:1]@b");
});

Deno.test("lines that are no messages are answered as those of any client", async () => {
  await using net = await TwoNodes.start();
  await net.service(net.a, "S");
  const session = open(net);
  assertMatch(String((await session.ask("{"))?.message), /^JSONDecodeError/);
  assertMatch(String((await session.ask('{"uid":"9","service":"S"'))?.message), /^JSONDecodeError/);
  await session.send({ result: "an answer", uid: "", error: false }); // which nobody waits for
  assertEquals((await session.ask(manager("unlink", "S")))?.error, true);
  assertEquals(net.a.manager.status().totals.unowed_answers, 1);
});

Deno.test("an administrator disconnects a client of another node, which is told why", async () => {
  await using net = await TwoNodes.start();
  const s = await net.service(net.a, "S");
  const c = await net.client(net.b, "c");
  c.peer.send(messages.request("a.S", "echo"));
  const { requester } = await s.peer.read();
  const [peer] = [...Object.keys(net.a.manager.status().clients)];
  assertEquals(peer, requester);
  const { router, registry } = net.nodes.parts("a");
  for (const named of registry.named(peer)) router.sessions.disconnect(named);
  const { message } = await c.peer.read();
  assertMatch(
    String(message),
    /the node 'a' ended \(disconnected by an administrator\) before/,
  );
});

Deno.test("a node whose lines are no messages has its session ended, and nothing of it passes", async () => {
  await using net = await TwoNodes.start();
  for (const line of ['{"error":false,', "\xff", "text", "[]", '{"uid":"1","result":1} x']) {
    const c = await net.client(net.b, `c${line}`);
    const accepted = net.nodes.intercept("a");
    c.peer.send(messages.request("a.S", "echo"));
    const session = new RawSession(await accepted);
    await session.read();
    await session.send(line, reply(c.name, { result: "forged" }));
    const { error, message } = await c.peer.read();
    assertEquals(error, true);
    assertMatch(String(message), /ended \(the node has sent a line that is no message: /);
  }
});

Deno.test("what a node sends without being asked changes nothing", async () => {
  await using net = await TwoNodes.start();
  const c = await net.client(net.b, "c", ["gone"]);
  const accepted = net.nodes.intercept("a");
  c.peer.send(messages.request("a.S", "echo", [], { uid: "u" }));
  const session = new RawSession(await accepted);
  const { service, uid } = (await session.read())!;
  assertEquals([service, uid], ["S", "u"]);
  await session.send(
    reply(c.name, { uid: "other", result: "no such request" }),
    { error: false, uid: "notification", service: "S", result: [[], {}] }, // not linked
    { error: false, uid: "notification", service: 5, result: [[], {}] },
    { error: false, service: "S", uid: "u", attribute: "username", args: [], kwargs: {} },
    { error: false, uid: 5, result: 1 },
    { error: false, uid: "u", attribute: "__next__", result: "no stream was requested" },
    { error: true, uid: "u", message: 5 },
  );
  const { error, uid: answered } = await c.peer.read();
  assertEquals([error, answered], [true, "u"]);
  await session.close();
});

Deno.test("others are served while a node opens thousands of sessions, and while all of them end", async () => {
  await using net = await TwoNodes.start();
  const { peer: local } = await net.client(net.a, "local");
  const count = 3_000;
  const sessions = () => Object.keys(net.a.manager.status().clients).length - 1;
  const ask = async () => {
    local.send(manager("link", "none"));
    await local.read();
    return sessions();
  };
  for (let one = 0; one < count; one++) open(net, { ...HEADER, name: `c${one}` });
  const opened = await ask();
  assert(opened < count, `${opened} sessions were opened before anybody else was served`);
  await until("all are open", () => sessions() === count);
  net.nodes.breakChannels();
  const left = await ask();
  assert(left > 0, "all sessions had ended before anybody else was served");
  await until("all have ended", () => sessions() === 0);
});
