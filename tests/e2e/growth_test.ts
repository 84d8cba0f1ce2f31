/**
 * What a peer can make grow in a Manager, and its limit: pending requests, names and uids, replies
 * and notifications that nobody reads. `limits_test.ts` has the limits of connections and logins.
 */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type Identities, type JsonObject, RemoteError, Service } from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { linked } from "../support/linked.ts";
import { notification, reply, request } from "../support/messages.ts";
import { Process } from "../support/process.ts";
import { answersOf, pythonCaller, pythonPeer } from "../support/python.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { inTime, until } from "../support/until.ts";
import { wireClient, wireService } from "../support/wire_devices.ts";

const KiB = 1024;

/** The error that a peer is sent before it is disconnected, after the prompts of the Manager. */
async function rejection(manager: TestManager, identity: JsonObject): Promise<unknown> {
  await using peer = await WirePeer.introduce(manager.connectOptions, identity);
  let last: JsonObject = {};
  for (let text; (text = await peer.readText()) !== undefined;) last = JSON.parse(text);
  return last.message;
}

/** The names of the services in a reply to `identity`. */
function servicesIn({ result }: JsonObject): string[] {
  return Object.keys((result as Identities).services);
}

// Pending requests

Deno.test("a Python client gets an error for a request above --max-requests, and for no other", async () => {
  await using manager = await TestManager.start({ disableTls: true, limits: { maxRequests: 2 } });
  await using service = new Process(pythonPeer("service", manager));
  await manager.connected("Python Lab");
  const late: [string, string, unknown[]] = ["Python Lab", "late", []];
  await using client = new Process(pythonCaller(manager, [late, late, late], { atOnce: true }));
  const errors = () => manager.manager.status().totals.errors;
  await until("the third request has been refused", () => errors().PermissionError === 1);
  service.kill("SIGUSR1");
  const { stdout } = await client.succeeded();
  const [first, second, [error, result]] = answersOf(stdout);
  assertEquals([first, second].map(([error]) => error), [null, null]);
  assertMatch(String(error), /--max-requests/);
  assertEquals(result, null);
});

Deno.test("a request above --max-requests is answered with an error, and the connection goes on", async () => {
  await using manager = await TestManager.start({ disableTls: true, limits: { maxRequests: 2 } });
  await using service = await wireService(manager, "Echo");
  await using client = await wireClient(manager, "busy");
  for (const uid of ["1", "2", "3"]) client.send(request("Echo", "echo", [], { uid }));
  const refused = await client.read();
  assertEquals([refused.error, refused.uid], [true, "3"]);
  assertMatch(
    String(refused.message),
    /^PermissionError: Too many requests of busy\[\S+\] are pending, the limit is 2 \(--max-requests\)$/,
  );

  const { requester } = await service.read();
  await service.read();
  service.send(reply(String(requester), { uid: "2", result: "two" }));
  assertEquals((await client.read()).result, "two");
  client.send(request("Echo", "echo", [], { uid: "4" })); // there is room for it now
  assertEquals((await service.read()).uid, "4");

  client.send(request("Manager", "identity", [], { uid: "5" })); // which is answered at once
  assertEquals((await client.read()).uid, "5");
});

Deno.test("the requests of all clients to a service have a limit, and those to others do not count", async () => {
  const limits = { maxRequests: 2, maxServiceRequests: 3 };
  await using manager = await TestManager.start({ disableTls: true, limits });
  await using echo = await wireService(manager, "Echo");
  await using lab = await wireService(manager, "Lab");
  const names = ["a", "b", "c"];
  await using stack = new AsyncDisposableStack();
  const [a, b, c] = await Promise.all(
    names.map(async (name) => stack.use(await wireClient(manager, name))),
  );
  for (const uid of ["1", "2"]) a.send(request("Echo", "echo", [], { uid }));
  for (let count = 0; count < 2; count++) await echo.read();
  b.send(request("Echo", "echo", [], { uid: "3" }));
  await echo.read();
  c.send(request("Echo", "echo", [], { uid: "4" }));
  assertEquals(
    (await c.read()).message,
    "PermissionError: Too many requests to the 'Echo' service are pending, " +
      "the limit is 3 for a service and 2 for a client (--max-requests)",
  );
  c.send(request("Lab", "echo", [], { uid: "5" }));
  assertEquals((await lab.read()).uid, "5");

  await a.close(); // its requests are not pending any more
  await manager.disconnected("a");
  c.send(request("Echo", "echo", [], { uid: "6" }));
  assertEquals((await echo.read()).uid, "6");
});

