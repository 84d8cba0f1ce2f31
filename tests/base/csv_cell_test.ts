import { assertEquals } from "@std/assert";
import { parse } from "@std/csv/parse";
import { csvCell, textCell } from "../../base/csv_cell.ts";
import fc from "../support/properties.ts";

Deno.test("any text is one cell of CSV", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    // A reader of CSV takes the line break within quotes as it likes.
    const line = text.replaceAll("\r", "");
    assertEquals(parse(`start,${csvCell(line)},end`), [["start", line, "end"]]);
  }));
});

Deno.test("a text that begins like a formula is marked, a number is not", () => {
  for (const text of ["=1+1", "+1", "-1", "@x", "\t=1"]) assertEquals(textCell(text), `'${text}`);
  assertEquals(textCell('=HYPERLINK("a", "b")'), `"'=HYPERLINK(""a"", ""b"")"`);
  assertEquals([textCell("1=1"), csvCell("-1"), textCell("")], ["1=1", "-1", ""]);
});
