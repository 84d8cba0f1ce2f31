/** What a client of node b reads and what a service of node a reads, line by line. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { PermissionError } from "../../errors.ts";
import { CLUSTER_LIMITS } from "../../limits.ts";
import { RemoteSession } from "../../cluster/remote_session.ts";
import type { JsonObject } from "../../mod.ts";
import type { WirePeer } from "../../testing.ts";
import { Envelope } from "../../wire/envelope.ts";
import type { HeldLine } from "../../wire/held_line.ts";
import { MemoryTransport } from "../support/memory_transport.ts";
import * as messages from "../support/messages.ts";
import { reply } from "../support/messages.ts";
import { type NodeDevice, TwoNodes } from "../support/two_nodes.ts";
import { inTime, until } from "../support/until.ts";

/** A request for `echo` of `a.S`. */
function request(members: JsonObject = {}): JsonObject {
  return messages.request("a.S", "echo", [1], members);
}

/** A request to the Manager about a service. */
function about(attribute: string, service: string, members: JsonObject = {}): JsonObject {
  return messages.request("Manager", attribute, [service], { uid: attribute, ...members });
}

/** Sends a request, and reads the next line. */
async function ask(peer: WirePeer, line: JsonObject): Promise<JsonObject> {
  peer.send(line);
  return await peer.read();
}

/** A client `c` of b, and a service `S` of a. */
async function laboratory(
  { extensions = [], service = {}, ...options }: Parameters<typeof TwoNodes.start>[0] & {
    extensions?: readonly string[];
    service?: JsonObject;
  } = {},
) {
  const net = await TwoNodes.start(options);
  const s = await net.service(net.a, "S", service);
  const c = await net.client(net.b, "c", extensions);
  if (extensions.includes("ready")) await c.peer.read();
  if ((service.extensions as string[] ?? []).includes("ready")) await s.peer.read();
  return {
    net,
    s,
    c,
    remote: `${c.name}@b`,
    [Symbol.asyncDispose]: () => net[Symbol.asyncDispose](),
  };
}

/** Links, and gives the entry. */
async function link({ peer }: NodeDevice, service = "a.S"): Promise<JsonObject> {
  const { error, result, message } = await ask(peer, about("link", service));
  assertEquals(error, false, String(message));
  return result as JsonObject;
}

Deno.test("a request arrives with the name that the service has at its node, and who asks; its other bytes are as they came", async () => {
  await using lab = await laboratory();
  const { c, s, remote } = lab;
  c.peer.send(
    '  {"args" : [1e5, "é\\u00e9", NaN],\t"kwargs":{},"service":"\\u0061.S", "uid":"7","attribute":"echo"} ',
  );
  assertEquals(
    await s.peer.readText(),
    '  {"args" : [1e5, "é\\u00e9", NaN],\t"kwargs":{},"service":"\\u0061.S", "uid":"7","attribute":"echo"' +
      `,"service":"S","error":false,"requester":"${remote}"}`,
  );
  s.peer.send(`{"requester":"${remote}","error": false, "uid":"7","result":[1e5, NaN] }`);
  assertEquals(
    await c.peer.readText(),
    `{"requester":"${remote}","error": false, "uid":"7","result":[1e5, NaN] ,"requester":"${c.name}"}`,
  );
});

Deno.test("a link has the entry that a local link has", async () => {
  const extensions = ["ready", "cancel", "stream", "owner"];
  await using lab = await laboratory({
    extensions,
    service: { extensions: ["ready", "cancel", "unheard-of"], streams: ["echo"], max_clients: 3 },
  });
  const local = await lab.net.client(lab.net.a, "local", extensions);
  await local.peer.read();
  const entry = await link(local, "S");
  assertEquals(entry.extensions, ["ready", "cancel"], "an extension that Manager a does not know");
  assertEquals(await link(lab.c), entry);
  assertEquals((await ask(lab.c.peer, about("unlink", "a.S"))).result, true);
});

Deno.test("notifications have the name that the service has here, and end with the link", async () => {
  await using lab = await laboratory();
  const { c, s } = lab;
  const notification = { error: false, uid: "notification", service: "S", result: [[1], {}] };
  s.peer.send(notification); // nobody is linked
  await link(c);
  s.peer.send(notification);
  assertEquals(await c.peer.read(), { ...notification, service: "a.S" });
  await ask(c.peer, about("unlink", "a.S"));
  s.peer.send(notification);
  assertMatch(
    String((await ask(c.peer, about("unlink", "a.S"))).message),
    /was not linked with 'a\.S'/,
  );
});

