import { assert, assertEquals } from "@std/assert";
import { PeerConnection } from "../../net/peer_connection.ts";
import { describeEnd } from "../../net/connection_end.ts";
import { type BudgetedQueue, QueueBudget } from "../../net/queue_budget.ts";
import { memoryPair } from "../support/memory_transport.ts";

const KiB = 1024;

/** A queue of a test. */
class TestQueue implements BudgetedQueue {
  readonly progress: number;
  queued = 0;
  isEvicted = false;
  readonly #budget: QueueBudget;

  constructor(budget: QueueBudget, progress: number) {
    this.#budget = budget;
    this.progress = progress;
  }

  take(bytes: number): boolean {
    const isTaken = this.#budget.take(this, bytes);
    if (isTaken) this.queued += bytes;
    return isTaken;
  }

  evict(): void {
    this.isEvicted = true;
    this.#budget.give(this.queued);
    this.#budget.forget(this);
    this.queued = 0;
  }
}

Deno.test("the queue that was written to the longest time ago is evicted, then the next one", () => {
  const budget = new QueueBudget(10);
  const [fast, slow, slowest] = [3, 2, 1].map((progress) => new TestQueue(budget, progress));
  assert(slowest.take(4));
  assert(slow.take(3));
  assert(fast.take(3));
  assert(fast.take(4)); // as much as the slowest one has
  assertEquals([fast, slow, slowest].map(({ isEvicted }) => isEvicted), [false, false, true]);
  assert(fast.take(3));
  assertEquals([fast.isEvicted, slow.isEvicted, budget.held], [false, true, 10]);
});

Deno.test("of two queues that were written to at the same time the longer one is evicted", () => {
  const budget = new QueueBudget(10);
  const [short, long] = [1, 1].map((progress) => new TestQueue(budget, progress));
  assert(short.take(2));
  assert(long.take(8));
  assert(short.take(1));
  assertEquals([short.isEvicted, long.isEvicted, budget.held], [false, true, 3]);
});

Deno.test("a queue that is the slowest itself, or needs more than there is, is evicted", () => {
  const budget = new QueueBudget(10);
  const slow = new TestQueue(budget, 1);
  assert(slow.take(8));
  assertEquals(slow.take(11), false);
  assertEquals([slow.isEvicted, budget.held], [true, 0]);
});

Deno.test("connections take a share of the budget for what waits, and give it back", async () => {
  const budget = new QueueBudget(1_000 * KiB);
  await using pair = memoryPair(10);
  await using near = new PeerConnection(pair.near, undefined, budget);
  near.sendText("x".repeat(60 * KiB)); // so much does not count
  assertEquals(budget.held, 0);
  near.sendText("x".repeat(600 * KiB));
  assert(budget.held >= 596 * KiB, `${budget.held}`);
  await using far = new PeerConnection(pair.far);
  assertEquals((await far.nextLine(10_000) as Uint8Array).length, 60 * KiB);
  assertEquals((await far.nextLine(10_000) as Uint8Array).length, 600 * KiB);
  await near.close();
  assertEquals(budget.held, 0);
});

Deno.test("a connection that ends gives back what it has taken", async () => {
  const budget = new QueueBudget(1_000 * KiB);
  await using pair = memoryPair(10);
  await using near = new PeerConnection(pair.near, undefined, budget);
  near.sendText("x".repeat(600 * KiB));
  assert(budget.held > 0);
  near.abort();
  assertEquals(budget.held, 0);
});

Deno.test("the connection of the slowest peer ends with the reason, and another goes on", async () => {
  const budget = new QueueBudget(1_000 * KiB);
  await using slowPair = memoryPair(10);
  await using slow = new PeerConnection(slowPair.near, undefined, budget);
  await using otherPair = memoryPair(10);
  await using other = new PeerConnection(otherPair.near, undefined, budget);
  slow.sendText("x".repeat(700 * KiB));
  other.sendText("x".repeat(700 * KiB));
  const end = await slow.ended;
  assertEquals(end, { state: "evicted", limit: 1_000 * KiB });
  assertEquals(
    describeEnd(end),
    "more than 1024000 bytes waited for all peers, and this one had read nothing for the longest " +
      "time (--max-queued)",
  );
  assertEquals([slow.isOpen, other.isOpen, other.queued], [false, true, 700 * KiB + 2]);
  other.abort();
});
