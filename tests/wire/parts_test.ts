import { assert, assertEquals, assertThrows } from "@std/assert";
import { JSONDecodeError, ValueError } from "../../errors.ts";
import { writeJson } from "../../wire/json_writer.ts";
import {
  Assembly,
  AT_ONCE,
  cutPieces,
  isMeasured,
  measure,
  measureNow,
  type Piece,
  PIECE_SIZE,
} from "../../wire/parts.ts";
import { utf8Length } from "../../base/encoding.ts";
import { HELD_AS_BYTES, HELD_AS_TEXT, HeldTexts } from "../../wire/held_texts.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();

/** Characters of one to four bytes, and what JSON escapes. */
const TEXT = 'a"\\\né€\u2028😀 x\u0000😀z\ud800é';

function sizes(pieces: readonly Piece[]): number[] {
  return pieces.map(({ size }) => size);
}

/** Puts pieces together. */
/** Pieces, each with the text that it is. */
function joined(pieces: Iterable<Piece>): { text: string; size: number }[] {
  return Array.from(pieces, ({ texts, size }) => ({ text: texts.join(""), size }));
}

function assemble(texts: readonly string[], limit = Infinity): unknown {
  const assembly = new Assembly(limit);
  for (const text of texts) assembly.add(text);
  return assembly.end(texts.reduce((sum, text) => sum + utf8Length(text), 0));
}

Deno.test("a text is cut between code points, into pieces as long as the limit allows", () => {
  const text = "aé€😀".repeat(20);
  for (let limit = 4; limit < 30; limit++) {
    const pieces = joined(cutPieces([text], limit));
    assertEquals(pieces.map((piece) => piece.text).join(""), text);
    for (const [index, piece] of pieces.entries()) {
      assertEquals(piece.size, encoder.encode(piece.text).length);
      assert(piece.size <= limit, `${piece.size} bytes with a limit of ${limit}`);
      assert(piece.text.isWellFormed(), `a code point is cut at a limit of ${limit}`);
      const next = pieces[index + 1]?.text ?? "";
      const [first = ""] = next;
      if (next !== "") assert(piece.size + utf8Length(first) > limit, "there was room for more");
    }
  }
});

Deno.test("texts are joined to whole pieces, wherever they begin and end", () => {
  const text = JSON.stringify(TEXT.repeat(3));
  const expected = joined(cutPieces([text], 16));
  for (let at = 0; at <= text.length; at++) {
    if (text.codePointAt(at - 1)! > 0xffff) continue; // a writer cuts no code point
    const texts = [text.slice(0, at), "", text.slice(at)];
    assertEquals(joined(cutPieces(texts, 16)), expected, `cut at ${at}`);
  }
  assertEquals([...cutPieces([])], []);
});

Deno.test("a piece has 256 KiB", () => {
  assertEquals(sizes([...cutPieces(["a".repeat(600_000)])]), [262_144, 262_144, 75_712]);
  assertEquals(sizes([...cutPieces(["€".repeat(100_000)])]), [262_143, 37_857]);
});

Deno.test("a value is put together from two pieces that are cut anywhere", () => {
  const value = [[TEXT, 1.5, -3e-7, null], { key: [true, { "": TEXT }], [TEXT]: "" }];
  const json = JSON.stringify(value);
  for (let at = 1; at < json.length; at++) {
    assertEquals(assemble([json.slice(0, at), json.slice(at)]), value, `cut at ${at}`);
  }
  assertEquals(assemble([...json]), value);
});

Deno.test("any value is put together from its pieces", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 4, max: 40 }), (value, limit) => {
      const json = JSON.stringify(value);
      const pieces = joined(cutPieces(writeJson(value, 16), limit));
      assertEquals(pieces.reduce((sum, { size }) => sum + size, 0), encoder.encode(json).length);
      assertEquals(assemble(pieces.map(({ text }) => text)), JSON.parse(json));
    }),
    { numRuns: 300 },
  );
});

Deno.test("a sum other than the size is a ValueError", () => {
  const announced = new Assembly(Infinity, 10);
  announced.add("[1,2");
  assertThrows(
    () => announced.end(10),
    ValueError,
    "A value of 10 bytes has pieces of 4 bytes",
  );
  assertThrows(
    () => announced.add(",3,4,5]"),
    ValueError,
    "A value of 10 bytes has more pieces than that",
  );
  const other = new Assembly(Infinity);
  other.add("[1]", 3);
  assertThrows(() => other.end(4), ValueError, "A value of 4 bytes has pieces of 3 bytes");
  assertThrows(() => other.add(" ", 4), ValueError, "has 4 bytes in a later piece");
  assertThrows(() => new Assembly(Infinity).end(1), ValueError, "pieces of 0 bytes");
});

Deno.test("a value that is larger than readLimit is refused, with its size and before any piece if that is known", () => {
  const message = "The value has 11 bytes, longer than readLimit, 10 bytes";
  assertThrows(() => new Assembly(10, 11), ValueError, message);
  assertThrows(() => new Assembly(10).add("[1]", 11), ValueError, message);
  const unknown = new Assembly(4);
  unknown.add("[1,2");
  assertThrows(
    () => unknown.add("]"),
    ValueError,
    "The value has 5 bytes or more, longer than readLimit, 4 bytes",
  );
  assertEquals(new Assembly(10, 10).size, 10);
});

Deno.test("an empty piece and one above 256 KiB are ValueErrors", () => {
  for (const text of ["", " ".repeat(PIECE_SIZE + 1), "€".repeat(PIECE_SIZE / 2)]) {
    assertThrows(
      () => new Assembly(Infinity).add(text),
      ValueError,
      "A piece of a value must have from 1 to 262144 bytes",
    );
  }
  assertEquals(new Assembly(Infinity).add(" ".repeat(PIECE_SIZE)), PIECE_SIZE);
});

Deno.test("what is not JSON is a JSONDecodeError", () => {
  for (const texts of [["[1,", "}"], ["1", ",2"], ["[1]]"], ["[1"], ['"abc'], ["nul"]]) {
    assertThrows(() => assemble(texts), JSONDecodeError, "Cannot read the line: ");
  }
});

Deno.test("a value is measured: at once up to 4 MiB, and held while there is room", async () => {
  const short = () => writeJson([TEXT, 1], 4);
  const json = JSON.stringify([TEXT, 1]);
  for (const measured of [measureNow(short), await measure(short)]) {
    if (!isMeasured(measured)) throw new Error("it was not written at once");
    assertEquals([measured.size, measured.isHeld], [encoder.encode(json).length, true]);
    assertEquals([...measured.texts()].join(""), json);
  }
  const others = new HeldTexts([], HELD_AS_TEXT);
  for (
    const [length, isHeld, isFull] of [
      [AT_ONCE, true, false],
      [HELD_AS_TEXT, true, false],
      [HELD_AS_TEXT, false, true],
    ] as const
  ) {
    if (isFull) assert(others.tryAdd("", HELD_AS_BYTES));
    const long = () => writeJson("a".repeat(length), PIECE_SIZE);
    const begun = measureNow(long);
    if (isMeasured(begun)) throw new Error("it was written at once");
    const measured = await measure(long, begun);
    assertEquals([measured.size, measured.isHeld], [length + 2, isHeld]);
    for (let i = 0; i < 3; i++) {
      assertEquals([...measured.texts()].join(""), `"${"a".repeat(length)}"`);
      if (i === 1) measured.release(); // then it is written again
    }
    assertEquals(measured.isHeld, false);
  }
  others.release();
  assertEquals(HeldTexts.heldAsBytes, 0);
});
