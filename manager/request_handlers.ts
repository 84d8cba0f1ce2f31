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

import { setLoggingLevel } from "../base/log_level.ts";
import { repr } from "../base/repr.ts";
import {
  AttributeError,
  ConfigurationError,
  KeyError,
  PermissionError,
  ValueError,
} from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { JsonObject, Request } from "../wire/message.ts";
import { Signature } from "../wire/signature.ts";
import { heldRecords, type LogEntries } from "../logs/recent_records.ts";
import { retryWhileLocked } from "../base/database_lock.ts";
import type { Login } from "./administrator_login.ts";
import { asFlag, asText, nameReader } from "./arguments.ts";
import { type Host, Listing } from "./listing.ts";
import { checkServiceName } from "./names.ts";
import { type Client, networkNames, type Peer, type Service } from "./peer.ts";
import type { Registry } from "./registry.ts";
import { type AdminHandler, type TableContext, tableHandlers, TABLES } from "./table_requests.ts";

/** What the request handlers read and change. */
export interface RequestContext<Session> extends TableContext, Host {
  readonly registry: Registry<Session>;
  readonly limits: Pick<Limits, "maxNameLength" | "maxMessageSize">;
  /** The status of the Manager, for a peer with this network name. */
  readonly status: (requester: string) => unknown;
  /** The Manager's password; `undefined` if the Manager does not authenticate by it. */
  readonly password: string | undefined;
  /** Whether the Manager authenticates by host names. */
  readonly authHostname: boolean;
  /** Whether users log in. */
  readonly authLogin: boolean;
  /** Disconnects a peer. Called once the administrator's request is answered. */
  readonly disconnect?: (peer: Peer<Session>) => void;
  /** Shuts the Manager down. Settles when all connections are closed. */
  readonly shutdown: () => Promise<void>;
}

/** A handler of a request of any peer: takes the arguments, then the peer that sent it. */
type PeerHandler<Session> = (...args: unknown[]) => (peer: Peer<Session>) => unknown;
/** A handler, and the parameters that the arguments of a request are bound to. */
interface Bound<Handler> {
  handler: Handler;
  signature: Signature;
}

/** Answers the requests that are addressed to the Manager. */
export class RequestHandlers<Session> {
  /** What is told about the clients and services. */
  readonly listing: Listing<Session>;
  readonly #context: RequestContext<Session>;
  /** By attribute. */
  readonly #ofPeers: ReadonlyMap<string, Bound<PeerHandler<Session>>>;
  /** By the name of the class in Python, then by attribute. */
  readonly #ofAdministrators: ReadonlyMap<string, ReadonlyMap<string, Bound<AdminHandler>>>;
  /** What is done once the request of the administrator is answered. */
  #afterReply: (() => void)[] = [];

  constructor(context: RequestContext<Session>) {
    const { accessChanged } = context;
    if (accessChanged !== undefined) {
      context = { ...context, accessChanged: () => this.#afterReply.push(accessChanged) };
    }
    this.#context = context;
    this.listing = new Listing(context.registry, context, context.limits);
    this.#ofPeers = bound(this.#peerHandlers());
    this.#ofAdministrators = new Map([
      ["Manager", bound(this.#managerHandlers())],
      ...tableHandlers(context).map(([name, handlers]) => [name, bound(handlers)] as const),
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

  #peerHandlers(): Record<string, PeerHandler<Session>> {
    const { registry, status, limits } = this.#context;
    const asService = nameReader(limits, checkServiceName);
    return {
      identity: () => (peer) => this.listing.identitiesFor(peer),
      status: () => ({ networkName }) => status(networkName),
      about: (service = null) => (peer) =>
        this.listing.about(peer, service === null ? undefined : asService("service", service)),
      link: (service) => (peer) => {
        const client = asClient(peer);
        return this.listing.ofLink(client, registry.link(client, asService("service", service)));
      },
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
      clients: () => this.listing.identities().clients,
      services: () => this.listing.identities().services,
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

/** The class and the name of an attribute, e.g. of `users_table.usernames`. */
function locate(attribute: string): [className: string, name: string] {
  const dot = attribute.indexOf(".");
  const className = TABLES.get(attribute.slice(0, Math.max(dot, 0)));
  return className === undefined ? ["Manager", attribute] : [className, attribute.slice(dot + 1)];
}

function clientsByService<Session>(
  registry: Registry<Session>,
  clientsOf: (service: Service<Session>) => Iterable<Client<Session>>,
): JsonObject {
  return Object.fromEntries(
    Array.from(registry.services, (service) => [service.name, networkNames(clientsOf(service))]),
  );
}

function asClient<Session>(peer: Peer<Session>): Client<Session> {
  if (peer.kind === "client") return peer;
  throw new PermissionError(`${repr(peer.name)} is a Service, only a Client can be linked`);
}
