import { assert, assertEquals } from "@std/assert";
import {
  FRAME,
  FRAME_HEADER,
  hasOrigin,
  headerSize,
  KIND,
  message,
  numberAt,
  numbers,
  originOf,
  readFrames,
  readHeader,
  readNumbers,
  viewOf,
  writeFrame,
} from "../../cluster/message.ts";
import fc from "../support/properties.ts";

const counts = fc.maxSafeNat();
const incarnations = fc.stringMatching(/^[A-Za-z0-9_-]{8,32}$/);
const frames = fc.array(
  fc.record({
    type: fc.constantFrom(...Object.values(FRAME)),
    channel: fc.nat(2 ** 32 - 1),
    content: fc.uint8Array({ maxLength: 100 }),
  }),
  { maxLength: 5 },
);

/** A message of these frames. */
function framed(origin: Uint8Array, all: { type: number; channel: number; content: Uint8Array }[]) {
  const parts = all.map(({ type, channel, content }) => {
    const bytes = new Uint8Array(FRAME_HEADER + content.length);
    writeFrame(viewOf(bytes), 0, type, channel, content.length);
    bytes.set(content, FRAME_HEADER);
    return bytes;
  });
  const body = Uint8Array.from(parts.flatMap((part) => [...part]));
  return message(origin, KIND.frames, 1, 2, body);
}

Deno.test("a header is read as it was written, and its origin tells it from others", () => {
  fc.assert(
    fc.property(incarnations, counts, counts, counts, (incarnation, epoch, limit, sequence) => {
      const origin = originOf(incarnation, epoch + 1);
      const bytes = message(origin, KIND.beat, limit, sequence);
      assertEquals(bytes.length, headerSize(origin));
      if (epoch + 1 <= Number.MAX_SAFE_INTEGER) {
        const header = { kind: KIND.beat, incarnation, epoch: epoch + 1, limit, sequence };
        assertEquals(readHeader(bytes), header);
      }
      assertEquals(readNumbers(bytes, origin), [limit, sequence]);
      assert(hasOrigin(bytes, origin));
      assert(!hasOrigin(bytes, originOf(`${incarnation.slice(1)}.`, epoch + 1)));
      assert(!hasOrigin(bytes, originOf(incarnation, epoch / 2 + 0.25)));
      for (let size = 0; size < bytes.length; size++) {
        assert(!hasOrigin(bytes.subarray(0, size), origin));
        assertEquals(readHeader(bytes.subarray(0, size)), undefined);
      }
    }),
  );
});

Deno.test("frames are read as they were written, or not at all if the message is cut", () => {
  fc.assert(fc.property(frames, (all) => {
    const origin = originOf("incarnation", 7);
    const bytes = framed(origin, all);
    assertEquals(readFrames(bytes, headerSize(origin)), all);
    const last = all.at(-1);
    if (last === undefined) return;
    for (let cut = 1; cut < FRAME_HEADER + last.content.length; cut++) {
      assertEquals(readFrames(bytes.subarray(0, -cut), headerSize(origin)), undefined);
    }
  }));
});

Deno.test("a header with what is no number of bytes or messages is none", () => {
  const wrong = [NaN, Infinity, -1, 0.5, 2 ** 53];
  for (const value of wrong) {
    assertEquals(readHeader(message(originOf("incarnation", value), 1, 0, 0)), undefined);
    assertEquals(readHeader(message(originOf("incarnation", 1), 1, value, 0)), undefined);
    assertEquals(readHeader(message(originOf("incarnation", 1), 1, 0, value)), undefined);
  }
  assertEquals(readHeader(message(originOf("short", 1), 1, 0, 0)), undefined);
  assertEquals(readHeader(message(originOf("in carnation", 1), 1, 0, 0)), undefined);
});

Deno.test("numbers are read as they were written, and what is not there is none", () => {
  const bytes = numbers(1, 0.5);
  assertEquals([0, 1, 2].map((index) => numberAt(bytes, index)), [1, 0.5, NaN]);
});
