/** What two joined Managers trace and count of a call. The program of the test has the SDK of OpenTelemetry. */

import { assertEquals, assertNotEquals } from "@std/assert";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { JsonObject } from "../../mod.ts";
import { failure, reply, request } from "../support/messages.ts";
import { Traces } from "../support/traces.ts";
import { TwoNodes } from "../support/two_nodes.ts";
import { until } from "../support/until.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE_ID}-${PARENT}-01`;
const TRACED = ["trace", "stream", "parts"];

/** A client `c` of b, and a service `S` of a, with these extensions. */
async function laboratory(ofClient: readonly string[], ofService: readonly string[]) {
  await using stack = new AsyncDisposableStack();
  const traces = stack.use(new Traces());
  const net = stack.use(await TwoNodes.start());
  const s = (await net.service(net.a, "S", { extensions: ofService, streams: ["count"] })).peer;
  const { peer: c, name } = await net.client(net.b, "c", ofClient);
  const whole = stack.move();
  return { traces, net, s, c, name, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

/** Waits until so many spans have ended, that of node b first. */
async function ended(traces: Traces, count: number): Promise<ReadableSpan[]> {
  const spans: ReadableSpan[] = [];
  await until(`${count} spans`, () => spans.push(...traces.take()) >= count);
  const nodeOf = ({ attributes }: ReadableSpan) => String(attributes["msl_network.node"]);
  return spans.sort((one, other) => nodeOf(other).localeCompare(nodeOf(one)));
}

/** The keys of a trace as a service reads them. */
function traceIn({ traceparent }: JsonObject): [trace: string, parent: string] {
  const [_, trace, parent] = String(traceparent).split("-");
  return [trace, parent];
}

Deno.test("a call is one trace: that of the client, the node b, the home node a, the service", async () => {
  await using lab = await laboratory(TRACED, TRACED);
  const { c, s, traces, name } = lab;
  c.send(request("a.S", "echo", [1], { uid: "1", traceparent: TRACEPARENT }));
  const trace = traceIn(await s.read());
  s.send(reply(`${name}@b`));
  await c.read();
  const [b, a] = await ended(traces, 2);
  assertEquals([b.name, a.name], ["a.S/echo", "S/echo"]);
  assertEquals(b.parentSpanContext?.spanId, PARENT);
  assertEquals(a.parentSpanContext?.spanId, b.spanContext().spanId);
  assertEquals(trace, [TRACE_ID, a.spanContext().spanId]);
});

Deno.test("values and pieces are events of the span at both nodes", async () => {
  await using lab = await laboratory(TRACED, TRACED);
  const { c, s, traces, name } = lab;
  c.send(request("a.S", "count", [], { uid: "1" }));
  await s.read();
  c.send(request("a.S", "__part__", ["piece"], { uid: "1" }));
  await s.read();
  s.send(reply(`${name}@b`, { attribute: "__next__" }));
  s.send(reply(`${name}@b`));
  await c.read();
  await c.read();
  for (const { events } of await ended(traces, 2)) {
    assertEquals(events.map((event) => event.name), ["msl_network.part", "msl_network.value"]);
  }
});

Deno.test("a trace that a client sends without having offered it is believed by neither node", async () => {
  for (const extensions of [TRACED, []]) {
    await using lab = await laboratory([], extensions);
    const { c, s, traces, name } = lab;
    c.send(request("a.S", "echo", [1], { uid: "1", traceparent: TRACEPARENT, tracestate: "x=1" }));
    const line = await s.read();
    s.send(reply(`${name}@b`));
    await c.read();
    const [b, a] = await ended(traces, 2);
    assertEquals(b.parentSpanContext, undefined);
    for (const span of [a, b]) assertNotEquals(span.spanContext().traceId, TRACE_ID);
    if (extensions === TRACED) {
      assertEquals(a.parentSpanContext?.spanId, b.spanContext().spanId);
      assertEquals(traceIn(line), [a.spanContext().traceId, a.spanContext().spanId]);
    }
    assertNotEquals(traceIn(line)[0], TRACE_ID);
  }
});

Deno.test("a session that ends, a node that is gone and a name that none has fail the span at b", async () => {
  await using lab = await laboratory(TRACED, TRACED);
  const { c, net, s, traces } = lab;
  c.send(request("a.S", "echo", [1], { uid: "1" }));
  await s.read();
  net.nodes.breakChannels();
  await c.read();
  const [broken] = await ended(traces, 2);
  c.send(request("a.T", "echo", [1], { uid: "2" }));
  await c.read();
  const [unknown] = await ended(traces, 2);
  net.nodes.lose("a");
  c.send(request("a.S", "echo", [1], { uid: "3" }));
  await c.read();
  const [gone] = await ended(traces, 1);
  assertEquals(
    [broken, unknown, gone].map(({ name, attributes }) => [name, attributes["error.type"]]),
    [
      ["a.S/echo", "ConnectionAbortedError"],
      ["_OTHER/_OTHER", "KeyError"],
      ["_OTHER/_OTHER", "ConnectionAbortedError"],
    ],
  );
});

Deno.test("a call counts once at each node: as one of the client at b, and of the client and the service at a", async () => {
  await using lab = await laboratory([], []);
  const { c, s, net, name } = lab;
  const b = () => net.b.manager.status();
  const a = () => net.a.manager.status();
  for (const answer of [{}, failure("ValueError: no")]) {
    c.send(request("a.S", "echo", [1]));
    await s.read();
    s.send(reply(`${name}@b`, answer));
    await c.read();
  }
  const counts = [
    b().clients[name],
    b().services["a.S"],
    a().clients[`${name}@b`],
    a().services.S,
  ].map(({ calls, call_errors }) => [calls, call_errors]);
  assertEquals(counts, [[2, 1], [0, 0], [2, 1], [2, 1]]);
  for (const { totals: { requests, answers } } of [a(), b()]) {
    assertEquals([requests, answers], [2, 2]);
  }
  c.send(request("a.S", "echo", [1], { uid: "3" }));
  await s.read();
  net.nodes.breakChannels();
  await c.read();
  assertEquals([b().clients[name].calls, b().clients[name].call_errors], [3, 2]);
});
