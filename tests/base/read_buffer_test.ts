import { assertEquals, assertStrictEquals } from "@std/assert";
import { nextBuffer } from "../../base/read_buffer.ts";

Deno.test("a read buffer that was filled is followed by one of twice the size, up to the largest", () => {
  const buffer = new Uint8Array(4);
  assertStrictEquals(nextBuffer(buffer, 3, 8), buffer);
  const larger = nextBuffer(buffer, 4, 8);
  assertEquals(larger.length, 8);
  assertStrictEquals(nextBuffer(larger, 8, 8), larger);
});
