/** Devices in a registry without a network. */

import type { JsonObject, Request } from "../../wire/message.ts";
import type { Client, Service } from "../../manager/peer.ts";
import type { Registry } from "../../manager/registry.ts";

/** What a Python device says of its computer. */
export const DEVICE = { language: "Python 3.11.2", os: "Linux x86_64" };

/** What is not said by one that is registered. */
const SILENT = { ...DEVICE, extensions: [] };

/** Registers a client. */
export function addClient(registry: Registry<null>, name: string, address: string): Client<null> {
  const peer = registry.register({ kind: "client", name, address, ...SILENT }, null);
  if (peer.kind !== "client") throw new Error("it is not a client");
  return peer;
}

/** Registers a service that echoes. */
export function addService(
  registry: Registry<null>,
  name: string,
  address: string,
  maxClients = -1,
): Service<null> {
  const attributes = { echo: "(*args, **kwargs)" };
  const peer = registry.register(
    { kind: "service", name, address, attributes, maxClients, streams: [], ...SILENT },
    null,
  );
  if (peer.kind !== "service") throw new Error("it is not a service");
  return peer;
}

/** A request to the Manager, as it is read. */
export function managerRequest(
  attribute: string,
  args: unknown[] = [],
  kwargs: JsonObject = {},
): Request {
  return {
    kind: "request",
    service: "Manager",
    attribute,
    args,
    kwargs,
    uid: "1",
    requester: null,
    stream: undefined,
  };
}
