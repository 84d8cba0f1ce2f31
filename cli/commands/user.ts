/**
 * The `user` command: the table of the users that may log in to a Manager, and whether each is an
 * administrator.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import type { Command } from "commander";
import { Database } from "../../manager/database/database.ts";
import { ConfigurationError } from "../../errors.ts";
import { Hosts } from "../../manager/hosts.ts";
import {
  askNewPassword,
  type GivenPassword,
  PASSWORD_FORMS,
  readPassword,
} from "../../program/password.ts";
import { databaseFile } from "../../base/paths.ts";
import type { UsersTable } from "../../manager/database/users_table.ts";

type Action = "add" | "insert" | "remove" | "delete" | "update" | "list";

interface Options {
  /** `undefined` if neither `--admin` nor `--no-admin` was given. */
  admin?: boolean;
  database: string;
  password?: GivenPassword;
  quiet?: boolean;
}

/** Adds the options of `user`, and its action. */
export function addUser(command: Command): void {
  command.registeredArguments[0]
    .choices(["add", "insert", "remove", "delete", "update", "list"]);
  command
    .option("-a, --admin", "the user is an administrator")
    .option("--no-admin", "the user is no administrator (any longer)")
    .option("-d, --database <file>", "the SQLite database", databaseFile())
    .option(
      "-p, --password [word...]",
      `the password: ${PASSWORD_FORMS}. The option itself may be left out with add`,
    )
    .option("-q, --quiet", "print nothing but errors, and the list")
    .action(async (action: Action, username: string | undefined, options: Options) => {
      const isAdded = action === "add" || action === "insert";
      const trusted = new Hosts().trustedAtFirst();
      using database = isAdded
        ? new Database(options.database, trusted)
        : Database.existing(options.database, trusted);
      if (action === "list") return list(database.users);
      if (username === undefined) {
        throw new ConfigurationError(`Cannot ${action} a user: give the username`);
      }
      const changed = await change(database.users, action, username, options);
      if (!options.quiet) printLine(changed);
    });
}

function list(table: UsersTable): void {
  const users = table.users();
  if (users.length === 0) return printLine("There are no users");
  const width = Math.max(...users.map(({ username }) => username.length));
  for (const { username, isAdmin } of users) {
    printLine(`${username.padEnd(width)}  ${roleOf(isAdmin)}`);
  }
}

/** Changes the table, and returns a text that says what has changed. */
async function change(
  table: UsersTable,
  action: Exclude<Action, "list">,
  username: string,
  { admin: isAdmin, password: given }: Options,
): Promise<string> {
  const ask = () => askNewPassword(username);
  switch (action) {
    case "add":
    case "insert": {
      const password = readPassword(given ?? true, ask);
      await table.insert(username, password, isAdmin ?? false);
      return `Added ${username} (${roleOf(isAdmin ?? false)})`;
    }
    case "remove":
    case "delete":
      table.delete(username);
      return `Removed ${username}`;
    case "update": {
      const before = roleOf(table.isAdmin(username));
      const after = roleOf(isAdmin ?? false); // as Python: without --admin the right is revoked
      const password = given && readPassword(given, ask);
      await table.update(username, { password, isAdmin: isAdmin ?? false });
      const role = before === after ? `still ${after}` : `${after}, was ${before}`;
      return `Updated ${username} (${role}), the password is ${given ? "new" : "unchanged"}`;
    }
  }
}

function roleOf(isAdmin: boolean): string {
  return isAdmin ? "administrator" : "user";
}
