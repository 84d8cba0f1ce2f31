import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Kwargs } from "../../wire/call.ts";
import { ConnectionAbortedError, wireMessage, WorkerError } from "../../errors.ts";
import { type WorkerOptions, WorkerPool } from "../../service/worker_pool.ts";
import { NdArray } from "../../wire/nd_array.ts";
import { until } from "../support/until.ts";

const MODULE = import.meta.resolve("../support/computations.ts");

/** A pool that is closed at the end of a test. */
class Pool extends WorkerPool implements Disposable {
  constructor(options?: WorkerOptions) {
    super(options);
  }

  run(name: string, ...args: unknown[]): Promise<unknown> {
    return this.call({ module: MODULE, name }, args);
  }

  runUntil(signal: AbortSignal, name: string, ...args: unknown[]): Promise<unknown> {
    return this.call({ module: MODULE, name }, args, signal);
  }

  [Symbol.dispose](): void {
    this.close(new ConnectionAbortedError("the test has ended"));
  }
}

/** Memory that a test shares with a worker, and a promise for when `spin` has begun. */
function shared(): { memory: Int32Array; begun: () => Promise<unknown> } {
  const memory = new Int32Array(new SharedArrayBuffer(4));
  const waiting = Atomics.waitAsync(memory, 0, 0);
  return { memory, begun: async () => await waiting.value };
}

Deno.test("a function is called in a worker with its arguments", async () => {
  using pool = new Pool();
  assertEquals(await pool.run("add", 1, 2), 3);
  assertEquals(await pool.run("add", 1, undefined), 11);
  assertEquals(await pool.run("later", 1), 2);
  const value = { date: new Date(0), bytes: new Uint8Array([1]), nan: NaN, none: undefined };
  assertEquals(await pool.run("echo", value, null), { args: [value, null] });
  assertEquals(await pool.run("echo", 1, new Kwargs({ n: 2 })), { args: [1], kwargs: { n: 2 } });
});

Deno.test("calls run at the same time, as many as there are workers", async () => {
  using pool = new Pool({ size: 3 });
  const { memory } = shared();
  assertEquals(
    await Promise.all([1, 2, 3].map(() => pool.run("meet", memory, 3))),
    [true, true, true],
  );
});

Deno.test("a worker is used again, and no other is started while one is free", async () => {
  using pool = new Pool({ size: 2 });
  for (const expected of [1, 2, 3]) assertEquals(await pool.run("count"), expected);
  const counts = await Promise.all(Array.from({ length: 10 }, () => pool.run("count")));
  // Both counted from where they were: 4, 5, ... and 1, 2, ...
  assert(counts.every((count) => Number(count) <= 13) && counts.includes(4), `${counts}`);
});

Deno.test("calls that wait are taken in their order", async () => {
  using pool = new Pool({ size: 1 });
  const order: number[] = [];
  await Promise.all([1, 2, 3, 4].map((n) => pool.run("add", n, 0).then(() => order.push(n))));
  assertEquals(order, [1, 2, 3, 4]);
});

for (
  const [kind, text] of [
    ["ours", "ValueError: The value is < 0"],
    ["own", "OverheatedError: 300 K\nand more: no"],
    ["standard", "RangeError: out of range"],
    ["text", "Error: just text"],
  ]
) {
  Deno.test(`an error of a function keeps its class, its text and its stack: ${text}`, async () => {
    using pool = new Pool({ size: 1 });
    const error: Error = await assertRejects(() => pool.run("fail", kind));
    assertEquals(wireMessage(error), text);
    if (kind !== "text") {
      assert(error.stack?.includes("tests/support/computations.ts"), error.stack);
    }
    assertEquals(await pool.run("count"), 1); // by the same worker
  });
}

Deno.test("what cannot be called or copied is an error of that call alone", async () => {
  using pool = new Pool({ size: 1 });
  const reasons = {
    nothingLikeIt: "Cannot call nothingLikeIt in a worker: file:///",
    notAFunction: "computations.ts exports no such function",
    giveFunction:
      "Cannot return the result of giveFunction from a worker: ()=>1 could not be cloned",
  };
  for (const [name, reason] of Object.entries(reasons)) {
    await assertRejects(() => pool.run(name), Error, reason);
  }
  await assertRejects(() => pool.run("echo", () => 1), TypeError, "Cannot call echo in a worker");
  const missing = { module: import.meta.resolve("./not_there.ts"), name: "f" };
  await assertRejects(() => pool.call(missing, []), Error, "not_there.ts");
  assertEquals(await pool.run("count"), 1);
});

for (const name of ["throwLater", "rejectLater"]) {
  Deno.test(`a worker that crashes fails its call, and the pool goes on: ${name}`, async () => {
    using pool = new Pool({ size: 1 });
    const crashing = pool.run(name);
    const waiting = pool.run("count");
    await assertRejects(() => crashing, WorkerError, `Cannot finish ${name}: its worker crashed: `);
    assertEquals(await waiting, 1);
  });
}

Deno.test("a worker that crashes when it is free is replaced", async () => {
  using pool = new Pool({ size: 1 });
  assertEquals(await pool.run("crashAfterwards"), true);
  // Those that find the old worker count on from 2, and one may be with it when it goes.
  const answers: unknown[] = [];
  await until("another worker counts from 1", async () => {
    answers.push(await pool.run("count").catch((error) => error));
    return answers.at(-1) === 1;
  });
  const failures = answers.filter((answer) => typeof answer !== "number");
  assert(failures.length <= 1, Deno.inspect(answers));
  for (const failure of failures) {
    assert(failure instanceof WorkerError, Deno.inspect(failure));
    assertMatch(String(failure), /its worker crashed: /);
  }
});

