/** Checks the table of docs/security.md, which names a test for each promise. */

import { assert, assertEquals } from "@std/assert";

const docs = new URL("../docs/", import.meta.url);

/** The rows of the table: the name of a test, or a part of it, and its file. */
async function shown(): Promise<{ name: string; file: string }[]> {
  const text = await Deno.readTextFile(new URL("security.md", docs));
  const [_, section] = text.split("## Which test shows it");
  return [...section.matchAll(/^\|[^|]*\| ([^|]+?) +\| \[.*?\]\((\S+)\) +\|$/gm)]
    .map(([_, name, file]) => ({ name, file }));
}

Deno.test("every promise of docs/security.md has the test that it names", async () => {
  const rows = await shown();
  assert(rows.length > 40, "the table was not found");
  const missing: string[] = [];
  for (const { name, file } of rows) {
    assert(name.length >= 8, `"${name}" names no test`);
    const code = await Deno.readTextFile(new URL(file, docs));
    // The name of a test in a loop has a variable beginning or end.
    const names = [
      ...code.matchAll(
        /\b(?:(?:test|posixTest|target|everywhere)\(|at\(\s*place,|name:)\s*(["`])((?:(?!\1).)*)\1/g,
      ),
    ].map(
      (
        [_, __, it],
      ) => it,
    );
    if (!names.some((it) => it.includes(name))) missing.push(`${file}: ${name}`);
  }
  assertEquals(missing, []);
});
