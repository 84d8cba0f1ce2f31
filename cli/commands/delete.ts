/**
 * The `delete` command: removes what is in the home folder.
 *
 * @module
 */

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
  const say = quiet ? () => {} : console.log;
  const paths = select(selection).filter((path) => statOf(path) !== undefined);
  if (paths.length === 0) return say(`Nothing to delete in ${homeFolder()}`);
  if (!yes) {
    for (const path of paths) say(describe(path));
    const what = quiet ? paths.join(", ") : paths.length === 1 ? "it" : "them";
    if (!await terminalPrompt.confirm(`Delete ${what}?`)) return say("Nothing was deleted");
  }
  for (const path of paths) {
    try {
      Deno.removeSync(path, { recursive: true }); // of a link the link, not what it points to
    } catch (cause) {
      throw new ConfigurationError(`Cannot delete ${path}: ${(cause as Error).message}`, { cause });
    }
    say(`Deleted ${path}`);
  }
}

/** The paths that were chosen, whether there is something or not. */
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

/** SQLite keeps what it has not yet written back in files beside the database. */
const DATABASE_SUFFIXES = ["", "-wal", "-shm", "-journal"];

/** What is in the home folder, and last the folder itself. */
function everything(): string[] {
  const home = homeFolder();
  if (statOf(home) === undefined) return [];
  const content = contentOf(home);
  const reason = notAHome(Deno.realPathSync(home), content);
  if (reason) throw new ConfigurationError(`Cannot delete ${home}: ${reason}`);
  return [...content, home];
}

/** Why a folder is not to be deleted as a whole; `undefined` if it may be. */
function notAHome(folder: string, content: readonly string[]): string | undefined {
  if (folder === parse(folder).root) return "it is the root of the file system";
  const user = userFolder();
  const realUser = statOf(user) ? Deno.realPathSync(user) : user;
  if (`${realUser}${sep}`.startsWith(`${folder}${sep}`)) return "your home directory is in it";
  const known = [certificateFolder(), databaseFile(), keyFolder(), logFolder()];
  if (content.length === 0 || known.some((path) => content.includes(path))) return undefined;
  return "it does not look like a home folder of MSL-Network, none of whose files are in it";
}

/** A path as the list of what will be deleted shows it. */
function describe(path: string): string {
  const stat = statOf(path);
  if (stat?.isSymlink) return `${path} (a link; what it points to stays)`;
  return stat?.isDirectory ? `${path} (entries: ${contentOf(path).length})` : path;
}

/** The paths in a folder, sorted. */
function contentOf(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => join(folder, name)).sort();
  } catch (cause) {
    throw new ConfigurationError(`Cannot read ${folder}: ${(cause as Error).message}`, { cause });
  }
}

/** What is at a path, of a link the link itself; `undefined` where there is nothing. */
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
