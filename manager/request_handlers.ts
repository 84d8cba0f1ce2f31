/**
 * The requests that the Manager answers itself, under the attribute names that they have in Python:
 * those of any peer (the identity, the status, links and locks) and those of administrators (users,
 * host names, access lists, connection records, the log, the shutdown).
 *
 * It binds and checks the arguments. The rules of links and locks are the registry's, those of the
 * tables are the database's, and {@linkcode Login} decides who is an administrator.
 *
 * @module
 */

import { setLoggingLevel } from "../base/log.ts";
import { repr } from "../base/repr.ts";
import {
  AttributeError,
  ConfigurationError,
  KeyError,
  PermissionError,
  ValueError,
} from "../errors.ts";
import type { Limits } from "../limits.ts";
import { LANGUAGE, OS } from "../version.ts";
import type { Identities, ServiceEntry } from "../wire/identities.ts";
import { EncodedValue, parseJson } from "../wire/json.ts";
import type { JsonObject, Request } from "../wire/message.ts";
import { ABOUT, ARRAYS, CANCEL, OWNER, PARTS, STREAM, TIME, TRACE } from "../wire/protocol.ts";
import { Signature } from "../wire/signature.ts";
import type { Database } from "./database/database.ts";
import { heldRecords, type LogEntries } from "../logs/recent_records.ts";
import { retryWhileLocked } from "../base/database_lock.ts";
import type { User } from "./database/users_table.ts";
import type { Login } from "./administrator_login.ts";
import { checkName, checkServiceName, checkUserName } from "./names.ts";
import {
  type Client,
  encodeEntry,
  encodeNamesOnly,
  networkNames,
  NOTHING_SAID_JSON,
  type Peer,
  type Service,
} from "./peer.ts";
import { extensionsWithin } from "./known_extensions.ts";
import type { Registry } from "./registry.ts";
import type { AnnouncedService, RemoteServices } from "./remote_services.ts";

/** What the request handlers read and change. */
export interface RequestContext<Session> {
  registry: Registry<Session>;
  limits: Pick<Limits, "maxNameLength" | "maxMessageSize">;
  /** The computer that the Manager runs on. */
  hostname: string;
  /** The port that the Manager listens on. */
  port: number;
  /** The status of the Manager, for a peer with this network name. */
  status: (requester: string) => unknown;
  database: Database;
  /** The Manager's password; `undefined` if the Manager does not authenticate by it. */
  password: string | undefined;
  /** Whether the Manager authenticates by host names. */
  authHostname: boolean;
  /** Whether users log in. */
  authLogin: boolean;
  /**
   * Called after the users or the access lists have changed, once the administrator's request is
   * answered: the administrator may be disconnected by it. Only with `authLogin`.
   */
  accessChanged?: () => void;
  /** Writes the records of connections that are still queued. Default: none are. */
  flushRecords?: () => Promise<void>;
  /** Disconnects a peer. Called once the administrator's request is answered. */
  disconnect?: (peer: Peer<Session>) => void;
  /** Shuts the Manager down. Settles when all connections are closed. */
  shutdown: () => Promise<void>;
}

/** A handler of a request of any peer: takes the arguments, then the peer that sent it. */
type PeerHandler<Session> = (...args: unknown[]) => (peer: Peer<Session>) => unknown;
/** A handler of a request of an administrator: takes the arguments. */
type AdminHandler = (...args: unknown[]) => unknown;
/** A handler, and the parameters that the arguments of a request are bound to. */
interface Bound<Handler> {
  handler: Handler;
  signature: Signature;
}

/** Answers the requests that are addressed to the Manager. */
export class RequestHandlers<Session> {
  readonly #context: RequestContext<Session>;
  /** By attribute. */
  readonly #ofPeers: ReadonlyMap<string, Bound<PeerHandler<Session>>>;
  /** By the name of the class in Python, then by attribute. */
  readonly #ofAdministrators: ReadonlyMap<string, ReadonlyMap<string, Bound<AdminHandler>>>;
  /** What is listed of each service for the peers that may not use it. */
  readonly #attributeNames = new WeakMap<Service<Session>, string>();
  /** The extensions that the Manager knows. */
  readonly #extensions: ReadonlySet<string>;
  /** The services of other nodes; `undefined` if the Manager is not joined to any. */
  remote: RemoteServices<Session, unknown> | undefined;
  /** What is done once the request of the administrator is answered. */
  #afterReply: (() => void)[] = [];

