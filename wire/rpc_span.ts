/**
 * The span of a call in one process: in a Client from the call to its result, in a Manager from the
 * request to the reply that it forwards, in a Service while the method runs.
 *
 * The names of spans, attributes and events are all here. They follow the semantic conventions of
 * OpenTelemetry for RPC (1.45, stable); what those do not name begins with `msl_network`.
 *
 * @module
 */

import {
  GETTER,
  type OpenTelemetry,
  openTelemetry,
  type Span,
  type SpanAttributes,
  type TraceContext,
} from "../base/telemetry.ts";
import { RemoteError } from "../errors.ts";
import { MOST_SPAN_EVENTS } from "../limits.ts";
import { VERSION } from "../version.ts";
import { traceMembers, type Transfer, validTrace } from "../base/trace_context.ts";

/** The name of the tracer, and of the RPC system. */
const TRACER = "@msl/network";
const SYSTEM = "msl_network";

/** The method of a span, where the service has none of the name that was requested. */
const OTHER = "_OTHER";

/** OpenTelemetry's numbers of the kinds of spans, and of the status of one that has failed. */
const KINDS = { server: 1, client: 2 } as const;
const FAILED = 2;

/** A call, as its span shows it. */
export interface RpcCall {
  /** Whether this process requests it, or answers or forwards it. */
  kind: keyof typeof KINDS;
  service: string;
  attribute: string;
  /** Whether the service has the attribute. Default: `true`. */
  isKnown?: boolean;
  /** The Manager that it goes through. */
  host: string;
  port: number;
  /** The network name of the client, as the Manager has it. Default: not known. */
  requester?: string;
  /** The address of the client, `host:port`. Default: not known. */
  client?: string;
  /** The name of this Manager among several that are joined. Default: none. */
  node?: string;
}

/** A span of a call. */
export class RpcSpan {
  /** The members of a request that continue the trace after this span; empty if it has no ids. */
  readonly members: string;
  readonly #context: OpenTelemetry["context"];
  /** What is active in the methods that `run` calls. */
  readonly #active: unknown;
  readonly #span: Span;
  readonly #counts = new Map<Transfer, number>();
  #events = 0;
  #isEnded = false;

  private constructor(span: Span, context: OpenTelemetry["context"]) {
    this.#span = span;
    this.#context = context;
    this.#active = context?.active();
    this.members = traceMembers();
  }

  /**
   * Begins a span. `undefined` where this process traces nothing.
   *
   * @param parent The keys of the request that is answered or forwarded, whatever they hold. Without
   * valid ones the span begins a trace. Default: what the code that calls this belongs to.
   */
  static start(call: RpcCall, parent?: TraceContext): RpcSpan | undefined {
    const { trace, context, propagation } = openTelemetry() ?? {};
    if (trace === undefined) return undefined;
    const continued = parent && validTrace(parent);
    const active = context?.active();
    const around = continued && propagation
      ? propagation.extract(active, continued, GETTER)
      : active;
    return trace.getTracer(TRACER, VERSION).startActiveSpan(
      nameOf(call),
      {
        kind: KINDS[call.kind],
        attributes: attributesOf(call),
        root: parent !== undefined && continued === undefined,
      },
      around,
      (span) => new RpcSpan(span, context),
    );
  }

  /** Runs a function as a part of the span: the spans and the records of the log in it belong to it. */
  run<R>(fn: () => R): R {
    return this.#context === undefined ? fn() : this.#context.with(this.#active, fn);
  }

  /** A value of a stream, or a piece, was received or sent. The first ones are events of the span. */
  add(event: Transfer): void {
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    if (this.#events++ < MOST_SPAN_EVENTS) {
      this.#span.addEvent(`${SYSTEM}.${event}`, { [`${SYSTEM}.index`]: count - 1 });
    }
  }

  /** The call has a result. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const [event, count] of this.#counts) {
      this.#span.setAttributes({ [`${SYSTEM}.${event}.count`]: count });
    }
    this.#span.end();
  }

  /** The call has failed. */
  fail(error: unknown): void {
    if (this.#isEnded) return;
    const { name, message, stack } = asError(error);
    this.#span.setAttributes({ "error.type": name });
    this.#span.setStatus({ code: FAILED, message });
    this.#span.recordException({ name, message, stack });
    this.end();
  }
}

/** The span name: the method, with its service. */
function nameOf({ service, attribute, isKnown = true }: RpcCall): string {
  return `${service}/${isKnown ? attribute : OTHER}`;
}

function attributesOf(call: RpcCall): SpanAttributes {
  const { service, attribute, isKnown = true, host, port, requester, client, node } = call;
  const attributes: SpanAttributes = {
    "rpc.system.name": SYSTEM,
    "rpc.method": nameOf(call),
    "server.address": host,
    "server.port": port,
  };
  if (!isKnown) attributes["rpc.method_original"] = `${service}/${attribute}`;
  if (requester !== undefined) attributes[`${SYSTEM}.requester`] = requester;
  if (node !== undefined) attributes[`${SYSTEM}.node`] = node;
  if (client !== undefined) {
    const colon = client.lastIndexOf(":");
    attributes["client.address"] = client.slice(0, colon);
    attributes["client.port"] = Number(client.slice(colon + 1));
  }
  return attributes;
}

/** What a span shows of what was thrown. The class of the error is that of the other side. */
function asError(error: unknown): { name: string; message: string; stack?: string } {
  try {
    if (!(error instanceof Error)) return { name: "Error", message: String(error) };
    const { name, message, stack } = error;
    const own = error instanceof RemoteError && error.remoteName || name;
    return { name: String(own), message: String(message), stack: stack && String(stack) };
  } catch {
    return { name: "Error", message: "" }; // a method of the value that was thrown has thrown
  }
}
