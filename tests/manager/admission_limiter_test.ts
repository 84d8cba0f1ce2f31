import { assert, assertEquals } from "@std/assert";
import { AdmissionLimiter } from "../../manager/admission_limiter.ts";

/** An entrance, and who was turned away from it. */
function open(size: number) {
  const limiter = new AdmissionLimiter(size);
  const lost: string[] = [];
  const acquire = (address: string, name: string = address) =>
    limiter.acquire(address, () => lost.push(name));
  return { limiter, lost, acquire };
}

Deno.test("a place that is given free can be taken again, once", () => {
  const { limiter, acquire } = open(1);
  const slot = acquire("a")!;
  assertEquals(acquire("a"), undefined);
  slot.release();
  slot.release();
  assertEquals(limiter.used, 0);
  assert(acquire("a") !== undefined);
  slot.release();
  assertEquals(limiter.used, 1, "the old place was given free a second time");
});

Deno.test("the address that has most places gets no more when all are taken", () => {
  const { lost, acquire } = open(3);
  acquire("flood");
  acquire("flood");
  acquire("scope");
  assertEquals(acquire("flood"), undefined);
  assertEquals(lost, []);
});

Deno.test("another address takes the oldest place of the one that has most", () => {
  const { limiter, lost, acquire } = open(3);
  acquire("scope");
  acquire("flood", "first");
  acquire("flood", "second");
  const slot = acquire("lamp");
  assert(slot !== undefined);
  assertEquals(lost, ["first"]);
  assertEquals(limiter.used, 3);
  // Nobody has more than one now, so that nobody loses it to one who has one.
  assertEquals(acquire("lamp"), undefined);
  assertEquals(lost, ["first"]);
});

Deno.test("whoever has lost its place gives none free by leaving", () => {
  const { limiter, acquire } = open(2);
  const first = acquire("flood")!;
  acquire("flood");
  acquire("scope");
  first.release();
  assertEquals(limiter.used, 2);
});
