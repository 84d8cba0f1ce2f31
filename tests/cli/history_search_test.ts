/** The search in the history of the console. */

import { assert, assertEquals } from "@std/assert";
import { HistorySearch, type Key } from "../../cli/history_search.ts";
import fc from "../support/properties.ts";

const HISTORY = ["dmm read", "dmm set 3", "dmm read", "add 1 2"]; // the newest one first
const ctrl = (name: string): Key => ({ ctrl: true, name });

/** Presses keys: letters, or the name of a key with Ctrl. Returns the outcome of the last one. */
function press(search: HistorySearch, ...keys: (string | Key)[]) {
  return keys.map((key) =>
    typeof key === "string" ? search.press(key, { name: key }) : search.press(undefined, key)
  ).at(-1);
}

Deno.test("the newest line with the text is found, then older and newer ones, each once", () => {
  const search = new HistorySearch(HISTORY, "before");
  const R = ctrl("r");
  press(search, R, ..."dmm");
  assertEquals(search.text, "(history) dmm: dmm read");
  press(search, R);
  assertEquals(search.text, "(history) dmm: dmm set 3");
  press(search, R, R, R); // there is no other one
  assertEquals(search.text, "(history) dmm: dmm read");
  press(search, ctrl("s"));
  assertEquals(search.text, "(history) dmm: dmm set 3");
  press(search, ..." r");
  assertEquals(search.text, "(history) dmm r: dmm read");
  press(search, "x");
  assertEquals(search.text, "(not in the history) dmm rx: ");
  press(search, { name: "backspace" }, { name: "backspace" });
  assertEquals(search.text, "(history) dmm : dmm read");
});

Deno.test("a search ends with the line that was found, or with the line before it", () => {
  const found = (...keys: Key[]) => press(new HistorySearch(HISTORY, "before"), ..."set", ...keys);
  const ended = (line: string, isPassedOn: boolean) => ({ state: "ended", line, isPassedOn });
  assertEquals(found({ name: "return" }), ended("dmm set 3", true));
  assertEquals(found({ name: "left" }), ended("dmm set 3", true));
  assertEquals(found(ctrl("a")), ended("dmm set 3", true));
  assertEquals(found({ name: "escape" }), ended("dmm set 3", false));
  assertEquals(found(ctrl("g")), ended("before", false));
  assertEquals(found(ctrl("c")), ended("before", false));
  const nothing = press(new HistorySearch([], "before"), ..."set", { name: "return" });
  assertEquals(nothing, ended("before", true));
});

Deno.test("a search shows a line that has the text, whatever is pressed", () => {
  const key = fc.oneof(
    fc.constantFrom(ctrl("r"), ctrl("s"), { name: "backspace" }),
    fc.constantFrom("a", "b", " ", "é", "𝕏"),
  );
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom(..."ab é𝕏") })),
      fc.array(key),
      (history, keys) => {
        const search = new HistorySearch(history, "");
        for (const one of keys) assertEquals(press(search, one), { state: "searching" });
        const [, wanted, line] = /^\(.*?\) (.*): (.*)$/s.exec(search.text)!;
        const isThere = wanted !== "" && history.some((line) => line.includes(wanted));
        assert(
          isThere ? history.includes(line) && line.includes(wanted) : line === "",
          search.text,
        );
      },
    ),
  );
});
