/** Codes, classes and documentation of errors are held against each other. */

import { assertEquals } from "@std/assert";
import * as errors from "../errors.ts";

Deno.test("every error class has its code and a row in docs/troubleshooting.md", async () => {
  const text = await Deno.readTextFile(new URL("../docs/troubleshooting.md", import.meta.url));
  const rows = [...text.matchAll(/^\| `(\w+)` *\| `(\w+)` *\|/gm)]
    .map(([_, code, name]) => `${code} ${name}`);
  const { NetworkError: _base, wireMessage: _text, ...classes } = errors;
  const actual = Object.values(classes).map((Class) => {
    const { code, name } = new Class("text");
    return `${code} ${name}`;
  });
  assertEquals(rows.sort(), actual.sort());
});
