import { assert, assertEquals, assertRejects } from "@std/assert";
import { Attempts } from "../../manager/login_throttle.ts";
import { ConnectionAbortedError, PermissionError } from "../../errors.ts";
import { Clock } from "../support/clock.ts";

const LIMITS = { freeLogins: 2, loginPenalty: 1_000, loginMemory: 60_000, loginTimeout: 3_500 };

function open(clock = new Clock(1_000_000)) {
  const attempts = new Attempts(LIMITS, clock);
  return { clock, attempts, fail: (address = "a") => attempts.judge(address, () => false) };
}

Deno.test("the first failures are free, each further attempt waits longer", async () => {
  const { clock, attempts, fail } = open();
  for (let i = 0; i < 4; i++) assertEquals(await fail(), false);
  assertEquals(clock.waits, [1_000, 2_000]);
  assertEquals(await attempts.judge("a", () => true), true);
  assertEquals(clock.waits, [1_000, 2_000, 3_000], "a right password waits too");
});

Deno.test("what would have to wait longer than the login timeout is not even judged", async () => {
  const { attempts, fail } = open();
  for (let i = 0; i < 5; i++) await fail();
  const error: Error = await assertRejects(
    () => attempts.judge("a", () => assert(false) as never),
    PermissionError,
    "Too many failed logins from a: try again in 1min",
  );
  assert(error.message.includes("--free-logins"));
});

Deno.test("other computers do not wait", async () => {
  const { clock, attempts, fail } = open();
  for (let i = 0; i < 4; i++) await fail("a");
  clock.waits.length = 0;
  assertEquals(await attempts.judge("b", () => Promise.resolve(true)), true);
  assertEquals(clock.waits, []);
});

Deno.test("failures are forgotten some time after the last of them", async () => {
  const { clock, fail } = open();
  for (let i = 0; i < 5; i++) await fail();
  clock.time += LIMITS.loginMemory;
  clock.waits.length = 0;
  assertEquals(await fail(), false);
  assertEquals(clock.waits, []);
});

Deno.test("a right password does not undo the failures before it", async () => {
  const { clock, attempts, fail } = open();
  for (let i = 0; i < 2; i++) await fail();
  await attempts.judge("a", () => true);
  await fail();
  assertEquals(clock.waits, [1_000, 1_000]);
});

Deno.test("attempts at the same time are judged one after the other", async () => {
  const { clock, attempts } = open();
  let judging = 0;
  const check = async () => {
    assertEquals(++judging, 1);
    await Promise.resolve();
    judging--;
    return false;
  };
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () => attempts.judge("a", check)),
  );
  // The last three would wait, with those before them, for more than the login timeout.
  assertEquals(outcomes.map(({ status }) => status), [
    ...Array(4).fill("fulfilled"),
    ...Array(2).fill("rejected"),
  ]);
  assertEquals(clock.waits, [1_000, 2_000]);
});

Deno.test("a check that fails leaves the turn to the next", async () => {
  const { attempts } = open();
  const broken = attempts.judge("a", () => Promise.reject(new Error("broken")));
  const next = attempts.judge("a", () => true);
  await assertRejects(() => broken, Error, "broken");
  assertEquals(await next, true);
});

Deno.test("only computers that have failed are remembered, and not too many of them", async () => {
  const { attempts, fail } = open();
  await attempts.judge("a", () => true);
  assertEquals(attempts.size, 0);
  for (let i = 0; i < 10_010; i++) await fail(`10.0.${i >> 8}.${i & 255}`);
  assertEquals(attempts.size, 10_000);
});

Deno.test({
  name: "whoever waits when the Manager shuts down is told so at once",
  sanitizeOps: true, // which finds the timer of the penalty
  async fn() {
    const attempts = new Attempts({ ...LIMITS, freeLogins: 0, loginPenalty: 3_000 });
    const waiting = attempts.judge("a", () => assert(false) as never);
    attempts[Symbol.dispose]();
    await assertRejects(() => waiting, ConnectionAbortedError, "the Manager is shutting down");
  },
});
