import { assertEquals } from "@std/assert";
import {
  ageText,
  incrementOf,
  instantTexts,
  numberText,
  roundedText,
  ticksOf,
  tickTexts,
} from "../../../web/page/number_text.ts";

Deno.test("a reading has all its digits, and none of the binary fractions", () => {
  const values = [0.1 + 0.2, 5, 4.999999, 1.6e-19, 299792458, -0.5, NaN, -Infinity, 1e300];
  assertEquals(values.map(numberText), [
    ...["0.3", "5", "4.999999", "1.6e-19", "299792458", "-0.5", "NaN", "-Infinity", "1e+300"],
  ]);
});

Deno.test("a reading where there is little room has seven digits, and no needless zeros", () => {
  const values = [166.82941969, 0.1 + 0.2, 299792458, -1.23456789e-19, 5, Infinity, NaN];
  assertEquals(values.map(roundedText), [
    ...["166.8294", "0.3", "299792500", "-1.234568e-19", "5", "Infinity", "NaN"],
  ]);
});

Deno.test("an axis has labels that differ, however small or large its numbers are", () => {
  for (const size of [1e-300, 1e-19, 1e-3, 1, 7, 1e9, 1e250]) {
    const increment = incrementOf(0, size, 5);
    assertEquals(size / increment <= 5 && size / increment > 1.9, true, `${size}`);
    const ticks = ticksOf(-3.5 * increment, 4.5 * increment, increment);
    const texts = tickTexts(ticks, increment);
    assertEquals(ticks.length, 8);
    assertEquals(new Set(texts).size, 8, texts.join());
    texts.forEach((text, index) =>
      assertEquals(Math.abs(Number(text) - ticks[index]) < increment / 1e6, true, text)
    );
  }
  assertEquals(ticksOf(0.1, 0.9, 1), []);
  assertEquals([incrementOf(3, 3, 5), incrementOf(0, 1, 4), incrementOf(0, 1, 0)], [1, 0.5, 1]);
});

Deno.test("the labels of an axis have the digits that tell them apart", () => {
  assertEquals(tickTexts([0, 0.5, 1], 0.5), ["0.0", "0.5", "1.0"]);
  assertEquals(tickTexts([-1, -0, 1], 1), ["-1", "0", "1"]);
  assertEquals(tickTexts([5.0001, 5.0002], 0.0001), ["5.0001", "5.0002"]);
  assertEquals(tickTexts([0, 2e-9, 4e-9], 2e-9), ["0", "2e-9", "4e-9"]);
  assertEquals(tickTexts([1e9, 1.5e9], 5e8), ["1.0e9", "1.5e9"]);
  assertEquals(tickTexts([], 1), []);
});

Deno.test("times have the day where it begins, and milliseconds only where they differ", () => {
  const at = (year: number, month: number, day: number, ...clock: number[]) => {
    const [hours, minutes, seconds = 0, milliseconds = 0] = clock;
    return new Date(year, month, day, hours, minutes, seconds, milliseconds).getTime();
  };
  assertEquals(
    instantTexts([at(2026, 0, 31, 23, 30), at(2026, 1, 1, 0, 0)], 1_800_000),
    ["23:30\n2026-01-31", "00:00\n2026-02-01"],
  );
  assertEquals(
    instantTexts([at(2026, 0, 31, 12, 5, 1), at(2026, 0, 31, 12, 5, 1, 250)], 250),
    ["12:05:01.000\n2026-01-31", "12:05:01.250"],
  );
});

Deno.test("an age is told in the largest unit that is exact enough", () => {
  const ages = [-5, 0, 999, 1000, 59_000, 119_000, 120_000, 7_200_000, 90_000_000, 200_000_000];
  assertEquals(ages.map(ageText), [
    ...["now", "now", "now", "1 s", "59 s", "119 s", "2 min", "2 h", "25 h", "2 days"],
  ]);
});
