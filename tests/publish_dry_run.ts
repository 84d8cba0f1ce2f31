/**
 * What is published, and what a project downloads that uses it. Apart from the other tests, since
 * it needs the registries: `deno task publish-check` runs it.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
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

/** How many npm packages a project may download for this one. */
const MOST_PACKAGES = 12;

const PROGRAM = `import { connect } from "@msl/network"; console.log(typeof connect);`;

for (const args of [["run", "-A", "p.ts"], ["install"], ["check", "p.ts"]]) {
  Deno.test(`\`deno ${args.join(" ")}\` in a project that links to this package downloads at most ${MOST_PACKAGES} npm packages`, async () => {
    const project = await Deno.makeTempDir({ prefix: "msl-network-" });
    try {
      const imports = { "@msl/network": "jsr:@msl/network@^0.1.0" };
      const config = JSON.stringify({ links: [ROOT], imports });
      await Deno.writeTextFile(join(project, "deno.json"), config);
      await Deno.writeTextFile(join(project, "p.ts"), PROGRAM);
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args,
        cwd: project,
        env: { NO_COLOR: "1", DENO_DIR: join(project, "cache") },
      }).output();
      const output = new TextDecoder().decode(stderr);
      assert(success, output);
      const packages = new Set(output.match(/\S+\.tgz$/gm));
      assert(packages.size > 0, `no download was reported: ${output}`);
      assert(packages.size <= MOST_PACKAGES, `${packages.size}: ${[...packages].join(", ")}`);
    } finally {
      await Deno.remove(project, { recursive: true });
    }
  });
}
