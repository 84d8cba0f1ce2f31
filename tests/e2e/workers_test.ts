/** Methods that run in workers, from the side of a Client. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { z } from "zod";
import { PrimeNumbers } from "../../examples/prime_numbers.ts";
import {
  connect,
  ConnectionAbortedError,
  kwargs,
  RemoteError,
  type Schemas,
  Service,
} from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import * as computations from "../support/computations.ts";
import { linked } from "../support/linked.ts";
import { denoCommand, succeed } from "../support/process.ts";
import { Restarts } from "../support/restarts.ts";
import { ROOT } from "../support/source_tree.ts";
import { posixTest } from "../support/posix.ts";

const MODULE = import.meta.resolve("../support/computations.ts");
/** A count that takes years. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

class Computer extends Service {
  static schema: Schemas<Computer> = { add: [z.number(), z.number().max(1_000).optional()] };

  add = this.inWorkers(computations.add, MODULE);
  fail = this.inWorkers(computations.fail, new URL(MODULE));
  echo = this.inWorkers(computations.echo, MODULE);
  crash = this.inWorkers(computations.throwLater, MODULE);
  meet = this.inWorkers(computations.meet, MODULE);
  readonly #memory = new Int32Array(new SharedArrayBuffer(4));

  /** Returns when `open` is called. */
  async wait(): Promise<boolean> {
    return await this.meet(this.#memory, 2);
  }

  open(): void {
    Atomics.add(this.#memory, 0, 1);
    Atomics.notify(this.#memory, 0);
  }

  shutdownService(): string {
    return "ended";
  }
}

Deno.test("a short call is completed while a long one is computed", async () => {
  await using network = await linked(new PrimeNumbers(), { disableTls: true });
  const { manager, service: primes, link } = network;
  const count: number = await link.countPrimes(100);
  assertEquals(count, 25);
  const counting = link.countPrimes(FOR_EVER);
  assertEquals(await link.isPrime(1_009), true);
  assertEquals(counting.done(), false);
  // A Service that has lost its Manager ends its workers, or this test would never end.
  await manager.manager.shutdown(0);
  await assertRejects(() => counting.result(), ConnectionAbortedError, "was not answered");
  await assertRejects(() => primes.finished, ConnectionAbortedError);
});

Deno.test("a Client calls a method that runs in workers like any other", async () => {
  await using network = await linked(new Computer(), { disableTls: true });
  const { link } = network;
  assertEquals(link.serviceAttributes.add, "(x, y=10)");
  assertEquals(link.serviceAttributes.echo, "(*args, **kwargs)");
  assertEquals("inWorkers" in link.serviceAttributes, false);
  assertEquals(await link.add(1, 2), 3);
  assertEquals(await link.add(kwargs({ y: 5, x: 1 })), 6);
  assertEquals(await link.add(1), 11);
  assertEquals(await link.echo([1], kwargs({ n: 2 })), { args: [[1]], kwargs: { n: 2 } });
  const rejects: [name: string, args: unknown[], message: string][] = [
    ["add", [], "TypeError: Computer.add() missing 1 required positional argument: 'x'"],
    ["add", [1, 1_001], "ValueError: Cannot call Computer.add(): y: Too big"],
    ["fail", ["ours"], "ValueError: The value is < 0"],
    ["fail", ["own"], "OverheatedError: 300 K"],
    ["crash", [], "WorkerError: Cannot finish throwLater: its worker crashed"],
    ["inWorkers", [], "AttributeError: 'Computer' object has no attribute 'inWorkers'"],
  ];
  for (const [name, args, message] of rejects) {
    await assertRejects(() => link.request(name, { args }), RemoteError, message);
  }
  const error: RemoteError = await assertRejects(() => link.fail("ours"), RemoteError);
  assert(error.traceback.some((line) => line.includes("computations.ts")), `${error.traceback}`);
  assertEquals(await link.add(1, 2), 3);
  // @ts-expect-error -- the compiler knows the parameters of the function
  await assertRejects(() => link.add("1"), RemoteError, "x: ");
});

Deno.test("a request that is cancelled frees its worker", async () => {
  await using network = await linked(new PrimeNumbers({ workers: { size: 1 } }), {
    disableTls: true,
  });
  const { link } = network;
  const running = link.countPrimes(FOR_EVER);
  const waiting = link.countPrimes(FOR_EVER);
  const next = link.countPrimes(100);
  assertEquals(await link.isPrime(7), true);
  waiting.cancel();
  running.cancel();
  assertEquals(await next, 25);
});

Deno.test("a Service that is shut down lets its workers finish", async () => {
  await using network = await linked(new Computer(), { disableTls: true });
  const { service: computer, link } = network;
  const waiting = link.wait();
  assertEquals(await link.shutdownService(), "ended");
  computer.open();
  assertEquals(await waiting, true);
  await computer.finished;
  await assertRejects(
    () => computer.add(1, 2),
    ConnectionAbortedError,
    "'Computer' service has ended",
  );
});

Deno.test("a Service that reconnects has free workers again", async () => {
  await using restarts = await Restarts.start();
  await using primes = new PrimeNumbers({ workers: { size: 2 } });
  await primes.start(restarts.connectOptions);
  const own = assertRejects(() => primes.countPrimes(FOR_EVER), ConnectionAbortedError, "any more");
  await using cxn = await connect(restarts.connectOptions);
  const link = await cxn.link<PrimeNumbers>("PrimeNumbers");
  const counting = link.countPrimes(FOR_EVER);
  assertEquals(await link.isPrime(7), true);
  await restarts.stop();
  await assertRejects(() => counting.result(), ConnectionAbortedError, "was not answered");
  await own; // it belongs to no request, and ends with the Service
  await restarts.resume();
  assertEquals(await link.countPrimes(100), 25);
});

Deno.test("a Service that was never started has workers too, until it is disposed of", async () => {
  const computer = new Computer({ workers: { size: 2 } }); // one of them blocks for ever
  const running = assertRejects(
    () => computer.wait(),
    ConnectionAbortedError,
    "Cannot finish in a worker: the 'Computer' service was shut down",
  );
  assertEquals(await computer.add(1, 2), 3);
  await computer.shutdown();
  await running;
});

Deno.test("a function that cannot run in workers is an error when the Service is made", () => {
  class Nameless extends Service {
    add = this.inWorkers((x: number) => x, MODULE);
    subtract = this.inWorkers([(x: number) => x][0], MODULE);
  }
  class Relative extends Service {
    add = this.inWorkers(computations.add, "./computations.ts");
  }
  assertThrows(() => new Nameless(), TypeError, "a function in workers that has no name");
  assertThrows(
    () => new Relative(),
    TypeError,
    `'./computations.ts' is no URL, which import.meta.resolve("./computations.ts") is`,
  );
  assertThrows(() => new Computer({ workers: { size: 0 } }), RangeError, "workers.size");
});

posixTest("prime_numbers_client.ts prints the answers", async () => {
  await using manager = await TestManager.start({ host: "127.0.0.1", disableTls: true });
  await using primes = new PrimeNumbers();
  await primes.start(manager.connectOptions);
  const { port } = manager.connectOptions;
  const options = [`--port=${port}`, "--host=127.0.0.1", "--disable-tls"];
  const client = join(ROOT, "examples", "prime_numbers_client.ts");
  const stdout = await succeed(denoCommand(["run", "-A", client, ...options]));
  const lines = stdout.trim().split("\n");
  assertEquals(lines.toSpliced(1, 1), [
    "Is 1009 prime? true",
    "There are 348513 primes up to five million",
  ]);
  assert(lines[1].startsWith("Has it been counted?"));
});
