import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { setImmediate } from "node:timers";
import { Connection, type End } from "../../net/connection.ts";
import { Heartbeat } from "../../device/heartbeat.ts";
import { BEATS } from "../../net/keepalive.ts";
import { memoryPair } from "../support/memory_transport.ts";

/** Reads until the end of the connection; gives how it ended. */
async function serve(connection: Connection): Promise<End> {
  for await (const _lines of connection);
  return await connection.ended;
}

Deno.test("two sides that keep the beat keep each other, without a line", async () => {
  await using pair = memoryPair();
  using clock = fakeTimers();
  const near = new Connection(pair.near);
  const far = new Connection(pair.far);
  const ends = Promise.all([near, far].map(serve));
  using nearBeat = new Heartbeat(near);
  using farBeat = new Heartbeat(far);
  nearBeat.agree({ beat: 2 });
  farBeat.agree({ beat: 2 });
  for (let beat = 0; beat < 50; beat++) await clock.tick(2);
  assertEquals([near.isOpen, far.isOpen], [true, true]);
  assertEquals([near.traffic.bytesIn, far.traffic.bytesIn], [25, 25]); // every other time
  assertEquals([near.traffic.linesIn, far.traffic.linesIn], [0, 0]);
  await near.close();
  assertEquals(await ends, [{ state: "closed" }, { state: "left" }]);
});

Deno.test("a Manager that has agreed to a beat and says nothing is gone", async () => {
  await using pair = memoryPair();
  using clock = fakeTimers();
  const near = new Connection(pair.near);
  const end = serve(near);
  using heartbeat = new Heartbeat(near);
  heartbeat.agree({ beat: 2 });
  for (let beat = 1; beat < BEATS; beat++) await clock.tick(2);
  assertEquals(near.isOpen, true);
  await clock.tick(2);
  assertEquals(await end, { state: "silent", timeout: 10 });
});

for (const welcome of [true, null, {}, { beat: 0 }, { beat: "2" }, { beat: -1 }, { beat: 1e12 }]) {
  Deno.test(`a Manager that says ${JSON.stringify(welcome)} has agreed to no beat`, async () => {
    await using pair = memoryPair();
    using clock = fakeTimers();
    await using near = new Connection(pair.near);
    const end = serve(near);
    using heartbeat = new Heartbeat(near);
    heartbeat.agree(welcome);
    for (let beat = 0; beat < 20; beat++) await clock.tick(60_000);
    assertEquals(near.isOpen, true);
    assertEquals(near.traffic.bytesOut, 10); // its own beat, of a minute, every other time
    await near.close();
    assertEquals(await end, { state: "closed" });
  });
}

Deno.test("a space comes before the next line, and changes nothing of what it says", async () => {
  await using pair = memoryPair();
  await using near = new Connection(pair.near);
  await using far = new Connection(pair.far);
  near.sendSpace();
  await nextTurn();
  near.sendText("{}");
  near.sendSpace(); // not while something waits to be written
  near.sendText("[]");
  const lines = [await far.nextLine(5_000), await far.nextLine(5_000)];
  assertEquals(lines.map((line) => new TextDecoder().decode(line as Uint8Array)), [" {}", "[]"]);
});

/** Timers that run when the test says so. */
function fakeTimers(): Disposable & { tick: (milliseconds: number) => Promise<void> } {
  mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  return {
    tick: (milliseconds) => {
      mock.timers.tick(milliseconds);
      return nextTurn();
    },
    [Symbol.dispose]: () => mock.timers.reset(),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
