import { assert, assertEquals } from "@std/assert";
import { decodeLines, type Line, LineSplitter, LongLine } from "../../wire/line.ts";
import fc from "../support/properties.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A whole line as text. */
function show(line: Line): string {
  if (line instanceof LongLine) throw new Error("the line is not whole");
  return decoder.decode(line);
}

/** The lines of several chunks, each shown before the next chunk comes. */
function splitAll(splitter: LineSplitter, chunks: readonly Uint8Array[]): string[] {
  return chunks.flatMap((chunk) => splitter.split(chunk).map(show));
}

/** The bytes cut into chunks at the given positions. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  const edges = [0, ...sorted, bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

/** The lines of a stream: the rule of the module in one line of code. */
function plainSplit(stream: string): string[] {
  return stream.split("\n").slice(0, -1).map((line) => line.replace(/\r$/, ""));
}

const STREAM = 'one\r\n\n{"é": "語😀"}\n\r\n\r\r\nmid\rdle\n\n\r\nlast\r\nunfinished\r';

Deno.test("a stream is split at every newline, and each line has no carriage return of its terminator", () => {
  assertEquals(
    splitAll(new LineSplitter(100), [encoder.encode(STREAM)]),
    ["one", "", '{"é": "語😀"}', "", "\r", "mid\rdle", "", "", "last"],
  );
});

Deno.test("the lines are the same wherever the stream is cut once", () => {
  const bytes = encoder.encode(STREAM);
  for (let place = 0; place <= bytes.length; place++) {
    const lines = splitAll(new LineSplitter(100), cut(bytes, [place]));
    assertEquals(lines, plainSplit(STREAM), `cut at ${place}`);
  }
});

