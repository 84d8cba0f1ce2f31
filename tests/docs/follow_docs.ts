/** Follows each page of the documentation word for word: `deno task docs-check` runs it. */

import { assertEquals } from "@std/assert";
import { blocksOf } from "../../docs/site/blocks.ts";
import { readPages } from "../../docs/site/source.ts";
import { follow } from "../support/reader.ts";

for (const [path, text] of readPages()) {
  const blocks = blocksOf(path, text);
  const runs = blocks.filter(({ words }) => words.includes("run") || words.includes("start"));
  if (runs.length === 0) continue;
  Deno.test({
    name: `${path} does what it says`,
    ignore: Deno.build.os === "windows", // its commands are for a POSIX shell
    fn: async () => assertEquals(await follow(blocks), runs.length),
  });
}
