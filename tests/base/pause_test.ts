import { assertEquals } from "@std/assert";
import { periodicPause, Yielder } from "../../base/pause.ts";

/** Keeps the event loop busy. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Two ends of a TCP connection. */
async function connection(): Promise<Disposable & { near: Deno.Conn; far: Deno.Conn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [near, far] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  return {
    near,
    far,
    [Symbol.dispose]() {
      near.close();
      far.close();
    },
  };
}

Deno.test("work that lasts a slice is paused, and bytes that have come are read", async () => {
  using pair = await connection();
  await pair.near.write(new Uint8Array(1));
  let isRead = false;
  const reading = pair.far.read(new Uint8Array(1)).then(() => isRead = true);
  const pause = periodicPause(1);
  for (let i = 0; i < 3; i++) { // the first may come before the byte has
    work(2);
    await pause();
  }
  assertEquals(isRead, true);
  await reading;
});

Deno.test("work that is shorter than a slice is not paused", async () => {
  const pause = periodicPause(1_000_000);
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  for (let i = 0; i < 1_000; i++) await pause();
  clearInterval(timer);
  assertEquals(turns, 0);
});

Deno.test("a pause is due a slice after the last one, and not right after it", async () => {
  const yielder = new Yielder(5);
  assertEquals(yielder.isDue, false);
  work(5);
  assertEquals(yielder.isDue, true);
  await yielder.pause();
  assertEquals(yielder.isDue, false);
});

Deno.test("loops that pause at the same time share one pause", async () => {
  const yielder = new Yielder(0);
  const first = yielder.pause();
  assertEquals(yielder.pause() === first, true);
  await first;
  const later = yielder.pause();
  assertEquals(later === first, false);
  await later;
});