Deno.test("requests to the Manager that wait for a login count as pending", async () => {
  await using manager = await TestManager.start({ disableTls: true, limits: { maxRequests: 1 } });
  await using client = await wireClient(manager, "admin");
  client.send(request("Manager", "users_table.usernames", [], { uid: "1" }));
  assertEquals((await client.read()).attribute, "username");
  client.send(request("Manager", "users_table.usernames", [], { uid: "2" }));
  const refused = await client.read();
  assertEquals(refused.uid, "2");
  assertMatch(String(refused.message), /^PermissionError: Too many requests of .*--max-requests/);
});

Deno.test("a status takes no longer with 100,000 pending requests, and the shutdown ends in time", async () => {
  const COUNT = 100_000;
  await using manager = await TestManager.start({
    disableTls: true,
    limits: { maxRequests: COUNT },
  });
  const to = manager.connectOptions;
  const ignore = () => {};
  await using service = await RawPeer.connect(
    to,
    { type: "service", name: "S", attributes: {} },
    ignore,
  );
  await using client = await RawPeer.connect(to, { type: "client", name: "C" }, ignore);
  const duration = () => {
    const times = Array.from({ length: 50 }, () => {
      const start = performance.now();
      manager.manager.status();
      return performance.now() - start;
    });
    return times.toSorted((a, b) => a - b)[25];
  };
  const before = duration();
  for (let sent = 0; sent < COUNT; sent += 1_000) {
    const lines = Array.from(
      { length: 1_000 },
      () => JSON.stringify(request("S", "a", [], { uid: crypto.randomUUID() })) + "\n",
    );
    await client.write(lines.join(""));
  }
  const pending = () => manager.manager.status().services.S.pending_requests;
  await until("all of them are pending", () => pending() === COUNT);
  const after = duration();
  assert(after < 20 * before, `a status took ${before} ms, and ${after} ms with pending requests`);

  await inTime("the shutdown ends", manager.manager.shutdown(100), 30_000);
  await service.ended;
});

/** A Service whose method runs until the test lets it end. */
class Slow extends Service {
  readonly #end = Promise.withResolvers<string>();

  _end(): void {
    this.#end.resolve("done");
  }
  wait(): Promise<string> {
    return this.#end.promise;
  }
  add(x: number, y: number): number {
    return x + y;
  }
}

Deno.test("a request above maxRunning of a Service fails, and others can run when one has ended", async () => {
  const slow = new Slow({ maxRunning: 2 });
  await using network = await linked(slow, { disableTls: true });
  const { link } = network;
  const running = [link.wait(), link.wait()];
  const refusal = (name: string) =>
    `PermissionError: Cannot run ${name}: 2 requests are running already, ` +
    `which is the limit of the Service (maxRunning)`;
  await assertRejects(() => link.wait(), RemoteError, refusal("wait"));
  await assertRejects(() => link.add(1, 2), RemoteError, refusal("add"));
  slow._end();
  assertEquals(await Promise.all(running), ["done", "done"]);
  assertEquals(await link.add(1, 2), 3);
});

Deno.test("maxRunning has to be an integer of at least 1", () => {
  for (const maxRunning of [0, -1, 1.5, NaN]) {
    assertThrows(() => new Service({ maxRunning }), RangeError, "maxRunning must be an integer");
  }
});

// Names and uids

Deno.test("a uid or a name that is too long is answered with an error, and the connection goes on", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using service = await wireService(manager, "Echo");
  await using client = await wireClient(manager, "client");
  const long = "x".repeat(257);
  const refusal = (key: string, length = 257) =>
    `ValueError: A name or uid of ${length} characters is too long ('${key}'), ` +
    `the limit is 256 (--max-name-length)`;
  for (
    const [key, line] of [
      ["service", request(long, "echo", [], { uid: "1" })],
      ["attribute", request("Echo", long, [], { uid: "1" })],
      ["service", request("Manager", "link", [long], { uid: "1" })],
      ["attribute", request("Manager", long, [], { uid: "1" })],
    ] as const
  ) {
    client.send(line);
    const { uid, message } = await client.read();
    assertEquals([uid, message], ["1", refusal(key)]);
  }
  client.send(request("Echo", "echo", [], { uid: "u".repeat(1_900_000) }));
  const { uid, message } = await client.read();
  assertEquals([uid, message], ["", refusal("uid", 1_900_000)]); // it is not sent back

  service.send(request("Manager", "identity", [], { uid: long }));
  assertEquals((await service.read()).message, refusal("uid"));

  const longest = "ü".repeat(256);
  client.send(request("Echo", "echo", [], { uid: longest }));
  assertEquals((await service.read()).uid, longest);
});

