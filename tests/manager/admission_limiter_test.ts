import { assert, assertEquals } from "@std/assert";
import { AdmissionLimiter } from "../../manager/admission_limiter.ts";

/** A limiter, and the names of the slots that were evicted. */
function open(size: number) {
  const limiter = new AdmissionLimiter(size);
  const evicted: string[] = [];
  const acquire = (address: string, name: string = address) =>
    limiter.acquire(address, () => evicted.push(name));
  return { limiter, evicted, acquire };
}

Deno.test("a slot that is released can be acquired again, once", () => {
  const { limiter, acquire } = open(1);
  const slot = acquire("a")!;
  assertEquals(acquire("a"), undefined);
  slot.release();
  slot.release();
  assertEquals(limiter.used, 0);
  assert(acquire("a") !== undefined);
  slot.release();
  assertEquals(limiter.used, 1, "the old slot was released a second time");
});

Deno.test("the address that has the most slots gets no more when all are in use", () => {
  const { evicted, acquire } = open(3);
  acquire("flood");
  acquire("flood");
  acquire("scope");
  assertEquals(acquire("flood"), undefined);
  assertEquals(evicted, []);
});

Deno.test("another address evicts the oldest slot of the one that has the most", () => {
  const { limiter, evicted, acquire } = open(3);
  acquire("scope");
  acquire("flood", "first");
  acquire("flood", "second");
  const slot = acquire("lamp");
  assert(slot !== undefined);
  assertEquals(evicted, ["first"]);
  assertEquals(limiter.used, 3);
  // No address has more than one now, so an address that has one evicts none.
  assertEquals(acquire("lamp"), undefined);
  assertEquals(evicted, ["first"]);
});

Deno.test("the release of an evicted slot frees none", () => {
  const { limiter, acquire } = open(2);
  const first = acquire("flood")!;
  acquire("flood");
  acquire("scope");
  first.release();
  assertEquals(limiter.used, 2);
});

Deno.test("thousands of addresses do not keep a known one out, nor take its slots", () => {
  const limiter = new AdmissionLimiter(3);
  let evicted = 0;
  let isEvicted = false;
  for (let i = 0; i < 3; i++) limiter.acquire(`stranger ${i}`, () => evicted++);
  assertEquals(limiter.acquire("known", () => isEvicted = true, true) !== undefined, true);
  assertEquals(evicted, 1);
  for (let i = 3; i < 2_000; i++) limiter.acquire(`stranger ${i}`, () => {});
  assertEquals(isEvicted, false);
  for (let i = 0; i < 2; i++) limiter.acquire("known", () => {}, true);
  assertEquals(limiter.acquire("stranger", () => {}), undefined);
  assertEquals(limiter.acquire("known", () => {}, true), undefined);
  assertEquals(limiter.acquire("other", () => {}, true) !== undefined, true);
  assertEquals([limiter.used, isEvicted], [3, true]);
});
