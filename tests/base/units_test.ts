import { assertEquals, assertThrows } from "@std/assert";
import { ValueError } from "../../errors.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../base/units.ts";
import fc from "../support/properties.ts";

Deno.test("a duration is a number of seconds, or of the unit after it", () => {
  assertEquals(parseDuration("10"), 10_000);
  assertEquals(parseDuration("0"), 0);
  assertEquals(parseDuration("0.5"), 500);
  assertEquals(parseDuration("500ms"), 500);
  assertEquals(parseDuration("1.5 min"), 90_000);
  assertEquals(parseDuration("2H"), 7_200_000);
  assertEquals(parseDuration(" 7d "), 604_800_000);
});

Deno.test("a size is a number of bytes, or of the unit after it", () => {
  assertEquals(parseSize("4096"), 4096);
  assertEquals(parseSize("64KiB"), 65_536);
  assertEquals(parseSize("256 mib"), 268_435_456);
  assertEquals(parseSize("1.5 GB"), 1_500_000_000);
});

Deno.test("a text that is not a duration or not a size is rejected, with examples", () => {
  for (const text of ["", "s", "ten", "-1", "1 y", "1s2", "1.s", "1e3", "Infinity", "5 KiB"]) {
    assertThrows(() => parseDuration(text), ValueError, "a duration such as 10, 10s");
  }
  for (const text of ["", "KiB", "-1", "1 s", "4 KiB 1", "0x10"]) {
    assertThrows(() => parseSize(text), ValueError, "a size such as 4096, 64KiB");
  }
});

Deno.test("durations and sizes are written in the largest unit that is exact", () => {
  assertEquals(formatDuration(0), "0ms");
  assertEquals(formatDuration(1_500), "1500ms");
  assertEquals(formatDuration(300_000), "5min");
  assertEquals(formatSize(0), "0B");
  assertEquals(formatSize(8 * 1024 ** 2), "8MiB");
  assertEquals(formatSize(1000), "1000B");
});

Deno.test("a formatted value is parsed as the same value", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (value) => {
    assertEquals(parseDuration(formatDuration(value)), value);
    assertEquals(parseSize(formatSize(value)), value);
  }));
});
