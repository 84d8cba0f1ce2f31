import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConfigurationError } from "../../errors.ts";
import { CsvRows } from "../../record/csv_format.ts";
import { JsonLines } from "../../record/jsonl_format.ts";
import type { LineFormat } from "../../record/line_format.ts";
import { openTarget } from "../../record/open_target.ts";
import type { Gap } from "../../record/reading.ts";
import { TextTarget } from "../../record/text_target.ts";
import { temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";
import { tool } from "../support/process.ts";

const SOURCE = { service: "DMM", attribute: "voltage", arguments: "10, true", unit: "V" };
const TEXTS = { service: "Ärger, Müller", attribute: "text", arguments: "", unit: "" };

const FORMATS: readonly [extension: string, format: LineFormat][] = [
  [".csv", new CsvRows()],
  [".jsonl", new JsonLines()],
];

/** Writes a recording with lines of several kinds, and returns its bytes. */
function example(file: string, format: LineFormat): Uint8Array {
  const target = new TextTarget(file, format);
  const source = target.source(SOURCE);
  const texts = target.source(TEXTS);
  const gap: Gap = { source, start: 3, reason: 'the service said "no", and left' };
  target.write([{ source, time: 1.25, received: 2, value: -1.5e-7 }], []);
  target.write([{ source: texts, time: 2, received: 3, value: 'ä, "ö"\n' }], [gap]);
  target.write([{ source, time: 4, received: 5, value: [1, NaN] }], [{ ...gap, end: 4 }]);
  target.close();
  return Deno.readFileSync(file);
}

function linesOf(bytes: Uint8Array): string[] {
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
  assertEquals(lines.pop(), "", "the last line has no end");
  return lines;
}

for (const [extension, format] of FORMATS) {
  Deno.test(`a ${extension} that was cut at any byte is continued with whole lines`, async () => {
    using folder = await temporaryFolder();
    const file = folder.join(`lab${extension}`);
    const whole = example(file, format);
    const lines = linesOf(whole);
    for (let length = 0; length <= whole.length; length++) {
      const cut = whole.subarray(0, length);
      Deno.writeFileSync(file, cut);
      const target = new TextTarget(file, format);
      const source = target.source(SOURCE);
      target.write([{ source, time: 9, received: 9, value: 9 }], []);
      assertEquals(target.size, Deno.statSync(file).size);
      target.close();
      const after = linesOf(Deno.readFileSync(file));
      const added = after.pop()!;
      assertEquals(format.parse(added)?.reading, { time: 9, received: 9 });
      const ends = cut.filter((byte) => byte === 0x0a).length;
      // A line of which only the newline is missing is whole, unless it may be a part of another.
      const said = format.parse(lines[ends] ?? "");
      const isWhole = lines.slice(0, ends + 1).join("\n").length === decoded(cut).length &&
        (said?.reading !== undefined || said?.gap?.end !== undefined);
      const header = format.header === "" ? [] : [lines[0]];
      const kept = lines.slice(0, isWhole ? ends + 1 : ends);
      assertEquals(after, kept.length === 0 ? header : kept, `cut at ${length}`);
    }
  });

  Deno.test(`a ${extension} with other content is refused, and not changed`, async () => {
    using folder = await temporaryFolder();
    const file = folder.join(`lab${extension}`);
    for (
      const content of ["time,value\n1,2\n", "x", "{}\n", "\n", '{"tame":1}\n', "time;received\n"]
    ) {
      await Deno.writeTextFile(file, content);
      const message = `Cannot record to ${file}: it has other content, or other columns. ` +
        "Use another name";
      await assertRejects(() => openTarget(file), ConfigurationError, message);
      assertEquals(await Deno.readTextFile(file), content);
    }
  });

  Deno.test(`a torn line of ${extension} may be of any length`, async () => {
    using folder = await temporaryFolder();
    const file = folder.join(`lab${extension}`);
    const whole = example(file, format);
    const torn = new TextEncoder().encode(format.header === "" ? '{"time":"' : '1,"').length;
    await Deno.writeFile(file, whole);
    await Deno.writeTextFile(file, `${'1,"'.slice(0, torn)}${"x".repeat(3_000_000)}`, {
      append: true,
    });
    const target = await openTarget(file);
    target.write([], []);
    await target.close();
    assertEquals(await Deno.readFile(file), whole);
  });

  Deno.test(`a ${extension} is continued where each source has ended`, async () => {
    using folder = await temporaryFolder();
    const file = folder.join(`lab${extension}`);
    const target = new TextTarget(file, format);
    const source = target.source(SOURCE);
    const texts = target.source(TEXTS);
    assertEquals(target.end(source), {});
    const gap = { source: texts, start: 7, reason: "the service is not connected" };
    target.write([{ source, time: 1, received: 2, value: 3 }], [gap]);
    assertEquals(target.end(source), { time: 1, received: 2 });
    target.close();
    const next = new TextTarget(file, format);
    const other = next.source(TEXTS);
    assertEquals(next.end(other), { gap: { ...gap, source: other } });
    assertEquals(next.end(next.source(SOURCE)), { time: 1, received: 2 });
    assertEquals(next.end(next.source({ ...SOURCE, unit: "mV" })), {});
    // In a long file only the end is read: a source without a line there has ended before it.
    const long = { source: other, time: 11, received: 12, value: "x".repeat(2_000_000) };
    next.write([long, { ...long, time: 12, received: 13, value: 1 }], [{
      ...gap,
      source: other,
      end: 11,
    }]);
    next.close();
    const last = new TextTarget(file, format);
    assertEquals(last.end(last.source(TEXTS)), { time: 12, received: 13 });
    assertEquals(last.end(last.source(SOURCE)), { time: 12, received: 13 });
    last.close();
  });
}

Deno.test("Python reads the lines of JSON, with numbers that JSON does not have", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.jsonl");
  example(file, new JsonLines());
  const script = `
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert lines[3]["value"][1] != lines[3]["value"][1]
lines[3]["value"] = None
print(json.dumps(lines))`;
  assertEquals(
    JSON.parse(await tool("python3", "-c", script, file)),
    [
      { time: 1.25, received: 2, ...SOURCE, value: -1.5e-7 },
      { time: 2, received: 3, ...TEXTS, value: 'ä, "ö"\n' },
      { time: 3, until: null, ...SOURCE, gap: 'the service said "no", and left' },
      { time: 4, received: 5, ...SOURCE, value: null },
      { time: 3, until: 4, ...SOURCE, gap: 'the service said "no", and left' },
    ],
  );
});

