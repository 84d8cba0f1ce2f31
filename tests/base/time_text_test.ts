/** Times as texts. */

import { assertEquals, assertThrows } from "@std/assert";
import { isoTime, parseTime } from "../../base/time_text.ts";
import { ValueError } from "../../errors.ts";
import { denoCommand, succeed } from "../support/process.ts";
import fc from "../support/properties.ts";

for (
  const [text, expected] of [
    ["2026-11-30", "2026-11-30T00:00:00.000Z"],
    [" 2026-11-30 18:05 ", "2026-11-30T18:05:00.000Z"],
    ["2026-11-30T18:05:30.5", "2026-11-30T18:05:30.500Z"],
    ["2026-11-30T18:05:30.123456Z", "2026-11-30T18:05:30.123Z"],
    ["2026-11-30T18:05+01:00", "2026-11-30T17:05:00.000Z"],
    ["2026-11-30 18:05:01 -0330", "2026-11-30T21:35:01.000Z"],
    ["2028-02-29", "2028-02-29T00:00:00.000Z"],
    ["0001-01-01", "0001-01-01T00:00:00.000Z"],
  ]
) {
  Deno.test(`the time ${JSON.stringify(text)} is ${expected}`, () => {
    assertEquals(new Date(parseTime(text, "UTC")).toISOString(), expected);
  });
}

Deno.test("a time without a zone is that of this computer, or of UTC, as it is said", async () => {
  const module = JSON.stringify(new URL("../../base/time_text.ts", import.meta.url).href);
  const program = `import { isoTime, parseTime } from ${module};
    for (const text of ["2026-06-30", "2026-06-30T12:00", "2026-12-31T12:00Z", "0050-12-31"]) {
      console.log(...["local", "UTC"].map((zone) => new Date(parseTime(text, zone)).toISOString()));
    }`;
  const command = denoCommand(["eval", "--ext=ts", program], { env: { TZ: "America/New_York" } });
  const lines = (await succeed(command)).trim().split("\n");
  assertEquals(lines.slice(0, 3), [
    "2026-06-30T04:00:00.000Z 2026-06-30T00:00:00.000Z",
    "2026-06-30T16:00:00.000Z 2026-06-30T12:00:00.000Z",
    "2026-12-31T12:00:00.000Z 2026-12-31T12:00:00.000Z",
  ]);
  assertEquals(lines[3].slice(0, 10), "0050-12-31");
});

for (
  const text of [
    "",
    "now",
    "12",
    "2026",
    "2026-11",
    "2026-02-30",
    "2027-02-29",
    "2026-13-01",
    "2026-11-30T24:00",
    "2026-11-30T25:00",
    "2026-11-30T18:61",
    "2026-11-30T18",
    "2026-11-30Z",
    "2026-11-30T18:05 CET",
    "30.11.2026",
    "2026-11-30T18:05Zx",
    "2026-11-30T18:05+99:00",
  ]
) {
  Deno.test(`${JSON.stringify(text)} is no time`, () => {
    for (const zone of ["local", "UTC"] as const) {
      assertThrows(() => parseTime(text, zone), ValueError, "Expected a time such as 2026-11-30");
    }
  });
}

Deno.test("property: what toISOString writes is read back", () => {
  fc.assert(fc.property(
    fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
    (date) => assertEquals(parseTime(date.toISOString(), "local"), date.getTime()),
  ));
});

Deno.test("a time is written in UTC, and what is no time as it is", () => {
  assertEquals(
    [0, 1_796_061_930_500, -1, NaN, Infinity, 1e300].map(isoTime),
    [
      "1970-01-01T00:00:00.000Z",
      "2026-11-30T18:05:30.500Z",
      "1969-12-31T23:59:59.999Z",
      "NaN",
      "Infinity",
      "1e+300",
    ],
  );
});
