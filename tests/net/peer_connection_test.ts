/** What a connection of a Manager has beside that of a device: held lines, and slow consumers. */

import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import { PeerConnection } from "../../net/peer_connection.ts";
import { resolveLimits } from "../../limits.ts";
import { clearImmediate, setImmediate } from "node:timers";
import { until } from "../support/until.ts";
import { Holder } from "../../base/budget.ts";
import { HeldLine, HeldMemory } from "../../wire/held_line.ts";
import { collect } from "../support/received_lines.ts";
import { memoryPair } from "../support/memory_transport.ts";

Deno.test("a line that is sent or dropped ends the connection of a slow consumer, with the reason", async () => {
  await using pair = memoryPair(10);
  await using near = new PeerConnection(
    pair.near,
    resolveLimits({ queueHigh: 100, queueLimit: 1_000 }),
  );
  const line = new TextEncoder().encode("x".repeat(98));
  for (let lines = 0; lines < 11; lines++) near.sendOrDrop(line);
  assertEquals([near.queued, near.isOpen], [1_100, true]);
  near.sendOrDrop(line);
  assertEquals(await near.ended, { state: "overrun", limit: 1_000 });
});

/** A held line of `size` bytes, and the budget that it has a share of. */
function held(size: number): { line: HeldLine; budget: HeldMemory } {
  const budget = new HeldMemory(4 * size + 4 * 1024 * 1024);
  const line = new HeldLine(budget, size, Holder.one());
  line.tryAppend(new Uint8Array(size).fill(0x78));
  return { line, budget };
}

Deno.test("a held line is written in its turn, to each receiver, from the memory that the last one frees", async () => {
  await using first = memoryPair();
  await using second = memoryPair();
  const { line, budget } = held(700_000);
  const outcomes = [first, second].map(async (pair) => {
    const near = new PeerConnection(pair.near);
    const far = new PeerConnection(pair.far);
    const received = collect(far);
    near.sendText("before");
    near.sendHeld(line, 600_000, new TextEncoder().encode("!"));
    near.sendText("after");
    assertEquals([near.queued, near.congested], [600_015, false]);
    near.sendHeldOrDrop(line);
    near.sendText("last");
    await near.close();
    return await received;
  });
  line.release(); // by the one that has made it
  assertEquals(budget.held, 1024 * 1024);
  for (const lines of await Promise.all(outcomes)) {
    const [before, whole, after, again, last] = lines;
    assertEquals([before, after, last, lines.length], ["before", "after", "last", 5]);
    assert(whole === "x".repeat(600_000) + "!" && again === "x".repeat(700_000));
  }
  assertEquals(budget.held, 0);
});

Deno.test("a peer that has its share of held lines is disconnected by one that does not wait", async () => {
  await using pair = memoryPair(1_000);
  const budget = new HeldMemory(4 * 1024 * 1024);
  const near = new PeerConnection(pair.near);
  const notifications = Array.from({ length: 2 }, () => {
    const line = new HeldLine(budget, 1024 * 1024, Holder.one());
    line.tryAppend(new Uint8Array(1024 * 1024));
    return line;
  });
  for (const line of notifications) {
    near.sendHeldOrDrop(line);
    line.release();
  }
  assertEquals([near.isOpen, near.holder.held], [true, 2 * 1024 * 1024]);
  const last = new HeldLine(budget, 1024 * 1024, Holder.one());
  last.tryAppend(new Uint8Array(1024 * 1024));
  near.sendHeldOrDrop(last);
  last.release();
  assertEquals(await near.ended, { state: "overrun", limit: 2 * 1024 * 1024 });
  await until("its memory is free", () => budget.held === 0);
});

Deno.test("a connection that ends frees the held lines that it has not written", async () => {
  await using pair = memoryPair(1_000);
  const { line, budget } = held(700_000);
  const near = new PeerConnection(pair.near);
  for (let times = 0; times < 3; times++) near.sendHeld(line, line.length, new Uint8Array(0));
  line.release();
  await new Promise((resolve) => setTimeout(resolve, 0)); // the first one is being written
  near.abort();
  await until("the write that was under way has ended", () => budget.held === 0);
  near.sendHeld(line, 0, new Uint8Array(0)); // dropped, like any line after the end
  assertEquals([budget.held, near.queued], [0, 0]);
});

Deno.test("a peer that reads nothing of a held line is disconnected after the stall time-out", async () => {
  await using pair = memoryPair(1_000);
  const { line, budget } = held(700_000);
  await using near = new PeerConnection(pair.near, resolveLimits({ stallTimeout: 20 }));
  near.sendHeld(line, line.length, new Uint8Array(0));
  line.release();
  assertEquals(await near.ended, { state: "stalled", timeout: 20 });
  await until("its memory is free", () => budget.held === 0);
});

Deno.test("a peer that reads too little of held lines is disconnected, also if others come meanwhile", async () => {
  const { line, budget } = held(4_000_000);
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let written = Promise.withResolvers<number>();
    let begun = Promise.withResolvers<void>();
    const near = new PeerConnection({
      read: () => new Promise(() => {}),
      write: () => {
        begun.resolve();
        return written.promise;
      },
      close: () => written.resolve(0),
    }, resolveLimits({ stallTimeout: 30_000, minLineRate: 1024 * 1024 }));
    const pass = async (milliseconds: number, bytes: number) => {
      const before = written;
      written = Promise.withResolvers();
      begun = Promise.withResolvers();
      before.resolve(bytes);
      await begun.promise; // the next write, which may be after a pause
      mock.timers.tick(milliseconds);
    };
    near.sendHeld(line, line.length, new Uint8Array(0));
    await begun.promise;
    for (let times = 0; times < 2; times++) {
      await pass(30_000, 600_000);
      assertEquals(near.isOpen, true);
    }
    await pass(20_000, 400_000);
    near.sendHeld(line, line.length, new Uint8Array(0)); // does not begin the time anew
    assertEquals(near.isOpen, true);
    await pass(10_000, 100_000);
    assertEquals(near.isOpen, false);
    assertEquals(await near.ended, { state: "stalled", timeout: 30_000 });
    line.release();
  } finally {
    mock.timers.reset();
  }
  await until("the memory of the line is free", () => budget.held === 0);
});

Deno.test("other sockets are served between the writes of a held line, also if none has to wait", async () => {
  const { line } = held(4_000_000);
  let turns = 0; // of the event loop, which polls for other events in every 61st
  let immediate = setImmediate(function turn() {
    turns++;
    immediate = setImmediate(turn);
  });
  const before: number[] = [];
  const near = new PeerConnection({
    read: () => new Promise(() => {}),
    write: (bytes) => {
      before.push(turns);
      const end = performance.now() + 1.5;
      while (performance.now() < end); // the write takes its time, and then is complete
      return Promise.resolve(bytes.length);
    },
    close: () => {},
  });
  near.sendHeld(line, line.length, new Uint8Array(0));
  line.release();
  await near.close();
  clearImmediate(immediate);
  assertEquals(before.length > 15, true, `${before}`);
  for (let n = 1; n < 15; n++) assertEquals(before[n] - before[n - 1] >= 61, true, `${before}`);
});
