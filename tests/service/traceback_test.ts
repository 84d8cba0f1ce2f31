import { assert, assertEquals } from "@std/assert";
import { tracebackOf, withoutFolders } from "../../service/traceback.ts";

const FOLDER = "file:///home/ann%20lee/lab/";

Deno.test("the path of a file is relative to the program, and only the name of a file elsewhere is left", () => {
  const lines = {
    "at Lab.add (file:///home/ann%20lee/lab/devices/dmm.ts:3:9)": "at Lab.add (devices/dmm.ts:3:9)",
    "at file:///home/ann%20lee/lab/lab.ts:1:1": "at lab.ts:1:1",
    "at async run (file:///home/ann%20lee/.cache/deno/npm/a@1/b.js:7:1)": "at async run (b.js:7:1)",
    "at f (file:///home/ann%20lee/lab-old/(2)/x.ts:7:1)": "at f (x.ts:7:1)",
    "at f (file:///C:/Users/ann/x.ts:7:1)": "at f (x.ts:7:1)",
    "at f (https://jsr.io/@std/x/1.0.0/mod.ts:7:1)":
      "at f (https://jsr.io/@std/x/1.0.0/mod.ts:7:1)",
    "at Promise.all (index 0)": "at Promise.all (index 0)",
  };
  for (const [line, shown] of Object.entries(lines)) {
    assertEquals(withoutFolders(line, FOLDER), shown);
    const name = withoutFolders(line, undefined);
    assert(!name.includes("ann"), name);
  }
});

Deno.test("the traceback of an error of this file says where it was made, without a folder above", () => {
  const [first] = tracebackOf(new Error("x").stack);
  assertEquals(/^at \(?traceback_test\.ts:\d+:\d+\)?$/.test(first), true, first);
  assert(tracebackOf(new Error("x").stack).every((line) => !line.includes("file:")));
});

Deno.test("what is no stack has no traceback", () => {
  for (const stack of ["x", "", null, undefined, 42, {}]) assertEquals(tracebackOf(stack), []);
});
