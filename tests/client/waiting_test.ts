import { assertEquals, assertRejects } from "@std/assert";
import { ConnectionAbortedError, TimeoutError } from "../../errors.ts";
import { Future } from "../../future.ts";
import { WaitingRoom } from "../../client/waiting.ts";

/** A room, and the labels of what it has sent. */
function room(size = 100) {
  const waiting = new WaitingRoom(size);
  const sent: string[] = [];
  const add = (service: string, label: string, deadline = Infinity) => {
    const settle = Future.withResolvers<unknown>({ label });
    waiting.add(service, { label, settle, deadline, send: () => void sent.push(label) });
    return settle.future;
  };
  return { waiting, sent, add };
}

Deno.test("what waits for a service is sent in its order, once, and the rest goes on waiting", () => {
  const { waiting, sent, add } = room();
  for (const label of ["a", "b"]) add("S", label);
  add("__proto__", "c");
  waiting.release("S");
  waiting.release("S");
  assertEquals(sent, ["a", "b"]);
  waiting.release("__proto__");
  assertEquals(sent, ["a", "b", "c"]);
});

Deno.test("what fails is not sent, and the rest goes on waiting", async () => {
  const { waiting, sent, add } = room();
  const one = add("S", "a");
  add("T", "b");
  waiting.fail("S", (label) => new Error(`no ${label}`));
  await assertRejects(() => one, Error, "no a");
  waiting.release("S");
  waiting.release("T");
  assertEquals(sent, ["b"]);
});

Deno.test("what is cancelled or too late is not sent", async () => {
  const { waiting, sent, add } = room();
  add("S", "a").cancel();
  const late = add("S", "late", performance.now() - 1);
  await assertRejects(() => late, TimeoutError, "late was not sent in time");
  waiting.release("S");
  assertEquals(sent, []);
});

Deno.test({
  name: "what was sent in time leaves no timer behind",
  sanitizeOps: true, // which finds the timer
  fn() {
    const { waiting, sent, add } = room();
    const future = add("S", "a", performance.now() + 1_000_000);
    waiting.release("S");
    assertEquals([future.done(), sent], [false, ["a"]]);
  },
});

Deno.test("one more than may wait fails at once, and places are given free", async () => {
  const { waiting, sent, add } = room(2);
  const [one, _two, three] = [add("S", "a"), add("T", "b"), add("S", "c")];
  await assertRejects(() => three, ConnectionAbortedError, "2 requests wait");
  one.cancel();
  add("S", "d");
  waiting.release("S");
  waiting.fail("T", () => new Error("no"));
  for (const label of ["e", "f"]) add("S", label);
  waiting.release("S");
  assertEquals(sent, ["d", "e", "f"]);
});

Deno.test("at the end all that waits fails", async () => {
  const { waiting, add } = room();
  const all = [add("S", "a"), add("T", "b")];
  waiting.failAll((label) => new Error(`no ${label}`));
  for (const future of all) await assertRejects(() => future, Error, "no ");
});
