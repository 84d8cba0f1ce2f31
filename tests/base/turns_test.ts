import { assert, assertEquals } from "@std/assert";
import { Turns } from "../../base/turns.ts";

/** Work of so many milliseconds. */
function work(time: number): void {
  for (const end = performance.now() + time; performance.now() < end;);
}

Deno.test("a turn is there at once if nobody waits", async () => {
  const turns = new Turns(1_000);
  const done: string[] = [];
  turns.take("a").then(() => done.push("a"));
  await undefined;
  assertEquals(done, ["a"]);
  await turns.take("a");
});

Deno.test("the event loop is served between turns, and each gets its turn once, in order", async () => {
  const turns = new Turns(2);
  const done: number[] = [];
  let atTimer: number | undefined;
  const timer = new Promise<void>((resolve) =>
    setTimeout(() => {
      atTimer = done.length;
      resolve();
    })
  );
  const all = Array.from({ length: 100 }, async (_, index) => {
    await turns.take("a");
    work(1);
    done.push(index);
  });
  await timer;
  await Promise.all(all);
  assertEquals(done, done.toSorted((one, other) => one - other));
  assertEquals(done.length, 100);
  assert(atTimer! < 100, `${atTimer} turns before the timer`);
});

Deno.test("one who asks for many does not keep others out", async () => {
  const turns = new Turns(1_000);
  const done: string[] = [];
  const take = async (asker: string, name: string) => {
    await turns.take(asker);
    done.push(name);
  };
  const many = Array.from({ length: 5 }, (_, index) => take("a", `a${index}`));
  await Promise.all([...many, take("b", "b0"), take("b", "b1")]);
  assertEquals(done, ["a0", "a1", "b0", "a2", "b1", "a3", "a4"]);
});
