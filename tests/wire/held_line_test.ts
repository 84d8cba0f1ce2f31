import { assert, assertEquals } from "@std/assert";
import { until } from "../support/until.ts";
import { Holder } from "../../base/budget.ts";
import { HeldLine, HeldMemory } from "../../wire/held_line.ts";

const MiB = 1024 * 1024;

Deno.test("a line takes its share of the budget in steps of 1 MiB, and has what was appended", () => {
  const budget = new HeldMemory(4 * MiB);
  const line = new HeldLine(budget, 100 * MiB, Holder.one());
  assertEquals(budget.held, 0);
  for (const piece of ["some ", "bytes"]) line.tryAppend(new TextEncoder().encode(piece));
  assertEquals([line.length, budget.held], [10, MiB]);
  assertEquals(new TextDecoder().decode(line.bytes), "some bytes");
  assertEquals(line.tryAppend(new Uint8Array(2 * MiB - 10)), true);
  assertEquals([line.length, budget.held], [2 * MiB, 2 * MiB]);
});

Deno.test("a line for which there is no share left stays as it was", () => {
  const budget = new HeldMemory(4 * MiB);
  const line = new HeldLine(budget, 100 * MiB, Holder.one());
  const other = new HeldLine(budget, 100 * MiB, Holder.one());
  assertEquals(line.tryAppend(new Uint8Array(MiB)), true);
  assertEquals(other.tryAppend(new Uint8Array(MiB)), true);
  assertEquals(line.tryAppend(new Uint8Array(1)), false);
  assertEquals([line.length, budget.held], [MiB, 2 * MiB]);
  other.release();
  assertEquals(line.tryAppend(new Uint8Array(1)), true);
});

Deno.test("what a peer has in other lines counts against its share of the budget", () => {
  const budget = new HeldMemory(4 * MiB);
  const peer = Holder.one();
  const line = new HeldLine(budget, 100 * MiB, peer);
  peer.count(3 * MiB);
  assertEquals(line.tryAppend(new Uint8Array(10)), false);
  peer.count(-MiB);
  assertEquals([line.tryAppend(new Uint8Array(10)), peer.held], [true, 3 * MiB]);
  const receiver = Holder.one();
  receiver.count(2 * MiB);
  assertEquals(line.mayWaitFor(receiver), true);
  receiver.count(1);
  assertEquals(line.mayWaitFor(receiver), false);
});

Deno.test("a line counts once for each peer and each origin that has it, until the last one releases it", () => {
  const budget = new HeldMemory(16 * MiB);
  const [near, far] = [Holder.group(), Holder.group()];
  const [maker, neighbour, stranger] = [near, near, far].map((group) => Holder.one(group));
  const line = new HeldLine(budget, 100 * MiB, maker);
  line.tryAppend(new Uint8Array(MiB));
  const counts = () => [maker, neighbour, stranger, near, far].map(({ held }) => held / MiB);
  assertEquals(counts(), [1, 0, 0, 1, 0]);
  for (const receiver of [neighbour, neighbour, stranger]) line.retain(receiver);
  assertEquals(counts(), [1, 1, 1, 1, 1]);
  line.release();
  assertEquals(counts(), [0, 1, 1, 1, 1]);
  line.release(neighbour);
  assertEquals(counts(), [0, 1, 1, 1, 1]);
  line.release(neighbour);
  assertEquals(counts(), [0, 0, 1, 0, 1]);
  assertEquals([line.length, budget.held], [MiB, MiB]);
  line.release(stranger);
  assertEquals([...counts(), line.length, budget.held], [0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("a line may wait for a receiver whose origin has it already, and counts for it only once", () => {
  const budget = new HeldMemory(8 * MiB);
  const group = Holder.group();
  const line = new HeldLine(budget, 100 * MiB, Holder.one(group));
  line.tryAppend(new Uint8Array(2 * MiB));
  const rest = new HeldLine(budget, 100 * MiB, Holder.one(group));
  rest.tryAppend(new Uint8Array(3 * MiB));
  assertEquals([group.held, line.mayWaitFor(Holder.one(group))], [5 * MiB, true]);
  group.count(5 * MiB); // more than three times the 3 MiB that are left
  assertEquals(line.mayWaitFor(Holder.one(group)), false);
});

Deno.test("the last owner of a line gives its share back, and its memory", () => {
  const budget = new HeldMemory(10 * MiB);
  const receiver = Holder.one();
  const line = new HeldLine(budget, 100 * MiB, Holder.one());
  line.tryAppend(new Uint8Array(MiB));
  line.retain(receiver);
  line.release();
  assertEquals([line.length, budget.held], [MiB, MiB]);
  const { buffer } = line.bytes;
  line.release(receiver);
  assertEquals([buffer.byteLength, budget.held], [0, 0]);
});

Deno.test("a line that is lost with a worker gives its share back", async () => {
  const budget = new HeldMemory(10 * MiB);
  const line = new HeldLine(budget, 100 * MiB, Holder.one());
  line.tryAppend(new Uint8Array(MiB));
  await line.lend((buffer) => {
    structuredClone(buffer, { transfer: [buffer] });
    return Promise.reject(new Error("it has crashed"));
  }).catch(() => {});
  line.release();
  assertEquals(budget.held, 0);
});

Deno.test("the memory of many lines is given back when they are free", async () => {
  // Of the process: other tests that run at the same time take and free memory too.
  for (let round = 1;; round++) {
    const { held, left } = await heldAndLeft();
    if (held > 200 * MiB && left < held / 2) return;
    assert(round < 10, `${left} of ${held}`);
  }
});

/** How much memory eight lines of 30 MiB take, and how much of it is left when they are free. */
async function heldAndLeft(): Promise<{ held: number; left: number }> {
  const budget = new HeldMemory(1024 * MiB);
  const piece = new Uint8Array(256 * 1024).fill(1);
  const before = Deno.memoryUsage().rss;
  const lines = Array.from({ length: 8 }, () => new HeldLine(budget, 1024 * MiB, Holder.one()));
  for (const line of lines) for (let i = 0; i < 120; i++) line.tryAppend(piece);
  const held = Deno.memoryUsage().rss - before;
  for (const line of lines) line.release();
  await until("all of them are free", () => budget.held === 0);
  return { held, left: Deno.memoryUsage().rss - before };
}

Deno.test("a large line is freed with pauses, in which others are served", async () => {
  const budget = new HeldMemory(1024 * MiB);
  const line = new HeldLine(budget, 1024 * MiB, Holder.one());
  const piece = new Uint8Array(16 * MiB).fill(1);
  for (let i = 0; i < 20; i++) line.tryAppend(piece);
  const { buffer } = line.bytes;
  line.release();
  const left = [budget.held];
  await until("all of it is free", () => left[left.push(budget.held) - 1] === 0);
  assertEquals(buffer.byteLength, 0);
  assert(left.some((bytes) => bytes > 0 && bytes < 320 * MiB), `${left}`);
});

Deno.test("of many lines that are freed together, not all are freed in the same step", async () => {
  const memory = new HeldMemory(1024 * MiB);
  const lines = Array.from({ length: 8 }, () => new HeldLine(memory, 1024 * MiB, Holder.one()));
  for (const line of lines) line.tryAppend(new Uint8Array(20 * MiB).fill(1));
  const all = memory.held;
  for (const line of lines) line.release();
  assert(memory.held >= all - 16 * MiB, `${memory.held} of ${all}`);
  await until("all of them are free", () => memory.held === 0);
});
