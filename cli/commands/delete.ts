/**
 * The `delete` command: deletes files of a home folder. It deletes what the Python command deletes,
 * and the files in which SQLite keeps a part of the database.
 *
 * @module
 */

import { print, printLine } from "../../program/print.ts";
import { join, relative } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import {
  certificateFolder,
  databaseFile,
  homeFolder,
  keyFolder,
  logFolder,
} from "../../base/paths.ts";
import { readInputLine } from "../../base/prompt.ts";
import type { CommandSpec } from "../command_spec.ts";

interface Options {
  all?: boolean;
  certs?: boolean;
  database?: boolean;
  keys?: boolean;
  logs?: boolean;
  root: string;
  quiet?: boolean;
  yes?: boolean;
}

/** The `delete` command. */
export const DELETE: CommandSpec = {
  options: [
    {
      flag: "--all",
      short: "-a",
      description: "the certificates, the database, the keys and the logs",
    },
    { flag: "--certs", short: "-c", description: "the certificates: certs/*.crt" },
    { flag: "--database", short: "-d", description: "the database" },
    { flag: "--keys", short: "-k", description: "the private keys: keys/*.key" },
    { flag: "--logs", short: "-l", description: "the logs: logs/*.log" },
    {
      flag: "--root",
      short: "-r",
      placeholder: "<folder>",
      description: "the home folder to delete from",
      byDefault: homeFolder(),
    },
    { flag: "--quiet", short: "-q", description: "print nothing, but ask" },
    { flag: "--yes", short: "-y", description: "do not ask" },
  ],
  run: (_, values) => deleteSelected(values as unknown as Options),
};

function deleteSelected({ quiet, yes, ...selection }: Options): void {
  const report = quiet ? () => {} : printLine;
  const paths = select(selection);
  if (paths.length === 0) return report(`Nothing to delete in ${selection.root}`);
  if (!yes) {
    for (const path of paths) report(path);
    if (!confirm(quiet ? `Delete ${paths.join(", ")}. Proceed` : "Proceed")) {
      return report("Nothing was deleted");
    }
  }
  for (const path of paths) {
    try {
      Deno.removeSync(path); // removes a symbolic link, not its target
    } catch (cause) {
      throw new ConfigurationError(`Cannot delete ${path}: ${(cause as Error).message}`, { cause });
    }
    report(`Deleted ${path}`);
  }
}

/** The files that the options choose and that exist. */
function select({ all, certs, database, keys, logs, root }: Options): string[] {
  if (!(all || certs || database || keys || logs)) {
    throw new ConfigurationError(
      "Cannot delete: choose what with --all, --certs, --database, --keys or --logs",
    );
  }
  /** The same path below the folder that is given. */
  const inRoot = (path: string) => join(root, relative(homeFolder(), path));
  return [
    ...all || certs ? filesIn(inRoot(certificateFolder()), ".crt") : [],
    ...all || database
      ? DATABASE_SUFFIXES.map((suffix) => inRoot(databaseFile()) + suffix).filter(isFile)
      : [],
    ...all || keys ? filesIn(inRoot(keyFolder()), ".key") : [],
    ...all || logs ? filesIn(inRoot(logFolder()), ".log") : [],
  ];
}

/** The database, and the files in which SQLite keeps changes that it has not written back yet. */
const DATABASE_SUFFIXES = ["", "-wal", "-shm", "-journal"];

/** The files of a folder that end like this, sorted. A folder that is a symbolic link has none. */
function filesIn(folder: string, ending: string): string[] {
  if (!statOf(folder)?.isDirectory) return [];
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => join(folder, name))
      .filter((path) => path.endsWith(ending) && isFile(path))
      .sort();
  } catch (cause) {
    throw new ConfigurationError(`Cannot read ${folder}: ${(cause as Error).message}`, { cause });
  }
}

/** Whether a path is a file, or a symbolic link. */
function isFile(path: string): boolean {
  const stat = statOf(path);
  return stat !== undefined && !stat.isDirectory;
}

/** The status of a path, without following a symbolic link; `undefined` if it does not exist. */
function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new ConfigurationError(`Cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Asks on the standard input, whatever that is. An empty answer is yes, the end of it is not. */
function confirm(what: string): boolean {
  print(`${what} (Y/n)? `);
  const answer = readInputLine();
  return answer !== undefined && /^\s*(y(es)?)?\s*$/i.test(answer);
}
