/** Bytes that arrive by themselves, for reads that ask for them. */

import { assertEquals, assertRejects } from "@std/assert";
import { ByteReader } from "../../web/byte_reader.ts";
import fc from "../support/properties.ts";

/** A read of up to so many bytes: what it gave, or `null`. */
async function read(reader: ByteReader, size = 10): Promise<number[] | null> {
  const buffer = new Uint8Array(size);
  const count = await reader.read(buffer);
  return count === null ? null : [...buffer.subarray(0, count)];
}

const bytes = (...values: number[]) => Uint8Array.from(values);

Deno.test("bytes are given in their order, whatever the sizes of pieces and of reads", async () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 20 }));
  await fc.assert(fc.asyncProperty(pieces, fc.integer({ min: 1, max: 30 }), async (all, size) => {
    const reader = new ByteReader();
    for (const piece of all) reader.push(piece);
    reader.end({ state: "ended" });
    const given: number[] = [];
    for (let part; (part = await read(reader, size)) !== null;) given.push(...part);
    assertEquals(given, all.flatMap((piece) => [...piece]));
  }));
});

Deno.test("a read waits for bytes, and not for an empty piece", async () => {
  const reader = new ByteReader();
  assertEquals([reader.hasMore, reader.isPending], [false, false]);
  const pending = read(reader, 2);
  assertEquals([reader.hasMore, reader.isPending], [false, true]);
  reader.push(bytes());
  assertEquals(reader.isPending, true);
  reader.push(bytes(1, 2, 3));
  assertEquals(await pending, [1, 2]);
  assertEquals([reader.hasMore, reader.isPending], [true, false]);
  assertEquals(await read(reader), [3]);
  assertEquals(reader.hasMore, false);
});

Deno.test("after the end what has arrived is still read, and what comes then is dropped", async () => {
  const reader = new ByteReader();
  reader.push(bytes(1));
  reader.end({ state: "ended" });
  reader.push(bytes(2));
  assertEquals(await read(reader), [1]);
  assertEquals([await read(reader), await read(reader)], [null, null]);
});

Deno.test("the first reason of an end counts, and reaches a read that waits", async () => {
  const reader = new ByteReader();
  const pending = read(reader);
  reader.end({ state: "failed", cause: new Error("first") });
  reader.end({ state: "failed", cause: new Error("second") });
  reader.end({ state: "ended" });
  await assertRejects(() => pending, Error, "first");
  await assertRejects(() => read(reader), Error, "first");
});
