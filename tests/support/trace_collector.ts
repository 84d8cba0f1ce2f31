/** A collector of traces, as OpenTelemetry's exporters send them: OTLP as JSON over HTTP. */

import { until } from "./until.ts";

/** A span, as far as tests read it. */
export interface CollectedSpan {
  /** The name of the process, `OTEL_SERVICE_NAME`. */
  process: string;
  name: string;
  /** 2 for a server, 3 for a client. */
  kind: number;
  traceId: string;
  spanId: string;
  /** Empty for the first span of a trace. */
  parentSpanId: string;
  attributes: Record<string, unknown>;
  events: { name: string; attributes: Record<string, unknown> }[];
  /** 2 for an error. */
  status: number;
  /** In milliseconds. */
  duration: number;
}

/** A collector on a free port of loopback. */
export class TraceCollector implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #spans: CollectedSpan[] = [];

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, async (request) => {
      const isTraces = request.method === "POST" && request.url.endsWith("/v1/traces");
      const body = await request.text();
      if (isTraces) this.add(body);
      return Response.json({});
    });
  }

  /** Where an exporter sends to. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The environment in which a Deno process exports its spans here, and nothing else. */
  environment(process: string): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_SERVICE_NAME: process,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: this.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
  }

  /** Takes spans as an exporter sends them. */
  add(json: string): void {
    this.#spans.push(...spansOf(JSON.parse(json)));
  }

  /** Waits for a span of a process that has no parent, and gives the id of its trace. */
  async traceOf(process: string, name: string): Promise<string> {
    const isIt = (span: CollectedSpan) => span.process === process && span.name === name;
    const found = await until(`a span ${name}`, () => this.#spans.find(isIt));
    return found!.traceId;
  }

  /** Waits until a trace has so many spans of this package, or of a page. The first one comes first. */
  async trace(traceId: string, count: number): Promise<CollectedSpan[]> {
    const found = () => this.#spans.filter((span) => span.traceId === traceId);
    await until(`${count} spans of a trace`, () => found().length >= count);
    const spans = found();
    const ordered: CollectedSpan[] = [];
    for (let parent = ""; ordered.length < spans.length;) {
      const next = spans.find((span) => span.parentSpanId === parent);
      if (next === undefined) throw new Error(`not a chain: ${JSON.stringify(spans)}`);
      ordered.push(next);
      parent = next.spanId;
    }
    return ordered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** A trace as text: a line for each span, indented below its parent. */
export function showTrace(spans: readonly CollectedSpan[]): string {
  const lines = spans.map(({ process, kind, name, traceId, spanId, duration }, depth) =>
    `${"  ".repeat(depth)}${process}: ${["", "internal", "server", "client"][kind]} ${name} ` +
    `${duration.toFixed(2)} ms (trace ${traceId}, span ${spanId})`
  );
  return lines.join("\n");
}

type Attributes = { key: string; value: Record<string, unknown> }[];

interface Exported {
  resourceSpans: {
    resource: { attributes: Attributes };
    scopeSpans: {
      spans: {
        name: string;
        kind: number;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        startTimeUnixNano: string;
        endTimeUnixNano: string;
        attributes: Attributes;
        events?: { name: string; attributes?: Attributes }[];
        status?: { code?: number };
      }[];
    }[];
  }[];
}

function spansOf({ resourceSpans }: Exported): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans).map((span) => ({
      process: String(objectOf(resource.attributes)["service.name"]),
      name: span.name,
      kind: span.kind,
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId ?? "",
      attributes: objectOf(span.attributes),
      events: (span.events ?? []).map(({ name, attributes = [] }) => ({
        name,
        attributes: objectOf(attributes),
      })),
      status: span.status?.code ?? 0,
      duration: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
    }))
  );
}

function objectOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
