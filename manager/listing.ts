/**
 * What the Manager tells about its clients and services: to a peer in the identity, in the reply to a
 * link and in the one to `about`, and to other nodes. Of a service that a peer may not use it tells the
 * names alone.
 *
 * @module
 */

import { repr } from "../base/repr.ts";
import { KeyError, PermissionError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { LANGUAGE, OS } from "../version.ts";
import type { Identities, ServiceEntry } from "../wire/identities.ts";
import { EncodedValue, parseJson } from "../wire/json.ts";
import { ABOUT, ARRAYS, CANCEL, OWNER, PARTS, STREAM, TIME, TRACE } from "../wire/protocol.ts";
import { extensionsWithin } from "./known_extensions.ts";
import {
  type Client,
  encodeEntry,
  encodeNamesOnly,
  NOTHING_SAID_JSON,
  type Peer,
  type Service,
} from "./peer.ts";
import type { Registry } from "./registry.ts";
import type { AnnouncedService, RemoteServices } from "./remote_services.ts";

/** The extensions that a client and its service must both offer to use them. */
const BETWEEN_DEVICES = [CANCEL, STREAM, PARTS, TIME, TRACE, ARRAYS];

/** The computer and the port of a Manager. */
export interface Host {
  readonly hostname: string;
  readonly port: number;
}

/** Tells about the peers of a registry. */
export class Listing<Session> {
  /** The services of other nodes; `undefined` if the Manager is not joined to any. */
  remote: RemoteServices<Session, unknown> | undefined;
  readonly #registry: Registry<Session>;
  readonly #host: Host;
  /** What is listed of each service for the peers that may not use it. */
  readonly #attributeNames = new WeakMap<Service<Session>, string>();
  /** The extensions that the Manager knows. */
  readonly #extensions: ReadonlySet<string>;

  constructor(
    registry: Registry<Session>,
    host: Host,
    limits: Pick<Limits, "maxMessageSize">,
  ) {
    this.#registry = registry;
    this.#host = host;
    this.#extensions = new Set(extensionsWithin(limits));
  }

  /**
   * The identity of the Manager, with every connected client and service, without the extensions of
   * services, which are listed for a peer that offers such an extension itself.
   */
  identities(): Identities {
    return parseJson(this.#encode()) as Identities;
  }

  /** The same for a peer, which sees only the names of what it may not use. */
  identitiesFor(peer: Peer<Session>): EncodedValue {
    return new EncodedValue(this.#encode(peer));
  }

  #encode(peer?: Peer<Session>): string {
    const { hostname, port } = this.#host;
    const registry = this.#registry;
    const manager = JSON.stringify({
      hostname,
      port,
      attributes: { identity: "() -> dict", link: "(service: str) -> bool" },
      language: LANGUAGE,
      os: OS,
      // fromEntries, because a peer may be called __proto__
      clients: Object.fromEntries(
        Array.from(registry.clients).filter(({ node }) => node === undefined)
          .map(({ networkName, name, address, language, os }) => [
            networkName,
            { name, address, language, os },
          ]),
      ),
    });
    const services = Array.from(
      registry.services,
      (service) => {
        const isHidden = peer !== undefined && !registry.mayUse(peer, service);
        const attributes = isHidden ? this.#namesOf(service) : undefined;
        const entry = encodeEntry(service, this.#extensionsFor(peer, service), attributes);
        return `${JSON.stringify(service.name)}:${entry}`;
      },
    );
    for (const [name, service] of this.#remote()) {
      const entry = encodeEntry(service, this.#extensionsFor(peer, service), service.attributes);
      services.push(`${JSON.stringify(name)}:${entry}`);
    }
    return `${manager.slice(0, -1)},"services":{${services.join(",")}}}`;
  }

  /** The reply to a client that is linked with a service from now on. */
  ofLink(client: Client<Session>, service: Service<Session>): EncodedValue {
    const more = { ...this.#extensionsFor(client, service), ...ownerFor(client, service) };
    const entry = encodeEntry(service, more);
    const isTold = service.about !== undefined && client.extensions.includes(ABOUT);
    return new EncodedValue(
      isTold ? `${entry.slice(0, -1)},"about":${service.about}}` : entry,
    );
  }

  /**
   * What a service, or each of them, says of itself.
   *
   * @throws {PermissionError} If the peer has not offered the extension.
   * @throws {KeyError} If there is no such service.
   */
  about(peer: Peer<Session>, name: string | undefined): EncodedValue {
    const registry = this.#registry;
    if (!peer.extensions.includes(ABOUT)) {
      throw new PermissionError("Only a device with the extension 'about' may request that");
    }
    if (name === undefined) {
      const services = Array.from(
        registry.services,
        (service) => `${JSON.stringify(service.name)}:${this.#aboutFor(peer, service)}`,
      );
      for (const [name, { about }] of this.#remote()) {
        services.push(`${JSON.stringify(name)}:${about}`);
      }
      return new EncodedValue(`{${services.join(",")}}`);
    }
    const service = registry.service(name);
    if (service !== undefined) return new EncodedValue(this.#aboutFor(peer, service));
    // A client asks the other node itself, which knows what the user may see.
    for (const [one, { about }] of this.#remote()) if (one === name) return new EncodedValue(about);
    throw new KeyError(`the ${repr(name)} service does not exist`);
  }

  /** The services that this node announces to the others. */
  announced(): AnnouncedService[] {
    const registry = this.#registry;
    return Array.from(registry.services, (service): AnnouncedService => {
      const isHidden = registry.isRestricted(service);
      const { name, address, language, os, maxClients, streams } = service;
      return {
        name,
        address,
        language,
        os,
        attributes: isHidden ? this.#namesOf(service) : service.attributes,
        maxClients,
        extensions: this.#known(service.extensions),
        streams,
        about: isHidden ? aboutNames(service) : service.about ?? NOTHING_SAID_JSON,
      };
    });
  }

  #aboutFor(peer: Peer<Session>, service: Service<Session>): string {
    if (this.#registry.mayUse(peer, service)) return service.about ?? NOTHING_SAID_JSON;
    return aboutNames(service);
  }

  /** The attributes of a service without the values, for peers that may not use it. */
  #namesOf(service: Service<Session>): string {
    const names = this.#attributeNames.get(service) ?? encodeNamesOnly(service, "null");
    this.#attributeNames.set(service, names);
    return names;
  }

  /** The services of other nodes, without those whose names local services have. */
  *#remote(): Iterable<[name: string, service: AnnouncedService]> {
    const registry = this.#registry;
    for (const one of this.remote?.announced() ?? []) {
      if (registry.service(one[0]) === undefined) yield one;
    }
  }

  /** The extensions that the Manager knows as well, so that both sides of a request do. */
  #known(extensions: readonly string[]): string[] {
    return extensions.filter((one) => this.#extensions.has(one));
  }

  /** The extensions of a service, for a peer that offers one of them itself. */
  #extensionsFor(
    peer: Peer<Session> | undefined,
    { extensions, streams }: Pick<Service<Session>, "extensions" | "streams">,
  ): Partial<ServiceEntry> {
    const isListed = BETWEEN_DEVICES.some((one) => peer?.extensions.includes(one));
    return isListed ? { extensions: this.#known(extensions), streams } : {};
  }
}

/** What the peers that may not use a service get of what it says. */
function aboutNames(service: Service<unknown>): string {
  return `{"description":"","attributes":${encodeNamesOnly(service, "{}")}` +
    `,"notifications":{},"implements":[]}`;
}

/** Who offers a service, for a client that wants to know it. */
function ownerFor<Session>(
  { extensions }: Client<Session>,
  { user }: Service<Session>,
): Partial<ServiceEntry> {
  if (user === undefined || !extensions.includes(OWNER)) return {};
  return { offered_by: { id: user.pid, name: user.username } };
}
