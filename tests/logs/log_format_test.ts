import { assert, assertEquals, assertMatch } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { RemoteError, ValueError } from "../../errors.ts";
import { LONGEST_LOG_TEXT, LONGEST_LOG_VALUE } from "../../limits.ts";
import { LOG_FORMATS, logFormatter } from "../../logs/log_format.ts";

/** A record of the message `Seen: <value>.`. */
function recordOf(value: unknown, level: LogRecord["level"] = "info"): LogRecord {
  return {
    category: ["msl", "network", "manager"],
    level,
    timestamp: Date.UTC(2026, 10, 25, 14, 5, 29, 7),
    message: ["Seen: ", value, "."],
    rawMessage: "Seen: {value}.",
    properties: { value },
  };
}

/** The one object that JSON has for a record. */
function parse(record: LogRecord): Record<string, unknown> & { properties: { value: unknown } } {
  const line = logFormatter("json")(record);
  assertMatch(line, /^\{[^\n]*\}\n$/);
  return JSON.parse(line);
}

Deno.test("JSON has the time with its zone, the level, the logger, the message, the properties", () => {
  assertEquals(parse(recordOf("lab-pc", "warning")), {
    "@timestamp": "2026-11-25T14:05:29.007Z",
    level: "WARN",
    logger: "msl.network.manager",
    message: "Seen: lab-pc.",
    properties: { value: "lab-pc" },
  });
});

Deno.test("JSON has errors and their causes, in the message and in the properties", () => {
  const cause = new RangeError("the reason");
  const { message, properties } = parse(recordOf(new ValueError("x is negative", { cause })));
  assertEquals(message, "Seen: ValueError: x is negative.");
  const value = properties.value as Record<string, unknown>;
  assertEquals([value.name, value.message, value.code], ["ValueError", "x is negative", "VALUE"]);
  assertMatch(String(value.stack), /log_format_test\.ts/);
  assertEquals((value.cause as Error).message, "the reason");

  const remote = parse(recordOf(new RemoteError("KeyError: 'x'", ["line 1"]))).properties.value;
  assertEquals((remote as RemoteError).traceback, ["line 1"]);
});

Deno.test("JSON is one line, also for properties that JSON cannot hold", () => {
  const circle: Record<string, unknown> = { big: 1n };
  circle.self = circle;
  assertEquals(parse(recordOf(circle)).properties.value, { big: "1", self: "[Circular]" });
  for (const value of ["two\nlines \x1b[31m\u2028", undefined, null, () => 1, Symbol("s"), NaN]) {
    assert(String(parse(recordOf(value)).message).startsWith("Seen: "));
  }
  const hostile = { toJSON: () => assert(false, "no JSON of me") };
  const { message, properties } = parse(recordOf(hostile));
  assertMatch(String(message), /^Seen: \{.*\}\.$/);
  assertMatch(JSON.stringify(properties), /unreadable.*no JSON of me/);
});

Deno.test("text has the time with its zone, and a value cannot forge another record", () => {
  const format = logFormatter("text");
  const forged = "x\n2026-11-25 14:05:30.000 +00:00 [INFO] msl.network.manager: all is well\x1b[2J";
  assertEquals(
    format(recordOf(forged)),
    "2026-11-25 14:05:29.007 +00:00 [INFO] msl.network.manager: " +
      `Seen: ${forged.replace("\n", "\\n").replace("\x1b", "\\x1b")}.\n`,
  );
  assertMatch(format(recordOf(new ValueError("x is negative"))), /Seen: ValueError: x is negative/);
});

Deno.test("only text can be coloured", () => {
  assert(logFormatter("text", true)(recordOf("x")).includes("\x1b["));
  assertEquals(logFormatter("text")(recordOf("x")).includes("\x1b"), false);
  assertEquals(logFormatter("json", true)(recordOf("x")).includes("\x1b"), false);
});

Deno.test("a text or an error that is too long for the log is cut, in every format", () => {
  const text = "x".repeat(LONGEST_LOG_TEXT);
  for (const format of LOG_FORMATS) {
    assertMatch(logFormatter(format)(recordOf(text)), /x{256}\./);
    for (const value of [`${text}y`, new ValueError(`${text}y`)]) {
      const line = logFormatter(format)(recordOf(value));
      assert(line.length < 4 * LONGEST_LOG_TEXT, `${line.length}`);
      assertMatch(line, /x\.\.\. \(\d+ characters\)/);
    }
  }
});

Deno.test("no text, list, object or error can look like another record, or like another text", () => {
  const hostile =
    "good\u202egnp.exe\u2028\u20292026-11-25 [INFO] x\n2026-11-25 14:05:30.000 +00:00 [INFO] x: all is well\x1b[2J\x85";
  for (const format of LOG_FORMATS) {
    for (const isColored of [false, true]) {
      for (const value of [hostile, [hostile], { hostile }, new ValueError(hostile)]) {
        const line = logFormatter(format, isColored)(recordOf(value));
        assertEquals(line.indexOf("\n"), line.length - 1, line);
        const raw = ["\u202e", "\u2028", "\u2029", "\x85", "\x1b[2J"].filter((text) =>
          line.includes(text)
        );
        assertEquals(raw, [], line);
        assertMatch(line, /202e/);
      }
    }
  }
});

Deno.test("an object in a record is on one line, and has its bound", () => {
  const totals = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`key_${index}`, index]),
  );
  assertMatch(logFormatter("text")(recordOf(totals)), /Seen: \{ key_0: 0, .*key_19: 19 \}\.\n$/);
  const large = Array.from({ length: 2_000 }, () => "x".repeat(300));
  const traced = new RemoteError("failed", Array.from({ length: 2_000 }, () => "a line".repeat(9)));
  for (const format of LOG_FORMATS) {
    for (const value of [large, { large }, traced]) {
      const { length } = logFormatter(format)(recordOf(value));
      assert(length < 3 * LONGEST_LOG_VALUE, `${format}: ${length}`);
    }
  }
});

Deno.test("a record of a trace ends with its id, in JSON only its properties have it", () => {
  const trace_id = "0af7651916cd43dd8448eb211c80319c";
  const record = { ...recordOf("lab-pc"), properties: { value: "lab-pc", trace_id } };
  assertMatch(
    logFormatter("text")(record),
    new RegExp(`Seen: lab-pc\\. \\(trace ${trace_id}\\)\n$`),
  );
  const { message, properties } = parse(record);
  assertEquals([message, properties], ["Seen: lab-pc.", { value: "lab-pc", trace_id }]);
});
