import { assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { deadline, startTimer } from "../../base/timer.ts";
import { withTimeout } from "../../base/with_timeout.ts";
import { connect, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";

class Echo extends Service {
  echo(text: string): string {
    return text;
  }
}

/** Times that the runtime's own timers take for 1 ms. */
const LONG = [2 ** 31, 1e15, Infinity];

Deno.test("a timer that is longer than the runtime can wait never goes off", () => {
  for (const time of LONG) assertEquals(startTimer(() => {}, time), undefined);
  const timer = startTimer(() => {}, 2 ** 31 - 1);
  assertEquals(timer === undefined, false);
  clearTimeout(timer);
});

Deno.test("a long wait ends with its signal, and not before", async () => {
  for (const time of LONG) {
    const controller = new AbortController();
    const never = new Promise<never>(() => {});
    const waits = [
      delay(time, { signal: controller.signal }),
      deadline(never, time, { signal: controller.signal }),
    ];
    const first = Promise.race(waits.map((wait) => wait.catch((error: unknown) => error)));
    assertEquals(await withTimeout(first, 20, () => "waits"), "waits");
    controller.abort(new Error("enough"));
    for (const wait of waits) await assertRejects(() => wait);
  }
});

Deno.test("a deadline passes a result on, and rejects when it is over or was aborted before", async () => {
  const never = new Promise<never>(() => {});
  assertEquals(await deadline(Promise.resolve(1), Infinity), 1);
  const late = await assertRejects(() => deadline(never, 1), DOMException);
  assertEquals(late.name, "TimeoutError");
  const signal = AbortSignal.abort(new Error("before"));
  await assertRejects(() => deadline(never, Infinity, { signal }), Error, "before");
});

for (const disableTls of [false, true]) {
  Deno.test(`every time may be longer than the runtime can wait, ${disableTls ? "TCP" : "TLS"}`, async () => {
    for (const timeout of LONG) {
      const limits = {
        handshakeTimeout: timeout,
        loginTimeout: timeout,
        stallTimeout: timeout,
        silenceTimeout: timeout,
        grace: timeout,
      };
      await using manager = await TestManager.start({ disableTls, limits, authPassword: "x" });
      const options = { ...manager.connectOptions, timeout };
      await using service = new Echo();
      await service.start(options);
      await using cxn = await connect(options);
      const link = await cxn.link<Echo>("Echo", { timeout });
      assertEquals(await link.request("echo", { args: ["x"], timeout }), "x");
    }
  });
}
