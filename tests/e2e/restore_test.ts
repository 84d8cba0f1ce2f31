/** The lines with which a Client restores its links and locks, under a scripted Manager. */

import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { connect, ConnectionAbortedError, options, RemoteError, TimeoutError } from "../../mod.ts";
import { connected, isState, statesOf } from "../support/connection_changes.ts";
import { failure } from "../support/messages.ts";
import { ScriptedLink } from "../support/scripted_link.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";

const SERVICE_GONE = { uid: "gone", result: "Lab" };

Deno.test("the identity of a Client has the extension gone, whether it reconnects or not", async () => {
  const extensions = ["ready", "beat", "cancel", "stream", "parts", "owner", "gone"]
    .concat("about", "time", "trace", "arrays");
  for (const reconnect of [true, false]) {
    await using manager = new ScriptedManager();
    const connecting = connect({ ...manager.connectOptions, reconnect });
    assertEquals((await manager.accept()).extensions, extensions);
    const client = await connecting;
    await Promise.all([client.disconnect(), manager.receiveText().then(() => manager.close())]);
  }
});

// Locks and links

for (const lock of ["shared", "exclusive"] as const) {
  Deno.test(`a lock (${lock}) that another Client has acquired first is reported as lost, and requests that need it are rejected`, async () => {
    await using scripted = await ScriptedLink.open({ lock });
    const { link, changes } = scripted;
    await scripted.lose();
    const waiting = link.move(10);
    await scripted.acceptAgain();
    await scripted.answer("link", { result: ENTRY });
    const text = "PermissionError: c cannot acquire an exclusive lock, there are 2 links";
    const request = await scripted.answer("acquire_lock", failure(text));
    assertEquals([request.args, request.kwargs], [["Lab"], { shared: lock === "shared" }]);
    const change = await changes.next(isState("unlocked"));
    assert(change.state === "unlocked" && change.service === "Lab");
    const error = await assertRejects(() => waiting, ConnectionAbortedError);
    assertMatch(error.message, /^Cannot request move of the 'Lab' service: the lock was lost/);
    const next = link.move(20); // without the lock, whose loss was reported
    assertEquals((await scripted.answer("move", { result: 20 })).args, [20]);
    assertEquals(await next, 20);
  });
}

Deno.test("a lock is lost if another Client prevents the Link from being restored", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { changes, link } = scripted;
  await scripted.lose();
  const waiting = link.move(10);
  await scripted.acceptAgain();
  await scripted.answer("link", failure("PermissionError: 'Lab' service is locked"));
  await assertRejects(() => waiting, ConnectionAbortedError, "the lock was lost");
  await scripted.answer("link", { result: ENTRY });
  await changes.next(isState("linked")); // not locked
  assertEquals(statesOf(changes), ["lost", "connected", "unlocked", "unlinked", "linked"]);
});

Deno.test("a lock is acquired again before waiting requests are sent", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { link } = scripted;
  await scripted.lose();
  const waiting = link.move(10);
  await scripted.acceptAgain();
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("acquire_lock", { result: [] });
  await scripted.answer("move", { result: 1 });
  assertEquals(await waiting, 1);
});

Deno.test("a lock that is released while the Manager is down is not acquired again", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { link } = scripted;
  await scripted.lose();
  const releasing = link.releaseLock();
  await scripted.acceptAgain();
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("release_lock", { result: [] });
  assertEquals(await releasing, []);
});

Deno.test("a lock that is requested while the Manager is down is requested once the Link is restored", async () => {
  await using scripted = await ScriptedLink.open();
  const { link } = scripted;
  await scripted.lose();
  const locking = link.acquireLock();
  await scripted.acceptAgain();
  await scripted.answer("link", failure("KeyError: \"the 'Lab' service does not exist\""));
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("acquire_lock", { result: ["c[a:1]"] });
  assertEquals(await locking, ["c[a:1]"]);
});

Deno.test("a link that is ended while the Manager is down is not restored", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, link } = scripted;
  await scripted.lose();
  const waiting = link.move(1);
  await link.unlink();
  await assertRejects(() => waiting, ConnectionAbortedError, "the link has ended");
  await scripted.acceptAgain();
  const asking = client.identities();
  await scripted.answer("identity", { result: {} });
  await asking;
});

