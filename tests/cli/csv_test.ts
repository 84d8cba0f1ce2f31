/** Notifications as CSV. */

import { assertEquals } from "@std/assert";
import { NotificationTable } from "../../cli/csv.ts";
import { parseJsonExactly } from "../../wire/json.ts";
import fc from "../support/properties.ts";

const TIME = new Date("2026-07-23T11:05:12.345Z");
const AT = "2026-07-23T11:05:12.345Z";

/** The cells of CSV, read by the rules of RFC 4180. */
function read(text: string): string[][] {
  const rows: string[][] = [];
  for (const [row] of text.matchAll(/(?:"(?:[^"]|"")*"|[^"\n])*\n/g)) {
    const cells = row.slice(0, -1).match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^",]*)(?=,|$)/g)!;
    rows.push(cells.map((cell) => cell.replace(/^"([^]*)"$/, "$1").replaceAll('""', '"')));
  }
  return rows;
}

Deno.test("a row has the time, the arguments and the keyword arguments, below their headings", () => {
  const table = new NotificationTable(false);
  assertEquals(
    table.write(TIME, [21.5, "C"], { ok: true }),
    `time,arg1,arg2,ok\n${AT},21.5,C,true\n`,
  );
  assertEquals(table.write(TIME, [-1, "K"], { ok: null }), `${AT},-1,K,\n`);
  assertEquals(table.write(TIME, [1], {}), `time,arg1\n${AT},1\n`);
  assertEquals(table.write(TIME, [2], {}), `${AT},2\n`);
  assertEquals(table.write(TIME, [], {}), `time\n${AT}\n`);
});

Deno.test("cells are quoted where they have to be", () => {
  const write = (...args: unknown[]) =>
    new NotificationTable(false).write(TIME, args, {}).split(",").slice(args.length + 1).join(",");
  assertEquals(write("a,b"), '"a,b"\n');
  assertEquals(write('say "hi"'), '"say ""hi"""\n');
  assertEquals(write("two\nlines"), '"two\nlines"\n');
  assertEquals(write([1, "x"]), '"[1,""x""]"\n');
  assertEquals(write({ a: 1 }), '"{""a"":1}"\n');
});

Deno.test("a text that a spreadsheet would run as a formula is marked, a number is not", () => {
  for (
    const [value, cell] of [["=1+1", "'=1+1"], ["@x", "'@x"], ["-5", "'-5"], [-5, "-5"], [
      "\t=1",
      "'\t=1",
    ]]
  ) {
    const [, [, found]] = read(new NotificationTable(false).write(TIME, [value], {}));
    assertEquals(found, cell);
  }
  const [[, heading]] = read(new NotificationTable(false).write(TIME, [], { "=now()": 1 }));
  assertEquals(heading, "'=now()");
});

Deno.test("control characters are escaped at a terminal only", () => {
  assertEquals(new NotificationTable(true).write(TIME, ["\x1b[2J"], {}).includes("\x1b"), false);
  assertEquals(new NotificationTable(false).write(TIME, ["\x1b[2J"], {}).includes("\x1b"), true);
});

Deno.test("numbers are written as they were received", () => {
  const args = parseJsonExactly("[1.10, 1e400, 12345678901234567890, -0.0]") as unknown[];
  const row = new NotificationTable(false).write(TIME, args, {}).split("\n")[1];
  assertEquals(row, `${AT},1.10,1e400,12345678901234567890,-0.0`);
});

Deno.test("any values can be read from the cells again", () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab,"\n\r =é') });
  fc.assert(
    fc.property(fc.array(text), fc.dictionary(text, text), (args, kwargs) => {
      const rows = read(new NotificationTable(false).write(TIME, args, kwargs));
      const marked = (text: string) => /^[=\r]/.test(text) ? `'${text}` : text;
      const names = args.map((_, index) => `arg${index + 1}`);
      assertEquals(rows, [
        ["time", ...names, ...Object.keys(kwargs).map(marked)],
        [AT, ...args.map(marked), ...Object.values(kwargs).map(marked)],
      ]);
    }),
  );
});
