import { assert, assertEquals } from "@std/assert";
import { Entrance } from "../../manager/admission_limiter.ts";

/** An entrance, and who was turned away from it. */
function open(size: number) {
  const entrance = new Entrance(size);
  const lost: string[] = [];
  const enter = (address: string, name: string = address) =>
    entrance.enter(address, () => lost.push(name));
  return { entrance, lost, enter };
}

Deno.test("a place that is given free can be taken again, once", () => {
  const { entrance, enter } = open(1);
  const place = enter("a")!;
  assertEquals(enter("a"), undefined);
  place.leave();
  place.leave();
  assertEquals(entrance.taken, 0);
  assert(enter("a") !== undefined);
  place.leave();
  assertEquals(entrance.taken, 1, "the old place was given free a second time");
});

Deno.test("the address that has most places gets no more when all are taken", () => {
  const { lost, enter } = open(3);
  enter("flood");
  enter("flood");
  enter("scope");
  assertEquals(enter("flood"), undefined);
  assertEquals(lost, []);
});

Deno.test("another address takes the oldest place of the one that has most", () => {
  const { entrance, lost, enter } = open(3);
  enter("scope");
  enter("flood", "first");
  enter("flood", "second");
  const place = enter("lamp");
  assert(place !== undefined);
  assertEquals(lost, ["first"]);
  assertEquals(entrance.taken, 3);
  // Nobody has more than one now, so that nobody loses it to one who has one.
  assertEquals(enter("lamp"), undefined);
  assertEquals(lost, ["first"]);
});

Deno.test("whoever has lost its place gives none free by leaving", () => {
  const { entrance, enter } = open(2);
  const first = enter("flood")!;
  enter("flood");
  enter("scope");
  first.leave();
  assertEquals(entrance.taken, 2);
});
