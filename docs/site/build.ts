/**
 * Builds the documentation into a folder, by default `site`: the pages, and the reference of every
 * exported name. VitePress makes the HTML. It can be read without a server; only the search needs one.
 *
 * @module
 */

import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import sirv from "sirv";
import { build } from "vitepress";
import { brokenLinks } from "./check.ts";
import { problemsOf, sidebarOf, writePages } from "./pages.ts";
import type { Plan } from "./plan.ts";
import { writeReference } from "./reference.ts";
import { readPages, root } from "./source.ts";
import { makeRelative } from "./without_server.ts";

/** The file that marks a folder which the build may empty. */
const MARK = ".msl-network-site";

const HELP = `Builds the documentation as HTML.

Usage: deno task docs [FOLDER] [--base PATH] [--serve] [--port PORT]

FOLDER       where to write it (default: site)
--base PATH  the path below which a server will have it (default: /)
--serve      then serve it at http://localhost:PORT
--port PORT  (default: 8000)`;

/** A problem of the documentation, or of the arguments: its message is enough. */
class BuildError extends Error {}

try {
  await main();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}

async function main(): Promise<void> {
  const { folder, base, port, isServed, isHelp } = readArguments();
  if (isHelp) return console.log(HELP);
  const pages = readPages();
  report(problemsOf(pages));
  refuseOther(folder);
  // Not in the system's folder for such files: VitePress has to be found from the pages.
  const temporary = await Deno.makeTempDir({ dir: import.meta.dirname, prefix: ".build-" });
  try {
    const source = join(temporary, "pages");
    const built = join(temporary, "site");
    await writePages(source);
    const plan: Plan = {
      base,
      source,
      folder: built,
      cache: join(temporary, "cache"),
      navigation: sidebarOf(pages),
      reference: await writeReference(source, temporary),
    };
    await buildWith(plan, join(temporary, "plan.json"));
    const html = await makeRelative(built, base);
    report(brokenLinks(built, html));
    await replace(folder, built);
    console.log(`Wrote ${html.length} pages: ${join(folder, "index.html")}`);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
  if (isServed) await serveFolder(folder, base, port);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        base: { type: "string", default: "/" },
        port: { type: "string", default: "8000" },
        serve: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (positionals.length > 1) throw new TypeError("Name one folder");
    if (!/^\/([\w.~-]+\/)*$/.test(values.base)) {
      throw new TypeError(`Cannot use the base ${values.base}: it is a path such as /network/`);
    }
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new TypeError(`Cannot use the port ${values.port}: it is a number from 0 to 65535`);
    }
    const folder = resolve(positionals[0] ?? join(root, "site"));
    return { folder, base: values.base, port, isServed: values.serve, isHelp: values.help };
  } catch (error) {
    throw error instanceof TypeError ? new BuildError(`${error.message}\n\n${HELP}`) : error;
  }
}

function report(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new BuildError(`Cannot build the documentation:\n${problems.toSorted().join("\n")}`);
}

/** Refuses a folder with files that are not those of an earlier build. */
function refuseOther(folder: string): void {
  if (!existsSync(folder) || existsSync(join(folder, MARK))) return;
  if ([...Deno.readDirSync(folder)].length === 0) return;
  report([`${folder} is not empty, and not a site: name another folder`]);
}

/** Puts a site in the place of an earlier one. */
async function replace(folder: string, built: string): Promise<void> {
  if (existsSync(folder)) await Deno.remove(folder, { recursive: true });
  await cp(built, folder, { recursive: true });
  await Deno.writeTextFile(join(folder, MARK), "");
}

async function buildWith(plan: Plan, file: string): Promise<void> {
  await Deno.writeTextFile(file, JSON.stringify(plan));
  process.env.MSL_NETWORK_SITE = file;
  await build(import.meta.dirname, { base: plan.base, outDir: plan.folder });
}

async function serveFolder(folder: string, base: string, port: number): Promise<void> {
  const files = sirv(folder);
  const server = createServer((request, response) => {
    const notFound = () => void response.writeHead(404).end(`There is no ${request.url}\n`);
    if (!request.url?.startsWith(base)) return notFound();
    request.url = request.url.slice(base.length - 1);
    files(request, response, notFound);
  });
  server.listen(port, "localhost");
  try {
    await once(server, "listening");
  } catch (error) {
    throw new BuildError(`Cannot serve the site: ${(error as Error).message}`);
  }
  const { port: listening } = server.address() as AddressInfo;
  console.log(`Serves it at http://localhost:${listening}${base}`);
}