Deno.test("a link that is ended while it is being restored is unlinked, with its lock", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { changes, link } = scripted;
  await scripted.lose();
  await scripted.acceptAgain();
  await scripted.answer("link", { result: ENTRY });
  const { uid } = await scripted.receive(); // acquire_lock
  await link.unlink();
  scripted.send({ uid, result: [] });
  assertEquals((await scripted.answer("unlink", { result: true })).args, ["Lab"]);
  assertEquals(statesOf(changes), ["lost", "connected"]);
});

Deno.test("a link that ends while another one to its Service is requested sends no unlink until that one ends too", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, link } = scripted;
  const linking = client.link("Lab");
  const { uid } = await scripted.receive();
  await link.unlink();
  scripted.send({ uid, result: ENTRY });
  const other = await linking;
  const moving = other.move(1);
  await scripted.answer("move", { result: 1 }); // no unlink before it
  await moving;
  const refused = client.link("Lab");
  const { uid: next } = await scripted.receive();
  await other.unlink();
  scripted.send({ uid: next, ...failure("PermissionError: 'Lab' service is locked") });
  await assertRejects(() => refused, RemoteError);
  await scripted.answer("unlink", { result: true }); // no link uses it any more
});

Deno.test("a link that ends while others to its Service are requested is unlinked if all of those are rejected", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, link } = scripted;
  const asked = [client.link("Lab"), client.link("Lab")];
  const uids = [(await scripted.receive()).uid, (await scripted.receive()).uid];
  await link.unlink();
  for (const uid of uids) {
    scripted.send({ uid, ...failure("PermissionError: 'Lab' service is locked") });
  }
  for (const future of asked) await assertRejects(() => future, RemoteError);
  await scripted.answer("unlink", { result: true });
});

Deno.test("a link that is requested again while it is restored stays", async () => {
  await using scripted = await ScriptedLink.open();
  const { changes, client, link } = scripted;
  await scripted.lose();
  await scripted.acceptAgain();
  const { uid } = await scripted.receive();
  await link.unlink();
  const linking = client.link("Lab");
  const { uid: next } = await scripted.receive();
  scripted.send({ uid, result: ENTRY });
  scripted.send({ uid: next, result: ENTRY });
  const moving = (await linking).move(1);
  await scripted.answer("move", { result: 1 }); // no unlink before it
  assertEquals(await moving, 1);
  assertEquals(statesOf(changes), ["lost", "connected", "linked"]);
});

Deno.test("a link that is lost again while it is restored is restored once", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, changes, link } = scripted;
  const moved = link.move(1);
  const failing = assertRejects(() => moved, RemoteError, "is not connected to");
  const { uid } = await scripted.receive();
  const asked = client.adminRequest("clients"); // delays later requests
  const asking = assertRejects(() => asked, ConnectionAbortedError, "was not answered");
  await scripted.receive();
  const text = `KeyError: "the 'Lab' Service is not connected to Manager[lab-pc:1875]"`;
  scripted.send({ uid, ...failure(text) });
  await changes.next(isState("unlinked"));
  await scripted.lose();
  await Promise.all([failing, asking]);
  await scripted.acceptAgain();
  await scripted.answer("link", { result: ENTRY });
  const moving = link.move(2);
  await scripted.answer("move", { result: 2 });
  await moving;
  assertEquals(statesOf(changes), ["unlinked", "lost", "connected", "linked"]);
});

// The lines that are sent

Deno.test("a waiting request is sent with its arguments as they were when it was made", async () => {
  await using scripted = await ScriptedLink.open();
  const { link } = scripted;
  await scripted.lose();
  const values = [1, 2];
  const writing = link.write(values);
  values[0] = 99;
  await scripted.acceptAgain();
  await scripted.answer("link", { result: ENTRY });
  assertEquals((await scripted.answer("write", { result: null })).args, [[1, 2]]);
  await writing;
});