Deno.test("the lines are the same wherever the stream is cut twice", () => {
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

Deno.test("byte by byte, each line is given with its newline, not before or after", () => {
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

Deno.test("a line may have every byte but a newline", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const [line] = new LineSplitter(1000).split(bytes);
  const [rest] = new LineSplitter(1000).split(new Uint8Array([...bytes.subarray(11), 0x0a]));
  assertEquals(line, bytes.subarray(0, 10));
  assertEquals(rest, bytes.subarray(11));
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

Deno.test("a line of several chunks is whole although the caller overwrites each chunk", () => {
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

Deno.test("a long line of several chunks stays valid until the next chunk, whatever other splitters read", () => {
  const splitters = Array.from({ length: 7 }, () => new LineSplitter(100_000));
  const given: { text: string; line: Line }[] = [];
  for (let round = 0; round < 40; round++) {
    for (const [index, splitter] of splitters.entries()) {
      const text = `${round} of ${index} `.repeat(1_000 + 300 * ((round + index) % 5));
      const [first, second] = [text.slice(0, 9_000), `${text.slice(9_000)}\nrest`];
      splitter.split(encoder.encode(round === 0 ? first : first.slice("rest".length)));
      const [line] = splitter.split(encoder.encode(second));
      given[index] = { text: round === 0 ? text : `rest${text.slice("rest".length)}`, line };
      for (const { text, line } of given) assertEquals(show(line), text);
    }
  }
});

/** The lines of several chunks, with long lines collected from their pieces, as `Connection` does. */
async function collectAll(
  wholeLineLimit: number,
  chunks: readonly Uint8Array[],
): Promise<string[]> {
  const coming = [...chunks];
  let lines: Line[] = [];
  const shared = new Uint8Array(Math.max(0, ...chunks.map(({ length }) => length)));
  const pull = () => {
    const chunk = coming.shift();
    if (chunk === undefined) return Promise.resolve(false);
    shared.fill(0x21); // earlier pieces are no longer valid
    shared.set(chunk);
    lines.push(...splitter.split(shared.subarray(0, chunk.length)));
    return Promise.resolve(true);
  };
  const splitter = new LineSplitter(wholeLineLimit, pull);
  const texts: string[] = [];
  do {
    const batch = lines;
    lines = [];
    for (const line of batch) {
      if (line instanceof LongLine) {
        const whole = await line.collect(Infinity);
        texts.push(`long ${whole === undefined ? "and cut off" : decoder.decode(whole)}`);
      } else texts.push(decoder.decode(line));
    }
  } while (lines.length > 0 || await pull());
  return texts;
}

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

  for (const line of ["123456", "1234567", "12345\r6", "123456789012", "1234567\r\r"]) {
    const name = `${JSON.stringify(line)} above a limit of 5 comes in pieces, ended by ${shown}`;
    Deno.test(`${name}, and the lines after it are whole`, async () => {
      const bytes = encoder.encode(`ab${terminator}${line}${terminator}12345${terminator}`);
      for (let place = 0; place <= bytes.length; place++) {
        for (let second = place; second <= bytes.length; second++) {
          const lines = await collectAll(5, cut(bytes, [place, second]));
          const whole = terminator === "\n" ? line.replace(/\r$/, "") : line;
          assertEquals(lines, ["ab", `long ${whole}`, "12345"], `cut at ${place} and ${second}`);
        }
      }
    });
  }
}

Deno.test("a carriage return that does not end the line counts towards the limit", () => {
  const splitter = new LineSplitter(5);
  assertEquals(splitter.split(encoder.encode("12345\r")), []);
  const lines = splitter.split(encoder.encode("\r\n"));
  assertEquals(lines.map((line) => line instanceof LongLine), [true]);
});

/** The long line that begins in the first chunk. The other chunks arrive when it is read. */
function beginLong(wholeLineLimit: number, [first, ...rest]: readonly Uint8Array[]) {
  const later: Line[] = [];
  const splitter: LineSplitter = new LineSplitter(wholeLineLimit, () => {
    const chunk = rest.shift();
    if (chunk) later.push(...splitter.split(chunk));
    return Promise.resolve(chunk !== undefined);
  });
  const [long] = splitter.split(first);
  if (!(long instanceof LongLine)) throw new Error("the line is whole");
  return { splitter, long, later };
}

Deno.test("a long line is held only up to the limit, and the rest that is not read is skipped", async () => {
  const chunks = ["1234567", "more of it", "the end\nok\nh"].map((text) => encoder.encode(text));
  const { splitter, long, later } = beginLong(5, chunks);
  assertEquals(decoder.decode(long.head), "1234567");
  assertEquals(splitter.held, 0);
  assertEquals(decoder.decode(await long.next()), "more of it");
  assertEquals([splitter.held, long.isComplete], [0, false]);
  await long.skip();
  assertEquals(long.isComplete, true);
  assertEquals(later.map(show), ["ok"]);
  assertEquals(splitter.held, 1);
});

Deno.test("the pieces of a long line are all of it, and none is large, however much was held", async () => {
  const line = Uint8Array.from({ length: 1_000_000 }, (_, index) => 0x20 + index % 90);
  const chunks = [line.subarray(0, 900_000), line.subarray(900_000), Uint8Array.of(0x0d, 0x0a)];
  const { long } = beginLong(800_000, chunks);
  const pieces: Uint8Array[] = [];
  for await (const piece of long) pieces.push(piece.slice());
  const longest = Math.max(...pieces.map((piece) => piece.length));
  assert(longest <= 128 * 1024, `a piece has ${longest} bytes`);
  assertEquals(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).bytes(), line);
});

Deno.test("a second loop over a long line continues where the first one ended", async () => {
  const chunks = [new Uint8Array(300_000).fill(0x61), encoder.encode("b\n")];
  const { long } = beginLong(5, chunks);
  let size = 0;
  for await (const piece of long) {
    size += piece.length;
    break;
  }
  assertEquals(size, 128 * 1024);
  for await (const piece of long) size += piece.length;
  assertEquals(size, 300_001);
});

Deno.test("a long line that is cut off is not complete, and cannot be collected", async () => {
  const [long] = new LineSplitter(5).split(encoder.encode("1234567"));
  if (!(long instanceof LongLine)) throw new Error("the line is whole");
  assertEquals(await long.collect(100), undefined);
  assertEquals(long.isComplete, false);
});

Deno.test("a line above the limit of collect is given in pieces from its beginning", async () => {
  const chunks = ["1234567", "890", "ab\n"].map((text) => encoder.encode(text));
  const { long } = beginLong(5, chunks);
  let surplus = "";
  const whole = await long.collect(9, (piece) => surplus += decoder.decode(piece));
  assertEquals([whole, surplus, long.isComplete], [undefined, "1234567890ab", true]);
});

Deno.test("with any limit, any stream and any cuts, the lines are those of the plain split", async () => {
  const line = fc.string({ unit: fc.constantFrom("a", "é", "\r"), maxLength: 12 });
  const lines = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n")), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.nat(10),
      fc.oneof(fc.array(fc.nat(), { maxLength: 8 }), fc.constant("bytes")),
      async (pairs, limit, places) => {
        const stream = pairs.map((pair) => pair.join("")).join("");
        const bytes = encoder.encode(stream);
        const expected = plainSplit(stream).map((text) =>
          encoder.encode(text).length > limit ? `long ${text}` : text
        );
        const cuts = typeof places === "string" ? Array.from(bytes.keys()) : places;
        assertEquals(await collectAll(limit, cut(bytes, cuts)), expected);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("the limit can be changed, and applies to the incomplete line", () => {
  const splitter = new LineSplitter(3);
  splitter.split(encoder.encode("abc"));
  splitter.wholeLineLimit = 6;
  assertEquals(splitter.split(encoder.encode("def\n")).map(show), ["abcdef"]);
  splitter.wholeLineLimit = 2;
  assertEquals(splitter.split(encoder.encode("abc\n"))[0] instanceof LongLine, true);
});

/** A line as text; `undefined` if it is not UTF-8. */
function textOf(line: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(line);
  } catch {
    return undefined;
  }
}

Deno.test("a line has its own text or none, whatever the chunks", () => {
  const bytes = fc.oneof(
    { weight: 8, arbitrary: fc.string({ maxLength: 12 }).map((text) => encoder.encode(text)) },
    {
      weight: 1,
      arbitrary: fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => encoder.encode(text)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 3 }) },
    { weight: 5, arbitrary: fc.constant(Uint8Array.of(0x0d, 0x0a)) },
  );
  fc.assert(
    fc.property(fc.array(fc.array(bytes)), (chunks) => {
      const splitter = new LineSplitter(30);
      for (const parts of chunks) {
        const lines = splitter.split(new Uint8Array(parts.flatMap((part) => [...part])));
        const texts = decodeLines(lines);
        assert(texts.length === 0 || texts.length === lines.length);
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
  splitter.split(encoder.encode("the begin"));
  const lines = splitter.split(encoder.encode("ning\r\nfirst\n\nsecond\r\nthird\nunfinished"));
  assertEquals(decodeLines(lines), [undefined, "first", "", "second", "third"]);
});

Deno.test("lines that are not ASCII, or not UTF-8, have to be decoded one by one", () => {
  for (
    const bytes of [encoder.encode("a\nb\nü\n"), Uint8Array.of(0x61, 0x0a, 0x62, 0x0a, 0xff, 0x0a)]
  ) {
    const lines = new LineSplitter(30).split(bytes);
    assertEquals(decodeLines(lines), [undefined, undefined, undefined]);
  }
});
