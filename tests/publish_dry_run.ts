/** What would be published, apart from the other tests: `deno task publish-check` runs it. */

import { assert, assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { ROOT, sourceFiles } from "./support/source_tree.ts";

/**
 * A worker imports the module of the function that it calls. That the import map of this package
 * is not there after publishing does not matter to it: it is a URL.
 */
const EXPECTED = /warning\[unanalyzable-dynamic-import\].*\n.*worker\.ts:/;

/** What is published beside the modules. */
const DOCUMENTS = ["CHANGELOG.md", "LICENSE", "README.md", "deno.json"];

Deno.test("every module would be published, and nothing is warned of but one import", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert(success, said);
  const folder = pathToFileURL(ROOT).href;
  const published = [...said.matchAll(/^ +(file:\S+) \(/gm)].map(([_, url]) =>
    url.slice(folder.length)
  );
  assertEquals(published.sort(), [...DOCUMENTS, ...sourceFiles()].sort());
  assert(!/\bwarn/i.test(said.replace(EXPECTED, "").replaceAll(/file:\S+/g, "")), said);
});
