import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { Service } from "../../service.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";
import { until } from "../support/until.ts";

const REQUESTS = 250;
const RESULT = "x".repeat(200_000);
/** Fills a read, so that it has few requests. */
const ARGUMENT = "y".repeat(64_000);

Deno.test("a Service reads no more requests while its answers are not read, and then goes on", async () => {
  let calls = 0;
  class Store extends Service {
    read(_where: string): string {
      calls++;
      return RESULT;
    }
  }
  await using manager = new ScriptedManager();
  await using service = new Store();
  const started = service.start(manager.connectOptions);
  await manager.accept();
  await started;
  const sent = Promise.all(
    Array.from({ length: REQUESTS }, (_, index) =>
      manager.send({
        service: "Store",
        attribute: "read",
        args: [ARGUMENT],
        kwargs: {},
        uid: String(index),
        requester: "c[lab-pc:1]",
        error: false,
      })),
  );
  await until("the first calls", () => calls > 20);
  for (let before = 0; before < calls;) {
    before = calls;
    await delay(300);
  }
  assert(calls < REQUESTS, "it has read all of them");
  for (let index = 0; index < REQUESTS; index++) {
    const { uid, result } = await manager.receive();
    assertEquals([uid, result === RESULT], [String(index), true]);
  }
  await sent;
  assertEquals(calls, REQUESTS);
  await manager.close();
});
