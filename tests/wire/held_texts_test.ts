import { mock } from "node:test";
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { HELD_AS_BYTES, HELD_AS_TEXT, HeldTexts } from "../../wire/held_texts.ts";
import { measure } from "../../wire/parts.ts";
import { writeJson } from "../../wire/json_writer.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();

Deno.test("texts are given as they were added, also those that are held as bytes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 20 })),
      fc.nat(20),
      (texts, asText) => {
        const size = (text: string) => encoder.encode(text).length;
        const first = texts.slice(0, asText);
        const held = new HeldTexts(first, HELD_AS_TEXT);
        for (const text of texts.slice(asText)) assert(held.tryAdd(text, size(text)));
        for (let i = 0; i < 2; i++) assertEquals([...held].join(""), texts.join("").toWellFormed());
        held.release();
        assertEquals([...held], []);
      },
    ),
  );
  assertEquals(HeldTexts.heldAsBytes, 0);
});

Deno.test("many bytes are held in several chunks, and a text that is larger than one has its own", () => {
  const held = new HeldTexts(["first"], HELD_AS_TEXT);
  const texts = [700_000, 700_000, 3_000_000, 1].map((length, at) => `${at}`.repeat(length));
  for (const text of texts) assert(held.tryAdd(text, text.length));
  assertEquals([...held], ["first", ...texts]);
  assertEquals(HeldTexts.heldAsBytes, 3 * 1024 * 1024 + 3_000_000);
  held.release();
  held.release();
  assertEquals(HeldTexts.heldAsBytes, 0);
});

Deno.test("the memory of a value is given back at once", () => {
  const held = new HeldTexts([], HELD_AS_TEXT);
  const text = "x".repeat(4_000_000);
  for (let i = 0; i < 2; i++) assert(held.tryAdd(text, text.length));
  const freed: (number | undefined)[] = [];
  const { transfer } = ArrayBuffer.prototype;
  const method = mock.method(
    ArrayBuffer.prototype,
    "transfer",
    function (this: ArrayBuffer, size?: number) {
      freed.push(this.byteLength, size);
      return transfer.call(this, size);
    },
  );
  held.release();
  method.mock.restore();
  assertEquals(freed, [4_000_000, 0, 4_000_000, 0]);
});

Deno.test("all values together have a limit, and what one gives back others can take", () => {
  const [first, second] = [new HeldTexts([], HELD_AS_TEXT), new HeldTexts([], HELD_AS_TEXT)];
  assert(first.tryAdd("a", HELD_AS_BYTES - 1_000_000));
  assertFalse(second.tryAdd("b", 1));
  first.release();
  assert(second.tryAdd("b", 1));
  second.release();
});

Deno.test("a value that cannot be written gives back what was held of it", async () => {
  const value = ["a".repeat(HELD_AS_TEXT), "b".repeat(2_000_000), () => {}];
  await assertRejects(() => measure(() => writeJson(value, 64 * 1024)), TypeError);
  assertEquals(HeldTexts.heldAsBytes, 0);
});