Deno.test("Python reads the rows of CSV", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.csv");
  example(file, new CsvRows());
  const script = `
import csv, json, sys
print(json.dumps(list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))))`;
  const rows = JSON.parse(await tool("python3", "-c", script, file));
  const cells = (
    row: Record<string, string>,
  ) => [row.time, row.received, row.value, row.until, row.gap];
  assertEquals(rows.map(cells), [
    ["1970-01-01T00:00:00.001250Z", "1970-01-01T00:00:00.002000Z", "-1.5e-7", "", ""],
    ["1970-01-01T00:00:00.002000Z", "1970-01-01T00:00:00.003000Z", '"ä, \\"ö\\"\\n"', "", ""],
    ["1970-01-01T00:00:00.003000Z", "", "", "", 'the service said "no", and left'],
    ["1970-01-01T00:00:00.004000Z", "1970-01-01T00:00:00.005000Z", "[1,NaN]", "", ""],
    ["1970-01-01T00:00:00.003000Z", "", "", "1970-01-01T00:00:00.004000Z", rows[2].gap],
  ]);
  assertEquals(rows[1].service, "Ärger, Müller");
  assertEquals(rows[0].arguments, "10, true");
});

Deno.test("a text in CSV is no formula, and no second line", () => {
  const format = new CsvRows();
  const valueOf = (json: string) =>
    format.reading(TEXTS, { source: 1, time: 0, received: 0, value: null, json })
      .split('"Ärger, Müller",text,,,')[1];
  assertEquals(valueOf('"=1+1"'), "'=1+1,,\n");
  assertEquals(valueOf('"@a"'), "'@a,,\n");
  assertEquals(valueOf('"-5"'), "-5,,\n");
  assertEquals(valueOf("-Infinity"), "-Infinity,,\n");
  assertEquals(valueOf('"\\u2028"'), '"""\\u2028""",,\n');
  const gap = { start: 0, reason: "one\r\ntwo" };
  assert(format.gap(TEXTS, gap).endsWith(",one two,\n"));
});

Deno.test("a file of text is not kept for a time only", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.csv");
  const message =
    `Cannot keep ${file} for a time only: a file of text cannot be shortened. Use .sqlite`;
  assertThrows(() => new TextTarget(file, new CsvRows(), { keep: 1 }), ConfigurationError, message);
});

posixTest("a pipe with the name of a text file is refused", async () => {
  using folder = await temporaryFolder();
  const file = folder.join("lab.csv");
  await tool("mkfifo", file);
  const message = `Cannot record to ${file}: it is not a regular file`;
  await assertRejects(() => openTarget(file), ConfigurationError, message);
});

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
