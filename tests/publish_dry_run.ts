/** What would be published, apart from the other tests: `deno task publish-check` runs it. */

import { assert, assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { denoCommand, run } from "./support/process.ts";
import { ROOT, sourceFiles } from "./support/source_tree.ts";

/**
 * A worker imports the module of the function that it calls. That the import map of this package
 * is not there after publishing does not matter to it: it is a URL.
 */
const EXPECTED = /warning\[unanalyzable-dynamic-import\].*\n.*worker\.ts:/;

/** What is published beside the modules. */
const DOCUMENTS = ["CHANGELOG.md", "LICENSE", "README.md", "deno.json"];

Deno.test("every module would be published, and nothing is warned of but one import", async () => {
  const publish = denoCommand(["publish", "--dry-run", "--allow-dirty"], { cwd: ROOT });
  const outcome = await run(publish);
  const said = outcome.printed + outcome.said;
  assertEquals(outcome.code, 0, said);
  const folder = pathToFileURL(ROOT).href;
  const published = [...said.matchAll(/^ +(file:\S+) \(/gm)].map(([_, url]) =>
    url.slice(folder.length)
  );
  assertEquals(published.sort(), [...DOCUMENTS, ...sourceFiles()].sort());
  assert(!/\bwarn/i.test(said.replace(EXPECTED, "").replaceAll(/file:\S+/g, "")), said);
});
