/** Times as a person writes them. */

import { assertEquals, assertThrows } from "@std/assert";
import { parseTime } from "../../base/time_text.ts";
import { ValueError } from "../../errors.ts";
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
  ]
) {
  Deno.test(`the time ${JSON.stringify(text)} is ${expected}, whatever zone this computer is in`, () => {
    assertEquals(new Date(parseTime(text)).toISOString(), expected);
  });
}

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
    "2026-11-30T25:00",
    "2026-11-30T18:61",
    "2026-11-30T18",
    "2026-11-30T18:05 CET",
    "30.11.2026",
    "2026-11-30T18:05Zx",
    "2026-11-30T18:05+99:00",
  ]
) {
  Deno.test(`${JSON.stringify(text)} is no time`, () => {
    assertThrows(() => parseTime(text), ValueError, "Expected a time such as 2026-11-30");
  });
}

Deno.test("property: what toISOString writes is read back", () => {
  fc.assert(fc.property(
    fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
    (date) => assertEquals(parseTime(date.toISOString()), date.getTime()),
  ));
});
