/**
 * Who is connected to a Manager, as the Manager tells it, and the same as text for a person.
 *
 * @module
 */

import type { JsonObject } from "./message.ts";

/** What a Client says of itself. */
export interface ClientIdentity {
  /** What kind of device it is. */
  type: "client";
  /** How it calls itself. */
  name: string;
  /** Its programming language, e.g. `"Python 3.11.2"`. */
  language: string;
  /** Its operating system, e.g. `"Linux x86_64"`. */
  os: string;
  /** Extensions of the protocol that the Client offers, e.g. `"ready"`. */
  extensions: string[];
}

/** What a Service says of itself. */
export interface ServiceIdentity {
  type: "service";
  name: string;
  /** Method name to signature text, or the value itself for a constant or property. */
  attributes: JsonObject;
  language: string;
  os: string;
  /** How many Clients may be linked at once; 0 or less means no limit. */
  max_clients: number;
  /** Extensions of the protocol that the Service offers, e.g. {@linkcode READY}. */
  extensions: string[];
  /** The names of the methods whose results are streams. */
  streams: string[];
}

/** A service as an identity and a reply to `link` show it; the keys are those of the wire. */
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
  /** The extensions of the protocol that the service knows, told to who knows such a one too. */
  extensions?: readonly string[];
  /** The names of the methods whose results are streams, told likewise. */
  streams?: readonly string[];
}

/** The Manager and everyone who is connected to it; the keys are those of the wire. */
export interface Identities {
  /** The computer that the Manager runs on. */
  hostname: string;
  /** The port that the Manager listens on. */
  port: number;
  /** What anyone may request of the Manager. */
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

/** The identities as text, each level indented by `indent` spaces. */
export function describeIdentities(identities: Identities, indent: number): string {
  const { hostname, port, attributes, language, os, clients, services } = identities;
  const lines: string[] = [];
  const add = (level: number, text: string) => lines.push(" ".repeat(indent * level) + text);
  const addAttributes = (level: number, attributes: Record<string, unknown>) => {
    add(level, "attributes:");
    for (const [name, value] of Object.entries(attributes)) {
      const isSignature = typeof value === "string" && value.startsWith("(");
      add(level + 1, name + (isSignature ? value : `: ${JSON.stringify(value)}`));
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
