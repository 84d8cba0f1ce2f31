import { assertEquals } from "@std/assert";
import { visible } from "../../../web/page/visible.ts";

Deno.test("characters that nobody sees are escaped, and all others stay", () => {
  assertEquals(visible("a\x1b[31mred\x00\x7f\x9b"), "a\\u{1b}[31mred\\u{0}\\u{7f}\\u{9b}");
  assertEquals(
    visible("\u202egpj.exe\u2066\u200f\u061c"),
    "\\u{202e}gpj.exe\\u{2066}\\u{200f}\\u{61c}",
  );
  assertEquals(visible("a\r\nb\u2028c"), "a\\u{d}\nb\\u{2028}c");
  for (const text of ["two\nlines\tand a tab", "µΩ °C", "שלום עולם", "👩‍🔬", "<b>&amp;</b>", ""]) {
    assertEquals(visible(text), text);
  }
});
