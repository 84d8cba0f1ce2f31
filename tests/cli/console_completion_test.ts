import { assertEquals } from "@std/assert";
import { complete, CONSOLE_COMMANDS, serviceWithArguments } from "../../cli/console_completion.ts";
import { toServiceAbout } from "../../wire/about.ts";

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
    ["help ", "", "BasicMath", '"String Editor"', "ls"],
    ["help BasicMath p", "p", "power", "pi"],
    ["help BasicMath power ", ""],
    ["help Nothing ", ""],
    ["exit ", ""],
    ["Nothing ", ""],
    ["BasicMath nothing ", ""],
  ];
  for (const [line, beginning, ...words] of cases) {
    assertEquals(complete(line, SERVICES), [words, beginning], line);
  }
});

Deno.test("the values are completed that a service says an argument may have", () => {
  const about = toServiceAbout({
    attributes: {
      power: {
        parameters: [
          { name: "x", schema: { enum: ["V", "two words", 5, null, "1"] } },
          { name: "n", schema: { anyOf: [{ const: 1 }, { const: 2 }] } },
        ],
      },
    },
  });
  assertEquals(complete("BasicMath power ", SERVICES, about)[0], [
    "x=",
    "x=V",
    'x="two words"',
    "x=5",
    "x=null",
    'x="1"',
    "n=",
    "n=1",
    "n=2",
  ]);
  assertEquals(complete("BasicMath power n=2", SERVICES, about), [["n=2 "], "n=2"]);
  assertEquals(complete('BasicMath power x="tw', SERVICES, about)[0], ['x="two words" ']);
  const many = { enum: Array.from({ length: 100 }, (_, index) => index) };
  const others = { attributes: { power: { parameters: [{ name: "x", schema: many }] } } };
  assertEquals(complete("BasicMath power ", SERVICES, toServiceAbout(others))[0], ["x=", "n="]);
});

Deno.test("a description is needed after a service and a method", () => {
  const lines = [
    "Lab read ",
    "Lab read x",
    "'Lab 2' read 5 ",
    "Lab ",
    "Lab re",
    "help Lab read ",
    "",
  ];
  assertEquals(lines.map(serviceWithArguments), [
    "Lab",
    "Lab",
    "Lab 2",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("the name of a property that every object has is no service", () => {
  for (const line of ["constructor ", "toString p", "BasicMath constructor "]) {
    assertEquals(complete(line, SERVICES)[0], []);
  }
});