Deno.test("a notification counts once, at the home node: so those of several nodes add up", async () => {
  await using lab = await laboratory();
  const { c, s, net } = lab;
  const other = await net.client(net.b, "other");
  const local = await net.client(net.a, "local");
  for (const client of [c, other]) await link(client);
  await link(local, "S");
  const notification = { error: false, uid: "notification", service: "S", result: [[1], {}] };
  s.peer.send(notification);
  for (const { peer } of [c, other, local]) assertEquals((await peer.read()).uid, "notification");
  const counted = [net.a, net.b].map(({ manager }) => manager.status().totals.notifications);
  assertEquals(counted, [1, 0]);
});

Deno.test("a client is told that a service of another node has gone, by its name here", async () => {
  await using lab = await laboratory({ extensions: ["ready", "gone"] });
  await link(lab.c);
  assertEquals(lab.net.b.manager.status().clients[lab.c.name].links, ["a.S"]);
  lab.c.peer.send(request());
  await lab.s.peer.read();
  await lab.s.peer.close();
  const { error, message, uid } = await lab.c.peer.read();
  assertEquals([error, uid], [true, "1"]);
  assertEquals(
    message,
    "ConnectionAbortedError: the 'a.S' service disconnected before it answered the request",
  );
  const gone = await lab.c.peer.read();
  assertEquals([gone.uid, gone.result, gone.requester], ["gone", "a.S", lab.c.name]);
  assertEquals(lab.net.b.manager.status().clients[lab.c.name].links, []);
});

Deno.test("errors of the other Manager name the service as the client does, those of a service are as they came", async () => {
  await using lab = await laboratory();
  const { c, s, remote, net } = lab;
  const { message } = await ask(c.peer, messages.request("a.None", "x", []));
  assertEquals(
    message,
    `KeyError: "the 'a.None' Service is not connected to ${net.a.manager.networkName}"`,
  );
  const locked = await ask(c.peer, about("acquire_lock", "a.S"));
  assertEquals([locked.uid, locked.requester], ["acquire_lock", c.name]);
  assertEquals(
    locked.message,
    `PermissionError: ${remote} cannot acquire a lock because it is not linked with the 'a.S' service`,
  );
  c.peer.send(request());
  await s.peer.read();
  const error = { error: true, message: "ValueError: 'S' is not 'a.S'", traceback: ["line"] };
  s.peer.send({ ...error, requester: remote, uid: "1", result: null });
  assertEquals(await c.peer.read(), { ...error, requester: c.name, uid: "1", result: null });
});

Deno.test("values and pieces before the reply pass, in both directions, and only for those who know them", async () => {
  const extensions = ["ready", "cancel", "stream", "parts"];
  await using lab = await laboratory({ extensions, service: { extensions } });
  const { c, s, remote } = lab;
  const control = (attribute: string) => request({ attribute, args: [2] });
  c.peer.send(control("__cancel__")); // nothing is pending: it goes nowhere
  c.peer.send(request({ stream: 2 }));
  assertEquals((await s.peer.read()).attribute, "echo");
  for (const attribute of ["__more__", "__room__", "__part__", "__cancel__"]) {
    c.peer.send(control(attribute));
    const { service, requester, attribute: got, args } = await s.peer.read();
    assertEquals([service, requester, got, args], ["S", remote, attribute, [2]]);
  }
  for (const attribute of ["__next__", "__part__", "__room__"]) {
    s.peer.send(reply(remote, { uid: "1", attribute, result: 5 }));
    assertEquals(await c.peer.read(), reply(c.name, { uid: "1", attribute, result: 5 }));
  }
  assertEquals(lab.net.b.manager.status().clients[c.name].pending_requests, 1);
  s.peer.send(reply(remote, { uid: "1", result: 6 }));
  s.peer.send(reply(remote, { uid: "1", attribute: "__next__", result: 7 })); // too late
  assertEquals((await c.peer.read()).result, 6);
  assertEquals(lab.net.b.manager.status().clients[c.name].pending_requests, 0);
  const plain = await lab.net.client(lab.net.b, "plain");
  const { message } = await ask(plain.peer, control("__cancel__"));
  assertEquals(message, "PermissionError: Cannot request a private attribute");
});

Deno.test("a reply that nobody waits for goes nowhere, and a uid that is pending twice is answered twice", async () => {
  await using lab = await laboratory();
  const { c, s, remote } = lab;
  for (let count = 0; count < 2; count++) {
    c.peer.send(request({ uid: "same" }));
    await s.peer.read();
  }
  for (let result = 0; result < 3; result++) s.peer.send(reply(remote, { uid: "same", result }));
  s.peer.send(reply(remote, { uid: "other", result: "invented" }));
  assertEquals((await c.peer.read()).result, 0);
  assertEquals((await c.peer.read()).result, 1);
  assertEquals((await ask(c.peer, about("link", "a.None"))).error, true, "an answer too much");
  assertEquals(lab.net.a.manager.status().totals.unowed_answers, 2);
});

