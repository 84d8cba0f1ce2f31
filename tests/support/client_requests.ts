/** Requests of a Client as objects, for the tests of the queues and the scheduler. */

import { ClientRequest, labelOf, type RequestParts } from "../../client/request.ts";
import { Future } from "../../future.ts";

/** A request to `service`; its uid is the name of the attribute. */
export function clientRequest(
  attribute: string,
  parts: Partial<RequestParts> & { onCancel?: () => void } = {},
): ClientRequest {
  const { service = "S", onCancel } = parts;
  return new ClientRequest({
    service,
    attribute,
    args: [],
    kwargs: {},
    uid: attribute,
    resolvers: Future.withResolvers<unknown>({ label: labelOf(service, attribute), onCancel }),
    deadline: Infinity,
    adapt: undefined,
    link: service,
    peer: undefined,
    isAdministrative: false,
    failsOffline: false,
    onValue: undefined,
    onSent: undefined,
    onProgress: undefined,
    wantsTime: false,
    ...parts,
  });
}
