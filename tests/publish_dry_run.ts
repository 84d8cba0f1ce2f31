/** What would be published, apart from the other tests: `deno task publish-check` runs it. */

import { assert } from "@std/assert";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * A worker imports the module of the function that it calls. That the import map of this package
 * is not there after publishing does not matter to it: it is a URL.
 */
const EXPECTED = /warning\[unanalyzable-dynamic-import\].*\n.*worker\.ts:/;

Deno.test("what would be published is accepted, and nothing else is warned of", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty"],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert(success, said);
  assert(!/\bwarn/i.test(said.replace(EXPECTED, "").replaceAll(/file:\S+/g, "")), said);
});
