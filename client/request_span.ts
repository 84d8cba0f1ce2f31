/**
 * The span of a request of a Client, from the call until it is settled. `requests.ts` calls it for each
 * request to a service; a page has no spans of ours, and continues its own with `base/trace_context.ts`.
 *
 * @module
 */

import { openTelemetry } from "../base/telemetry.ts";
import { RpcSpan } from "../wire/rpc_span.ts";
import { traceMembers } from "../base/trace_context.ts";
import type { ClientRequest } from "./request.ts";

/** The Manager that a request is sent to. */
interface ManagerPlace {
  readonly host: string;
  readonly port: number;
}

/** Traces a request. Gives the members of its line that continue the trace. */
export function traceRequest(request: ClientRequest, { host, port }: ManagerPlace): string {
  if (openTelemetry() === undefined) return "";
  const { service, attribute } = request;
  const span = RpcSpan.start({ kind: "client", service, attribute, host, port });
  if (span === undefined) return traceMembers();
  request.onTransfer = (transfer) => span.add(transfer);
  request.whenSettled((outcome) => {
    if (outcome.state === "fulfilled") span.end();
    else span.fail(outcome.error);
  });
  return span.members;
}
