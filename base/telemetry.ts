/**
 * What this process has registered of OpenTelemetry: the runtime does so with `OTEL_DENO=true`, a page
 * or a program with an SDK of its own. Where nothing is registered, nothing is traced.
 *
 * The package `@opentelemetry/api` finds it in the same place. It is not imported: Deno downloads the
 * 2 MB of a dynamic import for each user, whether it is ever reached or not. The few types of its
 * interface that we use are declared here. `wire/rpc_span.ts` makes the spans.
 *
 * @module
 */

/** The trace of a request, in the keys of W3C Trace Context. */
export interface TraceContext {
  traceparent?: unknown;
  tracestate?: unknown;
}

/** A span, as OpenTelemetry's API has it. */
export interface Span {
  addEvent(name: string, attributes?: SpanAttributes): unknown;
  setAttributes(attributes: SpanAttributes): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  recordException(exception: { name?: string; message: string; stack?: string }): void;
  end(): void;
}

/** The attributes of a span or of an event. */
export type SpanAttributes = Record<string, string | number | undefined>;

/** The options of a span. */
export interface SpanOptions {
  kind: number;
  attributes: SpanAttributes;
  /** Whether it begins a trace, whatever code makes it. */
  root?: boolean;
}

/** Takes the keys that continue a trace. */
export interface TraceSetter {
  set(carrier: unknown, key: string, value: string): void;
}

/** What a program has registered. Each part may be missing. */
export interface OpenTelemetry {
  readonly trace?: {
    getTracer(name: string, version?: string): {
      startActiveSpan<R>(
        name: string,
        options: SpanOptions,
        context: unknown,
        fn: (span: Span) => R,
      ): R;
    };
  };
  readonly context?: {
    active(): unknown;
    with<R>(context: unknown, fn: () => R): R;
  };
  readonly propagation?: {
    inject(context: unknown, carrier: unknown, setter: TraceSetter): void;
    extract(context: unknown, carrier: TraceContext, getter: typeof GETTER): unknown;
  };
}

/** Where each copy of `@opentelemetry/api` 1.x finds what another one has registered. */
const API = Symbol.for("opentelemetry.js.api.1");

const registry = globalThis as { [API]?: OpenTelemetry };

/** How a propagator reads a {@linkcode TraceContext}. */
export const GETTER = {
  get: (carrier: TraceContext, key: string): unknown => Reflect.get(carrier, key),
  keys: (carrier: TraceContext): string[] => Object.keys(carrier),
};

/** What this process has registered; `undefined` if it traces nothing. */
export function openTelemetry(): OpenTelemetry | undefined {
  return registry[API]; // `Reflect.get` takes seven times as long, in each call
}
