/** Bytes as text: the same as that of the decoder that rejects what is no UTF-8. */

import { assertEquals, assertThrows } from "@std/assert";
import { decodeAscii, decodeUtf8 } from "../../base/encoding.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();

/** The text, or the error, of the decoder of the platform. */
function expected(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Texts of all lengths that are decoded in different ways, as parts of larger buffers. */
function* placed(bytes: Uint8Array): Generator<Uint8Array> {
  for (const length of [0, 511, 512, 513, 2_000]) {
    for (const [before, after] of [[length, 0], [0, length]]) {
      const buffer = new Uint8Array(bytes.length + length + 2).fill(0x61);
      buffer.set(bytes, before + 1);
      yield buffer.subarray(1, 1 + before + bytes.length + after);
    }
  }
}

function assertDecoded(bytes: Uint8Array): void {
  for (const given of placed(bytes)) {
    const text = expected(given);
    if (text === undefined) assertThrows(() => decodeUtf8(given), TypeError);
    else assertEquals(decodeUtf8(given), text);
  }
}

Deno.test("bytes of UTF-8 are decoded, and what is none is rejected, whatever its length", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), assertDecoded));
  fc.assert(fc.property(
    fc.string({ unit: "binary", maxLength: 12 }),
    (text) => assertDecoded(encoder.encode(text)),
  ));
});

for (
  const [what, bytes] of Object.entries({
    "nothing": [],
    "a replacement character": [0xef, 0xbf, 0xbd],
    "a byte order mark": [0xef, 0xbb, 0xbf, 0x7b, 0x7d],
    "two byte order marks": [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf],
    "a byte order mark in the text": [0x7b, 0xef, 0xbb, 0xbf, 0x7d],
    "a lone byte above ASCII": [0x80],
    "half of a character": [0xc3],
    "an overlong character": [0xc0, 0xaf],
    "half of a surrogate pair": [0xed, 0xa0, 0x80],
    "a byte that is never there": [0x7b, 0xff, 0x7d],
    "a replacement character beside a wrong byte": [0xef, 0xbf, 0xbd, 0xff],
  })
) {
  Deno.test(`the text of bytes is that of the decoder of the platform: ${what}`, () => {
    assertDecoded(Uint8Array.from(bytes));
  });
}

Deno.test("the text of ASCII is given, and of nothing else", () => {
  assertEquals(decodeAscii(encoder.encode("a\u007f")), "a\u007f");
  assertEquals(decodeAscii(encoder.encode("\u0080")), undefined);
});
