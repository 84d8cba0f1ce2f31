import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Line, LineSplitter, OverlongLine } from "../line.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A line as text; an overlong one as a mark with its head. */
function show(line: Line): string {
  return line instanceof OverlongLine
    ? `overlong ${line.limit}: ${decoder.decode(line.head)}`
    : decoder.decode(line);
}

/** The lines of several chunks, each shown before the next chunk comes. */
function splitAll(splitter: LineSplitter, chunks: readonly Uint8Array[]): string[] {
  return chunks.flatMap((chunk) => splitter.split(chunk).map(show));
}

/** The chunks that come of cutting at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  const edges = [0, ...sorted, bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

/** What the lines of a stream are: the rule of the module, in one line of code. */
function plainSplit(stream: string): string[] {
  return stream.split("\n").slice(0, -1).map((line) => line.replace(/\r$/, ""));
}

const STREAM = 'one\r\n\n{"é": "語😀"}\n\r\n\r\r\nmid\rdle\n\n\r\nlast\r\nunfinished\r';

Deno.test("a stream is cut at every newline, each line without one carriage return", () => {
  assertEquals(
    splitAll(new LineSplitter(100), [encoder.encode(STREAM)]),
    ["one", "", '{"é": "語😀"}', "", "\r", "mid\rdle", "", "", "last"],
  );
});

Deno.test("the lines are the same wherever one cut falls", () => {
  const bytes = encoder.encode(STREAM);
  for (let place = 0; place <= bytes.length; place++) {
    const lines = splitAll(new LineSplitter(100), cut(bytes, [place]));
    assertEquals(lines, plainSplit(STREAM), `cut at ${place}`);
  }
});

Deno.test("the lines are the same wherever two cuts fall", () => {
  const bytes = encoder.encode(STREAM);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const lines = splitAll(new LineSplitter(100), cut(bytes, [first, second]));
      assertEquals(lines, plainSplit(STREAM), `cut at ${first} and ${second}`);
    }
  }
});

Deno.test("the lines are the same byte by byte", () => {
  const bytes = encoder.encode(STREAM);
  const chunks = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
  assertEquals(splitAll(new LineSplitter(100), chunks), plainSplit(STREAM));
});

Deno.test("a byte-by-byte stream gives each line with its newline and not before or after", () => {
  const splitter = new LineSplitter(100);
  for (const character of STREAM) {
    const lines = Array.from(encoder.encode(character))
      .flatMap((byte) => splitter.split(new Uint8Array([byte])));
    assertEquals(lines.length, character === "\n" ? 1 : 0);
  }
});

Deno.test("the lines of any stream are the same wherever it is cut", () => {
  const line = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom("", "\r", "\r\r", "a", "é") },
    { weight: 3, arbitrary: fc.string({ unit: "grapheme" }).map((s) => s.replaceAll("\n", "\r")) },
    { weight: 1, arbitrary: fc.string({ maxLength: 3000, minLength: 1000 }) },
  );
  const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n")))
    .chain((lines) => line.map((rest) => lines.map((pair) => pair.join("")).join("") + rest));
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (text, places) => {
      const splitter = new LineSplitter(1_000_000);
      const bytes = encoder.encode(text);
      assertEquals(splitAll(splitter, cut(bytes, places)), plainSplit(text));
      const rest = bytes.length - (bytes.lastIndexOf(0x0a) + 1);
      assertEquals(splitter.held, rest);
    }),
    { numRuns: 300 },
  );
});

Deno.test("an empty chunk changes nothing", () => {
  const splitter = new LineSplitter(100);
  assertEquals(splitter.split(new Uint8Array(0)), []);
  splitter.split(encoder.encode("ab"));
  assertEquals(splitter.split(new Uint8Array(0)), []);
  assertEquals(splitter.held, 2);
  assertEquals(splitter.split(encoder.encode("c\n")).map(show), ["abc"]);
  assertEquals(splitter.held, 0);
});

Deno.test("a line held over chunks is whole although the caller overwrites each chunk", () => {
  const splitter = new LineSplitter(1000);
  const chunk = new Uint8Array(4);
  const text = "a line that is much longer than the buffer it is read into";
  const bytes = encoder.encode(`${text}\n`);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += chunk.length) {
    const part = bytes.subarray(at, at + chunk.length);
    chunk.set(part);
    lines.push(...splitter.split(chunk.subarray(0, part.length)).map(show));
    chunk.fill(0x21);
  }
  assertEquals(lines, [text]);
});

Deno.test("a line put together from chunks stays valid while later lines are read", () => {
  const splitter = new LineSplitter(1000);
  splitter.split(encoder.encode("first "));
  const [first] = splitter.split(encoder.encode("line\n"));
  splitter.split(encoder.encode("second "));
  const [second] = splitter.split(encoder.encode("LINE\n"));
  splitter.split(encoder.encode("XXXXXXXXXXXX"));
  assertEquals([first, second].map(show), ["first line", "second LINE"]);
});

