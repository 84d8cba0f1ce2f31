/** Follows each page of the documentation word for word: `deno task docs-check` runs it. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { type Block, blocksOf } from "../../docs/site/blocks.ts";
import { readPages } from "../../docs/site/source.ts";
import { noNats } from "../support/nats_server.ts";
import { JUPYTER_PYTHON } from "../support/notebook.ts";
import { posixTest } from "../support/posix.ts";
import { denoCommand, succeed } from "../support/process.ts";
import { Reader } from "../support/reader.ts";

const pages = readPages();

/** What the how-to pages begin with: those that link to this section. */
const [, BEGINNING] = /^(## Before you begin\n[^]*?)^## /m.exec(pages.get("docs/README.md")!)!;

/** The blocks of a page, in the order in which a reader follows them. */
function blocksToFollow(path: string, text: string): Block[] {
  const begins = text.includes("README.md#before-you-begin");
  return [...(begins ? blocksOf("docs/README.md", BEGINNING) : []), ...blocksOf(path, text)];
}

// The commands of the pages are run by a POSIX shell.
for (const [path, text] of pages) {
  const blocks = blocksToFollow(path, text);
  const runs = blocks.filter(({ words }) => /\b(run|start|cell)\b/.test(words.join(" ")));
  if (runs.length === 0) continue;
  const isNotebook = runs.some(({ words }) => words.includes("cell"));
  if (isNotebook && JUPYTER_PYTHON === undefined) {
    console.log(`${path} is not followed: no Python has jupyter_client`);
    continue;
  }
  if (text.includes("nats-server --") && noNats) {
    console.log(`${path} is not followed: nats-server is not installed`);
    continue;
  }
  posixTest(`${path} does what it says`, async () => {
    await using reader = await Reader.begin();
    assertEquals(await reader.follow(blocks), runs.length);
  });
}

/** The tests of `deno task test` that look at the files of the repository. */
const ABOUT_FILES = [
  "tests/tidy_test.ts",
  "tests/publish_test.ts",
  "tests/docs/docs_test.ts",
  "tests/docs/site_test.ts",
  "tests/docs/troubleshooting_test.ts",
];

posixTest(
  "after the README the tests pass in the same folder, with the reader's own files",
  async () => {
    await using reader = await Reader.begin();
    await reader.follow(blocksOf("README.md", pages.get("README.md")!));
    // What else lies about in the folder of someone who tries a package.
    await Deno.mkdir(join(reader.project, "lab"));
    for (const file of ["lab/sweep.ts", "draft_test.ts", "NOTES.md", "readings.csv"]) {
      await Deno.writeTextFile(join(reader.project, file), "# Notes\n\n[nowhere](nowhere.md)\n");
    }
    const args = ["test", "-A", "--no-check", ...ABOUT_FILES];
    await succeed(denoCommand(args, { cwd: reader.project }));
  },
);