Deno.test("a person at a terminal links with a service of another node and calls it", async () => {
  await using lab = await laboratory();
  const { c, s, remote } = lab;
  c.peer.send("link a.S");
  const linked = await c.peer.read();
  assertEquals([linked.error, linked.uid, linked.requester], [false, "", c.name]);
  c.peer.send("a.S echo 1 n=two");
  const { args, kwargs, uid } = await s.peer.read();
  assertEquals([args, kwargs, uid], [[1], { n: "two" }, ""]);
  s.peer.send(reply(remote, { uid: "", result: "three" }));
  assertEquals((await c.peer.read()).result, "three");
});

Deno.test("a client that disconnects with a call out leaves nothing behind: no link, no lock, no call", async () => {
  const extensions = ["ready", "cancel"];
  await using lab = await laboratory({ extensions, service: { extensions } });
  const { c, s, remote, net } = lab;
  await link(c);
  await ask(c.peer, about("acquire_lock", "a.S"));
  assertEquals(net.a.manager.status().services.S.locks, [remote]);
  c.peer.send(request());
  await s.peer.read();
  await c.peer.close();
  const { attribute, requester, uid } = await s.peer.read();
  assertEquals([attribute, requester, uid], ["__cancel__", remote, "1"]);
  const { clients, services } = net.a.manager.status();
  assertEquals([services.S.locks, services.S.links, Object.keys(clients)], [[], [], []]);
  s.peer.send(reply(remote, { uid: "1", result: 1 })); // which nobody waits for
  await until("the sessions end", () => net.nodes.channels === 0);
});

Deno.test("the last request of a client that disconnects at once is still carried out", async () => {
  await using lab = await laboratory();
  lab.c.peer.send(request());
  lab.c.peer.send(messages.request("Manager", "__disconnect__", []));
  assertEquals((await lab.s.peer.read()).attribute, "echo");
});

Deno.test("a node that is gone answers each request once, frees its clients, and is told of to its links", async () => {
  await using lab = await laboratory({ extensions: ["ready", "gone", "owner"] });
  const { c, s, net } = lab;
  await link(c);
  c.peer.send(request({ uid: "twice" }));
  c.peer.send(request({ uid: "twice" }));
  c.peer.send(about("link", "a.None", { uid: "asked" }));
  await s.peer.read();
  await s.peer.read();
  await c.peer.read(); // that there is no such service
  net.nodes.lose("a");
  for (let count = 0; count < 2; count++) {
    const { error, uid, message } = await c.peer.read();
    assertEquals([error, uid], [true, "twice"]);
    assertEquals(
      message,
      "ConnectionAbortedError: the session with the node 'a' ended (the node 'a' is gone) before the " +
        "request was answered, and the service may have worked on it",
    );
  }
  assertEquals((await c.peer.read()).result, "a.S");
  const status = net.b.manager.status();
  assertEquals([status.clients[c.name].links, status.clients[c.name].pending_requests], [[], 0]);
  assertEquals(Object.keys(status.services), []);
  const { message } = await ask(c.peer, request());
  assertMatch(String(message), /^ConnectionAbortedError: the node 'a' is gone since 20\d\d-/);
  assertEquals((await ask(c.peer, about("unlink", "a.S"))).result, true, "it was there locally");
  await until("the clients of b are unregistered", () => {
    const { clients, services } = net.a.manager.status();
    return Object.keys(clients).length === 0 && services.S.links.length === 0;
  });
  net.nodes.restore("a");
  const again = await ask(c.peer, request());
  assertMatch(String(again.message), /^PermissionError: .* has to link with 'a\.S' again/);
  await link(c);
  c.peer.send(request());
  assertEquals((await s.peer.read()).uid, "1");
});

Deno.test("a session that breaks fails what is pending, and the next request opens another one", async () => {
  await using lab = await laboratory({ extensions: ["ready", "gone"] });
  const { c, s, net, remote } = lab;
  await link(c);
  await ask(c.peer, about("acquire_lock", "a.S"));
  c.peer.send(request());
  await s.peer.read();
  net.nodes.breakChannels();
  assertMatch(String((await c.peer.read()).message), /ended \(a message was lost\)/);
  assertEquals((await c.peer.read()).uid, "gone");
  c.peer.send(request({ uid: "2" }));
  assertEquals((await s.peer.read()).uid, "2");
  assertEquals(net.a.manager.status().services.S.locks, [], "a lock of a session that ended");
  s.peer.send(reply(remote, { uid: "1", result: "late" }));
  s.peer.send(reply(remote, { uid: "2", result: "right" }));
  assertEquals((await c.peer.read()).result, "right");
});

