/** The spans of a Manager, without sockets. The program of the test has the SDK of OpenTelemetry. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_CLIENT_PORT,
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_METHOD_ORIGINAL,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from "@opentelemetry/semantic-conventions";
import { LONGEST_TRACESTATE, MOST_SPAN_EVENTS } from "../../limits.ts";
import { RequestSpans } from "../../manager/request_spans.ts";
import type { JsonObject } from "../../wire/message.ts";
import { failure, reply, request } from "../support/messages.ts";
import { type Device, Network } from "../support/network.ts";
import fc from "../support/properties.ts";
import { Traces } from "../support/traces.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE_ID}-${PARENT}-01`;
const EXTENSIONS = ["trace", "stream", "parts", "cancel"];

/** A traced Manager with a client and a service that know traces, and two that do not. */
function laboratory() {
  const traces = new Traces();
  const network = new Network(new RequestSpans({ host: "lab-pc", port: 1875, node: "hall" }));
  const stack = new DisposableStack();
  stack.use(traces);
  stack.use(network);
  return {
    traces,
    network,
    client: network.client("a", undefined, { extensions: EXTENSIONS }),
    old: network.client("old"),
    dmm: network.service("DMM", -1, EXTENSIONS),
    python: network.service("Python"),
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** The only line that a device was sent, as text. */
function only({ sink }: Device): string {
  const lines = sink.take();
  assertEquals(lines.length, 1);
  return lines[0];
}

/** The only span that has ended. */
function onlySpan(traces: Traces): ReadableSpan {
  const spans = traces.take();
  assertEquals(spans.length, 1);
  return spans[0];
}

/** The `traceparent` of a span. */
function traceparentOf(span: ReadableSpan): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags}`;
}

Deno.test("the span of a forwarded request is between those of its client and its service", () => {
  using lab = laboratory();
  const { traces, network, client, dmm } = lab;
  network.send(client, request("DMM", "echo", [], { traceparent: TRACEPARENT, tracestate: "a=b" }));
  const line = only(dmm);
  assertEquals(traces.take(), [], "it lasts until the reply");
  network.send(dmm, reply("a[lab-pc:0]", { result: 1 }));
  const span = onlySpan(traces);
  assertEquals(
    [span.name, span.kind, span.spanContext().traceId, span.parentSpanContext?.spanId],
    ["DMM/echo", SpanKind.SERVER, TRACE_ID, PARENT],
  );
  assertEquals(span.status.code, SpanStatusCode.UNSET);
  assertEquals(span.attributes, {
    [ATTR_RPC_SYSTEM_NAME]: "msl_network",
    [ATTR_RPC_METHOD]: "DMM/echo",
    [ATTR_SERVER_ADDRESS]: "lab-pc",
    [ATTR_SERVER_PORT]: 1875,
    [ATTR_CLIENT_ADDRESS]: "lab-pc",
    [ATTR_CLIENT_PORT]: 0,
    "msl_network.requester": "a[lab-pc:0]",
    "msl_network.node": "hall",
  });
  const { traceparent, tracestate, requester } = JSON.parse(line);
  assertEquals(
    { traceparent, tracestate, requester },
    { traceparent: traceparentOf(span), tracestate: "a=b", requester: "a[lab-pc:0]" },
  );
  assert(
    line.startsWith(
      JSON.stringify(request("DMM", "echo", [], {
        traceparent: TRACEPARENT,
        tracestate: "a=b",
      })).slice(0, -1),
    ),
    "the bytes of the client come first",
  );
});

Deno.test("a client that has not offered the extension is not believed, and its keys continue nothing", () => {
  using lab = laboratory();
  const { traces, network, old, dmm } = lab;
  network.send(old, request("DMM", "echo", [], { traceparent: TRACEPARENT, tracestate: "a=b" }));
  const { traceparent, tracestate } = JSON.parse(only(dmm));
  network.send(dmm, reply("old[lab-pc:1]"));
  const span = onlySpan(traces);
  assert(span.spanContext().traceId !== TRACE_ID);
  assertEquals([span.parentSpanContext, traceparent], [undefined, traceparentOf(span)]);
  assertEquals(tracestate, "", "that of another trace");
});

Deno.test("a service that has not offered the extension never gets keys of the Manager", () => {
  using lab = laboratory();
  const { traces, network, client, python } = lab;
  const sent = JSON.stringify(request("Python", "echo"));
  network.send(client, sent);
  assertEquals(only(python), `${sent.slice(0, -1)},"requester":"a[lab-pc:0]"}`);
  network.send(python, reply("a[lab-pc:0]"));
  assertEquals(onlySpan(traces).name, "Python/echo");
});

Deno.test("without tracing the keys of a trace are forwarded as any other key", () => {
  using network = new Network();
  const client = network.client("a", undefined, { extensions: EXTENSIONS });
  const dmm = network.service("DMM", -1, EXTENSIONS);
  const sent = JSON.stringify(request("DMM", "echo", [], { traceparent: 1, tracestate: [2] }));
  network.send(client, sent);
  assertEquals(only(dmm), `${sent.slice(0, -1)},"requester":"a[lab-pc:0]"}`);
});

const INVALID: readonly [what: string, traceparent: unknown][] = [
  ["of no version", `ff-${TRACE_ID}-${PARENT}-01`],
  ["of trace zero", `00-${"0".repeat(32)}-${PARENT}-01`],
  ["of span zero", `00-${TRACE_ID}-${"0".repeat(16)}-01`],
  ["in capital letters", TRACEPARENT.toUpperCase()],
  ["with a line after it", `${TRACEPARENT}\n`],
  ["too short", TRACEPARENT.slice(1)],
  ["with more than it may have", `${TRACEPARENT}-what`],
  ["of a megabyte", "0".repeat(1_000_000)],
  ["empty", ""],
  ["a number", 7],
  ["null", null],
  ["a list", [TRACEPARENT]],
  ["an object", { traceparent: TRACEPARENT }],
];

for (const [what, traceparent] of INVALID) {
  Deno.test(`a traceparent that is ${what} begins a trace, and its request is forwarded`, () => {
    using lab = laboratory();
    const { traces, network, client, dmm } = lab;
    network.send(client, request("DMM", "echo", [], { traceparent, tracestate: "a=b" }));
    const forwarded: JsonObject = JSON.parse(only(dmm));
    network.send(dmm, reply("a[lab-pc:0]"));
    const span = onlySpan(traces);
    assertEquals(forwarded.traceparent, traceparentOf(span));
    assertEquals(span.parentSpanContext, undefined);
  });
}

Deno.test("any value of the two keys leaves the request as it is, and ends in one valid span", () => {
  using lab = laboratory();
  const { traces, network, client, dmm } = lab;
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constant(TRACEPARENT),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef-"), maxLength: 60 }),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  fc.assert(fc.property(value, value, (traceparent, tracestate) => {
    network.send(client, request("DMM", "echo", [1], { traceparent, tracestate }));
    const forwarded: JsonObject = JSON.parse(only(dmm));
    network.send(dmm, reply("a[lab-pc:0]"));
    client.sink.take();
    const span = onlySpan(traces);
    assertEquals(forwarded.args, [1]);
    assertMatch(String(forwarded.traceparent), /^00-[\da-f]{32}-[\da-f]{16}-01$/);
    assertEquals(forwarded.traceparent, traceparentOf(span));
  }));
});

for (const length of [LONGEST_TRACESTATE, LONGEST_TRACESTATE + 1, 900_000]) {
  const isRead = length <= LONGEST_TRACESTATE;
  Deno.test(`a tracestate of ${length} characters is ${isRead ? "read" : "not read"}`, () => {
    using lab = laboratory();
    const { traces, network, client, dmm } = lab;
    const tracestate = `a=${"b".repeat(240)},c=${"d".repeat(240)},e=${"f".repeat(length - 488)}`;
    network.send(client, request("DMM", "echo", [], { traceparent: TRACEPARENT, tracestate }));
    assertEquals(JSON.parse(only(dmm)).tracestate, tracestate);
    network.send(dmm, reply("a[lab-pc:0]"));
    const { traceState } = onlySpan(traces).spanContext();
    assertEquals(traceState?.get("a"), isRead ? "b".repeat(240) : undefined);
  });
}

Deno.test("a request whose trace is not sampled is forwarded as such, and has no span", () => {
  using lab = laboratory();
  const { traces, network, client, dmm } = lab;
  const traceparent = `00-${TRACE_ID}-${PARENT}-00`;
  network.send(client, request("DMM", "echo", [], { traceparent }));
  assertMatch(JSON.parse(only(dmm)).traceparent, new RegExp(`^00-${TRACE_ID}-[\\da-f]{16}-00$`));
  network.send(dmm, reply("a[lab-pc:0]"));
  assertEquals(traces.take(), []);
});

Deno.test("a method that the service does not have is one name for all, so that names are few", () => {
  using lab = laboratory();
  const { traces, network, client, dmm } = lab;
  network.send(client, request("DMM", "9f3a", []));
  network.send(dmm, reply("a[lab-pc:0]", failure("AttributeError: no attribute '9f3a'")));
  const span = onlySpan(traces);
  assertEquals(span.name, "DMM/_OTHER");
  assertEquals(span.attributes[ATTR_RPC_METHOD], "DMM/_OTHER");
  assertEquals(span.attributes[ATTR_RPC_METHOD_ORIGINAL], "DMM/9f3a");
});

Deno.test("a service may have numbers that JSON does not have among its attributes", () => {
  using lab = laboratory();
  const { traces, network, client, dmm } = lab;
  Object.assign(dmm.peer, { attributes: '{"offset":NaN}' });
  network.send(client, request("DMM", "offset", []));
  network.send(dmm, reply("a[lab-pc:0]"));
  const span = onlySpan(traces);
  assertEquals([span.name, span.status.code], ["DMM/offset", SpanStatusCode.UNSET]);
});

/** What ends a request in another way than by a result, and the class of the error in its span. */
const ENDS: readonly [what: string, end: (lab: ReturnType<typeof laboratory>) => void, string][] = [
  [
    "an error reply",
    ({ network, dmm }) => network.send(dmm, reply("a[lab-pc:0]", failure("RangeError: too far"))),
    "RangeError",
  ],
  [
    "an error reply that names no class",
    ({ network, dmm }) => network.send(dmm, reply("a[lab-pc:0]", failure("it broke"))),
    "RemoteError",
  ],
  [
    "an invalid reply",
    ({ network, dmm }) => network.send(dmm, '{"requester":"a[lab-pc:0]","uid":"1","result":nil}'),
    "ValueError",
  ],
  [
    "the end of the service",
    ({ network, dmm }) => network.router.sessions.unregister(dmm.peer),
    "ConnectionAbortedError",
  ],
  [
    "the end of the client",
    ({ network, client }) => network.router.sessions.unregister(client.peer),
    "ConnectionAbortedError",
  ],
  [
    "the end of the Manager",
    ({ network }) => void network.router.sessions.failPending(1_000),
    "ConnectionAbortedError",
  ],
];

for (const [what, end, type] of ENDS) {
  Deno.test(`${what} ends the span of a request with the class of the error, once`, () => {
    using lab = laboratory();
    lab.network.send(lab.client, request("DMM", "echo"));
    end(lab);
    const span = onlySpan(lab.traces);
    assertEquals(span.status.code, SpanStatusCode.ERROR);
    assertEquals(span.attributes[ATTR_ERROR_TYPE], type);
    assertEquals(span.events.map(({ name }) => name), ["exception"]);
    lab.network.send(lab.dmm, reply("a[lab-pc:0]"));
    assertEquals(lab.traces.take(), [], "a late reply");
  });
}

Deno.test("a request that the Manager refuses has a span with its error", () => {
  using lab = laboratory();
  const { traces, network, client, old, dmm } = lab;
  network.send(client, request("Nothing", "echo", [], { traceparent: TRACEPARENT }));
  const absent = onlySpan(traces);
  assertEquals(
    [absent.name, absent.attributes[ATTR_ERROR_TYPE], absent.spanContext().traceId],
    ["_OTHER/_OTHER", "KeyError", TRACE_ID],
    "collectors group by names, and a client may request any service",
  );
  assertEquals(absent.attributes["rpc.method_original"], "Nothing/echo");
  network.send(client, request("Manager", "link", ["DMM"]));
  network.send(client, request("Manager", "acquire_lock", ["DMM", false]));
  network.send(old, request("DMM", "echo"));
  assertEquals(onlySpan(traces).attributes[ATTR_ERROR_TYPE], "PermissionError");
  assertEquals(dmm.sink.take(), []);
});

Deno.test("values of a stream and pieces are events of the span, the first ones", () => {
  using lab = laboratory();
  const { traces, network, client, dmm } = lab;
  network.send(client, request("DMM", "echo", [], { stream: 9, parts: 1, size: 9 }));
  network.send(client, request("DMM", "__part__", ["[["]));
  network.send(client, request("DMM", "__more__", [4]));
  for (let n = 0; n < 200; n++) {
    network.send(dmm, reply("a[lab-pc:0]", { attribute: "__next__", result: n }));
  }
  network.send(dmm, reply("a[lab-pc:0]", { attribute: "__room__", result: 1 }));
  network.send(dmm, reply("a[lab-pc:0]"));
  const { events, attributes } = onlySpan(traces);
  assertEquals(events.length, MOST_SPAN_EVENTS);
  assertEquals(
    events.slice(0, 3).map(({ name, attributes }) => [name, attributes?.["msl_network.index"]]),
    [["msl_network.part", 0], ["msl_network.value", 0], ["msl_network.value", 1]],
  );
  assertEquals(attributes["msl_network.value.count"], 200);
  assertEquals(attributes["msl_network.part.count"], 1);
});

Deno.test("requests with the same uid have spans of their own", () => {
  using lab = laboratory();
  const { traces, network, client, dmm } = lab;
  network.send(client, request("DMM", "echo"));
  network.send(client, request("DMM", "echo"));
  network.send(dmm, reply("a[lab-pc:0]"));
  assertEquals(traces.take().length, 1);
  network.send(dmm, reply("a[lab-pc:0]", failure("ValueError: no")));
  assertEquals(onlySpan(traces).attributes[ATTR_ERROR_TYPE], "ValueError");
});
