/** Members of an object in a text of JSON, as they were written. */

import { assertEquals } from "@std/assert";
import { parseJson } from "../../wire/json.ts";
import { memberText } from "../../wire/member_text.ts";
import fc from "../support/properties.ts";

Deno.test("a member is found as it was written", () => {
  const text = ' { "a" : [1.0, {"b": "}"}] , "b":1e2,"c\\u0064" :\tNaN, "e": "\\"b\\":2,\\\\" } ';
  assertEquals(memberText(text, "a"), '[1.0, {"b": "}"}]');
  assertEquals(memberText(text, "b"), "1e2");
  assertEquals(memberText(text, "cd"), "NaN");
  assertEquals(memberText(text, "e"), '"\\"b\\":2,\\\\"');
  assertEquals(memberText(text, "f"), undefined);
  assertEquals(memberText("{}", ""), undefined);
});

Deno.test("of two equal keys the last one counts, however they are written", () => {
  assertEquals(memberText('{"a":1,"\\u0061":2}', "a"), "2");
  assertEquals(memberText('{"\\u0061":1,"a":2,"b":{"a":3}}', "a"), "2");
});

Deno.test("each member of any object is found, and has the value that parsing gives it", () => {
  const property = fc.property(
    fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 3 })),
    fc.constantFrom(undefined, 1),
    (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      for (const [key, value] of Object.entries(JSON.parse(text))) {
        assertEquals(parseJson(memberText(text, key)!), value);
      }
    },
  );
  fc.assert(property);
});
