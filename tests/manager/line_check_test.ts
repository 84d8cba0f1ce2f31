import { assertEquals } from "@std/assert";
import { LIMITS } from "../../limits.ts";
import { checkLine } from "../../manager/line_check.ts";

const encoder = new TextEncoder();

/** What the check of a line gives. */
function check(...pieces: (string | Uint8Array)[]) {
  const bytes = pieces.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece);
  const length = bytes.reduce((sum, { length }) => sum + length, 0);
  const buffer = new ArrayBuffer(0, { maxByteLength: length + 100 });
  buffer.resize(length + 100); // a buffer is larger than the line that is in it
  const line = new Uint8Array(buffer);
  let at = 0;
  for (const piece of bytes) {
    line.set(piece, at);
    at += piece.length;
  }
  return checkLine({ buffer, length, limits: LIMITS }).outcome;
}

Deno.test("a digest has the last of several equal keys, and no content", () => {
  const line = '{"uid":"1","service":"S","args":[1,2],"\\u0075id":"2","error":"x","service":"T"}';
  assertEquals(check(line, " \t\r".repeat(100)), {
    state: "valid",
    digest: '{"error":"","service":"T","uid":"2","args":[]}',
    end: line.length - 1,
  });
});

Deno.test("a line that is no message is invalid, and its keys are known for the error", () => {
  const keys = '{"uid":"1","requester":"c[lab:1]"';
  const fault = { state: "invalid", uid: "1", requester: "c[lab:1]" };
  const cases: [isMalformed: boolean, reason: string, ...line: (string | Uint8Array)[]][] = [
    [true, "Extra data: line 1 column 35 (char 34)", `${keys}}}`],
    [true, "Expecting ',' delimiter: line 1 column 34 (char 33)", keys],
    [true, "The line is not valid UTF-8", keys, ',"x":"', Uint8Array.of(0xff), '"}'],
    [
      true,
      "Nested deeper than the limit of 512 levels (--max-depth): line 1 column 551 (char 550)",
      `${keys},"x":${"[".repeat(513)}${"]".repeat(513)}}`,
    ],
    [
      false,
      "A name or uid of 65536 characters is too long ('service'), the limit is 256 (--max-name-length)",
      `${keys},"service":"${"x".repeat(65_536)}"}`,
    ],
  ];
  for (const [isMalformed, reason, ...line] of cases) {
    assertEquals(check(...line), { ...fault, isMalformed, reason });
  }
});

// A text has at most 536,870,888 characters: the runtime throws an error for a longer one.
Deno.test("a key or a value that is too long for a text is checked like any other", () => {
  const long = new Uint8Array(540_000_000).fill(0x78);
  assertEquals(check('{"\\u0041', long, '":1,"uid":"1"}'), {
    state: "valid",
    digest: '{"uid":"1"}',
    end: long.length + 21,
  });
});

Deno.test("a digest has the keys of a trace, unless they are longer than any that is read", () => {
  const trace = { traceparent: "x".repeat(55), tracestate: "y".repeat(512) };
  const digestOf = (keys: object) => {
    const outcome = check(JSON.stringify(keys));
    return outcome.state === "valid" ? JSON.parse(outcome.digest) : outcome;
  };
  assertEquals(digestOf(trace), trace);
  const long = { traceparent: "x".repeat(56), tracestate: "y".repeat(5_000_000) };
  assertEquals(digestOf(long), { traceparent: "", tracestate: "" });
  assertEquals(digestOf({ traceparent: [1], tracestate: 2 }), { traceparent: [], tracestate: 0 });
});
