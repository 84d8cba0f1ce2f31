/**
 * OpenTelemetry in the process of a test, as a program has it that uses the SDK: its API finds what is
 * registered here, and so does this package. The spans that have ended are kept in memory.
 */

import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { OpenTelemetry } from "../../base/telemetry.ts";

/** The spans of a test, until it is disposed of. */
export class Traces implements Disposable {
  readonly #exporter = new InMemorySpanExporter();

  constructor() {
    // Our own declarations of these interfaces have to fit.
    const registered = {
      trace: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] }),
      context: new AsyncLocalStorageContextManager().enable(),
      propagation: new W3CTraceContextPropagator(),
    } satisfies OpenTelemetry;
    trace.setGlobalTracerProvider(registered.trace);
    context.setGlobalContextManager(registered.context);
    propagation.setGlobalPropagator(registered.propagation);
  }

  /** The spans that have ended, and forgets them. */
  take(): ReadableSpan[] {
    const spans = [...this.#exporter.getFinishedSpans()];
    this.#exporter.reset();
    return spans;
  }

  [Symbol.dispose](): void {
    trace.disable();
    context.disable();
    propagation.disable();
  }
}
