/** Clients and services of both kinds, this package's and Python's, on different nodes. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect, ConnectionAbortedError, Kwargs, RemoteError, Service } from "../../mod.ts";
import type { ConnectionChange } from "../../mod.ts";
import * as messages from "../support/messages.ts";
import { Process, succeed } from "../support/process.ts";
import { answersOf, pythonCaller, pythonPeer } from "../support/python.ts";
import { Lab } from "../support/services.ts";
import { TwoNodes } from "../support/two_nodes.ts";
import { until } from "../support/until.ts";

class Source extends Service {
  readonly cancelled = Promise.withResolvers<void>();
  readonly released = Promise.withResolvers<void>();

  async *count(to: number): AsyncGenerator<number> {
    try {
      for (let value = 0; value < to; value++) yield value;
    } finally {
      if (to === Infinity) this.cancelled.resolve();
    }
  }

  sum(values: number[]): number {
    return values.reduce((sum, value) => sum + value, 0);
  }

  range(to: number): number[] {
    return Array.from({ length: to }, (_, value) => value);
  }

  /** Is not answered before the test lets it. */
  late(): Promise<void> {
    return this.released.promise;
  }

  notify(value: unknown): Promise<void> {
    return this.emitNotification(value, new Kwargs({ unit: "V" }));
  }
}

Deno.test("streams, their end in the middle, large values both ways and notifications pass between nodes", async () => {
  await using net = await TwoNodes.start();
  await using source = new Source();
  await source.start(net.a.connectOptions);
  await using client = await connect(net.b.connectOptions);
  const link = await client.link<Source>("a.Source");
  assertEquals(
    await Array.fromAsync(link.count(1_000)),
    Array.from({ length: 1_000 }, (_, n) => n),
  );
  for await (const value of link.count(Infinity)) if (value === 100) break;
  await source.cancelled.promise;
  const values = await link.range(200_000);
  assertEquals(values.length, 200_000);
  assertEquals(await link.sum(values), 199_999 * 100_000);
  const notified = Promise.withResolvers<unknown[]>();
  link.notificationHandler = (...args) => notified.resolve(args);
  await link.notify("é");
  assertEquals(await notified.promise, ["é", new Kwargs({ unit: "V" })]);
});

Deno.test("a Client that reconnects has its links and its lock back when the node is back", async () => {
  await using net = await TwoNodes.start();
  await using source = new Source();
  await source.start(net.a.connectOptions);
  const changes: ConnectionChange["state"][] = [];
  await using client = await connect({
    ...net.b.connectOptions,
    reconnect: { firstDelay: 1, longestDelay: 5 },
  });
  client.connectionHandler = ({ state }) => void changes.push(state);
  const link = await client.link<Source>("a.Source");
  await link.acquireLock();
  const late = link.late();
  await until("the call is out", () => net.a.manager.status().services.Source.pending_requests > 0);
  net.nodes.lose("a");
  await assertRejects(() => late, RemoteError, "the service may have worked on it");
  source.released.resolve();
  const waiting = link.sum([1, 2]);
  await until("the link is lost", () => changes.includes("unlinked"));
  net.nodes.restore("a");
  assertEquals(await waiting, 3);
  assertEquals(changes.filter((state) => state === "linked").length, 1);
  assertEquals(net.a.manager.status().services.Source.locks.length, 1);
});

Deno.test("a Client that does not reconnect has its link ended with the node", async () => {
  await using net = await TwoNodes.start();
  await using source = new Source();
  await source.start(net.a.connectOptions);
  await using client = await connect(net.b.connectOptions);
  const link = await client.link<Source>("a.Source");
  net.nodes.breakChannels();
  await until(
    "the link has ended",
    async () =>
      await link.sum([1]).then(() => false, (error) => error instanceof ConnectionAbortedError),
  );
  await client.link<Source>("a.Source");
  assertEquals(await (await client.link<Source>("a.Source")).sum([1, 2]), 3);
});

Deno.test("spawn links with the services of other nodes as well", async () => {
  await using net = await TwoNodes.start();
  await using source = new Source();
  await source.start(net.a.connectOptions);
  await using client = await connect(net.b.connectOptions);
  await using other = await client.spawn("other");
  assertEquals(await (await other.link<Source>("a.Source")).sum([1, 2]), 3);
});

