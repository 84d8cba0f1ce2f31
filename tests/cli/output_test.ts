import { assertEquals } from "@std/assert";
import { formatResult } from "../../cli/output.ts";

Deno.test("a string is printed as it is, any other value as JSON", () => {
  const text = "a\u001b[31m\tb\nc";
  assertEquals(formatResult(text, false, false), text);
  assertEquals(formatResult(text, false, true), "a\\u{1b}[31m\tb\nc");
  assertEquals(formatResult(text, true, false), JSON.stringify(text));
  assertEquals(formatResult(["\u009b", NaN, null], false, false), '["\u009b",NaN,null]');
  assertEquals(formatResult(["\u009b", NaN, null], false, true), '["\\u009b",NaN,null]');
  assertEquals(formatResult(null, false, false), "null");
});
