/**
 * The `access` command: the access lists of each service, which say which users may use it, and which
 * users may offer it.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import type { Command } from "commander";
import type { AccessTable } from "../../manager/database/access_table.ts";
import { Database } from "../../manager/database/database.ts";
import { ConfigurationError } from "../../errors.ts";
import { Hosts } from "../../manager/hosts.ts";
import { databaseFile } from "../../base/paths.ts";
import { repr } from "../../base/repr.ts";
import { splitServiceName } from "../../wire/node_name.ts";

/** What the command can do, beside `list`. */
const CHANGES = ["allow", "deny", "clear", "offer", "unoffer", "clear-offer"] as const;

type Change = typeof CHANGES[number];

/** Adds the options of `access`, and its action. */
export function addAccess(command: Command): void {
  command.registeredArguments[0].choices([...CHANGES, "list"]);
  command
    .option("-d, --database <file>", "the SQLite database", databaseFile())
    .option("-q, --quiet", "print nothing but errors, and what list shows")
    .action((
      action: Change | "list",
      service: string | undefined,
      usernames: string[],
      options: { database: string; quiet?: boolean },
    ) => {
      using database = Database.existing(options.database, new Hosts().trustedAtFirst());
      const table = database.access;
      const print = options.quiet ? () => {} : printLine;
      if (action !== "list") change(table, action, service, usernames, print);
      else if (usernames.length > 0) {
        throw new ConfigurationError("Cannot list users: give the name of a service, or nothing");
      }
      if (action === "list" || !options.quiet) show(table, service);
    });
}

/** What is printed for each user. */
const DONE = {
  allow: "Allowed",
  deny: "Denied",
  offer: "Allowed to offer:",
  unoffer: "Denied to offer:",
};

function change(
  table: AccessTable,
  action: Change,
  service: string | undefined,
  usernames: readonly string[],
  print: (text: string) => void,
): void {
  const isClear = action === "clear" || action === "clear-offer";
  if (service === undefined || (usernames.length === 0) !== isClear) {
    throw new ConfigurationError(
      `Cannot ${action}: give the name of a service` +
        (isClear ? ", and no username" : " and one or more usernames"),
    );
  }
  if (action === "clear") return table.clear(service);
  if (action === "clear-offer") return table.clearOffer(service);
  const isUse = action === "allow" || action === "deny";
  const other = splitServiceName(service);
  if (other !== undefined) {
    print(
      `If ${other.node} is a node, this has no effect: its Manager decides. On its computer: access ` +
        `${action} ${repr(other.service)} ${isUse ? "USER@NODE" : "USER"}`,
    );
  }
  table[action](service, usernames);
  for (const name of usernames) print(`${DONE[action]} ${name}`);
  const list = (isUse ? table.lists() : table.offerLists()).get(service);
  if (list?.size === 0) {
    print(
      `Nobody may ${isUse ? "use" : "offer"} ${service} now. For some: access ` +
        `${isUse ? "allow" : "offer"} ${repr(service)} USER... ` +
        `For everybody: access ${isUse ? "clear" : "clear-offer"} ${repr(service)}`,
    );
  }
}

/** Prints the access lists of all services, or those of one. */
function show(table: AccessTable, service: string | undefined): void {
  const [lists, offers] = [table.lists(), table.offerLists()];
  const shown = service === undefined
    ? [...new Set([...lists.keys(), ...offers.keys()])].sort()
    : [service];
  if (shown.length === 0) printLine("There are no lists: everybody may use every service");
  const width = Math.max(...shown.map((name) => name.length));
  for (const name of shown) {
    const offer = offers.get(name);
    const offerers = offer === undefined ? "" : `; may be offered by ${usersOf(offer)}`;
    printLine(`${name.padEnd(width)}  ${usersOf(lists.get(name))}${offerers}`);
  }
}

function usersOf(list: Set<string> | undefined): string {
  if (list === undefined) return "everybody (no list)";
  return list.size > 0 ? [...list].join(", ") : "nobody";
}
