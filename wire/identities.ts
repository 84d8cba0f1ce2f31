/**
 * Identities: what a device sends when it connects, and the list of all connected devices that a
 * Manager gives, also as text for a person. The keys are those of the wire.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { type ServiceAbout, toServiceAbout } from "./about.ts";
import { encodeValue } from "./json.ts";
import { isObject, type JsonObject } from "./message.ts";

/**
 * The identity of a Client.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { ClientIdentity } from "@msl/network";
 *
 * const identity: ClientIdentity = {
 *   type: "client",
 *   name: "Client",
 *   language: "Python 3.11.2",
 *   os: "Linux x86_64",
 *   extensions: [],
 * };
 * assertEquals(identity.type, "client");
 * ```
 */
export interface ClientIdentity {
  /** The kind of device. */
  type: "client";
  /** The name that the Client has chosen. Several Clients may have the same. */
  name: string;
  /** The programming language, e.g. `"Python 3.11.2"`. */
  language: string;
  /** The operating system, e.g. `"Linux x86_64"`. */
  os: string;
  /** The extensions of the protocol that the Client offers, e.g. `"ready"`. */
  extensions: string[];
}

/** The identity of a Service. */
export interface ServiceIdentity {
  type: "service";
  name: string;
  /** Method name to signature text, or the value itself for a constant or property. */
  attributes: JsonObject;
  language: string;
  os: string;
  /** How many Clients may be linked at once; 0 or less means no limit. */
  max_clients: number;
  /** The extensions of the protocol that the Service offers, e.g. `"ready"`. */
  extensions: string[];
  /** The names of the methods whose results are streams. */
  streams: string[];
  /** What the Service says of itself. Absent if it says nothing. */
  about?: ServiceAbout;
}

/**
 * The user who offers a Service, i.e. who has logged in to connect it.
 *
 * @example
 * ```ts
 * import type { ServiceUser } from "@msl/network";
 *
 * const user: ServiceUser = { id: 7, name: "bob" };
 * console.log(user.name);
 * ```
 */
export interface ServiceUser {
  /** The number of the user in the database of the Manager, which no other user there ever gets. */
  readonly id: number;
  /** The name of the user. */
  readonly name: string;
}

/**
 * Whether two users are the same. The number alone is not enough: a Manager that was restarted may have
 * another database, whose numbers begin anew. Nor is the name, which a later user may get.
 */
export function isSameUser(one: ServiceUser | undefined, other: ServiceUser | undefined): boolean {
  return one?.id === other?.id && one?.name === other?.name;
}

/** A Service in the list of a Manager, and in the reply to `link`. */
export interface ServiceEntry {
  /** Method name to signature text, or the value itself for a constant or property. */
  attributes: JsonObject;
  /** `host:port` as the Manager sees it. */
  address: string;
  /** The programming language, e.g. `"Python 3.11.2"`. */
  language: string;
  /** The operating system, e.g. `"Linux x86_64"`. */
  os: string;
  /** How many clients may be linked at once; 0 or less means no limit. */
  max_clients: number;
  /**
   * The extensions of the protocol that the service knows. Absent unless the client that receives
   * the entry has offered extensions itself.
   */
  extensions?: readonly string[];
  /** The names of the methods whose results are streams. Absent likewise. */
  streams?: readonly string[];
  /**
   * Who offers the service. Only in the reply to `link`, to a client that has offered the extension
   * `owner`, if users log in.
   */
  offered_by?: ServiceUser;
  /**
   * What the service says of itself. Only in the reply to `link`, to a client that has offered the
   * extension `about`, if the service says anything.
   */
  about?: ServiceAbout;
}

/**
 * Checks the entry of a Service that a Manager has sent.
 *
 * @throws {ValueError} When it is none, or has a value of a wrong type.
 */
export function toServiceEntry(value: unknown): ServiceEntry {
  if (!isObject(value)) throw notAnEntry("it is no object");
  const { attributes = {}, address = "", language = "", os = "", max_clients = -1 } = value;
  const { extensions = [], streams = [] } = value;
  if (!isObject(attributes)) throw notAnEntry("attributes is no object");
  if (typeof max_clients !== "number") throw notAnEntry("max_clients is no number");
  for (const [name, text] of Object.entries({ address, language, os })) {
    if (typeof text !== "string") throw notAnEntry(`${name} is no text`);
  }
  for (const [name, list] of Object.entries({ extensions, streams })) {
    if (!Array.isArray(list) || !list.every((item) => typeof item === "string")) {
      throw notAnEntry(`${name} is no array of texts`);
    }
  }
  const { offered_by, about } = value;
  const entry = {
    attributes,
    address,
    language,
    os,
    max_clients,
    extensions,
    streams,
    ...(about === undefined ? {} : { about: toServiceAbout(about) }),
  };
  if (offered_by === undefined) return entry as ServiceEntry;
  if (!isServiceUser(offered_by)) throw notAnEntry("offered_by is no user");
  return { ...entry, offered_by: { id: offered_by.id, name: offered_by.name } } as ServiceEntry;
}

function isServiceUser(value: unknown): value is ServiceUser {
  return isObject(value) && typeof value.id === "number" && typeof value.name === "string";
}

function notAnEntry(reason: string): ValueError {
  return new ValueError(`Cannot read what the Manager says of the service: ${reason}`);
}

/** A Manager and all devices that are connected to it. */
export interface Identities {
  /** The computer that the Manager runs on. */
  hostname: string;
  /** The port that the Manager listens on. */
  port: number;
  /** The Manager's own methods that every client may call: name to signature text. */
  attributes: Record<string, unknown>;
  /** The programming language of the Manager. */
  language: string;
  /** The operating system of the Manager. */
  os: string;
  /** By network name, `name[host:port]`. */
  clients: Record<string, { name: string; address: string; language: string; os: string }>;
  /** By name. */
  services: Record<string, ServiceEntry>;
}

/** The identities as text for a person, each level indented by `indent` spaces. */
export function describeIdentities(identities: Identities, indent: number): string {
  const { hostname, port, attributes, language, os, clients, services } = identities;
  const lines: string[] = [];
  const add = (level: number, text: string) => lines.push(" ".repeat(indent * level) + text);
  const addAttributes = (level: number, attributes: Record<string, unknown>) => {
    add(level, "attributes:");
    for (const [name, value] of Object.entries(attributes)) {
      const isSignature = typeof value === "string" && value.startsWith("(");
      add(level + 1, name + (isSignature ? value : `() -> ${encodeValue(value)}`));
    }
  };
  add(0, `Manager[${hostname}:${port}]`);
  addAttributes(1, attributes);
  add(1, `language: ${language}`);
  add(1, `os: ${os}`);
  add(0, `Clients [${Object.keys(clients).length}]:`);
  for (const [networkName, client] of Object.entries(clients)) {
    add(1, networkName);
    add(2, `language: ${client.language}`);
    add(2, `os: ${client.os}`);
  }
  add(0, `Services [${Object.keys(services).length}]:`);
  for (const [name, service] of Object.entries(services)) {
    add(1, `${name}[${service.address}]`);
    addAttributes(2, service.attributes);
    add(2, `language: ${service.language}`);
    add(2, `max_clients: ${service.max_clients}`);
    add(2, `os: ${service.os}`);
  }
  return lines.join("\n");
}