Deno.test("max_clients and locks hold for the clients of all nodes together", async () => {
  await using lab = await laboratory({ service: { max_clients: 1 } });
  const { c, net, remote } = lab;
  await link(c);
  const local = await net.client(net.a, "local");
  const { message } = await ask(local.peer, about("link", "S"));
  assertMatch(
    String(message),
    RegExp(`maximum number of Clients.*\\n.*\\n {2}${RegExp.escape(remote)}$`),
  );
  await ask(c.peer, about("unlink", "a.S"));
  await link(local, "S");
  const full = await ask(c.peer, about("link", "a.S"));
  assertMatch(String(full.message), /^PermissionError: The maximum number .* linked with 'a\.S'\n/);
  const other = await net.service(net.a, "T");
  await link(local, "T");
  await ask(local.peer, about("acquire_lock", "T"));
  const locked = await ask(c.peer, about("link", "a.T"));
  assertEquals(locked.message, "PermissionError: 'a.T' service is locked");
  assert(other);
});

Deno.test("the status of the client's node has the locks of its clients, until they are given back", async () => {
  await using lab = await laboratory();
  const { c, net, s } = lab;
  const locks = () => net.b.manager.status().services["a.S"].locks;
  await ask(c.peer, about("acquire_lock", "a.S"));
  assertEquals(locks(), [], "it is not linked");
  await link(c);
  assertEquals(locks(), []);
  await ask(c.peer, about("acquire_lock", "a.S"));
  assertEquals(locks(), [c.name]);
  await link(c);
  assertEquals(locks(), [c.name], "a second link changes nothing");
  await ask(c.peer, about("release_lock", "a.S"));
  assertEquals(locks(), []);
  await ask(c.peer, about("acquire_lock", "a.S"));
  await ask(c.peer, about("unlink", "a.S"));
  await link(c);
  assertEquals(locks(), [], "the link has ended, and its lock with it");
  await ask(c.peer, about("acquire_lock", "a.S"));
  await s.peer.close();
  await until("the service has gone", () => !("a.S" in net.b.manager.status().services));
  await net.service(net.a, "S");
  assertEquals(locks(), [], "it is another service");
  const { links } = net.b.manager.status().services["a.S"];
  assertEquals(links, [], "also of a client that does not want to be told");
});

Deno.test("--max-requests holds at the client's node and at the home node", async () => {
  await using lab = await laboratory({ b: { limits: { maxRequests: 2 } } });
  const { c, s } = lab;
  for (const uid of ["1", "2"]) c.peer.send(request({ uid }));
  await s.peer.read();
  await s.peer.read();
  const { message, uid } = await ask(c.peer, request({ uid: "3" }));
  assertEquals([uid, /limit is 2/.test(String(message))], ["3", true]);
  const asked = await ask(c.peer, about("link", "a.S"));
  assertMatch(String(asked.message), /limit is 2/);

  await using other = await laboratory({ a: { limits: { maxRequests: 1 } } });
  other.c.peer.send(request({ uid: "1" }));
  await other.s.peer.read();
  const refused = await ask(other.c.peer, request({ uid: "2" }));
  assertMatch(
    String(refused.message),
    /Too many requests of c\[.*\]@b are pending, the limit is 1/,
  );
  assertEquals(other.net.b.manager.status().clients[other.c.name].pending_requests, 1);
});

Deno.test("long lines of foreign devices pass in both directions, and one that is too long fails its own request", async () => {
  const limits = { longLine: 1_000, maxMessageSize: 50_000 };
  await using lab = await laboratory({ a: { limits }, b: { limits } });
  const { c, s, remote } = lab;
  const long = "x".repeat(20_000);
  await link(c);
  c.peer.send(request({ args: [long] }));
  assertEquals((await s.peer.read()).args, [long]);
  s.peer.send({ result: [long, 1.5], error: false, uid: "1", requester: remote });
  assertEquals(await c.peer.read(), {
    result: [long, 1.5],
    error: false,
    uid: "1",
    requester: c.name,
  });
  const notification = { result: [[long], {}], error: false, service: "S", uid: "notification" };
  s.peer.send(notification);
  assertEquals(await c.peer.read(), { ...notification, service: "a.S" });
  c.peer.send(request({ args: [long + long + long] }));
  const { error, message } = await c.peer.read();
  assertEquals([error, /--max-message-size/.test(String(message))], [true, true]);
  c.peer.send(request());
  await s.peer.read();
  s.peer.send({
    result: null,
    error: true,
    message: long,
    traceback: [],
    uid: "1",
    requester: remote,
  });
  assertEquals((await c.peer.read()).message, long);
});

