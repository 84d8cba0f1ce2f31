/**
 * The keys of a request that continue a trace: those of W3C Trace Context. A peer may send anything in
 * their place; what is not valid is ignored, so that the request itself is never affected.
 *
 * @module
 */

import { openTelemetry, type TraceContext } from "./telemetry.ts";
import { LONGEST_TRACESTATE } from "../limits.ts";

/** What travels for a call between the request and the reply, values of a stream and pieces. */
export type Transfer = "value" | "part";

/**
 * The trace of the code that calls this, as members of a request that follow others; empty if there is
 * none.
 */
export function traceMembers(): string {
  let members = "";
  const set = (_carrier: unknown, key: string, value: string) => {
    // A propagator may have more, which is for the program alone.
    if (/^trace/.test(key)) members += `,"${key}":${JSON.stringify(value)}`;
  };
  const { context, propagation } = openTelemetry() ?? {};
  if (context) propagation?.inject(context.active(), members, { set });
  return members;
}

/** The version, the trace, the span, of which none is zero, and the flags. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** Printable ASCII. */
const TRACESTATE = /^[\x20-\x7e]*$/;

/** The longest `traceparent` that is valid, in characters. */
export const LONGEST_TRACEPARENT = 55;

/** The trace that a request continues; `undefined` if it does not say a valid one. */
export function validTrace({ traceparent, tracestate }: TraceContext): TraceContext | undefined {
  if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent)) return undefined;
  const isValid = typeof tracestate === "string" && tracestate.length <= LONGEST_TRACESTATE &&
    TRACESTATE.test(tracestate);
  return isValid ? { traceparent, tracestate } : { traceparent };
}

/** The ids of a trace and of its span, as OpenTelemetry names them in a record of a log. */
export interface TraceIds {
  trace_id: string;
  span_id: string;
}

/** Those of the code that calls this; `undefined` if there are none. */
export function activeIds(): TraceIds | undefined {
  const members = traceMembers();
  if (members === "") return undefined;
  const valid = validTrace(JSON.parse(`{${members.slice(1)}}`));
  if (valid === undefined) return undefined;
  const [_version, trace_id, span_id] = String(valid.traceparent).split("-");
  return { trace_id, span_id };
}
