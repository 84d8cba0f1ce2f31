import { assertEquals } from "@std/assert";
import { seedRandomNumbers } from "../../net/random_seed.ts";

Deno.test("random numbers that cannot be seeded are no error: the handshake seeds them", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const { subtle } = crypto;
  const calls: unknown[] = [];
  Object.defineProperty(subtle, "generateKey", {
    configurable: true,
    value: (...parameters: unknown[]) => {
      calls.push(parameters);
      return promise;
    },
  });
  try {
    seedRandomNumbers();
  } finally {
    delete (subtle as { generateKey?: unknown }).generateKey;
  }
  reject(new DOMException("no such curve", "NotSupportedError"));
  await promise.catch(() => {}); // an unhandled rejection would fail the test
  assertEquals(calls.length, 1);
});