Deno.test("a reply that the home node accepts and this one does not fails its own request", async () => {
  await using lab = await laboratory({
    b: { limits: { longLine: 1_000, maxMessageSize: 10_000 } },
    service: { attributes: { table: "t".repeat(15_000) } },
  });
  const { c, s, remote } = lab;
  c.peer.send(request());
  await s.peer.read();
  s.peer.send(reply(remote, { uid: "1", result: "x".repeat(20_000) }));
  const { uid, message } = await c.peer.read();
  assertEquals(
    [uid, /limit of 10 ?k?.*--max-message-size/i.test(String(message))],
    ["1", true],
    String(message),
  );
  const entry = await ask(c.peer, about("link", "a.S"));
  assertEquals([entry.uid, /--max-message-size/.test(String(entry.message))], ["link", true]);
  assertEquals(lab.net.b.manager.status().clients[c.name].pending_requests, 0);
  c.peer.send(request());
  await s.peer.read();
  s.peer.send(reply(remote, { uid: "1", result: "short" }));
  assertEquals((await c.peer.read()).result, "short");
});

/** A session of `c` with a node whose lines the test hands to it. */
function sessionOf({ net, c }: { net: TwoNodes; c: NodeDevice }) {
  const { connectionHandler, ...parts } = net.nodes.parts("b");
  const client = [...parts.registry.clients].find(({ networkName }) => networkName === c.name)!;
  const transport = new MemoryTransport([], { staysOpen: true });
  const connection = connectionHandler.connect(transport);
  connection.holder = client.session.sink.holder;
  const session = new RemoteSession({
    ...parts,
    connectionHandler,
    envelope: new Envelope(10),
    node: "a",
    client,
    connection,
    onLinked: () => {},
    onEnd: () => {},
  });
  return { client, session, transport, [Symbol.asyncDispose]: () => connection.close() };
}

Deno.test("a long reply for a client that reads too slowly fails its own request, and is not lost", async () => {
  await using lab = await laboratory();
  await using own = sessionOf(lab);
  const { client, session, transport } = own;
  const bytes = new TextEncoder().encode(JSON.stringify(request()));
  session.forward("S", "1", { bytes, end: bytes.length - 1, held: undefined, members: "" });
  session.ask("S", "link", "link", []);
  await until("both are sent", () => transport.text.includes('"link"'));
  const held = { length: 9_000_000, mayWaitFor: () => false } as unknown as HeldLine;
  for (const uid of ["1", /"uid":"([^"]+-0)"/.exec(transport.text)![1]]) {
    const digest = new TextEncoder().encode(JSON.stringify({ result: null, error: false, uid }));
    session.receiveHeld(digest, held, digest.length - 1);
  }
  for (const uid of ["1", "link"]) {
    const answer = await inTime("the answer", lab.c.peer.read());
    assertEquals(answer.uid, uid);
    assertMatch(String(answer.message), /^ValueError: The Manager holds .* 'c' .*--max-held/);
  }
  assertEquals([session.pendingCount, client.pendingCount], [0, 0]);
  await until("the link is withdrawn", () => transport.text.includes('"unlink"'));
});

Deno.test("a client cannot be linked with more services of a node than a node has", async () => {
  await using lab = await laboratory();
  await using own = sessionOf(lab);
  const { client, session, transport } = own;
  session.ask("S0", "0", "link", []);
  await until("it is sent", () => transport.text.includes('"S0"'));
  const prefix = /"uid":"([^"]+-)0"/.exec(transport.text)![1];
  for (let count = 0; count < CLUSTER_LIMITS.services; count++) {
    if (count > 0) session.ask(`S${count}`, `${count}`, "link", []);
    const entry = { result: {}, error: false, uid: `${prefix}${count}` };
    session.receive(new TextEncoder().encode(JSON.stringify(entry)));
  }
  assertEquals(client.remoteLinks?.size, CLUSTER_LIMITS.services);
  assertThrows(() => session.ask("more", "u", "link", []), PermissionError, "10000 services");
  session.ask("S1", "again", "link", []);
  assertEquals([session.pendingCount, client.pendingCount], [1, 1]);
});
