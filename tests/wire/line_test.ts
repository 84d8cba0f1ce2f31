import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Line, LineSplitter, LongLine } from "../../wire/line.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A whole line as text. */
function show(line: Line): string {
  if (line instanceof LongLine) throw new Error("the line is not whole");
  return decoder.decode(line);
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

Deno.test("a line may have every byte but that of a newline", () => {
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

/** The lines of several chunks, those of long lines put together of their pieces, as `Connection` does. */
async function collectAll(longestWhole: number, chunks: readonly Uint8Array[]): Promise<string[]> {
  const coming = [...chunks];
  let lines: Line[] = [];
  const shared = new Uint8Array(Math.max(0, ...chunks.map(({ length }) => length)));
  const pull = () => {
    const chunk = coming.shift();
    if (chunk === undefined) return Promise.resolve(false);
    shared.fill(0x21); // what was read before is no longer valid
    shared.set(chunk);
    lines.push(...splitter.split(shared.subarray(0, chunk.length)));
    return Promise.resolve(true);
  };
  const splitter = new LineSplitter(longestWhole, pull);
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

/** The long line that begins in the first chunk. The others come when more of it is asked for. */
function beginLong(longestWhole: number, [first, ...rest]: readonly Uint8Array[]) {
  const later: Line[] = [];
  const splitter: LineSplitter = new LineSplitter(longestWhole, () => {
    const chunk = rest.shift();
    if (chunk) later.push(...splitter.split(chunk));
    return Promise.resolve(chunk !== undefined);
  });
  const [long] = splitter.split(first);
  if (!(long instanceof LongLine)) throw new Error("the line is whole");
  return { splitter, long, later };
}

Deno.test("no more of a long line is held than the limit, and what is not taken is skipped", async () => {
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

Deno.test("the pieces of a long line are all of it, none of them large, whatever has been held", async () => {
  const line = Uint8Array.from({ length: 1_000_000 }, (_, index) => 0x20 + index % 90);
  const chunks = [line.subarray(0, 900_000), line.subarray(900_000), Uint8Array.of(0x0d, 0x0a)];
  const { long } = beginLong(800_000, chunks);
  const pieces: Uint8Array[] = [];
  for await (const piece of long) pieces.push(piece.slice());
  const longest = Math.max(...pieces.map((piece) => piece.length));
  assert(longest <= 128 * 1024, `a piece has ${longest} bytes`);
  assertEquals(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).bytes(), line);
});

Deno.test("who goes on with a long line goes on where it was left", async () => {
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

Deno.test("a long line that is cut off is not complete, and is no whole line", async () => {
  const [long] = new LineSplitter(5).split(encoder.encode("1234567"));
  if (!(long instanceof LongLine)) throw new Error("the line is whole");
  assertEquals(await long.collect(100), undefined);
  assertEquals(long.isComplete, false);
});

Deno.test("more than is to be collected is handed over from the head on", async () => {
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

Deno.test("the limit can be changed, and counts for the line that is under way", () => {
  const splitter = new LineSplitter(3);
  splitter.split(encoder.encode("abc"));
  splitter.longestWhole = 6;
  assertEquals(splitter.split(encoder.encode("def\n")).map(show), ["abcdef"]);
  splitter.longestWhole = 2;
  assertEquals(splitter.split(encoder.encode("abc\n"))[0] instanceof LongLine, true);
});
