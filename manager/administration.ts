/**
 * What an administrator may request of the Manager: a fixed list of attributes, under the names
 * that they have in Python.
 *
 * @module
 */

import type { Database } from "./database/database.ts";
import type { Desk } from "./desk.ts";
import { AttributeError } from "../errors.ts";
import { setLoggingLevel } from "../base/log_level.ts";
import type { Login } from "./login.ts";
import type { JsonObject, Request } from "../wire/message.ts";
import { type Client, networkNames, type Registry, type Service } from "./registry.ts";
import { asFlag, asText } from "./parameters.ts";
import { repr } from "../base/repr.ts";
import { Signature } from "../wire/signature.ts";
import type { User } from "./database/users_table.ts";

/** What the administration works on. */
export interface Office<Seat> {
  registry: Registry<Seat>;
  desk: Desk<Seat>;
  database: Database;
  /** The Manager's password, if peers are asked for it. */
  password: string | undefined;
  /** Whether peers are let in by their host name. */
  authHostname: boolean;
  /** Is told when who may use which service has changed; nobody asks where nobody logs in. */
  accessChanged?: () => void;
  /** Shuts the Manager down. Settles when nothing can be sent any more. */
  shutdown: () => Promise<void>;
}

type Attribute = (...args: unknown[]) => unknown;

/** Answers the requests of administrators. */
export class Administration<Seat> {
  readonly #office: Office<Seat>;
  /** By the class name that Python has for them, then by attribute. */
  readonly #attributes: Map<string, Map<string, { attribute: Attribute; signature: Signature }>>;

  constructor(office: Office<Seat>) {
    this.#office = office;
    this.#attributes = new Map(
      Object.entries({
        Manager: ofManager(office),
        UsersTable: ofUsers(office),
        AccessTable: ofAccess(office),
        HostnamesTable: ofHostnames(office.database),
        ConnectionsTable: ofConnections(office.database),
      }).map(([className, attributes]) => [
        className,
        new Map(
          Object.entries(attributes).map(([name, attribute]) => [
            name,
            { attribute, signature: Signature.of(attribute) },
          ]),
        ),
      ]),
    );
  }

  /**
   * The result of a request. The peer is asked to log in if it has not.
   *
   * @throws {ValueError} If the peer is not an administrator, or an argument is not acceptable.
   * @throws {AttributeError} If it is none of the attributes that there are.
   * @throws {TypeError} If the arguments do not fit.
   */
  async answer(login: Login, { attribute, args, kwargs }: Request): Promise<unknown> {
    const { database, registry } = this.#office;
    await login.requireAdministrator(database.users, registry.manager);
    const [className, name] = locate(attribute);
    const found = this.#attributes.get(className)?.get(name);
    if (found === undefined) {
      throw new AttributeError(`${repr(className)} object has no attribute ${repr(name)}`);
    }
    return await found.attribute(...found.signature.bind(`${className}.${name}`, args, kwargs));
  }
}

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

function ofManager<Seat>(office: Office<Seat>): Record<string, Attribute> {
  const { registry, desk, database } = office;
  return {
    port: () => desk.facts.port,
    password: () => office.password ?? null,
    hostnames: () => office.authHostname ? database.hostnames.hostnames() : null,
    clients: () => desk.identities().clients,
    services: () => desk.identities().services,
    service_links: () => byService(registry, ({ links }) => links),
    service_locks: () => byService(registry, ({ locks }) => locks),
    set_logging_level: (level) => setLoggingLevel(asLevel(level)),
    shutdown_manager: () => office.shutdown(),
  };
}

function byService<Seat>(
  registry: Registry<Seat>,
  clientsOf: (service: Service<Seat>) => Iterable<Client<Seat>>,
): JsonObject {
  return Object.fromEntries(
    Array.from(registry.services, (service) => [service.name, networkNames(clientsOf(service))]),
  );
}

function ofUsers<Seat>(office: Office<Seat>): Record<string, Attribute> {
  const { users } = office.database;
  return {
    usernames: () => users.usernames(),
    users: () => users.users().map(({ username, isAdmin }) => [username, isAdmin]),
    is_user_registered: (username) => users.isUserRegistered(asText("username", username)),
    is_admin: (username) => users.isAdmin(asText("username", username)),
    is_password_valid: (username, password) =>
      users.isPasswordValid(asText("username", username), asText("password", password)),
    get_user: (username) => asRow(users.user(asText("username", username))),
    records: () => users.users().map(asRow),
    insert: (username, password, is_admin = false) =>
      users.insert(
        asText("username", username),
        asText("password", password),
        asFlag("is_admin", is_admin),
      ),
    update: (username, password = null, is_admin = null) =>
      users.update(asText("username", username), {
        password: password === null ? undefined : asText("password", password),
        isAdmin: is_admin === null ? undefined : asFlag("is_admin", is_admin),
      }),
    delete: (username) => {
      users.delete(asText("username", username));
      office.accessChanged?.(); // the user is on no list any longer
    },
  };
}

function ofAccess<Seat>(office: Office<Seat>): Record<string, Attribute> {
  const { access } = office.database;
  return {
    access_lists: () =>
      Object.fromEntries(Array.from(access.lists(), ([service, list]) => [service, [...list]])),
    allow: (service, ...usernames) => {
      access.allow(asText("service", service), asUsernames(usernames));
      office.accessChanged?.();
    },
    deny: (service, ...usernames) => {
      access.deny(asText("service", service), asUsernames(usernames));
      office.accessChanged?.();
    },
    clear: (service) => {
      access.clear(asText("service", service));
      office.accessChanged?.();
    },
  };
}

function ofHostnames({ hostnames }: Database): Record<string, Attribute> {
  return {
    hostnames: () => hostnames.hostnames(),
    insert: (hostname) => hostnames.insert(asText("hostname", hostname)),
    delete: (hostname) => hostnames.delete(asText("hostname", hostname)),
  };
}

function ofConnections({ connections }: Database): Record<string, Attribute> {
  return {
    connections: (timestamp1 = null, timestamp2 = null) =>
      connections.connections(
        asText("timestamp1", timestamp1 ?? ""),
        asText("timestamp2", timestamp2 ?? ""),
      )
        .map((
          { pid, datetime, address, domain, port, message },
        ) => [pid, datetime, address, domain, port, message]),
  };
}

/** The columns of the table. The key and the salt of a password do not leave the Manager. */
function asRow({ pid, username, isAdmin }: User): unknown[] {
  return [pid, username, null, null, isAdmin];
}

function asUsernames(usernames: readonly unknown[]): string[] {
  return usernames.map((username) => asText("username", username));
}

function asLevel(level: unknown): string | number {
  if (typeof level === "string" || typeof level === "number") return level;
  throw new TypeError("'level' must be a string or an integer");
}
