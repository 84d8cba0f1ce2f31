/** The codes, classes and documentation of errors agree. */

import { assert, assertEquals } from "@std/assert";
import * as errors from "../../errors.ts";
import { ROOT, sourceFiles } from "../support/source_tree.ts";

Deno.test("every error class has its code and a row in docs/troubleshooting.md", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/troubleshooting.md", import.meta.url));
  const rows = [...text.matchAll(/^\| `(\w+)` *\| `(\w+)` *\|/gm)]
    .map(([_, code, name]) => `${code} ${name}`);
  const classes = Object.values(errors).filter((value): value is typeof errors.ValueError =>
    value.prototype instanceof errors.NetworkError
  );
  const actual = classes.map((Class) => {
    const { code, name } = new Class("text");
    return `${code} ${name}`;
  });
  assertEquals(rows.sort(), actual.sort());
});

Deno.test("each message in docs/troubleshooting.md is in the source", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/troubleshooting.md", import.meta.url));
  const messages = [...text.matchAll(/^\| `([^`]* [^`]*)` *\|/gm)].map(([_, message]) => message);
  assert(messages.length > 30, "the messages were not found");
  const code = sourceFiles()
    .map((file) => Deno.readTextFileSync(ROOT + file))
    .join("\n")
    .replaceAll(/["`] \+\s+["`]/g, ""); // texts that go on in the next line
  for (const message of messages) {
    for (const piece of message.split("...").map((piece) => piece.replace(/^: |: $/g, "").trim())) {
      assert(code.includes(piece), `"${piece}" of "${message}"`);
    }
  }
});
