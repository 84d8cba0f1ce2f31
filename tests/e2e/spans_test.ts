/** The spans of a Client and a Service in a program that uses the SDK of OpenTelemetry. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { SpanKind, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { connect, type Link, options, Service, ValueError } from "../../mod.ts";
import { type TestManager, WireListener, WirePeer } from "../../testing.ts";
import { linked } from "../support/linked.ts";
import { Traces } from "../support/traces.ts";
import { until } from "../support/until.ts";

class Meter extends Service {
  /** The other Service that `relay` calls. */
  other: Link | undefined;

  async measure(): Promise<string> {
    await delay(0);
    return trace.getActiveSpan()!.spanContext().spanId;
  }

  async relay(): Promise<unknown> {
    await delay(0);
    return await this.other!.measure();
  }

  fail(): void {
    throw new ValueError("There is no such range");
  }

  throwOddly(): void {
    throw {
      toString() {
        throw new Error("no text");
      },
    };
  }

  async forever(): Promise<void> {
    const { signal } = this.request!;
    await new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason))
    );
  }

  *count(to: number): Generator<number> {
    for (let value = 0; value < to; value++) yield value;
  }

  echo(value: unknown): unknown {
    return value;
  }
}

/** A Manager, a Service and a Client, all in this process, which is traced. */
async function laboratory() {
  await using stack = new AsyncDisposableStack();
  const traces = stack.use(new Traces());
  const lab = stack.use(await linked(new Meter()));
  const whole = stack.move();
  return { ...lab, traces, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

/** Waits until so many spans have ended, and gives them from the first parent on. */
async function ended(traces: Traces, count: number): Promise<ReadableSpan[]> {
  const spans: ReadableSpan[] = [];
  await until(`${count} spans`, () => spans.push(...traces.take()) >= count);
  assertEquals(spans.length, count);
  const parents = (span: ReadableSpan): number => {
    const parent = spans.find((one) => one.spanContext().spanId === span.parentSpanContext?.spanId);
    return parent === undefined ? 0 : 1 + parents(parent);
  };
  return spans.sort((a, b) => parents(a) - parents(b));
}

/** The names and kinds of spans, which are a chain. */
function chainOf(spans: readonly ReadableSpan[]): string[] {
  for (const [index, span] of spans.entries()) {
    if (index === 0) continue;
    assertEquals(span.parentSpanContext?.spanId, spans[index - 1].spanContext().spanId);
    assertEquals(span.spanContext().traceId, spans[0].spanContext().traceId);
  }
  return spans.map(({ name, kind }) => `${SpanKind[kind].toLowerCase()} ${name}`);
}

Deno.test("a call belongs to the span of the program, and the method has its own as the active one", async () => {
  await using lab = await laboratory();
  const { traces, link } = lab;
  const measured = await trace.getTracer("program").startActiveSpan("experiment", async (span) => {
    try {
      return await link.measure();
    } finally {
      span.end();
    }
  });
  const spans = await ended(traces, 4);
  assertEquals(chainOf(spans), [
    "internal experiment",
    "client Meter/measure",
    "server Meter/measure",
    "server Meter/measure",
  ]);
  assertEquals(measured, spans[3].spanContext().spanId);
});

Deno.test("what a method calls belongs to its span, and one call does not to that of another", async () => {
  await using lab = await laboratory();
  const { traces, link, service, manager } = lab;
  await using other = new Meter({ name: "Other" });
  await other.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  service.other = await cxn.link("Other");
  await Promise.all([link.relay(), link.relay()]);
  const spans = await ended(traces, 12);
  const ids = new Set(spans.map((span) => span.spanContext().traceId));
  assertEquals(ids.size, 2);
  for (const id of ids) {
    const chain = chainOf(spans.filter((span) => span.spanContext().traceId === id));
    assertEquals(chain, [
      ...["client Meter/relay", "server Meter/relay", "server Meter/relay"],
      ...["client Other/measure", "server Other/measure", "server Other/measure"],
    ]);
  }
});

Deno.test("requests to the Manager, and Services that start in a span, have none", async () => {
  using traces = new Traces();
  const { promise: started, resolve } = Promise.withResolvers<
    Awaited<ReturnType<typeof linked<Meter>>>
  >();
  await trace.getTracer("program").startActiveSpan("start", async (span) => {
    resolve(await linked(new Meter()));
    span.end();
  });
  await using lab = await started;
  assertEquals(chainOf(traces.take()), ["internal start"]);
  await lab.link.measure();
  assertEquals(chainOf(await ended(traces, 3))[0], "client Meter/measure");
});

/** Ways in which a call fails, and the class of the error in the spans of the Client and the Service. */
const FAILURES: readonly [
  what: string,
  call: (link: Link<Meter>) => Promise<unknown>,
  client: string,
  service: string | undefined,
][] = [
  ["a method that throws", (link) => link.fail(), "ValueError", "ValueError"],
  ["a method that throws an odd value", (link) => link.throwOddly(), "Error", "Error"],
  [
    "a method that there is not",
    (link) => link.request("nothing"),
    "AttributeError",
    "AttributeError",
  ],
  [
    "a call that is cancelled",
    async (link) => {
      const future = link.forever();
      setTimeout(() => future.cancel(), 20);
      await future;
    },
    "CancelledError",
    "CancelledError",
  ],
  ["an argument that JSON cannot hold", (link) => link.echo(new Map()), "TypeError", undefined],
];

for (const [what, call, client, service] of FAILURES) {
  Deno.test(`${what} is an error of each span`, async () => {
    await using lab = await laboratory();
    await assertRejects(() => call(lab.link));
    const spans = await ended(lab.traces, service === undefined ? 1 : 3);
    const types = spans.map((span) => span.attributes["error.type"]);
    assertEquals(types, service === undefined ? [client] : [client, service, service]);
    for (const { events } of spans) assert(events.some(({ name }) => name === "exception"));
  });
}

Deno.test("values of a stream and pieces of large values are events of one span", async () => {
  await using lab = await laboratory();
  const { traces, link } = lab;
  for await (const _value of link.count(3)) { /* all of it */ }
  for (const { events, attributes } of await ended(traces, 3)) {
    assertEquals(events.map(({ name }) => name), Array(3).fill("msl_network.value"));
    assertEquals(attributes["msl_network.value.count"], 3);
  }
  await link.echo("x".repeat(1_000_000));
  for (const { name, attributes } of await ended(traces, 3)) {
    assertEquals(attributes["msl_network.part.count"], 8, name); // 4 there, 4 back
  }
});

Deno.test("a call that is not answered in time is pending, and so is its span", async () => {
  await using lab = await laboratory();
  const future = lab.link.forever(options({ timeout: 20 }));
  await assertRejects(() => future);
  assertEquals(lab.traces.take(), []);
  future.cancel();
  assertEquals((await ended(lab.traces, 3)).length, 3);
});

Deno.test("the span of a request whose arguments never arrive ends with the connection", async () => {
  using traces = new Traces();
  using listener = new WireListener();
  const meter = new Meter();
  const starting = meter.start({ ...listener.connectOptions, reconnect: false });
  {
    await using manager = await listener.accept();
    const requester = "Manager[lab-pc:1875]";
    const identity = { attribute: "identity", args: [], kwargs: {}, requester, uid: "" };
    manager.send({ error: false, ...identity });
    await manager.read();
    manager.send({ error: false, requester: "Meter[lab-pc:1]", uid: "ready", result: { beat: 0 } });
    await starting;
    const request = { service: "Meter", attribute: "echo", args: [], kwargs: {}, uid: "1" };
    manager.send({ error: false, ...request, requester: "a[b:1]", parts: 1, size: 1_000_000 });
    assertEquals((await manager.read()).attribute, "__room__");
  }
  const [span] = await ended(traces, 1);
  assertEquals([span.name, span.attributes["error.type"]], [
    "Meter/echo",
    "ConnectionAbortedError",
  ]);
  await meter.shutdown();
});

/** A service of the test under the name Raw, and what the Manager sends it for a call. */
async function rawService(manager: TestManager, extensions: string[] | undefined) {
  const peer = await WirePeer.introduce(manager.connectOptions, {
    ...{ type: "service", name: "Raw", language: "any", os: "any", max_clients: -1 },
    attributes: { measure: "()" },
    ...(extensions === undefined ? {} : { extensions }),
  });
  await manager.connected("Raw");
  return peer;
}

for (const extensions of [undefined, ["cancel"], ["trace"]]) {
  const isTold = extensions?.includes("trace") ?? false;
  Deno.test(`a service with the extensions ${extensions} gets ${isTold ? "the" : "no"} keys`, async () => {
    await using lab = await laboratory();
    await using peer = await rawService(lab.manager, extensions);
    const raw = await lab.client.link("Raw");
    const future = raw.measure();
    const request = await peer.read();
    assertEquals("traceparent" in request, isTold);
    assertEquals("tracestate" in request, false);
    peer.send({ error: false, requester: request.requester, uid: request.uid, result: 1 });
    assertEquals(await future, 1);
    const spans = await ended(lab.traces, 2);
    if (!isTold) return;
    assertEquals(chainOf(spans), ["client Raw/measure", "server Raw/measure"]);
    const { traceId, spanId } = spans[1].spanContext();
    assertEquals(request.traceparent, `00-${traceId}-${spanId}-01`);
  });
}

Deno.test("where nothing is traced no keys are sent", async () => {
  await using lab = await linked(new Meter());
  await using peer = await rawService(lab.manager, ["trace"]);
  const raw = await lab.client.link("Raw");
  const future = raw.measure();
  const request = await peer.read();
  assertEquals(Object.keys(request).filter((key) => key.startsWith("trace")), []);
  peer.send({ error: false, requester: request.requester, uid: request.uid, result: 1 });
  await future;
});

Deno.test("a service that is sent anything in the place of the keys answers as usual", async () => {
  await using lab = await laboratory();
  const { manager, traces } = lab;
  await using peer = await WirePeer.introduce(manager.connectOptions, {
    ...{ type: "client", name: "raw", language: "any", os: "any", extensions: ["trace"] },
  });
  await manager.connected("raw");
  for (const traceparent of ["", "00", 1, null, {}, "0".repeat(60_000)]) {
    const keys = { traceparent, tracestate: traceparent };
    const request = {
      service: "Meter",
      attribute: "echo",
      args: [1],
      kwargs: {},
      uid: "1",
      ...keys,
    };
    peer.send({ error: false, ...request });
    assertEquals((await peer.read()).result, 1);
    const spans = await ended(traces, 2);
    assertEquals(chainOf(spans), ["server Meter/echo", "server Meter/echo"]);
    assertMatch(spans[0].spanContext().traceId, /^[\da-f]{32}$/);
  }
});

Deno.test("a long line that the Manager holds belongs to the trace that it names", async () => {
  await using lab = await laboratory();
  const { manager, traces } = lab;
  await using peer = await WirePeer.introduce(manager.connectOptions, {
    ...{ type: "client", name: "raw", language: "any", os: "any", extensions: ["trace"] },
  });
  await manager.connected("raw");
  const id = "0af7651916cd43dd8448eb211c80319c";
  const text = "x".repeat(2_000_000);
  const request = { service: "Meter", attribute: "echo", args: [text], kwargs: {}, uid: "1" };
  const traceparent = `00-${id}-b7ad6b7169203331-01`;
  peer.send({ error: false, traceparent, ...request, tracestate: "y".repeat(2_000_000) });
  assertEquals((await peer.read()).result, text);
  const spans = await ended(traces, 2);
  assertEquals(chainOf(spans), ["server Meter/echo", "server Meter/echo"]);
  assertEquals(spans[0].spanContext().traceId, id);
});
