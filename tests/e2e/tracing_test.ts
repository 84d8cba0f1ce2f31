/** One call through three processes, which export their spans to a collector of the test. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { at } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";
import { until } from "../support/until.ts";
import { BrowserOfFile, IN_BROWSER } from "../support/browser.ts";
import { denoCommand, Process, run, succeed } from "../support/process.ts";
import { CONFIG, ROOT } from "../support/source_tree.ts";
import { type CollectedSpan, showTrace, TraceCollector } from "../support/trace_collector.ts";

const browser = new BrowserOfFile();
const PROGRAM = join(ROOT, "manager.ts");

/**
 * A Service, its Manager, and that of the clients, as traced processes. The latter is the same one, or
 * the node `b` if the former is the node `a`.
 */
async function laboratory(options: { args?: string[]; nats?: NatsServer } = {}) {
  await using stack = new AsyncDisposableStack();
  const collector = stack.use(new TraceCollector());
  const folder = stack.use(await temporaryFolder());
  const home = folder.path;
  const { args = [], nats } = options;
  const start = async (name: string, ...more: string[]) => {
    const own = folder.join(name);
    await Deno.mkdir(own);
    const words = ["--host=127.0.0.1", "--port=0", "--disable-tls", ...args, ...more];
    const env = collector.environment(name);
    const command = denoCommand(["run", "-A", "--no-check", PROGRAM, ...words], { home: own, env });
    return stack.use(await ManagerProcess.of(command, "127.0.0.1"));
  };
  const joined = (node: string) => [`--node=${node}`, `--join=${nats!.url}`];
  const homeManager = await (nats ? start("home", ...joined("a")) : start("manager"));
  const manager = nats ? await start("manager", ...joined("b")) : homeManager;
  const { host, port } = homeManager.connectOptions;
  const { port: clientPort } = manager.connectOptions;
  const script = join(ROOT, "tests/support/programs/traced_meter.ts");
  const service = stack.use(
    new Process(
      denoCommand(["run", "-A", "--no-check", script, host, String(port)], {
        home,
        env: collector.environment("service"),
      }),
    ),
  );
  await service.stdout.next((line) => line === "ready");
  const whole = stack.move();
  return {
    collector,
    manager,
    service,
    /** Runs the command `call` as a traced process. */
    call: (...words: string[]) =>
      run(
        denoCommand(
          [
            "run",
            "-A",
            "--no-check",
            PROGRAM,
            "call",
            "--disable-tls",
            ...at({ host, port: clientPort }),
            ...words,
          ],
          { home, env: collector.environment("client") },
        ),
      ),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** The names of the processes of a trace, the names of its spans, and their kinds, from the first one. */
function shapeOf(spans: readonly CollectedSpan[]): unknown[] {
  return spans.map(({ process, name, kind }) => [process, name, kind]);
}

const SERVER = 2;
const CLIENT = 3;
const FAILED = 2;

Deno.test("one call through three processes gives three linked spans, and the log has their trace", async () => {
  await using lab = await laboratory();
  const { collector, call, service } = lab;
  assertEquals((await call("Meter", "measure", "2")).stdout, "10.5\n");
  const spans = await collector.trace(await collector.traceOf("client", "Meter/measure"), 3);
  assertEquals(shapeOf(spans), [
    ["client", "Meter/measure", CLIENT],
    ["manager", "Meter/measure", SERVER],
    ["service", "Meter/measure", SERVER],
  ]);
  assertEquals(spans.map(({ status }) => status), [0, 0, 0]);
  const { traceId, spanId } = spans[2];
  const record = JSON.parse(await service.stderr.next((line) => line.includes("Measures with")));
  assertEquals([record.properties.trace_id, record.properties.span_id], [traceId, spanId]);

  assertEquals((await call("Meter", "fail")).code, 1);
  const failed = await collector.trace(await collector.traceOf("client", "Meter/fail"), 3);
  assertEquals(
    failed.map(({ status, attributes }) => [status, attributes["error.type"]]),
    [[FAILED, "RangeError"], [FAILED, "RangeError"], [FAILED, "RangeError"]],
  );
  const [{ attributes: exception }] = failed[2].events;
  assertMatch(String(exception["exception.stacktrace"]), /traced_meter\.ts/);

  await call("Meter", "readings", "3");
  const streamed = await collector.trace(await collector.traceOf("client", "Meter/readings"), 3);
  for (const { process, events } of streamed) {
    assertEquals(events.map(({ name }) => name), Array(3).fill("msl_network.value"), process);
  }
});

natsTest(
  "one call over two nodes is one trace: the client, its node, the home node, the service",
  async () => {
    await using nats = await NatsServer.start();
    await using lab = await laboratory({ nats });
    const { collector, call, service } = lab;
    let measured = await call("a.Meter", "measure", "2");
    await until("b knows the service", async () => {
      if (measured.code !== 0) measured = await call("a.Meter", "measure", "2");
      return measured.code === 0;
    });
    const record = JSON.parse(await service.stderr.next((line) => line.includes("Measures with")));
    const spans = await collector.trace(record.properties.trace_id, 4);
    assertEquals(shapeOf(spans), [
      ["client", "a.Meter/measure", CLIENT],
      ["manager", "a.Meter/measure", SERVER],
      ["home", "Meter/measure", SERVER],
      ["service", "Meter/measure", SERVER],
    ]);
    const nodes = spans.map(({ attributes }) => attributes["msl_network.node"]);
    assertEquals(nodes, [undefined, "b", "a", undefined]);

    assertEquals((await call("a.Meter", "fail")).code, 1);
    const failed = await collector.trace(await collector.traceOf("client", "a.Meter/fail"), 4);
    assertEquals(failed.map(({ status }) => status), Array(4).fill(FAILED));
    assertEquals(
      failed.map(({ attributes }) => attributes["error.type"]),
      Array(4).fill("RangeError"),
    );

    await call("a.Meter", "readings", "3");
    const streamed = await collector.trace(
      await collector.traceOf("client", "a.Meter/readings"),
      4,
    );
    for (const { process, events } of streamed) {
      assertEquals(events.map(({ name }) => name), Array(3).fill("msl_network.value"), process);
    }
  },
);

Deno.test("the span of a page, of the Manager and of the Service are one trace", {
  ...IN_BROWSER,
}, async () => {
  await using folder = await temporaryFolder();
  await succeed(
    denoCommand([
      ...["bundle", "--quiet", "--platform", "browser", `--config=${CONFIG}`],
      ...["--output", join(folder.path, "traced.js")],
      join(ROOT, "tests/support/programs/traced_page.ts"),
    ]),
  );
  await Deno.writeTextFile(
    join(folder.path, "index.html"),
    '<!doctype html><link rel="icon" href="data:,">',
  );
  await using lab = await laboratory({ args: ["--web=0", `--web-root=${folder.path}`] });
  const { collector, manager } = lab;
  await using opened = await browser.open(`http://127.0.0.1:${manager.webPort}/lab/`);
  const { page, lines } = opened;
  await page.exposeFunction("exportSpans", (json: string) => collector.add(json));
  await page.addScriptTag({ type: "module", url: "traced.js" });
  await page.waitForFunction("globalThis.traced");
  const { traceId, result } = await page.evaluate<{ traceId: string; result: unknown }>(`
    import("/client.js").then(async ({ connect }) => {
      await using cxn = await connect();
      const meter = await cxn.link("Meter");
      return await traced(() => meter.measure(2));
    })
  `);
  assertEquals(result, 10.5);
  const spans = await collector.trace(traceId, 3);
  assertEquals(shapeOf(spans), [
    ["browser", "a click", 1],
    ["manager", "Meter/measure", SERVER],
    ["service", "Meter/measure", SERVER],
  ]);
  assertMatch(showTrace(spans), /^browser: .*\n {2}manager: .*\n {4}service: .*$/);
  if (Deno.env.has("SHOW_TRACE")) console.log(showTrace(spans));
  assertEquals(lines, [], "the page has nothing to complain of");
});
