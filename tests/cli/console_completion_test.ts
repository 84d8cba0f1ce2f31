import { assertEquals } from "@std/assert";
import { complete, CONSOLE_COMMANDS } from "../../cli/console_completion.ts";

const SERVICES = {
  BasicMath: { add: "(x, y)", power: "(x: Dict[str, int], n=2, *args, **kwargs) -> float", pi: 3 },
  "String Editor": { "odd name": "()" },
  ls: {},
};

Deno.test("commands, services, methods and keyword arguments are completed", () => {
  const cases: [line: string, beginning: string, ...words: string[]][] = [
    ["", "", ...Object.keys(CONSOLE_COMMANDS), "BasicMath", '"String Editor"', '"ls"'],
    ["Ba", "Ba", "BasicMath "],
    ["l", "l", "ls", "link", '"ls"'],
    ["Str", "Str", '"String Editor" '],
    ['"Str', '"Str', '"String Editor" '],
    ['"String E', '"String E', '"String Editor" '],
    ["BasicMath ", "", "add", "power", "pi"],
    ["BasicMath p", "p", "power", "pi"],
    ["BasicMath po", "po", "power "],
    ["'BasicMath' a", "a", "add "],
    ["BasicMath power ", "", "x=", "n="],
    ["BasicMath power [1, 2] n", "n", "n="],
    ["BasicMath pi ", ""],
    ['"String Editor" ', "", '"odd name" '],
    ["link B", "B", "BasicMath "],
    ["link BasicMath ", ""],
    ["help ", ""],
    ["exit ", ""],
    ["Nothing ", ""],
    ["BasicMath nothing ", ""],
  ];
  for (const [line, beginning, ...words] of cases) {
    assertEquals(complete(line, SERVICES), [words, beginning], line);
  }
});

Deno.test("the name of a property that every object has is no service", () => {
  for (const line of ["constructor ", "toString p", "BasicMath constructor "]) {
    assertEquals(complete(line, SERVICES)[0], []);
  }
});
