import { assert, assertEquals, assertRejects } from "@std/assert";
import { LoginThrottle } from "../../manager/login_throttle.ts";
import { ConnectionAbortedError, PermissionError } from "../../errors.ts";
import { Clock } from "../support/clock.ts";

const LIMITS = { freeLogins: 2, loginPenalty: 1_000, loginMemory: 60_000, loginTimeout: 3_500 };

function open(clock = new Clock(1_000_000)) {
  const throttle = new LoginThrottle(LIMITS, clock);
  return { clock, throttle, fail: (address = "a") => throttle.attempt(address, () => false) };
}

Deno.test("the first failures are free, each further attempt waits longer", async () => {
  const { clock, throttle, fail } = open();
  for (let i = 0; i < 4; i++) assertEquals(await fail(), false);
  assertEquals(clock.waits, [1_000, 2_000]);
  assertEquals(await throttle.attempt("a", () => true), true);
  assertEquals(clock.waits, [1_000, 2_000, 3_000], "a right password waits too");
});

Deno.test("an attempt that would wait longer than the login time-out is rejected without a check", async () => {
  const { throttle, fail } = open();
  for (let i = 0; i < 5; i++) await fail();
  const error: Error = await assertRejects(
    () => throttle.attempt("a", () => assert(false) as never),
    PermissionError,
    "Too many failed logins from a: try again in 1min",
  );
  assert(error.message.includes("--free-logins"));
});

Deno.test("an attempt from another computer does not wait", async () => {
  const { clock, throttle, fail } = open();
  for (let i = 0; i < 4; i++) await fail("a");
  clock.waits.length = 0;
  assertEquals(await throttle.attempt("b", () => Promise.resolve(true)), true);
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

Deno.test("a right password does not reset the failures before it", async () => {
  const { clock, throttle, fail } = open();
  for (let i = 0; i < 2; i++) await fail();
  await throttle.attempt("a", () => true);
  await fail();
  assertEquals(clock.waits, [1_000, 1_000]);
});

Deno.test("attempts at the same time run one after the other", async () => {
  const { clock, throttle } = open();
  let running = 0;
  const check = async () => {
    assertEquals(++running, 1);
    await Promise.resolve();
    running--;
    return false;
  };
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () => throttle.attempt("a", check)),
  );
  // The last three would wait, with those before them, for more than the login timeout.
  assertEquals(outcomes.map(({ status }) => status), [
    ...Array(4).fill("fulfilled"),
    ...Array(2).fill("rejected"),
  ]);
  assertEquals(clock.waits, [1_000, 2_000]);
});

Deno.test("an attempt whose check throws does not stop the next one", async () => {
  const { throttle } = open();
  const broken = throttle.attempt("a", () => Promise.reject(new Error("broken")));
  const next = throttle.attempt("a", () => true);
  await assertRejects(() => broken, Error, "broken");
  assertEquals(await next, true);
});

Deno.test("only addresses that have failed are remembered, and 10,000 of them at most", async () => {
  const { throttle, fail } = open();
  await throttle.attempt("a", () => true);
  assertEquals(throttle.size, 0);
  for (let i = 0; i < 10_010; i++) await fail(`10.0.${i >> 8}.${i & 255}`);
  assertEquals(throttle.size, 10_000);
});

Deno.test({
  name: "an attempt that waits is rejected at once when the Manager shuts down",
  sanitizeOps: true, // which finds the timer of the penalty
  async fn() {
    const throttle = new LoginThrottle({ ...LIMITS, freeLogins: 0, loginPenalty: 3_000 });
    const waiting = throttle.attempt("a", () => assert(false) as never);
    throttle[Symbol.dispose]();
    await assertRejects(() => waiting, ConnectionAbortedError, "the Manager is shutting down");
  },
});
