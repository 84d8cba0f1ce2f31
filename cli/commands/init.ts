/**
 * The `init` command: makes a folder for programs of one's own, which run at once. The content of its
 * files is in `../project_files.ts`.
 *
 * @module
 */

import type { Command } from "commander";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ConfigurationError } from "../../errors.ts";
import { PROGRAM } from "../examples.ts";
import { readFile } from "../../base/files.ts";
import { packageSettings, projectFiles, type ProjectOptions, WITH_PAGE } from "../project_files.ts";
import { PAGE_ADDRESS } from "../project_page.ts";
import { printLine } from "../../program/print.ts";
import { VERSION } from "../../version.ts";

/** Adds the options of `init`, and its action. */
export function addInit(command: Command): void {
  command.registeredArguments[0].default(".");
  command
    .option("--web", "a web page too: a control panel for the Service")
    .option("-q, --quiet", "print nothing but errors")
    .action(init);
}

interface ParsedOptions {
  web?: boolean;
  quiet?: boolean;
}

function init(folder: string, { web: hasPage = false, quiet = false }: ParsedOptions): void {
  const print = quiet ? () => {} : printLine;
  const path = realPathOf(resolve(folder));
  const link = linkFrom(path, packageFolder());
  makeFolder(path);
  const options: ProjectOptions = {
    title: basename(path) || "My instruments",
    version: VERSION,
    link,
    hasPackageJson: exists(join(path, "package.json")),
    hasPage,
  };
  let config: string | undefined;
  for (const [name, text] of Object.entries(projectFiles(options))) {
    const present = presentFile(path, name);
    if (present === undefined && writeNew(join(path, name), text)) {
      print(`Wrote ${join(folder, name)}`);
      continue;
    }
    print(`Kept ${join(folder, present ?? name)}, which is there already`);
    if (name === "deno.json") config = readFile(join(path, present ?? name), "the settings");
  }
  if (config !== undefined && !config.includes('"@msl/network"')) {
    const settings = JSON.stringify(packageSettings(options)).slice(1, -1);
    print(`The settings of Deno have to contain ${settings}`);
  }
  const [manager, service, client] = config === undefined ? TASKS : PROGRAMS;
  print(
    [
      "",
      "Run each of these in a terminal of its own:",
      ...path === Deno.realPathSync(".")
        ? []
        : [`  cd ${/\s/.test(folder) ? JSON.stringify(folder) : folder}`],
      `  ${manager}${hasPage ? ` ${WITH_PAGE}` : ""}`,
      `  ${service}`,
      ...hasPage ? [`Then open ${PAGE_ADDRESS} in a browser, or run`] : [],
      `  ${client}`,
    ].join("\n"),
  );
}

const TASKS = ["deno task manager", "deno task service", "deno task client"];

/** The same where the tasks were not written. */
const PROGRAMS = [
  "deno run -A @msl/network/manager",
  "deno run -A thermometer.ts",
  "deno run -A read_thermometer.ts",
];

/** The folder of this package; `undefined` if it was not loaded from a folder that others can use. */
function packageFolder(): string | undefined {
  const url = new URL("../../", import.meta.url);
  return url.protocol === "file:" && !Deno.build.standalone ? fileURLToPath(url) : undefined;
}

/**
 * How the settings of a project name the folder of this package.
 *
 * @throws {ConfigurationError} If the project is in that folder: its tests and its formatting would be
 * those of the package.
 */
function linkFrom(project: string, folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const root = Deno.realPathSync(folder);
  const inner = relative(root, project);
  if (!isAbsolute(inner) && inner !== ".." && !inner.startsWith(`..${sep}`)) {
    throw new ConfigurationError(
      `Cannot make a project in ${project}: this is a folder of the package itself. ` +
        `Give another one, e.g. ${PROGRAM} init ${join("..", "lab")}`,
    );
  }
  const link = relative(project, root);
  // Windows has no relative path to another drive.
  return isAbsolute(link) ? pathToFileURL(link).href : link.replaceAll(sep, "/");
}

/** The path without symbolic links of a folder that need not exist. */
function realPathOf(folder: string): string {
  try {
    return Deno.realPathSync(folder);
  } catch (cause) {
    const isMissing = cause instanceof Deno.errors.NotFound && !exists(folder);
    if (isMissing) return join(realPathOf(dirname(folder)), basename(folder));
    throw new ConfigurationError(`Cannot read ${folder}: ${(cause as Error).message}`, { cause });
  }
}

function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new ConfigurationError(`Cannot make the folder ${folder}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** The name of a file that is there already, under this or an equivalent name. */
function presentFile(folder: string, name: string): string | undefined {
  const names = name === "deno.json" ? ["deno.json", "deno.jsonc"] : [name];
  return names.find((name) => exists(join(folder, name)));
}

/** Whether anything has this path, also a symbolic link without a target. */
function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new ConfigurationError(`Cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Writes a new file. Returns false if there is one of this name: it is never replaced. */
function writeNew(path: string, text: string): boolean {
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    Deno.writeTextFileSync(path, text, { createNew: true });
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists && exists(path)) return false;
    throw new ConfigurationError(`Cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}