for (const how of ["Deno", "process", "close"]) {
  Deno.test(`a function cannot end its worker: ${how}`, async () => {
    using pool = new Pool({ size: 1 });
    await assertRejects(() => pool.run("exit", how), Error, "Cannot end the program");
    assertEquals(await pool.run("count"), 1);
  });
}

Deno.test("an aborted call ends its worker, and the next call gets another one", async () => {
  using pool = new Pool({ size: 1 });
  const { memory, begun } = shared();
  const { signal, abort } = abortable();
  const spinning = pool.runUntil(signal, "spin", memory);
  const waiting = pool.run("count");
  await begun();
  abort("enough");
  assertEquals(await spinning.catch((reason) => reason), "enough");
  assertEquals(await waiting, 1);
});

Deno.test("an aborted call that waits is removed from the queue", async () => {
  using pool = new Pool({ size: 1, queue: 1 });
  const spinning = assertRejects(() => pool.run("spin"), ConnectionAbortedError, "the test");
  const { signal, abort } = abortable();
  const waiting = pool.runUntil(signal, "count");
  abort("enough");
  assertEquals(await waiting.catch((reason) => reason), "enough");
  const next = assertRejects(() => pool.run("count"), ConnectionAbortedError); // there is room
  const late = pool.runUntil(signal, "count");
  assertEquals(await late.catch((reason) => reason), "enough");
  pool[Symbol.dispose]();
  await Promise.all([spinning, next]);
});

Deno.test("an abort after the result has no effect", async () => {
  using pool = new Pool({ size: 1 });
  const { signal, abort } = abortable();
  assertEquals(await pool.runUntil(signal, "count"), 1);
  const next = pool.run("count");
  abort("too late");
  assertEquals(await next, 2);
});

Deno.test("a call is rejected at once if too many wait, and the error names the option", async () => {
  using pool = new Pool({ size: 1, queue: 2 });
  const held = ["spin", "add", "add"].map((name) =>
    assertRejects(() => pool.run(name), ConnectionAbortedError, "the test has ended")
  );
  await assertRejects(
    () => pool.run("add", 1),
    WorkerError,
    "Cannot call add: 2 calls wait for a worker already (workers: { queue })",
  );
  pool[Symbol.dispose]();
  await Promise.all(held);
});

Deno.test("with a queue of 0 a call is accepted as long as a worker is free", async () => {
  using pool = new Pool({ size: 1, queue: 0 });
  assertEquals(await pool.run("count"), 1);
  const counting = pool.run("count");
  await assertRejects(() => pool.run("count"), WorkerError, "0 calls wait");
  assertEquals(await counting, 2);
});

Deno.test("cancelAll() rejects calls that run or wait, and the pool can be used again", async () => {
  using pool = new Pool({ size: 1 });
  const { memory, begun } = shared();
  const calls = [pool.run("spin", memory), pool.run("count")];
  await begun();
  pool.cancelAll(new ConnectionAbortedError("gone"));
  for (const call of calls) await assertRejects(() => call, ConnectionAbortedError, "gone");
  assertEquals(await pool.run("count"), 1);
});

Deno.test("a closed pool rejects new calls", async () => {
  const pool = new Pool();
  pool[Symbol.dispose]();
  await assertRejects(() => pool.run("count"), ConnectionAbortedError, "the test has ended");
});

Deno.test("a pool makes a worker when it needs one, and none before", async () => {
  const { Worker } = globalThis;
  let made = 0;
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      made++;
    }
  };
  try {
    new WorkerPool();
    using pool = new Pool({ size: 2 });
    assertEquals(made, 0);
    for (const count of [1, 2]) {
      assertEquals(await pool.run("count"), count);
      assertEquals(made, 1);
    }
  } finally {
    globalThis.Worker = Worker;
  }
});

for (const options of [{ size: 0 }, { size: 1.5 }, { size: NaN }, { queue: -1 }, { queue: 0.5 }]) {
  Deno.test(`${Deno.inspect(options)} are not the options of a pool`, () => {
    const [name] = Object.keys(options);
    assertThrows(
      () => new WorkerPool(options),
      RangeError,
      `Cannot make a Service: workers.${name}`,
    );
  });
}

function abortable(): { signal: AbortSignal; abort: (reason: unknown) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}

Deno.test("an NdArray is one in a worker, and after it, wherever it is in a value", async () => {
  using pool = new Pool();
  const picture = new NdArray(Float64Array.of(2, 4, 6, 8), [2, 2]);
  const half = new NdArray(Float64Array.of(1, 2, 3, 4), [2, 2]);
  const cycle: Record<string, unknown> = { picture };
  cycle.self = cycle;
  const kwargs = new Kwargs({ picture });
  const { kinds, others, ...halves } = await pool.run(
    "halve",
    picture,
    [picture],
    cycle,
    kwargs,
  ) as {
    kinds: unknown[];
    others: [NdArray[], typeof cycle, { named: unknown }];
    half: NdArray;
  };
  assertEquals(kinds, ["<f8", "<f8", false, false]);
  assertEquals(halves as unknown, { half, list: [half, { half }], one: { half } });
  assert(halves.half instanceof NdArray);
  const [[first], copy, { named }] = others;
  assert(first instanceof NdArray && copy.picture instanceof NdArray && copy.self === copy);
  assertEquals(named, { picture });
  assert((named as typeof cycle).picture instanceof NdArray);
  assertEquals(await pool.run("later", 1), 2);
});
