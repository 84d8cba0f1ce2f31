import { assert, assertEquals, assertStrictEquals, equal } from "@std/assert";
import { ByteBuffer, nextReadBuffer } from "../../base/buffer.ts";
import fc from "../support/properties.ts";

const decoder = new TextDecoder();

function text(buffer: ByteBuffer): string {
  return decoder.decode(buffer.view());
}

Deno.test("a new buffer is empty", () => {
  const buffer = new ByteBuffer();
  assertEquals(buffer.length, 0);
  assertEquals(buffer.view(), new Uint8Array(0));
});

Deno.test("bytes and text are in the order in which they were appended", () => {
  const buffer = new ByteBuffer();
  buffer.append(new Uint8Array([0x61, 0x62]));
  buffer.appendText("c");
  buffer.append(new Uint8Array([0x64]));
  assertEquals(text(buffer), "abcd");
  assertEquals(buffer.length, 4);
});

Deno.test("the buffer has a copy: the caller may change the bytes that it has appended", () => {
  const buffer = new ByteBuffer();
  const bytes = new Uint8Array([1, 2, 3]);
  buffer.append(bytes);
  bytes.fill(9);
  assertEquals(buffer.view(), new Uint8Array([1, 2, 3]));
});

Deno.test("after any appends, in any order and of any sizes, the view is all of them", () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.string({ unit: "binary", maxLength: 500 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const buffer = new ByteBuffer();
      const expected: number[] = [];
      for (const one of parts) {
        if (typeof one === "string") {
          buffer.appendText(one);
          expected.push(...new TextEncoder().encode(one));
        } else {
          buffer.append(one);
          expected.push(...one);
        }
        assertEquals(buffer.length, expected.length);
      }
      assertEquals(buffer.view(), new Uint8Array(expected));
    }),
    { numRuns: 100 },
  );
});

Deno.test("with a count, so many bytes of an array are appended", () => {
  const buffer = new ByteBuffer();
  buffer.append(new TextEncoder().encode("abcdef"), 2);
  buffer.append(new TextEncoder().encode("xyz"), 0);
  buffer.appendText("!");
  assertEquals(text(buffer), "ab!");
});

Deno.test("text of any length is encoded as UTF-8", () => {
  for (const length of [0, 1, 1023, 1024, 65_535, 65_536, 65_537, 200_000]) {
    for (const character of ["a", "é", "語", "😀"]) {
      const buffer = new ByteBuffer();
      buffer.appendText("<");
      buffer.appendText(character.repeat(length));
      buffer.appendText(">");
      assert(text(buffer) === `<${character.repeat(length)}>`, `${length} times ${character}`);
    }
  }
});

Deno.test("a lone surrogate becomes the replacement character, short text or long", () => {
  for (const filler of ["", "a".repeat(70_000)]) {
    const buffer = new ByteBuffer();
    buffer.appendText(`${filler}\ud800`);
    assert(text(buffer) === `${filler}\ufffd`, `after ${filler.length} characters`);
  }
});

Deno.test("a cleared buffer holds only what is appended afterwards", () => {
  for (const size of [10, 5_000, 3 * 1024 * 1024]) {
    const buffer = new ByteBuffer();
    buffer.append(new Uint8Array(size).fill(1));
    buffer.clear();
    assertEquals(buffer.length, 0);
    assertEquals(buffer.view().length, 0);
    buffer.append(new Uint8Array([7, 8]));
    assertEquals(buffer.view(), new Uint8Array([7, 8]));
  }
});

Deno.test("a buffer with a capacity above 1 MiB releases its memory when it is cleared", () => {
  const buffer = new ByteBuffer();
  buffer.append(new Uint8Array(2 * 1024 * 1024));
  buffer.clear();
  assertEquals(buffer.view().buffer.byteLength, 0);
});

Deno.test("a cleared buffer uses its memory again", () => {
  const buffer = new ByteBuffer();
  buffer.append(new Uint8Array(5_000));
  const before = buffer.view().buffer;
  buffer.clear();
  buffer.append(new Uint8Array(5_000));
  assertEquals(buffer.view().buffer === before, true);
});

Deno.test("a read that fills its buffer is followed by one of twice the size, up to the largest", () => {
  const buffer = new Uint8Array(4);
  assertStrictEquals(nextReadBuffer(buffer, 3, 8), buffer);
  const larger = nextReadBuffer(buffer, 4, 8);
  assertEquals(larger.length, 8);
  assertStrictEquals(nextReadBuffer(larger, 8, 8), larger);
});

Deno.test("a buffer that returns memory has what was appended, however it grew", () => {
  const size = fc.oneof(fc.nat(3_000), fc.nat(400_000));
  fc.assert(
    fc.property(fc.array(size, { maxLength: 12 }), fc.nat(12), (sizes, clearedAt) => {
      const [buffer, other] = [new ByteBuffer(true), new ByteBuffer()];
      for (const [index, size] of sizes.entries()) {
        if (index === clearedAt) { for (const one of [buffer, other]) one.clear(); }
        const bytes = new Uint8Array(size).map((_, at) => at + index);
        for (const one of [buffer, other]) one.append(bytes);
        for (const one of [buffer, other]) one.appendText(`ä${index}`);
      }
      assertEquals(buffer.length, other.length);
      assert(equal(buffer.view(), other.view()));
    }),
    { numRuns: 30 },
  );
});

Deno.test("a buffer that returns memory frees it when it grows, and when it is cleared or released", () => {
  const buffer = new ByteBuffer(true);
  buffer.append(new Uint8Array(200_000));
  const first = buffer.view().buffer;
  buffer.append(new Uint8Array(3_000_000)); // more than the memory of the first can grow to
  assertEquals([first.byteLength, buffer.length], [0, 3_200_000]);
  const second = buffer.view().buffer;
  buffer.append(new Uint8Array(3_000_000));
  assertStrictEquals(buffer.view().buffer, second); // it has grown in place
  buffer.clear();
  assertEquals([second.byteLength, buffer.length], [0, 0]);
  buffer.append(new Uint8Array(300_000));
  const third = buffer.view().buffer;
  buffer.clear(); // it is used again
  assertEquals(third.byteLength > 0, true);
  buffer.release();
  assertEquals(third.byteLength, 0);
  buffer.appendText("again");
  assertEquals(text(buffer), "again");
});
