/**
 * A plain command line is parsed by `parsePlain`, and any other by commander: what both can parse has the
 * same outcome.
 */

import { assert, assertEquals } from "@std/assert";
import { CommanderError } from "commander";
import { RedactingCommand } from "../../cli/command.ts";
import { COMMANDS, type ListedCommand } from "../../cli/command_list.ts";
import { type CommandSpec, leastOperands, parsePlain } from "../../cli/command_spec.ts";
import { addSpec } from "../../cli/commander_options.ts";
import { usesTls } from "../../cli/main.ts";
import { program } from "../../cli/program.ts";
import { keyOf, parseWords } from "../../program/option.ts";
import { anyWord } from "../support/option_words.ts";
import fc from "../support/properties.ts";

/** A command that is data. */
interface DataCommand {
  name: string;
  listed: ListedCommand;
  spec: CommandSpec;
}

/** The commands that are data, by their names. */
const DATA = new Map<string, DataCommand>();
for (const [name, listed] of COMMANDS) {
  const spec = await listed.load();
  if (typeof spec === "object") DATA.set(name, { name, listed, spec });
}
const CALL = DATA.get("call")!;
const LS = DATA.get("ls")!;

interface Run {
  operands: readonly string[];
  values: Record<string, unknown>;
}

/** What a command runs with if commander parses its words; `undefined` if it does not run. */
function runByCommander({ name, listed, spec }: DataCommand, words: readonly string[]) {
  let run: Run | undefined;
  const parser = new RedactingCommand("msl-network")
    .version("0.0.0", "-V, --version")
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  const command = parser.command(name);
  for (const operand of listed.operands ?? []) command.argument(...operand);
  addSpec(command, listed, {
    ...spec,
    run(operands, values) {
      run = { operands: [...operands], values: { ...values } };
    },
  });
  command.exitOverride().copyInheritedSettings(parser);
  try {
    parser.parse([name, ...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return run;
}

/** What a command runs with if its words are plain. */
function runPlain({ listed, spec }: DataCommand, words: readonly string[]): Run | undefined {
  return parsePlain(listed, spec, words);
}

/** Checks a command line. Returns whether it is plain. */
function checkSame(command: DataCommand, words: readonly string[]): boolean {
  const plain = runPlain(command, words);
  if (plain !== undefined) {
    assertEquals(plain, runByCommander(command, words), `${command.name} ${JSON.stringify(words)}`);
  }
  return plain !== undefined;
}

Deno.test("what is used most is plain: options anywhere, values in both forms, negative numbers", () => {
  const lines = [
    ["Lamp", "on"],
    ["Calculator", "add", "1", "-2", "-.5e3", "n=3", "-"],
    ["-p", "1876", "--host=lab-pc", "Calculator", "add", "1", "--disable-tls", "2"],
    ["-p1876", "-Hlab-pc", "-c", "lab.crt", "--timeout", "1min", "Lamp", "on", "--json", "-q"],
    ["Lamp", "on", "-h"],
    ["Lamp", "level", "-Infinity"],
    ["--each", "--traceback", "--out", "a.npy", "Lamp", "", "{}", "__proto__"],
  ];
  for (const words of lines) assert(checkSame(CALL, words), words.join(" "));
  const { operands } = runPlain(CALL, ["Lamp", "level", "-Infinity"])!;
  assertEquals(operands, ["Lamp", "level", "-1e999"]);
  for (const words of [[], ["Lamp"], ["--json", "Lamp", "-a"], ["--all", "--port=1"]]) {
    assert(checkSame(LS, words), words.join(" "));
  }
});

Deno.test("an error, the help, and what follows two hyphens are left to commander", () => {
  const lines = [
    ...[[], ["Lamp"], ["-h"], ["Lamp", "-h"], ["--bogus", "Lamp", "on"], ["Lamp", "on", "-qh"]],
    ...[["-p", "x", "Lamp", "on"], ["Lamp", "on", "--port"], ["Lamp", "on", "--timeout=0"]],
    ...[["Lamp", "on", "--", "-x"], ["Lamp", "on", "-V"], ["--out", "--version", "Lamp", "on"]],
  ];
  for (const words of lines) assertEquals(runPlain(CALL, words), undefined, words.join(" "));
  for (const words of [["a", "b"], ["-h"], ["--json=1"]]) {
    assertEquals(runPlain(LS, words), undefined, words.join(" "));
  }
});

Deno.test("what conflicts is left to commander", () => {
  const lines: [name: string, ...words: string[]][] = [
    ["watch", "Lamp", "--csv", "--json"],
    ["history", "x.sqlite", "--csv", "--svg", "x.svg"],
    ["history", "x.sqlite", "--since=2h", "--from", "2026-11-30"],
    ["history", "x.sqlite", "--readings", "--points", "5"],
  ];
  for (const [name, ...words] of lines) {
    assertEquals(runPlain(DATA.get(name)!, words), undefined, words.join(" "));
    assertEquals(runByCommander(DATA.get(name)!, words), undefined, words.join(" "));
  }
  for (const one of [["--csv"], ["--json", "--count=3"]]) {
    assert(checkSame(DATA.get("watch")!, ["Lamp", ...one]), one.join(" "));
  }
});

/** Words that give one option of a command, or an operand, so that not all lines have an error. */
function rightWords({ spec, listed }: DataCommand): string[][] {
  const values = ["7", "10s", "2026-11-30", "warning", "calls", "", "-5", "--json"];
  const options = spec.options.flatMap((option): string[][] => {
    const { flag, short, placeholder } = option;
    if (placeholder === undefined) return short === undefined ? [[flag]] : [[flag], [short]];
    return values.flatMap((value) => [
      [flag, value],
      [`${flag}=${value}`],
      ...short === undefined ? [] : [[`${short}${value}`]],
    ]).filter((words) => {
      const parsed = parseWords(spec.options, words);
      return parsed.state === "parsed" && parsed.values[keyOf(option)] !== undefined;
    });
  });
  const operands = [["Lamp"], ["on"], ["1"], ["-5"], ["x=2"], [""]];
  return [...options, ...listed.operands === undefined ? [] : [...operands, ...operands]];
}

for (const command of DATA.values()) {
  Deno.test(`any words of ${command.name} that are plain are parsed as commander parses them`, () => {
    const { spec } = command;
    const word = anyWord(spec.options, [
      ...["", "-", "--", "0", "5", "-5", "-1e3", "-Infinity", "10s", "a=-1", "Lamp"],
      ...["--help", "-V", "-Vx", "--version", "--bogus", "-x", "-5x", "constructor"],
    ]);
    const right = fc.constantFrom(...rightWords(command));
    let plain = 0;
    const others = fc.array(
      fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: word }),
      { maxLength: 5 },
    );
    const least = fc.constantFrom(0, leastOperands(command.listed));
    fc.assert(
      fc.property(least, others, (least, words) => {
        if (checkSame(command, [...Array(least).fill("Lamp"), ...words.flat()])) plain++;
      }),
      { numRuns: 600 },
    );
    assert(plain > 60, `only ${plain} were plain`);
  });
}

Deno.test("the commands that use TLS are those that can disable it", async () => {
  const { commands } = await program();
  for (const command of commands) {
    const canDisable = command.options.some(({ long }) => long === "--disable-tls");
    assertEquals(usesTls([command.name()]), canDisable, command.name());
  }
  assertEquals(usesTls(["ls", "--disable-tls"]), false);
});
