/**
 * The `access` command: the access list of each service, which says which users may link with it.
 *
 * @module
 */

import { Argument, type Command } from "commander";
import type { AccessTable } from "../../manager/database/access_table.ts";
import { Database } from "../../manager/database/database.ts";
import { ConfigurationError } from "../../errors.ts";
import { Hosts } from "../../manager/hosts.ts";
import { databaseFile } from "../../base/paths.ts";
import { repr } from "../../base/repr.ts";

type Action = "allow" | "deny" | "clear" | "list";

/** Adds `access` to the program. */
export function addAccess(program: Command): void {
  program.command("access")
    .description("Say who may use which service, where users log in (start --auth-login)")
    .addArgument(
      new Argument("<action>", "what to do").choices(["allow", "deny", "clear", "list"]),
    )
    .argument("[service]", "the name of the service; list without it shows all lists")
    .argument("[usernames...]", "who may use it (allow), or may no longer (deny)")
    .option("-d, --database <file>", "the SQLite database", databaseFile())
    .option("-q, --quiet", "print nothing but errors, and what list shows")
    .action((
      action: Action,
      service: string | undefined,
      usernames: string[],
      options: { database: string; quiet?: boolean },
    ) => {
      using database = Database.existing(options.database, new Hosts().trustedAtFirst());
      const table = database.access;
      const print = options.quiet ? () => {} : console.log;
      if (action !== "list") change(table, action, service, usernames, print);
      else if (usernames.length > 0) {
        throw new ConfigurationError("Cannot list users: give the name of a service, or nothing");
      }
      if (action === "list" || !options.quiet) show(table.lists(), service);
    });
}

function change(
  table: AccessTable,
  action: Exclude<Action, "list">,
  service: string | undefined,
  usernames: readonly string[],
  print: (text: string) => void,
): void {
  const isClear = action === "clear";
  if (service === undefined || (usernames.length === 0) !== isClear) {
    throw new ConfigurationError(
      `Cannot ${action}: give the name of a service` +
        (isClear ? ", and no username" : " and one or more usernames"),
    );
  }
  if (action === "clear") return table.clear(service);
  table[action](service, usernames);
  for (const name of usernames) print(`${action === "allow" ? "Allowed" : "Denied"} ${name}`);
  if (table.lists().get(service)?.size === 0) {
    print(
      `Nobody may use ${service} now. For some: access allow ${repr(service)} USER... ` +
        `For everybody: access clear ${repr(service)}`,
    );
  }
}

/** Prints the access lists of all services, or that of one. */
function show(lists: Map<string, Set<string>>, service: string | undefined): void {
  const shown = service === undefined ? [...lists.keys()] : [service];
  if (shown.length === 0) console.log("There are no lists: everybody may use every service");
  const width = Math.max(...shown.map((name) => name.length));
  for (const name of shown) console.log(`${name.padEnd(width)}  ${usersOf(lists.get(name))}`);
}

function usersOf(list: Set<string> | undefined): string {
  if (list === undefined) return "everybody (no list)";
  return list.size > 0 ? [...list].join(", ") : "nobody";
}
