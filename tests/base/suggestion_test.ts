import { assertEquals } from "@std/assert";
import { listNames, suggestName } from "../../base/suggestion.ts";

Deno.test("a name that differs a little is suggested, whatever its case", () => {
  const cases: [name: string, names: string[], meant: string][] = [
    ["Termometer", ["Echo", "Thermometer"], "Thermometer"],
    ["thermometer", ["Thermometer"], "Thermometer"],
    ["setUnit", ["get_unit", "set_unit"], "set_unit"],
    ["ad", ["sub", "add"], "add"],
    ["power ", ["power"], "power"],
  ];
  for (const [name, names, meant] of cases) {
    assertEquals(suggestName(name, names), `Did you mean '${meant}'?`);
  }
});

Deno.test("of several names that differ the nearest is suggested", () => {
  const cases: [name: string, names: string[], meant: string | undefined][] = [
    ["voltage_dc", ["voltage_abc", "voltage_db", "voltages_dc"], "voltage_db"],
    ["temperature", ["temperament", "temprature", "temperatures"], "temprature"],
    ["get_range", ["range", "set_range", "get_ranges"], "set_range"],
    ["abcdefghi", ["abcxyzghi", "bcdefghi", "acbdefghi"], "bcdefghi"],
    ["abcdef", ["abcxyz"], undefined],
    ["abcdefghijkl", ["abcdwxyzijkl", "abcdwxyzvjkl"], "abcdwxyzijkl"],
  ];
  for (const [name, names, meant] of cases) {
    assertEquals(suggestName(name, names), meant === undefined ? "" : `Did you mean '${meant}'?`);
  }
});

Deno.test("a name that differs too much is not suggested", () => {
  for (const [name, names] of [["no", ["pi"]], ["Multimeter", ["Echo"]], ["x", []], ["", ["a"]]]) {
    assertEquals(suggestName(name as string, names as string[]), "");
  }
});

Deno.test("names of any number and length take little time and little room", () => {
  const long = "x".repeat(1_000_000);
  const names = Array.from({ length: 10_000 }, (_, index) => `${long}${index}`);
  assertEquals(suggestName(long, names), "");
  const listed = listNames(names);
  assertEquals(listed.length < 3_000, true);
  assertEquals(listed.endsWith(" and 9980 more"), true);
});

Deno.test("names are listed in quotes, which escape what a terminal would obey", () => {
  assertEquals(listNames([]), "none");
  assertEquals(listNames(["add", "a'b", "\x1b[2J"]), `'add', "a'b", '\\x1b[2J'`);
});
