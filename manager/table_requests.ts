/**
 * The requests of administrators about the tables of the database: users, access lists, host names and
 * the records of connections. The rules of the tables are the database's.
 *
 * @module
 */

import type { Limits } from "../limits.ts";
import { checkListedService, checkListedUser, type ListVerb } from "./access_names.ts";
import { asFlag, asText, nameReader } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import type { User } from "./database/users_table.ts";
import { checkUserName } from "./names.ts";
import type { NodeRules } from "./remote_services.ts";

/** A handler of a request of an administrator: takes the arguments. */
export type AdminHandler = (...args: unknown[]) => unknown;

/** What the handlers read and change. */
export interface TableContext {
  readonly limits: Pick<Limits, "maxNameLength">;
  readonly database: Database;
  /** `nodes`: the rules about other nodes, if the Manager is joined to any. */
  readonly registry: { readonly nodes: NodeRules | undefined };
  /**
   * Called after the users or the access lists have changed, once the administrator's request is
   * answered: the administrator may be disconnected by it. Only with `authLogin`.
   */
  readonly accessChanged?: () => void;
  /** Writes the records of connections that are still queued. Default: none are. */
  readonly flushRecords?: () => Promise<void>;
}

/** The class of each table in Python, by the name that the table has in an attribute. */
export const TABLES: ReadonlyMap<string, string> = new Map([
  ["users_table", "UsersTable"],
  ["access_table", "AccessTable"],
  ["hostnames_table", "HostnamesTable"],
  ["connections_table", "ConnectionsTable"],
]);

/** The handlers by attribute, by the class of their table in Python. */
export function tableHandlers(
  context: TableContext,
): [className: string, handlers: Record<string, AdminHandler>][] {
  return [
    ["UsersTable", usersHandlers(context)],
    ["AccessTable", accessHandlers(context)],
    ["HostnamesTable", hostnamesHandlers(context)],
    ["ConnectionsTable", connectionsHandlers(context)],
  ];
}

function usersHandlers(context: TableContext): Record<string, AdminHandler> {
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

function accessHandlers(context: TableContext): Record<string, AdminHandler> {
  const { database: { access, users }, registry } = context;
  const asName = nameReader(context.limits);
  const asUser = nameReader(context.limits, checkUserName);
  const asListed = (service: unknown, verb: ListVerb, hasList: boolean) => {
    const name = asName("service", service);
    // A list of a time when there was no such node can be removed.
    const lists = verb === "use" ? access.lists() : access.offerLists();
    if (!(hasList && lists.has(name))) checkListedService(name, verb, registry.nodes);
    return name;
  };
  const adding =
    (change: "allow" | "offer", verb: ListVerb): AdminHandler => (service, ...names) => {
      const usernames = names.map((username) => asUser("username", username));
      for (const name of usernames) {
        checkListedUser(name, registry.nodes, (username) => users.isUserRegistered(username));
      }
      access[change](asListed(service, verb, false), usernames);
      context.accessChanged?.();
    };
  const removing =
    (change: "deny" | "unoffer", verb: ListVerb): AdminHandler => (service, ...names) => {
      const usernames = names.map((username) => asUser("username", username));
      access[change](asListed(service, verb, true), usernames);
      context.accessChanged?.();
    };
  const clearing = (change: "clear" | "clearOffer", verb: ListVerb): AdminHandler => (service) => {
    access[change](asListed(service, verb, true));
    context.accessChanged?.();
  };
  const asObject = (lists: ReadonlyMap<string, ReadonlySet<string>>) =>
    Object.fromEntries(Array.from(lists, ([service, list]) => [service, [...list]]));
  return {
    access_lists: () => asObject(access.lists()),
    offer_lists: () => asObject(access.offerLists()),
    allow: adding("allow", "use"),
    deny: removing("deny", "use"),
    offer: adding("offer", "offer"),
    unoffer: removing("unoffer", "offer"),
    clear: clearing("clear", "use"),
    clear_offer: clearing("clearOffer", "offer"),
  };
}

function hostnamesHandlers(
  { database: { hostnames }, limits }: TableContext,
): Record<string, AdminHandler> {
  const asName = nameReader(limits);
  return {
    hostnames: () => hostnames.hostnames(),
    insert: (hostname) => hostnames.insert(asName("hostname", hostname)),
    delete: (hostname) => hostnames.delete(asName("hostname", hostname)),
  };
}

function connectionsHandlers(
  { database: { connections }, flushRecords }: TableContext,
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

/** The columns of the `auth_users` table. The key and the salt never leave the Manager. */
function asRow({ pid, username, isAdmin }: User): unknown[] {
  return [pid, username, null, null, isAdmin];
}
