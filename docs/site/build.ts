/**
 * Builds the documentation into a folder, by default `site`: the pages, and the reference that Deno
 * makes from the documentation comments. It needs no server.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import manifest from "../../deno.json" with { type: "json" };
import { BrokenSiteError, buildSite, type Site } from "./site.ts";
import { readSource, root } from "./source.ts";

/** The file that marks a folder which the build may empty. */
const MARK = ".msl-network-site";

const folder = resolve(Deno.args[0] ?? join(root, "site"));
try {
  const site = buildSite(readSource());
  await empty(folder);
  await write(site, folder);
  await writeReference(join(folder, "reference"));
  console.log(`Wrote ${site.pages.size} pages and the reference: ${join(folder, "index.html")}`);
} catch (error) {
  if (!(error instanceof BrokenSiteError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}

/** Makes the folder, or removes the files of an earlier build, and nothing else. */
async function empty(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  if (names.length > 0 && !names.includes(MARK)) {
    throw new BrokenSiteError([`${folder} is not empty, and not a site: name another folder`]);
  }
  for (const name of names) await Deno.remove(join(folder, name), { recursive: true });
  await Deno.writeTextFile(join(folder, MARK), "");
}

async function write({ pages, files }: Site, folder: string): Promise<void> {
  for (const [path, html] of pages) await Deno.writeTextFile(join(folder, path), html);
  await Deno.copyFile(join(root, "docs", "site", "style.css"), join(folder, "style.css"));
  for (const [path, source] of files) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.copyFile(join(root, source), join(folder, path));
  }
}

async function writeReference(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "doc",
      "--html",
      `--name=${manifest.name}`,
      `--output=${folder}`,
      ...Object.values(manifest.exports),
    ],
    cwd: root,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new BrokenSiteError([new TextDecoder().decode(stderr)]);
}
