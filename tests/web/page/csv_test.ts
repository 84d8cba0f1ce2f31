import { assertEquals } from "@std/assert";
import { csvOf } from "../../../web/page/csv.ts";
import { tableOf, tableRows } from "../../../web/page/table.ts";

Deno.test("a table is CSV as RFC 4180 has it", () => {
  const table = tableOf([
    { name: 'a "quoted", text', value: 1.5 },
    { name: "two\nlines", value: NaN, more: { x: [1] } },
    { value: false, name: null },
  ])!;
  assertEquals(
    csvOf(tableRows(table)),
    'name,value,more\r\n"a ""quoted"", text",1.5,\r\n"two\nlines",NaN,"{""x"":[1]}"\r\n,false,\r\n',
  );
});

Deno.test("a spreadsheet calculates nothing that a service has sent", () => {
  const texts = ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "ok=1"];
  assertEquals(
    csvOf([texts, [-1, -Infinity]]),
    "'=HYPERLINK(1),'+1,'-1,'@x,'\t=1,ok=1\r\n-1,-Infinity\r\n",
  );
});

Deno.test("a key that all objects have is empty where the object itself has none", () => {
  const rows = JSON.parse('[{"constructor": 1}, {"__proto__": 2}]');
  assertEquals(csvOf(tableRows(tableOf(rows)!)), "constructor,__proto__\r\n1,\r\n,2\r\n");
});

Deno.test("what is no list of objects is no table; more than 50 keys are told", () => {
  assertEquals([[], [1], [{}], [{ a: 1 }, null], [[]]].map(tableOf), new Array(5).fill(undefined));
  const wide = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, index]));
  const { columns, omitted } = tableOf([wide])!;
  assertEquals([columns.length, omitted], [50, 10]);
});
