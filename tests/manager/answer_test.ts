import { assertEquals, assertThrows } from "@std/assert";
import { type Answer, readAnswer, textOf } from "../../manager/answer.ts";
import { KeyError } from "../../errors.ts";

const encoder = new TextEncoder();

function read(line: string): Answer {
  return readAnswer(encoder.encode(line));
}

Deno.test("the answer of a program is the result of its reply", () => {
  assertEquals(
    read('{"error": false, "requester": "Manager[lab-pc:1875]", "result": "admin", "uid": ""}'),
    { form: "reply", result: "admin" },
  );
  for (const result of ["", null, 0, false, ["a"], { type: "client", name: "a" }]) {
    assertEquals(read(JSON.stringify({ result })), { form: "reply", result });
  }
  assertEquals(read(' {"result": "é\\u00e9"} '), { form: "reply", result: "éé" });
});

Deno.test("a result may hold the numbers that only Python writes", () => {
  assertEquals(read('{"result": {"attributes": {"a": NaN, "b": -Infinity}}}'), {
    form: "reply",
    result: { attributes: { a: NaN, b: -Infinity } },
  });
});

Deno.test("the answer of a person is the line as it was typed", () => {
  for (
    const line of ["admin", " a good password ", "", "12345678", "-1e5", "null", "true", "NaN"]
      .concat("[1, 2]", '"quoted"', "{not json", '{"result": "x"', '{"result": "x"} y', "é語😀")
  ) assertEquals(read(line), { form: "text", line });
});

Deno.test("an object without a result of its own is a KeyError", () => {
  for (
    const line of ["{}", '{"error": true, "message": "ValueError: no"}', '{"Result": "x"}'].concat(
      '{"__proto__": {"result": "x"}}',
    )
  ) {
    const error: Error = assertThrows(() => read(line), KeyError);
    assertEquals(error.message, "'result'");
  }
});

Deno.test("bytes that are not UTF-8 are a TypeError", () => {
  for (const bytes of [[0xff], [0x16, 0x03, 0x01, 0xfe], [0x22, 0xc3, 0x22]]) {
    assertThrows(() => readAnswer(Uint8Array.from(bytes)), TypeError);
  }
});

Deno.test("an answer that is to be text is the line, or a result that is text, and else empty", () => {
  assertEquals(textOf({ form: "text", line: " a b" }), " a b");
  assertEquals(textOf({ form: "reply", result: "a b" }), "a b");
  for (const result of [null, 5, true, ["a"], { length: 1 }, undefined]) {
    assertEquals(textOf({ form: "reply", result }), "");
  }
});