Deno.test("a value that cannot be encoded rejects its own request, at once", async () => {
  await using scripted = await ScriptedLink.open();
  const { link } = scripted;
  await scripted.lose();
  const broken = {
    get value(): never {
      throw new Error("it is broken");
    },
  };
  const failing = link.move(broken);
  await assertRejects(() => failing, TypeError, "Cannot request move: it is broken");
  const moving = link.move(2);
  await scripted.acceptAgain();
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("move", { result: 2 });
  await moving;
});

Deno.test("a large request whose Service disconnects while it is written waits for the Link", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { changes, link } = scripted;
  const writing = link.write(Array.from({ length: 2_000_000 }, (_, index) => index));
  scripted.send(SERVICE_GONE);
  await changes.next(isState("unlinked"));
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("acquire_lock", { result: [] });
  await scripted.answer("write", { result: "written" });
  assertEquals(await writing, "written");
});

// Services that disconnect

Deno.test("a Service that disconnects again while its Link is restored is linked with again", async () => {
  await using scripted = await ScriptedLink.open();
  const { changes } = scripted;
  await scripted.lose();
  await scripted.acceptAgain();
  const { uid } = await scripted.receive();
  scripted.send({ uid, result: ENTRY });
  scripted.send(SERVICE_GONE); // perhaps in the same packet
  await scripted.answer("link", { result: ENTRY });
  await changes.next(isState("linked"));
  assertEquals(statesOf(changes), ["lost", "connected", "linked"]);
});

for (
  const text of [
    "KeyError: \"'Lab' service does not exist, c[a:1] cannot acquire a lock\"",
    "PermissionError: c[a:1] cannot acquire a lock because it is not linked with the 'Lab' service",
  ]
) {
  const name = text.slice(0, text.indexOf(":"));

  Deno.test(`a lock is not reported as lost because its Service has disconnected (${name})`, async () => {
    await using scripted = await ScriptedLink.open({ lock: "shared" });
    const { changes } = scripted;
    await scripted.lose();
    await scripted.acceptAgain();
    await scripted.answer("link", { result: ENTRY });
    await scripted.answer("acquire_lock", failure(text));
    await scripted.answer("link", { result: ENTRY });
    await scripted.answer("acquire_lock", { result: [] });
    await changes.next(isState("linked"));
    assertEquals(statesOf(changes), ["lost", "connected", "unlinked", "linked"]);
  });
}

Deno.test("a Service that disconnects is reported once", async () => {
  await using scripted = await ScriptedLink.open();
  const { changes } = scripted;
  scripted.send(SERVICE_GONE);
  await scripted.answer("link", failure("KeyError: \"the 'Lab' service does not exist\""));
  await scripted.answer("link", { result: ENTRY });
  await changes.next(isState("linked"));
  assertEquals(statesOf(changes), ["unlinked", "linked"]);
});

Deno.test("under a Python Manager an error reply shows that a Service has disconnected", async () => {
  await using scripted = await ScriptedLink.open();
  const { changes, link } = scripted;
  const failing = link.move(1);
  const text = `KeyError: "the 'Lab' Service is not connected to Manager[lab-pc:1875]"`;
  await scripted.answer("move", failure(text));
  await assertRejects(() => failing, RemoteError, "is not connected");
  await scripted.answer("link", { result: ENTRY });
  await changes.next(isState("linked"));
  assertEquals(statesOf(changes), ["unlinked", "linked"]);
});

// Administrators' requests, which are sent one after the other

Deno.test("an administrator's request that is cancelled while it waits delays no other request", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, link } = scripted;
  await scripted.lose();
  client.adminRequest("clients").cancel();
  const late = client.adminRequest("services", options({ timeout: 1 }));
  await assertRejects(() => late.result(), TimeoutError, "was not sent in time");
  await scripted.acceptAgain();
  await scripted.answer("link", { result: ENTRY });
  const moving = link.move(1);
  await scripted.answer("move", { result: 1 });
  await moving;
  const next = client.adminRequest("port");
  await scripted.answer("port", { result: 1875 });
  assertEquals(await next, 1875);
});

Deno.test("all waiting administrators' requests are rejected when the connection ends", async () => {
  const scripted = await ScriptedLink.open();
  const { client } = scripted;
  await scripted.lose();
  const waiting = [client.adminRequest("clients"), client.adminRequest("services")];
  waiting.push(client.identities());
  await scripted[Symbol.asyncDispose]();
  waiting.push(client.adminRequest("port"));
  for (const future of waiting) await assertRejects(() => future, ConnectionAbortedError);
});

