/**
 * The published files, and the downloads of a project that uses the package. Not among the other tests,
 * since it needs the registries: `deno task publish-check` runs it.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { denoCommand, run } from "./support/process.ts";
import { ROOT, sourceFiles } from "./support/source_tree.ts";

/**
 * A worker imports the module of the function that it calls. The missing import map after publishing
 * does not affect it, as the specifier is a URL.
 */
const EXPECTED = /warning\[unanalyzable-dynamic-import\].*\n.*worker\.ts:/;

/** The published files that are no modules. */
const DOCUMENTS = ["CHANGELOG.md", "LICENSE", "README.md", "deno.json"];

Deno.test("every module is published, and the only warning is for one import", async () => {
  const publish = denoCommand(["publish", "--dry-run", "--allow-dirty"], { cwd: ROOT });
  const outcome = await run(publish);
  const output = outcome.stdout + outcome.stderr;
  assertEquals(outcome.code, 0, output);
  const folder = pathToFileURL(ROOT).href;
  const published = [...output.matchAll(/^ +(file:\S+) \(/gm)].map(([_, url]) =>
    url.slice(folder.length)
  );
  assertEquals(published.sort(), [...DOCUMENTS, ...sourceFiles()].sort());
  assert(!/\bwarn/i.test(output.replace(EXPECTED, "").replaceAll(/file:\S+/g, "")), output);
});

/** The most npm packages that a project may download for an entry point. */
const MOST_PACKAGES = 17;

const PROGRAM = `import { connect } from "@msl/network"; console.log(typeof connect);`;

for (const args of [["run", "-A", "p.ts"], ["install"], ["check", "p.ts"]]) {
  Deno.test(`\`deno ${args.join(" ")}\` in a project that links to this package downloads at most ${MOST_PACKAGES} npm packages`, async () => {
    const packages = await downloadsOf(PROGRAM, args);
    assert(packages.size > 0, "no download was reported");
    assert(packages.size <= MOST_PACKAGES, `${packages.size}: ${[...packages].join(", ")}`);
  });
}

// The comments at the beginning of client.ts and service.ts, and the pages, give these numbers.
for (const [entry, count] of [["", 16], ["/client", 2], ["/service", 3]] as const) {
  Deno.test(`a program that imports @msl/network${entry} downloads ${count} npm packages`, async () => {
    const program = `import * as all from "@msl/network${entry}"; console.log(typeof all);`;
    const packages = await downloadsOf(program, ["run", "-A", "p.ts"]);
    assertEquals(packages.size, count, [...packages].join(", "));
  });
}

/** The npm packages that a project with this program downloads into an empty cache. */
async function downloadsOf(program: string, args: readonly string[]): Promise<Set<string>> {
  const project = await Deno.makeTempDir({ prefix: "msl-network-" });
  try {
    const imports = { "@msl/network": "jsr:@msl/network@^0.1.0" };
    const config = JSON.stringify({ links: [ROOT], imports });
    await Deno.writeTextFile(join(project, "deno.json"), config);
    await Deno.writeTextFile(join(project, "p.ts"), program);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: project,
      env: { NO_COLOR: "1", DENO_DIR: join(project, "cache") },
    }).output();
    const output = new TextDecoder().decode(stderr);
    assert(success, output);
    return new Set(output.match(/\S+\.tgz$/gm));
  } finally {
    await Deno.remove(project, { recursive: true });
  }
}