  constructor(context: RequestContext<Session>) {
    const { accessChanged } = context;
    if (accessChanged !== undefined) {
      context = { ...context, accessChanged: () => this.#afterReply.push(accessChanged) };
    }
    this.#context = context;
    this.#extensions = new Set(extensionsWithin(context.limits));
    this.#ofPeers = bound(this.#peerHandlers());
    this.#ofAdministrators = new Map([
      ["Manager", bound(this.#managerHandlers())],
      ["UsersTable", bound(usersHandlers(context))],
      ["AccessTable", bound(accessHandlers(context))],
      ["HostnamesTable", bound(hostnamesHandlers(context))],
      ["ConnectionsTable", bound(connectionsHandlers(context))],
    ]);
  }

  /** Whether any peer may request this attribute. All others are for administrators. */
  isPublic(attribute: string): boolean {
    return this.#ofPeers.has(attribute);
  }

  /**
   * The result of a request that any peer may send.
   *
   * @throws {TypeError} If the arguments do not fit.
   * @throws {ValueError} If only an administrator may send the request.
   * @throws {KeyError | PermissionError} If a rule of the registry rejects it.
   */
  answer(peer: Peer<Session>, { attribute, args, kwargs }: Request): unknown {
    const found = this.#ofPeers.get(attribute);
    if (found === undefined) {
      throw new ValueError("You must be an administrator to send this request to the Manager");
    }
    return found.handler(...found.signature.bind(`Manager.${attribute}`, args, kwargs))(peer);
  }

  /**
   * The service that a request of any peer is about, and the arguments after its name; `undefined` if
   * it is not about one. Only such requests are sent to other nodes.
   *
   * @throws {TypeError} If the arguments do not fit.
   * @throws {ValueError} If the name is too long.
   */
  ofService({ attribute, args, kwargs }: Request): { name: string; args: unknown[] } | undefined {
    const found = OF_SERVICES.has(attribute) ? this.#ofPeers.get(attribute) : undefined;
    if (found === undefined) return undefined;
    const [service, ...rest] = found.signature.bind(`Manager.${attribute}`, args, kwargs);
    if (typeof service !== "string") return undefined;
    return { name: checkServiceName("service", service, this.#context.limits), args: rest };
  }

  /** The services that this node announces to the others. */
  announced(): AnnouncedService[] {
    const { registry } = this.#context;
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

  /**
   * The result of a request that only an administrator may send. A client that has not logged in as
   * one is prompted for a name and a password. Call {@linkcode RequestHandlers.finish} when it is
   * answered.
   *
   * @throws {ValueError} If the client is no administrator, or an argument is rejected.
   * @throws {AttributeError} If there is no such attribute.
   * @throws {TypeError} If the arguments do not fit.
   * @throws {ConfigurationError} If a service has no access list, or the database cannot be used.
   */
  async answerAdministrator(login: Login, { attribute, args, kwargs }: Request): Promise<unknown> {
    const { database, registry } = this.#context;
    await login.requireAdministrator(database.users, registry.manager);
    const [className, name] = locate(attribute);
    const found = this.#ofAdministrators.get(className)?.get(name);
    if (found === undefined) {
      throw new AttributeError(`${repr(className)} object has no attribute ${repr(name)}`);
    }
    const bound = found.signature.bind(`${className}.${name}`, args, kwargs);
    return await retryWhileLocked(() => found.handler(...bound));
  }

  /** Does what waits until the reply to an administrator is sent, since it may disconnect them. */
  finish(): void {
    for (const action of this.#afterReply.splice(0)) action();
  }

  /**
   * The identity of the Manager, with every connected client and service, without the extensions of
   * services, which are listed for a peer that offers such an extension itself.
   */
  identities(): Identities {
    return parseJson(this.#encodeIdentities()) as Identities;
  }

  #encodeIdentities(peer?: Peer<Session>): string {
    const { hostname, port, registry } = this.#context;
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

  /** The attributes of a service without the values, for peers that may not use it. */
  #namesOf(service: Service<Session>): string {
    const names = this.#attributeNames.get(service) ?? encodeNamesOnly(service, "null");
    this.#attributeNames.set(service, names);
    return names;
  }

  /** The services of other nodes, without those whose names local services have. */
  *#remote(): Iterable<[name: string, service: AnnouncedService]> {
    const { registry } = this.#context;
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

  #peerHandlers(): Record<string, PeerHandler<Session>> {
    const { registry, status, limits } = this.#context;
    const asService = nameReader(limits, checkServiceName);
    return {
      identity: () => (peer) => new EncodedValue(this.#encodeIdentities(peer)),
      status: () => ({ networkName }) => status(networkName),
      about: (service = null) => (peer) =>
        this.#about(peer, service === null ? undefined : asService("service", service)),
      link: (service) => (peer) => this.#link(asClient(peer), asService("service", service)),
      unlink: (service) => (peer) => registry.unlink(asClient(peer), asService("service", service)),
      acquire_lock: (service, shared = false) => (peer) =>
        registry.acquireLock(
          asClient(peer),
          asService("service", service),
          asFlag("shared", shared ?? false),
        ),
      release_lock: (service) => (peer) =>
        registry.releaseLock(asClient(peer), asService("service", service)),
    };
  }

  #managerHandlers(): Record<string, AdminHandler> {
    const { port, password, authHostname, authLogin, registry, database, shutdown } = this.#context;
    return {
      port: () => port,
      password: () => password ?? null,
      hostnames: () => authHostname ? database.hostnames.hostnames() : null,
      login: () => authLogin || null,
      clients: () => this.identities().clients,
      services: () => this.identities().services,
      service_links: () => clientsByService(registry, ({ links }) => links),
      service_locks: () => clientsByService(registry, ({ locks }) => locks),
      set_logging_level: (level) => setLoggingLevel(level as string | number | null),
      log: (after = 0) => recentLog(after ?? 0),
      disconnect_peer: (network_name) => {
        const name = asText("network_name", network_name);
        const peers = registry.named(name);
        if (peers.length === 0) {
          throw new KeyError(`no ${repr(name)} is connected to ${registry.manager}`);
        }
        for (const peer of peers) this.#afterReply.push(() => this.#context.disconnect?.(peer));
      },
      shutdown_manager: () => shutdown(),
    };
  }

  #link(client: Client<Session>, name: string): EncodedValue {
    const service = this.#context.registry.link(client, name);
    const more = { ...this.#extensionsFor(client, service), ...ownerFor(client, service) };
    const entry = encodeEntry(service, more);
    const isTold = service.about !== undefined && client.extensions.includes(ABOUT);
    return new EncodedValue(
      isTold ? `${entry.slice(0, -1)},"about":${service.about}}` : entry,
    );
  }

  /** What a service, or each of them, says of itself. */
  #about(peer: Peer<Session>, name: string | undefined): EncodedValue {
    const { registry } = this.#context;
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

  #aboutFor(peer: Peer<Session>, service: Service<Session>): string {
    if (this.#context.registry.mayUse(peer, service)) return service.about ?? NOTHING_SAID_JSON;
    return aboutNames(service);
  }
}

/** What the peers that may not use a service get of what it says. */
function aboutNames(service: Service<unknown>): string {
  return `{"description":"","attributes":${encodeNamesOnly(service, "{}")}` +
    `,"notifications":{},"implements":[]}`;
}

/** The requests about one service, whose name is their first argument. */
const OF_SERVICES: ReadonlySet<string> = new Set([
  "about",
  "link",
  "unlink",
  "acquire_lock",
  "release_lock",
]);

function bound<Handler extends (...args: unknown[]) => unknown>(
  handlers: Record<string, Handler>,
): Map<string, Bound<Handler>> {
  return new Map(
    Object.entries(handlers).map(([attribute, handler]) => [
      attribute,
      { handler, signature: Signature.of(handler) },
    ]),
  );
}

/** The last records of the log of this process, those after the one with this number. */
function recentLog(after: unknown): LogEntries {
  if (!(Number.isSafeInteger(after) && after as number >= 0)) {
    throw new TypeError("'after' must be the number of a record, or 0");
  }
  const records = heldRecords();
  if (records !== undefined) return records.after(after as number);
  throw new ConfigurationError(
    "The program of this Manager keeps no records: they are kept by `start` and `startLogging`",
  );
}

/** The class in Python of each table, by the name that the table has in an attribute. */
const TABLES: ReadonlyMap<string, string> = new Map([
  ["users_table", "UsersTable"],
  ["access_table", "AccessTable"],
  ["hostnames_table", "HostnamesTable"],
  ["connections_table", "ConnectionsTable"],
]);

/** The class and the name of an attribute, e.g. of `users_table.usernames`. */
function locate(attribute: string): [className: string, name: string] {
  const dot = attribute.indexOf(".");
  const className = TABLES.get(attribute.slice(0, Math.max(dot, 0)));
  return className === undefined ? ["Manager", attribute] : [className, attribute.slice(dot + 1)];
}

function usersHandlers<Session>(context: RequestContext<Session>): Record<string, AdminHandler> {
  const { users } = context.database;
  const asName = nameReader(context.limits);
  return {
    usernames: () => users.usernames(),
    users: () => users.users().map(({ username, isAdmin }) => [username, isAdmin]),
    is_user_registered: (username) => users.isUserRegistered(asName("username", username)),
    is_admin: (username) => users.isAdmin(asName("username", username)),
    is_password_valid: (username, password) =>
      users.isPasswordValid(asName("username", username), asText("password", password)),
    get_user: (username) => {
      const user = users.find(asName("username", username));
      return user === undefined ? null : asRow(user);
    },
    records: () => users.users().map(asRow),
    insert: (username, password, is_admin = false) =>
      users.insert(
        asName("username", username),
        asText("password", password),
        asFlag("is_admin", is_admin),
      ),
    update: async (username, password = null, is_admin = null) => {
      await users.update(asName("username", username), {
        password: password === null ? undefined : asText("password", password),
        isAdmin: is_admin === null ? undefined : asFlag("is_admin", is_admin),
      });
      context.accessChanged?.(); // sessions with the old password end
    },
    delete: (username) => {
      users.delete(asName("username", username));
      context.accessChanged?.(); // the user is off every list now, and the sessions end
    },
  };
}

function accessHandlers<Session>(context: RequestContext<Session>): Record<string, AdminHandler> {
  const { access } = context.database;
  const asName = nameReader(context.limits);
  const asUser = nameReader(context.limits, checkUserName);
  const changing =
    (change: "allow" | "deny" | "offer" | "unoffer"): AdminHandler => (service, ...usernames) => {
      const names = usernames.map((username) => asUser("username", username));
      access[change](asName("service", service), names);
      context.accessChanged?.();
    };
  const asObject = (lists: ReadonlyMap<string, ReadonlySet<string>>) =>
    Object.fromEntries(Array.from(lists, ([service, list]) => [service, [...list]]));
  return {
    access_lists: () => asObject(access.lists()),
    offer_lists: () => asObject(access.offerLists()),
    allow: changing("allow"),
    deny: changing("deny"),
    offer: changing("offer"),
    unoffer: changing("unoffer"),
    clear: (service) => {
      access.clear(asName("service", service));
      context.accessChanged?.();
    },
    clear_offer: (service) => {
      access.clearOffer(asName("service", service));
      context.accessChanged?.();
    },
  };
}

function hostnamesHandlers<Session>(
  { database: { hostnames }, limits }: RequestContext<Session>,
): Record<string, AdminHandler> {
  const asName = nameReader(limits);
  return {
    hostnames: () => hostnames.hostnames(),
    insert: (hostname) => hostnames.insert(asName("hostname", hostname)),
    delete: (hostname) => hostnames.delete(asName("hostname", hostname)),
  };
}

function connectionsHandlers<Session>(
  { database: { connections }, flushRecords }: RequestContext<Session>,
): Record<string, AdminHandler> {
  return {
    connections: async (start = null, end = null) => {
      const [first, last] = [asText("start", start ?? ""), asText("end", end ?? "")];
      await flushRecords?.();
      return connections.connections(first, last)
        .map((
          { pid, datetime, address, domain, port, message },
        ) => [pid, datetime, address, domain, port, message]);
    },
  };
}

function clientsByService<Session>(
  registry: Registry<Session>,
  clientsOf: (service: Service<Session>) => Iterable<Client<Session>>,
): JsonObject {
  return Object.fromEntries(
    Array.from(registry.services, (service) => [service.name, networkNames(clientsOf(service))]),
  );
}

/** The extensions that a client and its service must both offer to use them. */
const BETWEEN_DEVICES = [CANCEL, STREAM, PARTS, TIME, TRACE, ARRAYS];

/** Who offers a service, for a client that wants to know it. */
function ownerFor<Session>(
  { extensions }: Client<Session>,
  { user }: Service<Session>,
): Partial<ServiceEntry> {
  if (user === undefined || !extensions.includes(OWNER)) return {};
  return { offered_by: { id: user.pid, name: user.username } };
}

/** The columns of the `auth_users` table. The key and the salt never leave the Manager. */
function asRow({ pid, username, isAdmin }: User): unknown[] {
  return [pid, username, null, null, isAdmin];
}

function asClient<Session>(peer: Peer<Session>): Client<Session> {
  if (peer.kind === "client") return peer;
  throw new PermissionError(`${repr(peer.name)} is a Service, only a Client can be linked`);
}

function asText(parameter: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${repr(parameter)} must be a string`);
}

/** Reads an argument that is the name of a service, a user or a computer. */
function nameReader(
  limits: Pick<Limits, "maxNameLength">,
  check = checkName,
): (parameter: string, value: unknown) => string {
  return (parameter, value) => check(parameter, asText(parameter, value), limits);
}

function asFlag(parameter: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (value === 0 || value === 1) return value === 1; // which are equal to false and true in Python
  throw new TypeError(`${repr(parameter)} must be true or false`);
}
