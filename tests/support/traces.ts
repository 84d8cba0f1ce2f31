/**
 * OpenTelemetry in the process of a test, as a program has it that uses the SDK: its API finds what is
 * registered here, and so does this package. The spans that have ended are kept in memory.
 */

import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  type ReadableSpan,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import type { OpenTelemetry } from "../../base/telemetry.ts";

/** The spans of a test, until it is disposed of. */
export class Traces implements Disposable {
  readonly #ended: ReadableSpan[] = [];

  constructor() {
    // The exporter of the SDK that keeps spans in memory starts a timer for each.
    const keeper: SpanProcessor = {
      onStart: () => {},
      onEnd: (span) => void this.#ended.push(span),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    // Our own declarations of these interfaces have to fit.
    const registered = {
      trace: new BasicTracerProvider({ spanProcessors: [keeper] }),
      context: new AsyncLocalStorageContextManager().enable(),
      propagation: new W3CTraceContextPropagator(),
    } satisfies OpenTelemetry;
    trace.setGlobalTracerProvider(registered.trace);
    context.setGlobalContextManager(registered.context);
    propagation.setGlobalPropagator(registered.propagation);
  }

  /** The spans that have ended, and forgets them. */
  take(): ReadableSpan[] {
    return this.#ended.splice(0);
  }

  [Symbol.dispose](): void {
    trace.disable();
    context.disable();
    propagation.disable();
  }
}
