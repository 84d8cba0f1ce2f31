/** What a Client does to have again what it had, line by line, under a scripted Manager. */

import { assert, assertEquals, assertInstanceOf, assertMatch, assertRejects } from "@std/assert";
import { connect, ConnectionAbortedError, options, RemoteError, TimeoutError } from "../../mod.ts";
import { connected, isState, statesOf } from "../support/connection_changes.ts";
import { failure } from "../support/messages.ts";
import { ScriptedLink } from "../support/scripted_link.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";

const GONE = { uid: "gone", result: "Lab" };

Deno.test("a Client that reconnects says which extensions it knows, one that does not says fewer", async () => {
  for (
    const [reconnect, extensions] of [
      [true, ["ready", "beat", "cancel", "stream", "parts", "gone"]],
      [false, ["ready", "beat", "cancel", "stream", "parts"]],
    ]
  ) {
    await using manager = new ScriptedManager();
    const connecting = connect({ ...manager.connectOptions, reconnect: reconnect === true });
    assertEquals((await manager.welcome()).extensions, extensions);
    const client = await connecting;
    await Promise.all([client.disconnect(), manager.hearText()]);
  }
});

// Locks and links

for (const lock of ["shared", "exclusive"] as const) {
  Deno.test(`a lock (${lock}) that somebody else was faster for is reported, and what counted on it fails`, async () => {
    await using scripted = await ScriptedLink.open({ lock });
    const { link, changes } = scripted;
    await scripted.lose();
    const waiting = link.move(10);
    await scripted.comeBack();
    await scripted.answer("link", { result: ENTRY });
    const text = "PermissionError: c cannot acquire an exclusive lock, there are 2 links";
    const request = await scripted.answer("acquire_lock", failure(text));
    assertEquals([request.args, request.kwargs], [["Lab"], { shared: lock === "shared" }]);
    const change = await changes.next(isState("unlocked"));
    assert(change.state === "unlocked" && change.service === "Lab");
    const error = await assertRejects(() => waiting, ConnectionAbortedError);
    assertMatch(error.message, /^Cannot request move of the 'Lab' service: the lock was lost/);
    const next = link.move(20); // without the lock, as the user knows
    assertEquals((await scripted.answer("move", { result: 20 })).args, [20]);
    assertEquals(await next, 20);
  });
}

Deno.test("a lock is lost to whoever keeps the Client out of the Service meanwhile", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { changes, link } = scripted;
  await scripted.lose();
  const waiting = link.move(10);
  await scripted.comeBack();
  await scripted.answer("link", failure("PermissionError: 'Lab' service is locked"));
  await assertRejects(() => waiting, ConnectionAbortedError, "the lock was lost");
  await scripted.answer("link", { result: ENTRY });
  await changes.next(isState("linked")); // without the lock
  assertEquals(statesOf(changes), ["lost", "connected", "unlocked", "unlinked", "linked"]);
});

Deno.test("a lock is acquired again before what waits is sent", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { link } = scripted;
  await scripted.lose();
  const waiting = link.move(10);
  await scripted.comeBack();
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("acquire_lock", { result: [] });
  await scripted.answer("move", { result: 1 });
  assertEquals(await waiting, 1);
});

Deno.test("a lock that is released while the Manager is away is not acquired again", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { link } = scripted;
  await scripted.lose();
  const releasing = link.releaseLock();
  await scripted.comeBack();
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("release_lock", { result: [] });
  assertEquals(await releasing, []);
});

Deno.test("a lock that is asked for while the Manager is away is asked for once the Link is back", async () => {
  await using scripted = await ScriptedLink.open();
  const { link } = scripted;
  await scripted.lose();
  const locking = link.acquireLock();
  await scripted.comeBack();
  await scripted.answer("link", failure("KeyError: \"the 'Lab' service does not exist\""));
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("acquire_lock", { result: ["c[a:1]"] });
  assertEquals(await locking, ["c[a:1]"]);
});

Deno.test("a link that was ended while the Manager is away is not restored", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, link } = scripted;
  await scripted.lose();
  const waiting = link.move(1);
  await link.unlink();
  await assertRejects(() => waiting, ConnectionAbortedError, "the link has ended");
  await scripted.comeBack();
  const asking = client.identities();
  await scripted.answer("identity", { result: {} });
  await asking;
});

Deno.test("a link that is ended while it is being restored is unlinked, with its lock", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { changes, link } = scripted;
  await scripted.lose();
  await scripted.comeBack();
  await scripted.answer("link", { result: ENTRY });
  const { uid } = await scripted.hear(); // acquire_lock
  await link.unlink();
  scripted.say({ uid, result: [] });
  assertEquals((await scripted.answer("unlink", { result: true })).args, ["Lab"]);
  assertEquals(statesOf(changes), ["lost", "connected"]);
});

