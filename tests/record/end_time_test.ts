import { assertEquals, assertThrows } from "@std/assert";
import { ValueError } from "../../errors.ts";
import { parseEndTime } from "../../record/end_time.ts";

const NOW = new Date(2026, 11, 30, 12, 0, 0).getTime();

Deno.test("the end of a recording is a date, a time of today, or one of tomorrow", () => {
  const cases: [text: string, time: number][] = [
    ["2026-12-31T18:30", new Date(2026, 11, 31, 18, 30).getTime()],
    ["2026-12-31 18:30:05", new Date(2026, 11, 31, 18, 30, 5).getTime()],
    ["2026-12-31", new Date(2026, 11, 31).getTime()],
    ["2027-01-01T18:30Z", Date.UTC(2027, 0, 1, 18, 30)],
    ["2027-01-01T18:30+02:00", Date.UTC(2027, 0, 1, 16, 30)],
    ["12:01", new Date(2026, 11, 30, 12, 1).getTime()],
    ["12:00", new Date(2026, 11, 31, 12, 0).getTime()],
    ["8:05:30", new Date(2026, 11, 31, 8, 5, 30).getTime()],
  ];
  for (const [text, time] of cases) assertEquals(parseEndTime(text, NOW), time, text);
});

Deno.test("a time that is over, or none, is refused", () => {
  assertThrows(() => parseEndTime("2026-12-30T11:59", NOW), ValueError, "2026-12-30T11:59 is over");
  for (const text of ["", "soon", "24:00", "12:60", "2026-13-01", "2027-02-31", "12", "12:00pm"]) {
    assertThrows(() => parseEndTime(text, NOW), ValueError, "Expected a time such as 18:30", text);
  }
});
