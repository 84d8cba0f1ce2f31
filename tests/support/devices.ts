/** Clients and services in a registry, without a network. */

import type { JsonObject, Request } from "../../wire/message.ts";
import { encodeValue, parseJson } from "../../wire/json.ts";
import {
  type Client,
  encodeEntry,
  type Peer,
  type PeerIdentity,
  type Service,
} from "../../manager/peer.ts";
import type { SessionUser } from "../../manager/database/users_table.ts";
import type { Registry } from "../../manager/registry.ts";
import { userNamed } from "./users.ts";

/** The name of the Manager of these tests, as it stands in messages. */
export const MANAGER_NAME = "Manager[lab-pc:1875]";

/** The part of a Python device's identity that describes its computer. */
export const DEVICE = { language: "Python 3.11.2", os: "Linux x86_64" };

/** The options of a client. */
export interface ClientOptions {
  /** Default: `"lab-pc:1"`. */
  address?: string;
  extensions?: readonly string[];
}

/** The options of a service. */
export interface ServiceOptions {
  /** Default: `"lab-pc:2"`. */
  address?: string;
  extensions?: readonly string[];
  /** Default: `echo` alone. */
  attributes?: JsonObject;
  /** Default: no limit. */
  maxClients?: number;
  /** The methods whose results are streams. */
  streams?: readonly string[];
}

/** A client that is not registered yet. */
export function clientOf(
  name: string,
  { address = "lab-pc:1", extensions = [] }: ClientOptions = {},
): PeerIdentity & { kind: "client" } {
  return { kind: "client", name, address, extensions, ...DEVICE };
}

/** A service that is not registered yet. */
export function serviceOf(
  name: string,
  {
    address = "lab-pc:2",
    extensions = [],
    attributes = { echo: "(*args, **kwargs)" },
    maxClients = -1,
    streams = [],
  }: ServiceOptions = {},
): PeerIdentity & { kind: "service" } {
  return {
    kind: "service",
    name,
    address,
    extensions,
    attributes: encodeValue(attributes),
    maxClients,
    streams,
    ...DEVICE,
  };
}

/** The entry of a service in an identity. */
export function serviceEntry(service: Service<unknown>): unknown {
  return parseJson(encodeEntry(service));
}

/** Registers a client. */
export function addClient<Session>(
  registry: Registry<Session>,
  session: Session,
  name: string,
  { username, ...options }: ClientOptions & { username?: string } = {},
): Client<Session> {
  const user = username === undefined ? undefined : userNamed(username);
  return asClient(registry.register(clientOf(name, options), session, user));
}

/** Registers a service. */
export function addService<Session>(
  registry: Registry<Session>,
  session: Session,
  name: string,
  { user, ...options }: ServiceOptions & { user?: SessionUser } = {},
): Service<Session> {
  return asService(registry.register(serviceOf(name, options), session, user));
}

/** Narrows a peer to a client. */
export function asClient<Session>(peer: Peer<Session>): Client<Session> {
  if (peer.kind === "client") return peer;
  throw new TypeError(`${peer.networkName} is not a client`);
}

/** Narrows a peer to a service. */
export function asService<Session>(peer: Peer<Session>): Service<Session> {
  if (peer.kind === "service") return peer;
  throw new TypeError(`${peer.networkName} is not a service`);
}

/** A decoded request to the Manager. */
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
    parts: undefined,
    takesWhole: false,
    wantsTime: false,
    knowsArrays: false,
    size: undefined,
  };
}
