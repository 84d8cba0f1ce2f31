import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { isProxy } from "node:util/types";
import { connect, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { Events } from "../support/events.ts";
import { LinkedClient } from "../../linked_client.ts";
import { linked } from "../support/linked.ts";

class Meter extends Service {
  pi = 3.14;
  unlink(): string {
    return "a remote method with the name of a member";
  }
  read(channel: number): number {
    return channel;
  }
  *readings(): Generator<number> {
    yield 1;
  }
}

const ATTRIBUTES = ["pi", "read", "readings", "set_logging_level"];

Deno.test("the keys of a Link are the attributes of its Service, and `in` knows the members too", async () => {
  await using lab = await linked(new Meter());
  const { link } = lab;
  assertEquals(Object.keys(link), ATTRIBUTES);
  for (const name of [...ATTRIBUTES, "unlink", "request", "notificationHandler", "toString"]) {
    assertEquals(name in link, true, name);
  }
  // `then` would make a promise of it; the others are not what a user may call.
  for (const name of ["then", "toJSON", "nothing", "call", "notify", "renew"]) {
    assertEquals(name in link, false, name);
  }
  assertEquals(Object.getOwnPropertyNames(link).includes("unlink"), true);
  assertEquals(Object.hasOwn(link, "read"), true);
  assertEquals(Object.hasOwn(link, "nothing"), false);
  const { read } = { ...link } as { read(channel: number): Promise<number> };
  assertEquals(await read(3), 3);
  assertEquals(await (link as unknown as Record<string, () => unknown>).unlink(), undefined);
});

Deno.test("a Link is no Proxy, so that an inspector sees its names, and has other names too", async () => {
  await using lab = await linked(new Meter());
  const link = lab.link as unknown as Record<string, unknown>;
  assertEquals(isProxy(link), false);
  assertEquals(typeof link.nothing, "function");
  assertEquals(link.then, undefined);
  assertThrows(() => link.read = 1, TypeError, "Cannot set read");
  assertThrows(() => link.nothing = 1, TypeError, "Cannot set nothing");
  assertThrows(() => link.serviceName = "x", TypeError, "Cannot set serviceName");
});

Deno.test("when a Link is restored, its keys are the attributes that the Service lists now", async () => {
  class Better extends Meter {
    calibrate(): void {}
  }
  await using manager = await TestManager.start();
  const options = { ...manager.connectOptions, reconnect: { firstDelay: 1 } };
  const meter = new Better({ name: "Meter" });
  await meter.start(manager.connectOptions);
  await using client = await connect(options);
  const changes = new Events<string>();
  client.connectionHandler = ({ state }) => changes.add(state);
  const link = await client.link("Meter");
  assertEquals("calibrate" in link, true);
  await meter.shutdown();
  await changes.next((state) => state === "unlinked");
  assertStringIncludes(Deno.inspect(link), "being restored");
  await using other = new Meter();
  await other.start(manager.connectOptions);
  await changes.next((state) => state === "linked");
  assertEquals(Object.keys(link), ATTRIBUTES);
  assertEquals("calibrate" in link, false);
});

Deno.test("console.log of a Link shows the Service, the state and the methods", async () => {
  await using lab = await linked(new Meter());
  const { link, client } = lab;
  const shown = Deno.inspect(link);
  assertStringIncludes(
    shown,
    `Link with Meter[${link.serviceAddress}], linked {\n  pi\n  read(channel)`,
  );
  assertStringIncludes(Deno.inspect({ link: [link] }), "read(channel)");
  await link.unlink();
  assertStringIncludes(Deno.inspect(link), "], ended {");
  await client.disconnect();
});

Deno.test("a Link of a Service that has gone shows why it has ended", async () => {
  await using lab = await linked(new Meter());
  await lab.service.shutdown();
  await lab.link.read(1).exception();
  assertStringIncludes(Deno.inspect(lab.link), "ended: the service has disconnected.");
});

Deno.test("a Link of a hostile Service shows few lines, and no control character", async () => {
  const service = new Meter();
  for (let index = 0; index < 1_000; index++) {
    Object.defineProperty(service, `a\x1b[2J${index}${"x".repeat(200)}`, {
      value: () => 1,
      enumerable: true,
    });
  }
  await using lab = await linked(service);
  const shown = Deno.inspect(lab.link);
  assertEquals(shown.includes("\x1b"), false);
  assertEquals(shown.split("\n").length, 53);
  assertEquals(shown.length < 20_000, true, `${shown.length}`);
});

Deno.test("a LinkedClient knows the names of its Client and of its Link", async () => {
  await using lab = await linked(new Meter());
  await using meter = await LinkedClient.connect<Meter>("Meter", lab.manager.connectOptions);
  for (const name of [...ATTRIBUTES, "port", "addressManager", "request"]) {
    assertEquals(name in meter, true, name);
  }
  assertEquals("nothing" in meter, false);
  assertEquals(Object.keys(meter).filter((name) => ATTRIBUTES.includes(name)), ATTRIBUTES);
  assertStringIncludes(Deno.inspect(meter), "Link with Meter[");
});

Deno.test("console.log of a Future says what it is and that it wants await, and does not observe it", async () => {
  await using lab = await linked(new Meter());
  const { link } = lab;
  const read = link.read(1);
  assertEquals(
    Deno.inspect(read),
    "Future of read of the 'Meter' service, pending (await it for the result)",
  );
  assertEquals(read.observed(), false);
  await read;
  assertStringIncludes(Deno.inspect([read]), "fulfilled (await it");
  const failing = link.request("nothing");
  await link.read(1);
  assertStringIncludes(Deno.inspect(failing), "rejected: AttributeError: 'Meter' object has no");
  assertEquals(failing.observed(), false);
  await failing.exception();
  const cancelled = link.read(1);
  cancelled.cancel();
  assertStringIncludes(Deno.inspect(cancelled), "cancelled");
  const stream = link.readings();
  assertStringIncludes(
    Deno.inspect(stream),
    "Stream of readings of the 'Meter' service, pending (read",
  );
  await stream;
});
