import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { configure, reset } from "@logtape/logtape";
import "../../base/log_tape.ts";
import { ConnectionAbortedError } from "../../errors.ts";
import { callHandler, Tasks } from "../../base/callbacks.ts";

Deno.test("tasks start when the device is connected, and later ones at once", () => {
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
  const reason = new ConnectionAbortedError("the peer closed the connection");
  tasks.end(reason);
  await ended.promise;
  assertStrictEquals(reasons[0], reason);
  assertThrows(() => tasks.add(() => {}), ConnectionAbortedError, "Cannot add a task");
});

/** Runs a test with the errors that are logged meanwhile, as `message: text of the error`. */
async function withErrors(test: (errors: string[]) => Promise<void>): Promise<void> {
  const errors: string[] = [];
  await configure({
    sinks: {
      memory: ({ level, rawMessage, properties: { error } }) => {
        if (level === "error") errors.push(`${rawMessage} ${(error as Error).message}`);
      },
    },
    loggers: [
      { category: "msl", sinks: ["memory"] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  try {
    await test(errors);
  } finally {
    await reset();
  }
}

Deno.test("a task that fails, at once or later, is logged, and the others go on", async () => {
  await withErrors(async (errors) => {
    const tasks = new Tasks();
    tasks.start();
    const last = Promise.withResolvers<string>();
    tasks.add(
      () => {
        throw new Error("at once");
      },
      async () => {
        await Promise.resolve();
        throw new Error("later");
      },
      async () => {
        await Promise.resolve();
        await Promise.resolve();
        last.resolve("has run");
      },
    );
    assertEquals(await last.promise, "has run");
    assertEquals(errors, ["A task failed: {error} at once", "A task failed: {error} later"]);
  });
});

Deno.test("a task that rejects with the reason of its signal has not failed", async () => {
  await withErrors(async (errors) => {
    const tasks = new Tasks();
    tasks.start();
    const thrown = Promise.withResolvers<void>();
    tasks.add(async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      thrown.resolve();
      throw signal.reason;
    });
    tasks.end(new ConnectionAbortedError("the peer closed the connection"));
    await thrown.promise;
    assertEquals(errors, []);
  });
});

Deno.test("a handler is waited for, and one that fails is logged", async () => {
  await withErrors(async (errors) => {
    const calls: string[] = [];
    await callHandler("shutdownHandler", "Lab", async () => {
      await Promise.resolve();
      calls.push("first");
    });
    await callHandler("shutdownHandler", "Lab", () => {
      throw new Error("no power");
    });
    assertEquals(calls, ["first"]);
    assertEquals(errors, ["{handler} of {owner} failed: {error} no power"]);
  });
});

Deno.test("no task starts after the connection has ended", () => {
  const tasks = new Tasks();
  let started = 0;
  tasks.add(() => started++);
  tasks.end(new ConnectionAbortedError("the peer closed the connection"));
  tasks.start();
  assertEquals(started, 0);
});
