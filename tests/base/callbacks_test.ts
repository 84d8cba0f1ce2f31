import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ConnectionAbortedError } from "../../errors.ts";
import { Tasks } from "../../base/callbacks.ts";
import { recordLogs } from "../support/logs.ts";
import { until } from "../support/until.ts";

Deno.test("tasks wait for the connection, and those that come later start at once", () => {
  const tasks = new Tasks();
  const started: string[] = [];
  tasks.add(() => started.push("a"), () => started.push("b"));
  assertEquals(started, []);
  tasks.start();
  assertEquals(started, ["a", "b"]);
  tasks.add(() => started.push("c"));
  assertEquals(started, ["a", "b", "c"]);
});

Deno.test("the signal of a task is aborted with the reason when the connection ends", async () => {
  const tasks = new Tasks();
  const reasons: unknown[] = [];
  const ended = Promise.withResolvers<void>();
  tasks.start();
  tasks.add(async (signal) => {
    assertEquals(signal.aborted, false);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    reasons.push(signal.reason);
    ended.resolve();
  });
  const reason = new ConnectionAbortedError("gone");
  tasks.end(reason);
  await ended.promise;
  assertStrictEquals(reasons[0], reason);
  assertThrows(() => tasks.add(() => {}), ConnectionAbortedError, "Cannot add a task");
});

Deno.test("a task that fails, at once or later, harms no other", async () => {
  await using logs = await recordLogs(["msl", "network"]);
  const tasks = new Tasks();
  tasks.start();
  const started: string[] = [];
  tasks.add(
    () => {
      throw new Error("at once");
    },
    async () => {
      await Promise.resolve();
      throw new Error("later");
    },
    () => started.push("beside them"),
  );
  tasks.add(() => started.push("after them"));
  assertEquals(started, ["beside them", "after them"]);
  await until("both are logged", () => logs.records.length >= 2);
  const failures = logs.records.map(({ rawMessage, properties: { error } }) => [
    rawMessage,
    String(error),
  ]);
  assertEquals(failures, [
    ["A task failed: {error}", "Error: at once"],
    ["A task failed: {error}", "Error: later"],
  ]);
});

Deno.test("no task starts after the connection has ended", () => {
  const tasks = new Tasks();
  let started = 0;
  tasks.add(() => started++);
  tasks.end(new ConnectionAbortedError("gone"));
  tasks.start();
  assertEquals(started, 0);
});
