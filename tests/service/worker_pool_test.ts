import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Kwargs } from "../../wire/call.ts";
import { ConnectionAbortedError, wireMessage, WorkerError } from "../../errors.ts";
import { type WorkerOptions, WorkerPool } from "../../service/worker_pool.ts";
import { until } from "../support/until.ts";

const MODULE = import.meta.resolve("../support/computations.ts");

/** A pool that is closed at the end of a test. */
class Pool extends WorkerPool implements Disposable {
  constructor(options?: WorkerOptions) {
    super(options);
  }

  ask(name: string, ...args: unknown[]): Promise<unknown> {
    return this.call({ module: MODULE, name }, args);
  }

  askUntil(signal: AbortSignal, name: string, ...args: unknown[]): Promise<unknown> {
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

Deno.test("a function is called in a worker, with what it is given", async () => {
  using pool = new Pool();
  assertEquals(await pool.ask("add", 1, 2), 3);
  assertEquals(await pool.ask("add", 1, undefined), 11);
  assertEquals(await pool.ask("later", 1), 2);
  const value = { date: new Date(0), bytes: new Uint8Array([1]), nan: NaN, none: undefined };
  assertEquals(await pool.ask("echo", value, null), { args: [value, null] });
  assertEquals(await pool.ask("echo", 1, new Kwargs({ n: 2 })), { args: [1], kwargs: { n: 2 } });
});

Deno.test("calls run at the same time, as many as there are workers", async () => {
  using pool = new Pool({ size: 3 });
  const { memory } = shared();
  assertEquals(
    await Promise.all([1, 2, 3].map(() => pool.ask("meet", memory, 3))),
    [true, true, true],
  );
});

Deno.test("a worker is used again, and no other is started while one is free", async () => {
  using pool = new Pool({ size: 2 });
  for (const expected of [1, 2, 3]) assertEquals(await pool.ask("count"), expected);
  const counts = await Promise.all(Array.from({ length: 10 }, () => pool.ask("count")));
  // Both counted from where they were: 4, 5, ... and 1, 2, ...
  assert(counts.every((count) => Number(count) <= 13) && counts.includes(4), `${counts}`);
});

Deno.test("calls that wait are taken in their order", async () => {
  using pool = new Pool({ size: 1 });
  const order: number[] = [];
  await Promise.all([1, 2, 3, 4].map((n) => pool.ask("add", n, 0).then(() => order.push(n))));
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
  Deno.test(`what a function throws keeps its class, its text and its stack: ${text}`, async () => {
    using pool = new Pool({ size: 1 });
    const error: Error = await assertRejects(() => pool.ask("fail", kind));
    assertEquals(wireMessage(error), text);
    if (kind !== "text") {
      assert(error.stack?.includes("tests/support/computations.ts"), error.stack);
    }
    assertEquals(await pool.ask("count"), 1); // by the same worker
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
    await assertRejects(() => pool.ask(name), Error, reason);
  }
  await assertRejects(() => pool.ask("echo", () => 1), TypeError, "Cannot call echo in a worker");
  const missing = { module: import.meta.resolve("./not_there.ts"), name: "f" };
  await assertRejects(() => pool.call(missing, []), Error, "not_there.ts");
  assertEquals(await pool.ask("count"), 1);
});

for (const name of ["throwLater", "rejectLater"]) {
  Deno.test(`a worker that crashes fails its call, and the pool goes on: ${name}`, async () => {
    using pool = new Pool({ size: 1 });
    const crashing = pool.ask(name);
    const waiting = pool.ask("count");
    await assertRejects(() => crashing, WorkerError, `Cannot finish ${name}: its worker crashed: `);
    assertEquals(await waiting, 1);
  });
}

Deno.test("a worker that crashes when it is free is replaced", async () => {
  using pool = new Pool({ size: 1 });
  assertEquals(await pool.ask("crashAfterwards"), true);
  // Those that find the old worker count on from 2, and one may be with it when it goes.
  const answers: unknown[] = [];
  await until("another worker counts from 1", async () => {
    answers.push(await pool.ask("count").catch((error) => error));
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
  Deno.test(`a function cannot end its worker behind the back of the pool: ${how}`, async () => {
    using pool = new Pool({ size: 1 });
    await assertRejects(() => pool.ask("exit", how), Error, "Cannot end the program");
    assertEquals(await pool.ask("count"), 1);
  });
}

Deno.test("an aborted call ends its worker, and the next call gets another one", async () => {
  using pool = new Pool({ size: 1 });
  const { memory, begun } = shared();
  const { signal, abort } = abortable();
  const spinning = pool.askUntil(signal, "spin", memory);
  const waiting = pool.ask("count");
  await begun();
  abort("enough");
  assertEquals(await spinning.catch((reason) => reason), "enough");
  assertEquals(await waiting, 1);
});

Deno.test("an aborted call that waits is taken out of the queue", async () => {
  using pool = new Pool({ size: 1, queue: 1 });
  const spinning = assertRejects(() => pool.ask("spin"), ConnectionAbortedError, "the test");
  const { signal, abort } = abortable();
  const waiting = pool.askUntil(signal, "count");
  abort("enough");
  assertEquals(await waiting.catch((reason) => reason), "enough");
  const next = assertRejects(() => pool.ask("count"), ConnectionAbortedError); // there is room
  const late = pool.askUntil(signal, "count");
  assertEquals(await late.catch((reason) => reason), "enough");
  pool[Symbol.dispose]();
  await Promise.all([spinning, next]);
});

Deno.test("an abort after the answer harms nobody", async () => {
  using pool = new Pool({ size: 1 });
  const { signal, abort } = abortable();
  assertEquals(await pool.askUntil(signal, "count"), 1);
  const next = pool.ask("count");
  abort("too late");
  assertEquals(await next, 2);
});

Deno.test("a call beyond those that may wait is refused at once, and says what to do", async () => {
  using pool = new Pool({ size: 1, queue: 2 });
  const held = ["spin", "add", "add"].map((name) =>
    assertRejects(() => pool.ask(name), ConnectionAbortedError, "the test has ended")
  );
  await assertRejects(
    () => pool.ask("add", 1),
    WorkerError,
    "Cannot call add: 2 calls wait for a worker already (workers: { queue })",
  );
  pool[Symbol.dispose]();
  await Promise.all(held);
});

Deno.test("where no call may wait, one is taken as long as a worker is free", async () => {
  using pool = new Pool({ size: 1, queue: 0 });
  assertEquals(await pool.ask("count"), 1);
  const counting = pool.ask("count");
  await assertRejects(() => pool.ask("count"), WorkerError, "0 calls wait");
  assertEquals(await counting, 2);
});

Deno.test("abandoned calls reject, running or not, and the pool can be used again", async () => {
  using pool = new Pool({ size: 1 });
  const { memory, begun } = shared();
  const calls = [pool.ask("spin", memory), pool.ask("count")];
  await begun();
  pool.abandon(new ConnectionAbortedError("gone"));
  for (const call of calls) await assertRejects(() => call, ConnectionAbortedError, "gone");
  assertEquals(await pool.ask("count"), 1);
});

Deno.test("a closed pool starts nothing any more", async () => {
  const pool = new Pool();
  pool[Symbol.dispose]();
  await assertRejects(() => pool.ask("count"), ConnectionAbortedError, "the test has ended");
});

Deno.test("a pool makes a worker when it needs one, and nobody's pool has none to close", async () => {
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
      assertEquals(await pool.ask("count"), count);
      assertEquals(made, 1);
    }
  } finally {
    globalThis.Worker = Worker;
  }
});

for (const options of [{ size: 0 }, { size: 1.5 }, { size: NaN }, { queue: -1 }, { queue: 0.5 }]) {
  Deno.test(`${Deno.inspect(options)} is no pool`, () => {
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