Deno.test("a waiting request does not overtake an administrator's request to a Python Manager", async () => {
  await using scripted = await ScriptedLink.open({ username: "u", password: "p" });
  const { client, link } = scripted;
  await scripted.lose();
  const moving = link.move(1);
  await scripted.acceptAgain();
  const { uid } = await scripted.receive(); // link
  const asking = client.adminRequest("clients");
  assertEquals((await scripted.receive()).attribute, "clients");
  scripted.send({ uid, result: ENTRY });
  scripted.send({ attribute: "username", args: ["Manager[a:1]"], kwargs: {}, uid: "" });
  assertEquals((await scripted.receive()).result, "u");
  scripted.send({ uid: "", result: {} }); // no uid, as from Python
  await asking;
  await scripted.answer("move", { result: 1 });
  await moving;
});

Deno.test("a request that waits for an administrator's request is not sent after its time-out", async () => {
  await using scripted = await ScriptedLink.open();
  const { client } = scripted;
  const asking = client.adminRequest("clients");
  const { uid } = await scripted.receive();
  const late = [
    client.identities({ timeout: 1 }),
    client.adminRequest("shutdown_manager", options({ timeout: 1 })),
  ];
  for (const future of late) await assertRejects(() => future, TimeoutError);
  scripted.send({ uid, result: {} });
  await asking;
  for (const future of late) await assertRejects(() => future.result(), TimeoutError, "not sent");
  const next = client.adminRequest("port");
  await scripted.answer("port", { result: 1875 });
  await next;
});

Deno.test("a large administrator's request that is cancelled while it is written delays no other request", async () => {
  await using scripted = await ScriptedLink.open();
  const { client } = scripted;
  client.adminRequest("clients", Array.from({ length: 100_000 }, (_, index) => index)).cancel();
  const next = client.adminRequest("port");
  await scripted.answer("port", { result: 1875 });
  assertEquals(await next, 1875);
});

// Connections that do not last

Deno.test("the delay grows with each connection that a Manager ends at once", async () => {
  await using manager = new ScriptedManager();
  const connecting = connected({
    ...manager.connectOptions,
    reconnect: { firstDelay: 10, longestDelay: 1_000 },
  });
  await manager.accept();
  const { client, changes } = await connecting;
  await using _client = client;
  const pauses: number[] = [];
  for (let count = 0; count < 5; count++) {
    const start = performance.now();
    await manager.drop();
    await changes.next(isState("lost"));
    await manager.acceptAgain();
    pauses.push(performance.now() - start);
  }
  await manager.drop();
  // Half of each delay of 10, 20, 40, 80 and 160 ms is random, and a timer can be a millisecond early;
  // there is no upper limit.
  for (const [index, pause] of pauses.entries()) {
    assert(pause >= 5 * 2 ** index - 1, `pause ${index}: ${pauses}`);
  }
  const states = statesOf(changes).slice(0, 10);
  assertEquals(states, Array.from({ length: 5 }, () => ["lost", "connected"]).flat());
});

Deno.test("short connections count as failed attempts", async () => {
  await using manager = new ScriptedManager();
  const connecting = connected({
    ...manager.connectOptions,
    reconnect: { firstDelay: 1, longestDelay: 1, attempts: 3 },
  });
  await manager.accept();
  const { client, changes } = await connecting;
  await using _client = client;
  const ends: (Error | undefined)[] = [];
  client.shutdownHandler = (error) => ends.push(error);
  await manager.drop();
  for (let count = 1; count < 3; count++) {
    await manager.acceptAgain();
    await manager.drop();
  }
  await client.disconnected;
  assertEquals(client.isConnected(), false);
  const states = changes.all.map(({ state }) => state);
  assertEquals(states, ["lost", "connected", "lost", "connected", "lost"]);
  assertEquals(ends.length, 1);
  assertInstanceOf(ends[0], ConnectionAbortedError);
  assertMatch(ends[0]!.message, /ended: the peer closed it$/);
});