Deno.test("a link that is ended while another is asked for is not taken from that one", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, link } = scripted;
  const linking = client.link("Lab");
  const { uid } = await scripted.hear();
  await link.unlink();
  scripted.say({ uid, result: ENTRY });
  const other = await linking;
  const moving = other.move(1);
  await scripted.answer("move", { result: 1 }); // and no unlink before it
  await moving;
  const refused = client.link("Lab");
  const { uid: next } = await scripted.hear();
  await other.unlink();
  scripted.say({ uid: next, ...failure("PermissionError: 'Lab' service is locked") });
  await assertRejects(() => refused, RemoteError);
  await scripted.answer("unlink", { result: true }); // nobody wants it any longer
});

Deno.test("a link that is ended while others are asked for is ended at last if none of them comes", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, link } = scripted;
  const asked = [client.link("Lab"), client.link("Lab")];
  const uids = [(await scripted.hear()).uid, (await scripted.hear()).uid];
  await link.unlink();
  for (const uid of uids) {
    scripted.say({ uid, ...failure("PermissionError: 'Lab' service is locked") });
  }
  for (const future of asked) await assertRejects(() => future, RemoteError);
  await scripted.answer("unlink", { result: true });
});

Deno.test("a link that is asked for again while it is restored stays", async () => {
  await using scripted = await ScriptedLink.open();
  const { changes, client, link } = scripted;
  await scripted.lose();
  await scripted.comeBack();
  const { uid } = await scripted.hear();
  await link.unlink();
  const linking = client.link("Lab");
  const { uid: next } = await scripted.hear();
  scripted.say({ uid, result: ENTRY });
  scripted.say({ uid: next, result: ENTRY });
  const moving = (await linking).move(1);
  await scripted.answer("move", { result: 1 }); // and no unlink before it
  assertEquals(await moving, 1);
  assertEquals(statesOf(changes), ["lost", "connected", "linked"]);
});

Deno.test("a link that is lost once more while it is restored is restored once", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, changes, link } = scripted;
  const failing = link.move(1);
  const { uid } = await scripted.hear();
  const asking = client.adminRequest("clients"); // holds back what comes after it
  await scripted.hear();
  const text = `KeyError: "the 'Lab' Service is not connected to Manager[lab-pc:1875]"`;
  scripted.say({ uid, ...failure(text) });
  await changes.next(isState("unlinked"));
  await scripted.lose();
  await assertRejects(() => failing, RemoteError, "is not connected to");
  await assertRejects(() => asking, ConnectionAbortedError, "was not answered");
  await scripted.comeBack();
  await scripted.answer("link", { result: ENTRY });
  const moving = link.move(2);
  await scripted.answer("move", { result: 2 });
  await moving;
  assertEquals(statesOf(changes), ["unlinked", "lost", "connected", "linked"]);
});

// What is sent

Deno.test("what waits is sent as it was when it was asked for", async () => {
  await using scripted = await ScriptedLink.open();
  const { link } = scripted;
  await scripted.lose();
  const values = [1, 2];
  const writing = link.write(values);
  values[0] = 99;
  await scripted.comeBack();
  await scripted.answer("link", { result: ENTRY });
  assertEquals((await scripted.answer("write", { result: null })).args, [[1, 2]]);
  await writing;
});

Deno.test("a value that cannot be looked at fails its own request, at once", async () => {
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
  await scripted.comeBack();
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("move", { result: 2 });
  await moving;
});

Deno.test("a large request whose Service goes while it is written waits for the Link", async () => {
  await using scripted = await ScriptedLink.open({ lock: "exclusive" });
  const { changes, link } = scripted;
  const writing = link.write(Array.from({ length: 2_000_000 }, (_, index) => index));
  scripted.say(GONE);
  await changes.next(isState("unlinked"));
  await scripted.answer("link", { result: ENTRY });
  await scripted.answer("acquire_lock", { result: [] });
  await scripted.answer("write", { result: "written" });
  assertEquals(await writing, "written");
});

// Services that go

