/**
 * The `hostname` command: the table of the computers that a Manager admits by their host name.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import type { Command } from "commander";
import { Database } from "../../manager/database/database.ts";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { Hosts } from "../../manager/hosts.ts";
import { databaseFile } from "../../base/paths.ts";
import { repr } from "../../base/repr.ts";

type Action = "add" | "insert" | "remove" | "delete" | "list";

interface Options {
  database: string;
  quiet?: boolean;
}

/** Adds the options of `hostname`, and its action. */
export function addHostname(command: Command): void {
  command.registeredArguments[0].choices(["add", "insert", "remove", "delete", "list"]);
  command
    .option("-d, --database <file>", "the SQLite database", databaseFile())
    .option("-q, --quiet", "print nothing but errors, and the list")
    .action((action: Action, names: string[], options: Options) => {
      const print = options.quiet ? () => {} : printLine;
      const isAdded = action === "add" || action === "insert";
      const trusted = new Hosts().trustedAtFirst();
      using database = isAdded
        ? new Database(options.database, trusted)
        : Database.existing(options.database, trusted);
      const { hostnames } = database;
      if (action === "list") {
        for (const name of hostnames.hostnames()) printLine(name);
        return;
      }
      if (names.length === 0) {
        throw new ConfigurationError(`Cannot ${action} a host name: give one or more names`);
      }
      const missing = isAdded ? [] : names.filter((name) => !hostnames.includes(name));
      for (const name of names) {
        if (missing.includes(name)) continue;
        if (isAdded) hostnames.insert(name);
        else hostnames.delete(name);
        print(`${isAdded ? "Added" : "Removed"} ${name}`);
      }
      requireNone(missing); // when all others are removed, as Python does it
    });
}

function requireNone(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new ValueError(
    `Cannot delete ${missing.map(repr).join(", ")}: it is not a trusted hostname`,
  );
}
