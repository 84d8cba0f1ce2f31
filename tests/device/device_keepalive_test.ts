import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { setImmediate } from "node:timers";
import { Connection } from "../../net/connection.ts";
import type { End } from "../../net/connection_end.ts";
import { DeviceKeepalive } from "../../device/reconnecting_connection.ts";
import { IDLE_INTERVALS } from "../../net/keepalive.ts";
import { memoryPair } from "../support/memory_transport.ts";

/** Reads until the end of the connection; gives how it ended. */
async function serve(connection: Connection): Promise<End> {
  for await (const _lines of connection);
  return await connection.ended;
}

Deno.test("two sides that keep the interval keep each other connected, without a line", async () => {
  await using pair = memoryPair();
  using clock = fakeTimers();
  const near = new Connection(pair.near);
  const far = new Connection(pair.far);
  const ends = Promise.all([near, far].map(serve));
  using nearKeepalive = new DeviceKeepalive(near);
  using farKeepalive = new DeviceKeepalive(far);
  nearKeepalive.agree({ beat: 2 });
  farKeepalive.agree({ beat: 2 });
  for (let interval = 0; interval < 50; interval++) await clock.tick(2);
  assertEquals([near.isOpen, far.isOpen], [true, true]);
  assertEquals([near.traffic.bytesIn, far.traffic.bytesIn], [25, 25]); // every other time
  assertEquals([near.traffic.linesIn, far.traffic.linesIn], [0, 0]);
  await near.close();
  assertEquals(await ends, [{ state: "closed" }, { state: "left" }]);
});

Deno.test("a connection to a Manager that has agreed to an interval and sends nothing is ended", async () => {
  await using pair = memoryPair();
  using clock = fakeTimers();
  const near = new Connection(pair.near);
  const end = serve(near);
  using keepalive = new DeviceKeepalive(near);
  keepalive.agree({ beat: 2 });
  for (let interval = 1; interval < IDLE_INTERVALS; interval++) await clock.tick(2);
  assertEquals(near.isOpen, true);
  await clock.tick(2);
  assertEquals(await end, { state: "silent", timeout: 10 });
});

const NO_INTERVALS = [0, "2", -1, 1e12, 1e-300, 0.999].map((beat) => ({ beat }));

for (const result of [true, null, {}, ...NO_INTERVALS]) {
  Deno.test(`a Manager that confirms with ${JSON.stringify(result)} has agreed to no interval`, async () => {
    await using pair = memoryPair();
    using clock = fakeTimers();
    await using near = new Connection(pair.near);
    const end = serve(near);
    using keepalive = new DeviceKeepalive(near);
    keepalive.agree(result);
    for (let interval = 0; interval < 20; interval++) await clock.tick(60_000);
    assertEquals(near.isOpen, true);
    assertEquals(near.traffic.bytesOut, 10); // its own interval of a minute, every other time
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
