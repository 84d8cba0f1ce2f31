import { assertEquals } from "@std/assert";
import {
  readableLatency,
  readableNumber,
  readableSize,
  readableTime,
} from "../../base/readable.ts";

Deno.test("numbers and sizes are rounded, in a unit that fits", () => {
  assertEquals([0, 0.04, 1234567.89].map(readableNumber), ["0", "0", "1,234,567.9"]);
  assertEquals([0, 0.5, 1023, 1024, 1536, 2 ** 50].map(readableSize), [
    "0 B",
    "0.5 B",
    "1,023 B",
    "1 KiB",
    "1.5 KiB",
    "1,024 TiB",
  ]);
});

Deno.test("a short time is in the unit that fits, also where it is rounded up to the next one", () => {
  const seconds = [0, 0.00035, 0.0009994, 0.0009996, 0.0125, 0.9999, 0.99996, 1, 12.34, 3_600];
  assertEquals(seconds.map(readableLatency), [
    "0 µs",
    "350 µs",
    "999 µs",
    "1 ms",
    "12.5 ms",
    "999.9 ms",
    "1 s",
    "1 s",
    "12.3 s",
    "3,600 s",
  ]);
});

Deno.test("a time is rounded down, in the largest unit that is exact enough", () => {
  assertEquals([0.9, 119, 120, 7_199, 7_200, 172_799, 172_800].map(readableTime), [
    "0s",
    "119s",
    "2min",
    "119min",
    "2h",
    "47h",
    "2d",
  ]);
});
