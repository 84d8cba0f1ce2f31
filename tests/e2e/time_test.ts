/** When a reading was taken: in replies, streams and notifications. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect, kwargs, options, RemoteError, Service } from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { linked } from "../support/linked.ts";
import * as messages from "../support/messages.ts";
import { everywhere, ONE_MANAGER } from "../support/places.ts";

const NOON = Date.UTC(2026, 0, 31, 12);

class Meter extends Service {
  unit = "V";
  read(): number {
    return 1.5;
  }
  async stored(time: number, length = 1): Promise<string> {
    await Promise.resolve();
    this.request!.time = time;
    return "x".repeat(length);
  }
  *values(length = 1): Generator<string> {
    this.request!.time = NOON;
    yield "x".repeat(length);
    yield "now";
  }
  fail(): void {
    this.request!.time = NOON;
    throw new Error("it is off");
  }
}

/** A Manager, a Meter, and a link with it. */
async function laboratory(place = ONE_MANAGER) {
  const network = await linked(new Meter(), {}, place);
  return { ...network, meter: network.service, cxn: network.client };
}

/** Whether a time is from `start` until now. */
function isNow(time: number | undefined, start: number): boolean {
  return time !== undefined && Number.isInteger(time) && time >= start && time <= Date.now();
}

everywhere("a call that asks for it has the time at which its reading was taken", async (place) => {
  await using lab = await laboratory(place);
  const start = Date.now();
  const timed = options({ time: true });
  const reading = lab.link.read(timed);
  assertEquals(reading.time, undefined); // it is not there yet
  assertEquals(await reading, 1.5);
  assert(isNow(reading.time, start), String(reading.time));
  const property = lab.link.unit(timed);
  assertEquals(await property, "V");
  assert(isNow(property.time, start));
  const explicit = lab.link.request("read", { time: true });
  await explicit;
  assert(isNow(explicit.time, start));
});

everywhere(
  "a method that returns an earlier reading says when it was taken, for one result",
  async (place) => {
    await using lab = await laboratory(place);
    const start = Date.now();
    for (const length of [1, 600_000]) { // in pieces
      const stored = lab.link.stored(NOON + 0.4, length, options({ time: true }));
      assertEquals((await stored).length, length);
      assertEquals(stored.time, NOON);
    }
    const next = lab.link.read(options({ time: true }));
    await next;
    assert(isNow(next.time, start));
  },
);

everywhere("a call that does not ask has no time, nor has one that fails", async (place) => {
  await using lab = await laboratory(place);
  const reading = lab.link.read();
  await reading;
  assertEquals(reading.time, undefined);
  const failing = lab.link.fail(options({ time: true }));
  await assertRejects(() => failing.result(), RemoteError, "it is off");
  assertEquals(failing.time, undefined);
  await assertRejects(
    () => lab.link.stored(NaN, 1, options({ time: true })).result(),
    RemoteError,
    "Cannot use the time of a reading: NaN is not a number of milliseconds since 1970",
  );
});

everywhere("each value of a stream has its time", async (place) => {
  await using lab = await laboratory(place);
  const start = Date.now();
  for (const length of [1, 600_000]) {
    const values = lab.link.values(length);
    assertEquals(values.time, undefined);
    const times: (number | undefined)[] = [];
    for await (const _ of values) times.push(values.time);
    assertEquals([times.length, times[0]], [2, NOON]);
    assert(isNow(times[1], start));
  }
});

everywhere("a handler has the time of the notification that it is called with", async (place) => {
  await using lab = await laboratory(place);
  const start = Date.now();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  await lab.meter.emitNotificationAt(NOON, 1); // kept until there is a handler
  await lab.link.read(); // it comes after the notification
  const seen: unknown[] = [];
  lab.link.notificationHandler = (...args) => {
    seen.push([...args, lab.link.notificationTime]);
    if (seen.length === 3) end();
  };
  lab.meter.emitNotificationAt(new Date(NOON + 1), 2, kwargs({ unit: "V" }));
  lab.meter.emitNotification(3);
  await ended;
  const last = (seen[2] as unknown[]).at(-1) as number;
  assertEquals(seen, [[1, NOON], [2, kwargs({ unit: "V" }), NOON + 1], [3, last]]);
  assert(isNow(last, start));
  assertThrows(() => lab.meter.emitNotificationAt(new Date("no date"), 1), RangeError, "NaN");
  assertThrows(() => lab.meter.emitNotificationAt(1e17, 1), RangeError, "100000000000000000");
});

Deno.test("a service that does not offer the extension is not asked, and has no times", async () => {
  await using manager = await TestManager.start();
  const identity = {
    type: "service",
    name: "Foreign",
    attributes: { read: "()" },
    extensions: ["cancel"],
  };
  await using foreign = await WirePeer.introduce(manager.connectOptions, identity);
  await manager.connected("Foreign");
  await using cxn = await connect(manager.connectOptions);
  const link = await cxn.link("Foreign");
  const reading = link.read(options({ time: true }));
  const { requester, uid, ...request } = await foreign.read();
  assertEquals("time" in request, false);
  foreign.send(messages.reply(String(requester), { uid, result: 5 }));
  assertEquals([await reading, reading.time], [5, undefined]);
});

Deno.test("a time that is no integer, or not one that a Date can have, is none", async () => {
  await using manager = await TestManager.start();
  const identity = {
    type: "service",
    name: "Foreign",
    attributes: { read: "()" },
    extensions: ["time"],
  };
  await using foreign = await WirePeer.introduce(manager.connectOptions, identity);
  await manager.connected("Foreign");
  await using cxn = await connect(manager.connectOptions);
  const link = await cxn.link("Foreign");
  for (
    const [sent, seen] of [["5", undefined], [5.5, undefined], [1e300, undefined], [NOON, NOON]]
  ) {
    const reading = link.read(options({ time: true }));
    const { requester, uid, time } = await foreign.read();
    assertEquals(time, true);
    foreign.send(messages.reply(String(requester), { uid, time: sent, result: null }));
    await reading;
    assertEquals(reading.time, seen as number | undefined);
  }
});

Deno.test("a reply has the time only where the request asks for it with true", async () => {
  await using lab = await laboratory();
  await using peer = await WirePeer.introduce(lab.manager.connectOptions, {
    type: "client",
    name: "raw",
  });
  for (const [asked, isTold] of [[undefined, false], [true, true], [1, false], ["true", false]]) {
    peer.send(messages.request("Meter", "read", [], { time: asked }));
    const reply = await peer.read();
    assertEquals([reply.result, "time" in reply], [1.5, isTold]);
  }
});
