import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LineSplitter, LongLine } from "../../wire/line.ts";
import { textsOf } from "../../wire/line_texts.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(line: Uint8Array): string | undefined {
  try {
    return decoder.decode(line);
  } catch {
    return undefined;
  }
}

Deno.test("a line has its own text or none, however the lines have come", () => {
  const bytes = fc.oneof(
    { weight: 8, arbitrary: fc.string({ maxLength: 12 }).map((text) => encoder.encode(text)) },
    { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 4 }).map(encode) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }) },
    { weight: 5, arbitrary: fc.constant(Uint8Array.of(0x0d, 0x0a)) },
  );
  fc.assert(
    fc.property(fc.array(fc.array(bytes)), (chunks) => {
      const splitter = new LineSplitter(30);
      for (const parts of chunks) {
        const lines = splitter.split(new Uint8Array(parts.flatMap((part) => [...part])));
        const texts = textsOf(lines);
        assertEquals(texts.length, lines.length);
        for (const [index, line] of lines.entries()) {
          if (line instanceof LongLine) assertEquals(texts[index], undefined);
          else if (texts[index] !== undefined) assertEquals(texts[index], textOf(line));
        }
      }
    }),
  );
});

Deno.test("lines of ASCII that were read together are decoded together", () => {
  const splitter = new LineSplitter(30);
  splitter.split(encode("the begin"));
  const lines = splitter.split(encode("ning\r\nfirst\n\nsecond\r\nthird\nunfinished"));
  assertEquals(textsOf(lines), [undefined, "first", "", "second", "third"]);
});

Deno.test("what is not ASCII is decoded by itself, and what is not UTF-8 spoils nothing else", () => {
  for (const bytes of [encode("a\nb\nü\n"), Uint8Array.of(0x61, 0x0a, 0x62, 0x0a, 0xff, 0x0a)]) {
    const lines = new LineSplitter(30).split(bytes);
    assertEquals(textsOf(lines), [undefined, undefined, undefined]);
  }
});

function encode(text: string): Uint8Array {
  return encoder.encode(text);
}
