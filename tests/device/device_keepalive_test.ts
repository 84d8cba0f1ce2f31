import { assertEquals } from "@std/assert";
import { DeviceKeepalive } from "../../device/reconnecting_connection.ts";
import { Connection, type End } from "../../net/connection.ts";
import { memoryPair } from "../support/memory_pair.ts";

/** Reads until the end of the connection; gives how it ended. */
async function serve(connection: Connection): Promise<End> {
  for await (const _lines of connection);
  return await connection.ended;
}

Deno.test("two sides that keep the interval keep each other connected, without a line", async () => {
  await using pair = memoryPair();
  const near = new Connection(pair.near);
  const far = new Connection(pair.far);
  const ends = Promise.all([near, far].map(serve));
  using nearKeepalive = new DeviceKeepalive(near);
  using farKeepalive = new DeviceKeepalive(far);
  nearKeepalive.agree({ beat: 2 });
  farKeepalive.agree({ beat: 2 });
  while (near.traffic.bytesIn < 50 || far.traffic.bytesIn < 50) await nextTurn();
  assertEquals([near.traffic.linesIn, far.traffic.linesIn], [0, 0]);
  await near.close();
  assertEquals(await ends, [{ state: "closed" }, { state: "left" }]);
});

Deno.test("a connection to a Manager that has agreed to an interval and sends nothing is ended", async () => {
  await using pair = memoryPair();
  const near = new Connection(pair.near);
  using keepalive = new DeviceKeepalive(near);
  keepalive.agree({ beat: 2 });
  assertEquals(await serve(near), { state: "silent", timeout: 10 });
});

for (const result of [true, null, {}, { beat: 0 }, { beat: "2" }, { beat: -1 }, { beat: 1e12 }]) {
  Deno.test(`a Manager that confirms with ${JSON.stringify(result)} has agreed to no interval`, async () => {
    await using pair = memoryPair();
    await using near = new Connection(pair.near);
    const end = serve(near);
    using keepalive = new DeviceKeepalive(near);
    keepalive.agree(result);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    assertEquals(near.isOpen, true);
    await near.close();
    assertEquals(await end, { state: "closed" });
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
