/**
 * The `delete` command: deletes files of the home folder.
 *
 * @module
 */

import { printLine } from "../../program/print.ts";
import type { Command } from "commander";
import { join, parse, sep } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import {
  certificateFolder,
  databaseFile,
  homeFolder,
  keyFolder,
  logFolder,
  userFolder,
} from "../../base/paths.ts";
import { terminalPrompt } from "../../base/prompt.ts";

interface Selection {
  all?: boolean;
  certs?: boolean;
  database?: boolean;
  keys?: boolean;
  logs?: boolean;
  root?: boolean;
}

interface Options extends Selection {
  quiet?: boolean;
  yes?: boolean;
}

/** Adds `delete` to the program. */
export function addDelete(program: Command): void {
  program.command("delete")
    .description("Delete files of the home folder, after asking")
    .option("-a, --all", "the certificates, the database, the keys and the logs")
    .option("-c, --certs", "the certificates")
    .option("-d, --database", "the database")
    .option("-k, --keys", "the private keys")
    .option("-l, --logs", "the logs")
    .option("-r, --root", "the whole home folder")
    .option("-q, --quiet", "print nothing, but ask")
    .option("-y, --yes", "do not ask")
    .action(deleteSelected);
}

async function deleteSelected({ quiet, yes, ...selection }: Options): Promise<void> {
  const print = quiet ? () => {} : printLine;
  const paths = select(selection).filter((path) => statOf(path) !== undefined);
  if (paths.length === 0) return print(`Nothing to delete in ${homeFolder()}`);
  if (!yes) {
    for (const path of paths) print(describe(path));
    const what = quiet ? paths.join(", ") : paths.length === 1 ? "it" : "them";
    if (!await terminalPrompt.confirm(`Delete ${what}?`)) return print("Nothing was deleted");
  }
  for (const path of paths) {
    try {
      Deno.removeSync(path, { recursive: true }); // removes a symbolic link, not its target
    } catch (cause) {
      throw new ConfigurationError(`Cannot delete ${path}: ${(cause as Error).message}`, { cause });
    }
    print(`Deleted ${path}`);
  }
}

/** The paths that the options choose, whether they exist or not. */
function select({ all, certs, database, keys, logs, root }: Selection): string[] {
  if (root) return everything();
  const paths: string[] = [];
  if (all || certs) paths.push(certificateFolder());
  if (all || database) paths.push(...DATABASE_SUFFIXES.map((suffix) => databaseFile() + suffix));
  if (all || keys) paths.push(keyFolder());
  if (all || logs) paths.push(logFolder());
  if (paths.length > 0) return paths;
  throw new ConfigurationError(
    "Cannot delete: choose what with --all, --certs, --database, --keys, --logs or --root",
  );
}

/** The database, and the files in which SQLite keeps changes that it has not written back yet. */
const DATABASE_SUFFIXES = ["", "-wal", "-shm", "-journal"];

/** The entries of the home folder, and last the folder itself. */
function everything(): string[] {
  const home = homeFolder();
  if (statOf(home) === undefined) return [];
  const content = contentOf(home);
  const reason = notAHome(Deno.realPathSync(home), content);
  if (reason) throw new ConfigurationError(`Cannot delete ${home}: ${reason}`);
  return [...content, home];
}

/** The reason why a folder must not be deleted as a whole; `undefined` if there is none. */
function notAHome(folder: string, content: readonly string[]): string | undefined {
  if (folder === parse(folder).root) return "it is the root of the file system";
  const user = userFolder();
  const realUser = statOf(user) ? Deno.realPathSync(user) : user;
  if (`${realUser}${sep}`.startsWith(`${folder}${sep}`)) return "your home directory is in it";
  const known = [certificateFolder(), databaseFile(), keyFolder(), logFolder()];
  if (content.length === 0 || known.some((path) => content.includes(path))) return undefined;
  return "it does not look like a home folder of MSL-Network, none of whose files are in it";
}

/** A path as text for the question whether to delete it. */
function describe(path: string): string {
  const stat = statOf(path);
  if (stat?.isSymlink) return `${path} (a link; what it points to stays)`;
  return stat?.isDirectory ? `${path} (entries: ${contentOf(path).length})` : path;
}

/** The paths of the entries of a folder, sorted. */
function contentOf(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => join(folder, name)).sort();
  } catch (cause) {
    throw new ConfigurationError(`Cannot read ${folder}: ${(cause as Error).message}`, { cause });
  }
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