Deno.test("a Python client links with and calls a service of another node", async () => {
  await using net = await TwoNodes.start();
  await using lab = new Lab();
  await lab.start(net.a.connectOptions);
  const stdout = await succeed(pythonCaller(net.b, [
    ["Manager", "link", ["a.Lab"]],
    ["a.Lab", "add", [1, 2]],
    ["a.Lab", "add", ["Ω"]],
    ["a.Nothing", "add", []],
    ["Manager", "unlink", ["a.Lab"]],
  ]));
  const [linked, ...answers] = answersOf(stdout);
  const { attributes } = linked[1] as { attributes: Record<string, unknown> };
  assertEquals([attributes.pi, attributes.add], [3.5, "(x, y)"]);
  assertEquals(answers, [
    [null, 3],
    ["TypeError: Lab.add() missing 1 required positional argument: 'y'", null],
    [`KeyError: "the 'a.Nothing' Service is not connected to ${net.a.manager.networkName}"`, null],
    [null, true],
  ]);
});

Deno.test("a Python client calls a Python service of another node, and sees the end of what it holds there", async () => {
  await using net = await TwoNodes.start();
  await using service = new Process(pythonPeer("service", net.a));
  await net.a.connected("Python Lab");
  const [added, numbers, failed] = answersOf(
    await succeed(pythonCaller(net.b, [
      ["a.Python Lab", "add", [1, 2]],
      ["a.Python Lab", "numbers", []],
      ["a.Python Lab", "fail", []],
    ])).then((text) => text.replaceAll(/NaN|-?Infinity/g, "0")),
  );
  assertEquals([added, numbers], [[null, 3], [null, [0, 0, 0, 2 ** 60]]]);
  assertEquals(failed[0]?.includes("ValueError: The value is < 0"), true);
  await using client = await connect(net.b.connectOptions);
  const link = await client.link("a.Python Lab");
  const notified = Promise.withResolvers<unknown[]>();
  link.notificationHandler = (...args) => notified.resolve(args);
  await link.notify(1);
  assertEquals(await notified.promise, [1, new Kwargs({ unit: "Ω" })]);
  await link.shutdownService();
  await service.succeeded();
});

Deno.test("a Python client that holds the lock of another node's service frees it when its process is killed", async () => {
  await using net = await TwoNodes.start();
  await using source = new Source({ name: "Slow" });
  await source.start(net.a.connectOptions);
  await using holder = new Process(
    pythonPeer("holder", net.b, { SERVICE: "a.Slow", LOCK: "1" }),
  );
  await holder.stdout.next((line) => line.includes("holding"));
  assertEquals(net.a.manager.status().services.Slow.locks.length, 1);
  holder.kill("SIGKILL");
  await until("the lock is free", () => net.a.manager.status().services.Slow.locks.length === 0);
});

Deno.test("a client that does not read stops its own session, and no other", async () => {
  await using net = await TwoNodes.start({ b: { limits: { queueHigh: 64 * 1024 } } });
  await using source = new Source();
  await source.start(net.a.connectOptions);
  await using other = new Source({ name: "Other" });
  await other.start(net.a.connectOptions);
  await using fast = await connect(net.b.connectOptions);
  const stream = await fast.link<Source>("a.Source");
  const link = await fast.link<Source>("a.Other");
  const slow = await net.client(net.b, "slow", ["ready"]);
  await slow.peer.read();
  const calls = 60;
  const size = 50_000;
  assertEquals(await stream.sum([1]), 1);
  for (let uid = 0; uid < calls; uid++) {
    slow.peer.send(messages.request("a.Source", "range", [size], { uid: String(uid) }));
  }
  await until(
    "the slow client holds answers back",
    () => net.a.manager.status().clients[`${slow.name}@b`]?.queued_bytes > 1e6,
  );
  assertEquals(await link.sum([1, 2]), 3);
  assertEquals(await Array.fromAsync(link.count(100)), Array.from({ length: 100 }, (_, n) => n));
  for (let uid = 0; uid < calls; uid++) {
    assertEquals(((await slow.peer.read()).result as unknown[]).length, size);
  }
});
