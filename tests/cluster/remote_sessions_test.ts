import { assertEquals } from "@std/assert";
import { connect, Service } from "../../mod.ts";
import { MemoryNodes } from "../support/memory_nodes.ts";

class Echo extends Service {
  echo(...values: unknown[]): unknown[] {
    return values;
  }
}

/** Two nodes; a service at a. */
async function laboratory(name = "Echo") {
  const nodes = new MemoryNodes();
  const stack = new AsyncDisposableStack();
  const a = stack.use(await nodes.start("a"));
  const b = stack.use(await nodes.start("b"));
  const service = stack.use(new Echo({ name }));
  await service.start(a.connectOptions);
  return { nodes, a, b, service, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("a client of one node calls a service of another", async () => {
  await using lab = await laboratory();
  await using cxn = await connect(lab.b.connectOptions);
  const echo = await cxn.link<Echo>("a.Echo");
  assertEquals(await echo.echo(1, "two"), [1, "two"]);
});
