/**
 * A page with an OpenTelemetry of its own, as a laboratory may have: it calls `/client.js` inside of a
 * span, and gives its spans to the function `exportSpans` of the test.
 */

import { context, propagation, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  SimpleSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import { StackContextManager } from "@opentelemetry/sdk-trace-web";

const exporter: SpanExporter = {
  export(spans, done) {
    const text = new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans));
    Reflect.get(globalThis, "exportSpans")(text).then(() => done({ code: 0 }));
  },
  shutdown: () => Promise.resolve(),
};
trace.setGlobalTracerProvider(
  new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": "browser" }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  }),
);
context.setGlobalContextManager(new StackContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());

/** Calls a method inside of a span. Gives the id of the trace, and the result. */
async function traced(call: () => Promise<unknown>): Promise<{ traceId: string; result: unknown }> {
  const tracer = trace.getTracer("page");
  return await tracer.startActiveSpan("a click", async (span) => {
    try {
      return { traceId: span.spanContext().traceId, result: await call() };
    } finally {
      span.end();
    }
  });
}

Object.assign(globalThis, { traced });