Deno.test("a Service that goes once more while its Link is restored is linked with once more", async () => {
  await using scripted = await ScriptedLink.open();
  const { changes } = scripted;
  await scripted.lose();
  await scripted.comeBack();
  const { uid } = await scripted.hear();
  scripted.say({ uid, result: ENTRY });
  scripted.say(GONE); // perhaps in the same packet
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

  Deno.test(`a lock is not lost because the Service has gone meanwhile (${name})`, async () => {
    await using scripted = await ScriptedLink.open({ lock: "shared" });
    const { changes } = scripted;
    await scripted.lose();
    await scripted.comeBack();
    await scripted.answer("link", { result: ENTRY });
    await scripted.answer("acquire_lock", failure(text));
    await scripted.answer("link", { result: ENTRY });
    await scripted.answer("acquire_lock", { result: [] });
    await changes.next(isState("linked"));
    assertEquals(statesOf(changes), ["lost", "connected", "unlinked", "linked"]);
  });
}

Deno.test("a Service that goes is reported once", async () => {
  await using scripted = await ScriptedLink.open();
  const { changes } = scripted;
  scripted.say(GONE);
  await scripted.answer("link", failure("KeyError: \"the 'Lab' service does not exist\""));
  await scripted.answer("link", { result: ENTRY });
  await changes.next(isState("linked"));
  assertEquals(statesOf(changes), ["unlinked", "linked"]);
});

Deno.test("a Manager of Python's tells that a Service is gone when it is requested", async () => {
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

Deno.test("an administrator's request that is cancelled while it waits holds nothing up", async () => {
  await using scripted = await ScriptedLink.open();
  const { client, link } = scripted;
  await scripted.lose();
  client.adminRequest("clients").cancel();
  const late = client.adminRequest("services", options({ timeout: 1 }));
  await assertRejects(() => late.result(), TimeoutError, "was not sent in time");
  await scripted.comeBack();
  await scripted.answer("link", { result: ENTRY });
  const moving = link.move(1);
  await scripted.answer("move", { result: 1 });
  await moving;
  const next = client.adminRequest("port");
  await scripted.answer("port", { result: 1875 });
  assertEquals(await next, 1875);
});

Deno.test("administrators' requests that wait fail at the end, every one", async () => {
  const scripted = await ScriptedLink.open();
  const { client } = scripted;
  await scripted.lose();
  const waiting = [client.adminRequest("clients"), client.adminRequest("services")];
  waiting.push(client.identities());
  await scripted[Symbol.asyncDispose]();
  waiting.push(client.adminRequest("port"));
  for (const future of waiting) await assertRejects(() => future, ConnectionAbortedError);
});

Deno.test("what has waited does not overtake an administrator's request of a Python Manager", async () => {
  await using scripted = await ScriptedLink.open({ username: "u", password: "p" });
  const { client, link } = scripted;
  await scripted.lose();
  const moving = link.move(1);
  await scripted.comeBack();
  const { uid } = await scripted.hear(); // link
  const asking = client.adminRequest("clients");
  assertEquals((await scripted.hear()).attribute, "clients");
  scripted.say({ uid, result: ENTRY });
  scripted.say({ attribute: "username", args: ["Manager[a:1]"], kwargs: {}, uid: "" });
  assertEquals((await scripted.hear()).result, "u");
  scripted.say({ uid: "", result: {} }); // without a uid, as Python does
  await asking;
  await scripted.answer("move", { result: 1 });
  await moving;
});

Deno.test("what is held back for an administrator's request is not sent after its time-out", async () => {
  await using scripted = await ScriptedLink.open();
  const { client } = scripted;
  const asking = client.adminRequest("clients");
  const { uid } = await scripted.hear();
  const late = [
    client.identities({ timeout: 1 }),
    client.adminRequest("shutdown_manager", options({ timeout: 1 })),
  ];
  for (const future of late) await assertRejects(() => future, TimeoutError);
  scripted.say({ uid, result: {} });
  await asking;
  for (const future of late) await assertRejects(() => future.result(), TimeoutError, "not sent");
  const next = client.adminRequest("port");
  await scripted.answer("port", { result: 1875 });
  await next;
});

Deno.test("a large administrator's request that is cancelled while it is written holds nothing up", async () => {
  await using scripted = await ScriptedLink.open();
  const { client } = scripted;
  client.adminRequest("clients", Array.from({ length: 100_000 }, (_, index) => index)).cancel();
  const next = client.adminRequest("port");
  await scripted.answer("port", { result: 1875 });
  assertEquals(await next, 1875);
});

// Connections that do not last

Deno.test("a Manager that ends each connection at once is left in peace for longer each time", async () => {
  await using manager = new ScriptedManager();
  const connecting = connected({
    ...manager.connectOptions,
    reconnect: { firstDelay: 10, longestDelay: 1_000 },
  });
  await manager.welcome();
  const { client, changes } = await connecting;
  await using _client = client;
  const pauses: number[] = [];
  for (let count = 0; count < 5; count++) {
    const start = performance.now();
    await manager.drop();
    await changes.next(isState("lost"));
    await manager.welcomeBack();
    pauses.push(performance.now() - start);
  }
  await manager.drop();
  // Half of 10, 20, 40, 80 and 160 ms is left to chance, and a timer may be a millisecond early;
  // how much longer it took does not matter.
  for (const [index, pause] of pauses.entries()) {
    assert(pause >= 5 * 2 ** index - 1, `pause ${index}: ${pauses}`);
  }
  const states = statesOf(changes).slice(0, 10);
  assertEquals(states, Array.from({ length: 5 }, () => ["lost", "connected"]).flat());
});

Deno.test("connections that do not last count as attempts that fail", async () => {
  await using manager = new ScriptedManager();
  const connecting = connected({
    ...manager.connectOptions,
    reconnect: { firstDelay: 1, longestDelay: 1, attempts: 3 },
  });
  await manager.welcome();
  const { client, changes } = await connecting;
  await using _client = client;
  const ends: (Error | undefined)[] = [];
  client.shutdownHandler = (error) => ends.push(error);
  await manager.drop();
  for (let count = 1; count < 3; count++) {
    await manager.welcomeBack();
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
