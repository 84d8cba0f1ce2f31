import { assert, assertEquals, assertRejects } from "@std/assert";
import { blockOf, KnownOrigins } from "../../manager/known_origins.ts";
import { LoginThrottle } from "../../manager/login_throttle.ts";
import { ConnectionAbortedError, PermissionError } from "../../errors.ts";
import { Clock } from "../support/clock.ts";
import { until } from "../support/until.ts";

const LIMITS = {
  freeLogins: 2,
  loginPenalty: 1_000,
  loginMemory: 60_000,
  loginTimeout: 3_500,
  maxHashes: 2,
};

function open(clock = new Clock(1_000_000)) {
  const throttle = new LoginThrottle(LIMITS, new KnownOrigins(), clock);
  const fail = (address = "a", user?: string) => throttle.attempt(address, () => false, user);
  return { clock, throttle, fail };
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

// Networks and users

Deno.test("the addresses of an IPv6 network of 64 bits count as one, an IPv4 address is one", async () => {
  const blocks = {
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
    "2001:db8:1:2::9": "2001:db8:1:2::/64",
    "2001:0db8:0001:0002::": "2001:db8:1:2::/64",
    "2001:db8::1": "2001:db8:0:0::/64",
    "::1": "0:0:0:0::/64",
    "1::2:3:4:5:6": "1:0:0:2::/64",
    "::ffff:10.0.0.7": "10.0.0.7",
    "64:ff9b::10.0.0.7": "64:ff9b:0:0::/64",
    "fe80::1%eth0": "fe80:0:0:0::/64%eth0",
    "10.0.0.7": "10.0.0.7",
  };
  for (const [address, block] of Object.entries(blocks)) assertEquals(blockOf(address), block);
  const { clock, fail } = open();
  for (let i = 1; i <= 4; i++) await fail(`2001:db8:1:2::${i}`);
  assertEquals(clock.waits, [1_000, 2_000]);
  await fail("2001:db8:1:3::1");
  assertEquals(clock.waits, [1_000, 2_000]);
});

Deno.test("guesses of one user's password from many addresses are delayed, other users are not", async () => {
  const { clock, throttle, fail } = open();
  for (let i = 1; i <= 4; i++) await fail(`10.0.0.${i}`, "alice");
  assertEquals(clock.waits, [1_000, 2_000]);
  await fail("10.0.0.5", "bob");
  assertEquals(clock.waits, [1_000, 2_000]);
  await fail("10.0.0.6", "alice");
  await assertRejects(
    () => throttle.attempt("10.0.0.7", () => true, "alice"),
    PermissionError,
    "Too many failed logins of 'alice': try again in 1min",
  );
});

Deno.test("a user who has logged in from an address before is not delayed by the guesses of others, but by own ones", async () => {
  const { clock, throttle, fail } = open();
  await throttle.attempt("2001:db8::1", () => true, "alice");
  for (let i = 1; i <= 5; i++) await fail("10.0.0.1", "alice");
  for (let i = 2; i <= 6; i++) await fail(`2001:db8::${i}`);
  clock.waits.length = 0;
  assertEquals(await throttle.attempt("2001:db8::1", () => true, "alice"), true);
  assertEquals(clock.waits, []);
  for (let i = 0; i < 3; i++) await fail("2001:db8::1", "alice");
  assertEquals(clock.waits, [1_000]);
});

Deno.test("no more passwords than maxHashes are checked at once, and those of known users first", async () => {
  const { throttle } = open();
  await throttle.attempt("known", () => true, "alice");
  let running = 0;
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const attempt = (address: string, user?: string) =>
    throttle.attempt(address, async () => {
      assert(++running <= LIMITS.maxHashes);
      order.push(address);
      await new Promise<void>((resolve) => ends.push(resolve));
      running--;
      return true;
    }, user);
  const attempts = ["a", "b", "c", "d"].map((address) => attempt(address));
  attempts.push(attempt("known", "alice"));
  for (let ended = 0; ended < 5; ended++) {
    await until("a check runs", () => ends.length > ended);
    if (ended === 0) await until("two run", () => running === 2);
    ends[ended]();
  }
  await Promise.all(attempts);
  assertEquals(order, ["a", "b", "known", "c", "d"]);
});

Deno.test("of the origins those that were let in longest ago are forgotten", () => {
  const known = new KnownOrigins();
  known.add("first");
  known.add("second", "bob");
  assertEquals([known.has("second"), known.has("second", "bob"), known.has("second", "x")], [
    true,
    true,
    false,
  ]);
  assertEquals(known.has("::ffff:second"), false);
  known.add("10.0.0.7");
  assertEquals(known.has("::ffff:10.0.0.7"), true);
  known.add("first");
  for (let i = 0; i < 9_997; i++) known.add(String(i));
  assertEquals([known.has("second"), known.has("first")], [false, true]);
});
