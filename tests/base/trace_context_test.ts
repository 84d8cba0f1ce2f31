import { assertEquals } from "@std/assert";
import { context, propagation, trace } from "@opentelemetry/api";
import { openTelemetry } from "../../base/telemetry.ts";
import { activeIds, traceMembers, validTrace } from "../../base/trace_context.ts";
import { LONGEST_TRACESTATE } from "../../limits.ts";
import { Traces } from "../support/traces.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** Runs a function with this as the active span. */
function inTrace<R>(tracestate: string, fn: () => R): R {
  const carrier = { traceparent: TRACEPARENT, tracestate };
  return context.with(propagation.extract(context.active(), carrier), fn);
}

Deno.test("where nothing is registered there is no trace", () => {
  assertEquals([openTelemetry(), traceMembers(), activeIds()], [undefined, "", undefined]);
});

Deno.test("a trace is two members of a request, whatever characters they have, and two ids", () => {
  using _traces = new Traces();
  assertEquals([traceMembers(), activeIds()], ["", undefined]);
  const tracestate = 'lab=a"b\\c';
  const { members, ids } = inTrace(
    tracestate,
    () => ({ members: traceMembers(), ids: activeIds() }),
  );
  assertEquals(JSON.parse(`{"a":1${members}}`), { a: 1, traceparent: TRACEPARENT, tracestate });
  assertEquals(ids, {
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    span_id: "b7ad6b7169203331",
  });
});

Deno.test("what is for the program alone is not sent", () => {
  using _traces = new Traces();
  propagation.disable();
  propagation.setGlobalPropagator({
    inject: (_context, carrier, setter) => {
      for (const key of ["baggage", "b3", "traceparent"]) setter.set(carrier, key, TRACEPARENT);
    },
    extract: (context) => context,
    fields: () => [],
  });
  assertEquals(traceMembers(), `,"traceparent":"${TRACEPARENT}"`);
});

Deno.test("a program that has registered a part of OpenTelemetry has no trace, and no error", () => {
  using _traces = new Traces();
  for (const part of [propagation, context, trace]) {
    part.disable();
    assertEquals([traceMembers(), activeIds()], ["", undefined]);
  }
});

Deno.test("a tracestate that is too long or not of ASCII is left out, its trace is not", () => {
  const traceparent = TRACEPARENT;
  const longest = "x".repeat(LONGEST_TRACESTATE);
  assertEquals(validTrace({ traceparent, tracestate: longest })?.tracestate, longest);
  for (const tracestate of [`${longest}x`, "é", "a\nb", 1, null, undefined]) {
    assertEquals(validTrace({ traceparent, tracestate }), { traceparent });
  }
});