Deno.test("the head of an overlong line stays valid when the chunk is overwritten", () => {
  const chunk = encoder.encode("too long\n");
  const [line] = new LineSplitter(3).split(chunk);
  chunk.fill(0);
  assertEquals(show(line), "overlong 3: too long");
});

for (const terminator of ["\n", "\r\n"]) {
  const shown = JSON.stringify(terminator);

  Deno.test(`a line of exactly the limit is whole wherever it is cut, ended by ${shown}`, () => {
    const bytes = encoder.encode(`12345${terminator}next${terminator}`);
    for (let place = 0; place <= bytes.length; place++) {
      for (let second = place; second <= bytes.length; second++) {
        const lines = splitAll(new LineSplitter(5), cut(bytes, [place, second]));
        assertEquals(lines, ["12345", "next"], `cut at ${place} and ${second}`);
      }
    }
  });

  for (const line of ["123456", "1234567", "12345\r6", "123456789012"]) {
    const name = `${JSON.stringify(line)} above a limit of 5 is reported once, ended by ${shown}`;
    Deno.test(`${name}, and the lines after it are whole`, () => {
      const bytes = encoder.encode(`ab${terminator}${line}${terminator}12345${terminator}`);
      for (let place = 0; place <= bytes.length; place++) {
        for (let second = place; second <= bytes.length; second++) {
          const lines = splitAll(new LineSplitter(5), cut(bytes, [place, second]));
          const where = `cut at ${place} and ${second}`;
          assertEquals(lines.length, 3, where);
          assertEquals([lines[0], lines[2]], ["ab", "12345"], where);
          const [mark, head] = lines[1].split(": ");
          assertEquals(mark, "overlong 5");
          assert(line.startsWith(head.replace(/\r$/, "")), `${where}: head is ${head}`);
        }
      }
    });
  }
}

Deno.test("a carriage return that does not end the line counts towards the limit", () => {
  const splitter = new LineSplitter(5);
  assertEquals(splitter.split(encoder.encode("12345\r")), []);
  const lines = splitter.split(encoder.encode("\r\n"));
  assertEquals(lines.map((line) => line instanceof OverlongLine), [true]);
});

Deno.test("an overlong line is reported before it ends and its rest is skipped", () => {
  const splitter = new LineSplitter(5);
  assertEquals(splitter.split(encoder.encode("1234")), []);
  assertEquals(splitter.split(encoder.encode("567")).map(show), ["overlong 5: 1234567"]);
  assertEquals(splitter.held, 0);
  for (let i = 0; i < 10; i++) {
    assertEquals(splitter.split(encoder.encode("more of it")), []);
    assertEquals(splitter.held, 0);
  }
  assertEquals(splitter.split(encoder.encode("the end\nok\nh")).map(show), ["ok"]);
  assertEquals(splitter.held, 1);
});

Deno.test("two overlong lines one after the other are both reported", () => {
  const chunks = ["1234567", "89\nabcdefg", "h\nok\n"].map((text) => encoder.encode(text));
  assertEquals(
    splitAll(new LineSplitter(5), chunks),
    ["overlong 5: 1234567", "overlong 5: abcdefg", "ok"],
  );
});

Deno.test("the head of an overlong line is its first 4096 bytes at the most", () => {
  const long = "0123456789".repeat(1_000);
  for (const chunks of [[`${long}\n`], [long, "\n"], [long.slice(0, 5), long.slice(5), "\n"]]) {
    const splitter = new LineSplitter(5);
    const lines = splitAll(splitter, chunks.map((text) => encoder.encode(text)));
    assertEquals(lines, [`overlong 5: ${long.slice(0, 4096)}`]);
  }
});

Deno.test("with any limit, any stream and any cuts, exactly the lines above it are overlong", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "é", "\r"), maxLength: 12 });
  const lines = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n")), { maxLength: 8 });
  fc.assert(
    fc.property(lines, fc.nat(10), fc.array(fc.nat(), { maxLength: 8 }), (pairs, limit, places) => {
      const stream = pairs.map((pair) => pair.join("")).join("");
      const expected = plainSplit(stream).map((text) =>
        encoder.encode(text).length > limit ? "overlong" : text
      );
      const actual = splitAll(new LineSplitter(limit), cut(encoder.encode(stream), places))
        .map((shown) => shown.startsWith("overlong") ? "overlong" : shown);
      assertEquals(actual, expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("the limit can be changed, and counts for the line that is under way", () => {
  const splitter = new LineSplitter(3);
  splitter.split(encoder.encode("abc"));
  splitter.maxLineSize = 6;
  assertEquals(splitter.split(encoder.encode("def\n")).map(show), ["abcdef"]);
  splitter.maxLineSize = 2;
  assertEquals(splitter.split(encoder.encode("abc\n")).map(show), ["overlong 2: abc"]);
});