Deno.test("an identity with names that are too long, or too many of them, is rejected", async () => {
  await using manager = await TestManager.start({
    disableTls: true,
    limits: { maxAttributes: 3, maxNameLength: 10 },
  });
  const long = "x".repeat(11);
  const client = { type: "client", name: "C" };
  const service = { ...client, type: "service", name: "S", attributes: { echo: "()" } };
  const tooLong = (key: string) =>
    `ValueError: A name or uid of 11 characters is too long ('${key}'), ` +
    `the limit is 10 (--max-name-length)`;
  for (const key of ["name", "language", "os"]) {
    assertEquals(await rejection(manager, { ...client, [key]: long }), tooLong(key));
    assertEquals(await rejection(manager, { ...service, [key]: long }), tooLong(key));
  }
  const names = { attributes: { [long]: "()" }, extensions: [long], streams: [long] };
  for (const [key, value] of Object.entries(names)) {
    assertEquals(await rejection(manager, { ...service, [key]: value }), tooLong(key));
  }
  const many = {
    attributes: { a: 1, b: 2, c: 3, d: 4 },
    extensions: ["a", "b", "c", "d"],
    streams: ["a", "b", "c", "d"],
  };
  for (const [key, value] of Object.entries(many)) {
    assertEquals(
      await rejection(manager, { ...service, [key]: value }),
      `ValueError: The identity has 4 '${key}', the limit is 3 (--max-attributes)`,
    );
  }
  await using fine = await wireService(manager, "fine");
  fine.send(request("Manager", "identity"));
  assertEquals(servicesIn(await fine.read()), ["fine"]);
});

Deno.test("attributes that are nested too deep are rejected in the handshake", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  const deep = "[".repeat(30_000) + "]".repeat(30_000);
  await using peer = await WirePeer.connect(manager.connectOptions);
  await peer.read();
  peer.send(`{"result":{"type":"service","name":"S","attributes":{"deep":${deep}}}}`);
  assertEquals(
    (await peer.read()).message,
    "ValueError: The attributes are nested deeper than the limit of 512 levels (--max-depth)",
  );
});

// What nobody reads

Deno.test("a client that does not read its identity replies is not read further", async () => {
  const limits = { queueHigh: 64 * KiB };
  await using manager = await TestManager.start({ disableTls: true, limits });
  const to = manager.connectOptions;
  const attributes = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`attribute_${index}`, "(x: int) -> list"]),
  );
  await using stack = new AsyncDisposableStack();
  for (let index = 0; index < 20; index++) {
    const name = `S${index}`;
    stack.use(await WirePeer.introduce(to, { type: "service", name, attributes }));
    await manager.connected(name);
  }
  const reply = JSON.stringify(manager.manager.identities()).length;
  assert(reply > 10 * limits.queueHigh, `the reply has only ${reply} bytes`);
  await using deaf = await RawPeer.connect(to, { type: "client", name: "deaf" }, () => {});
  deaf.pause();
  const REQUESTS = 1_000;
  // In one write, so that the Manager reads many of them at once.
  const line = JSON.stringify(request("Manager", "identity")) + "\n";
  const sending = deaf.write(line.repeat(REQUESTS));
  const status = () => manager.manager.status().clients[deaf.networkName];
  await until("it is congested", () => status().queued_bytes > limits.queueHigh);
  await using other = await wireClient(manager, "other");
  for (let count = 0; count < 20; count++) {
    other.send(request("Manager", "identity"));
    assertEquals(servicesIn(await other.read()).length, 20);
    const { queued_bytes } = status();
    assert(queued_bytes < 2 * reply, `${queued_bytes} bytes wait, a reply has ${reply}`);
  }
  await deaf.abort();
  await sending;
});

Deno.test("what waits for all clients has a limit: those that do not read are disconnected first", async () => {
  const DEAF = 10;
  await using manager = await TestManager.start({
    disableTls: true,
    limits: { maxQueued: 4_000 * KiB },
  });
  const to = manager.connectOptions;
  await using service = await wireService(manager, "Lab");
  await using stack = new AsyncDisposableStack();
  let received = 0;
  await using reader = await RawPeer.connect(to, { type: "client", name: "reader" }, (line) => {
    if (line.includes(`"notification"`)) received++;
  });
  const link = request("Manager", "link", ["Lab"]);
  await reader.send(link);
  for (let index = 0; index < DEAF; index++) {
    const peer = stack.use(
      await RawPeer.connect(to, { type: "client", name: `deaf ${index}` }, () => {}),
    );
    peer.pause();
    await peer.send(link);
  }
  const status = () => manager.manager.status();
  await until("all are linked", () => status().services.Lab.links.length === DEAF + 1);
  const line = notification("Lab", ["x".repeat(100_000)]);
  let sent = 0;
  while ((status().totals.ended_connections.evicted ?? 0) < 3) {
    service.send(line);
    sent++;
    await until("the one that reads has it", () => received === sent);
    const queued = Object.values(status().clients)
      .reduce((sum, { queued_bytes }) => sum + queued_bytes, 0);
    assert(queued < 6_000 * KiB, `${queued} bytes wait`); // 64 KiB of each do not count
  }
  assertEquals(status().services.Lab.links.includes(reader.networkName), true);
});
