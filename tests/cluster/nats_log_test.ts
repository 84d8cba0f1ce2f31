import { assertEquals } from "@std/assert";
import type { BusState } from "../../cluster/bus.ts";
import { NatsLog } from "../../cluster/nats_log.ts";
import { recordLogs } from "../support/logs.ts";
import { MovedClock } from "../support/moved_clock.ts";

const CONNECTED: BusState = { state: "connected", since: 0, server: "pc:4222" };
const DISCONNECTED: BusState = { state: "disconnected", since: 0, cause: undefined };
const MINUTE = 60_000;

/** A log, whose records are kept as text. */
async function laboratory() {
  const logs = await recordLogs(["msl", "network", "cluster"]);
  const clock = new MovedClock();
  return {
    log: new NatsLog(clock),
    clock,
    pass: (time: number) => clock.advance(time, () => Promise.resolve()),
    /** What was logged since the last call. */
    take: () => logs.records.splice(0).map(({ message }) => message.join("")),
    [Symbol.asyncDispose]: () => logs[Symbol.asyncDispose](),
  };
}

const UP = "Connected with NATS at pc:4222";
const DOWN = "NATS is not connected. Services of other Managers cannot be used until it is";

Deno.test("each change of a connection that changes now and then is logged", async () => {
  await using lab = await laboratory();
  for (let hour = 0; hour < 5; hour++) {
    lab.log.state(CONNECTED);
    await lab.pass(50 * MINUTE);
    lab.log.state(DISCONNECTED);
    await lab.pass(10 * MINUTE);
  }
  assertEquals(lab.take().length, 10);
});

Deno.test("a link that flaps for a day leaves a few records, and the last one is true", async () => {
  await using lab = await laboratory();
  const states = [CONNECTED, DISCONNECTED];
  for (let second = 0; second < 86_400; second += 5) {
    lab.log.state(states[second / 5 % 2]);
    await lab.pass(5_000);
  }
  const all = lab.take();
  assertEquals(all.length < 400, true, `${all.length} records`);
  assertEquals(all.slice(0, 3), [UP, DOWN, UP]);
  lab.log.state(CONNECTED);
  lab.log.state(DISCONNECTED);
  lab.log.state(CONNECTED);
  await lab.pass(2 * MINUTE);
  const [before, last] = [...all, ...lab.take()].slice(-2);
  assertEquals(last, UP);
  assertEquals(/comes and goes: it has changed \d+ times more/.test(before), true, before);
  lab.log.state(DISCONNECTED);
  lab.log.state({ state: "closed" });
  assertEquals(lab.clock.waiting, 0);
});

Deno.test("problems that alternate are logged once in a while, with how often they have come", async () => {
  await using lab = await laboratory();
  for (let second = 0; second < 3_000; second++) {
    lab.log.problem(`refused by ${second % 3}`, true);
    await lab.pass(1_000);
  }
  const all = lab.take();
  assertEquals(all.slice(0, 4), [
    "NATS: refused by 0",
    "NATS: refused by 1",
    "NATS: refused by 2",
    "NATS: refused by 0 (199 times more since it was logged)",
  ]);
  assertEquals(all.length, 15);
});

Deno.test("problems that are all different do not take memory", async () => {
  await using lab = await laboratory();
  for (let one = 0; one < 1_000; one++) lab.log.problem(`problem ${one}`, true);
  lab.take();
  lab.log.problem("problem 999", true);
  assertEquals(lab.take(), []);
  lab.log.problem("problem 0", true);
  assertEquals(lab.take(), ["NATS: problem 0"]);
});

Deno.test("what NATS does not allow is logged once in a while for each node", async () => {
  await using lab = await laboratory();
  for (let second = 0; second < 900; second++) {
    lab.log.refusal("b", `the subject ${second}`);
    lab.log.refusal(undefined, "$SRV");
    await lab.pass(1_000);
  }
  assertEquals(lab.take(), [
    "NATS does not let this node reach the node b: the subject 0",
    "The tools of NATS cannot list the services here: $SRV",
    "NATS does not let this node reach the node b: the subject 600",
    "The tools of NATS cannot list the services here: $SRV",
  ]);
});
