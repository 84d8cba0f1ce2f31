/**
 * A plain command line is parsed by `parsePlain`, and any other by commander: what both can parse has the
 * same outcome.
 */

import { assert, assertEquals } from "@std/assert";
import { CommanderError } from "commander";
import { RedactingCommand } from "../../cli/command.ts";
import { type CommandSpec, parsePlain } from "../../cli/command_spec.ts";
import { addCommand } from "../../cli/commander_options.ts";
import { CALL } from "../../cli/commands/call.ts";
import { LS } from "../../cli/commands/ls.ts";
import { usesTls } from "../../cli/main.ts";
import { program } from "../../cli/program.ts";
import { anyWord } from "../support/option_words.ts";
import fc from "../support/properties.ts";

interface Run {
  operands: readonly string[];
  values: Record<string, unknown>;
}

/** What a command runs with if commander parses its words; `undefined` if it does not run. */
function runByCommander(spec: CommandSpec, words: readonly string[]): Run | undefined {
  let run: Run | undefined;
  const parser = new RedactingCommand("msl-network")
    .version("0.0.0", "-V, --version")
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} });
  addCommand(parser, {
    ...spec,
    run(operands, values) {
      run = { operands: [...operands], values: { ...values } };
      return Promise.resolve();
    },
  });
  for (const command of parser.commands) command.exitOverride().copyInheritedSettings(parser);
  try {
    parser.parse([spec.name, ...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return run;
}

/** Checks a command line. Returns whether it is plain. */
function checkSame(spec: CommandSpec, words: readonly string[]): boolean {
  const plain = parsePlain(spec, words);
  if (plain !== undefined) {
    assertEquals(plain, runByCommander(spec, words), JSON.stringify(words));
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
  const { operands } = parsePlain(CALL, ["Lamp", "level", "-Infinity"])!;
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
  for (const words of lines) assertEquals(parsePlain(CALL, words), undefined, words.join(" "));
  for (const words of [["a", "b"], ["-h"], ["--json=1"]]) {
    assertEquals(parsePlain(LS, words), undefined, words.join(" "));
  }
});

Deno.test("any words that are plain are parsed as commander parses them", () => {
  for (const spec of [CALL, LS]) {
    const word = anyWord(spec.options, [
      ...["", "-", "--", "0", "5", "-5", "-1e3", "-Infinity", "10s", "a=-1", "Lamp"],
      ...["--help", "-V", "-Vx", "--version", "--bogus", "-x", "-5x", "constructor"],
    ]);
    // Words that are right, so that not all lines have an error.
    const right = fc.constantFrom(
      ...[["Lamp"], ["on"], ["1"], ["-5"], ["x=2"], [""], ["--json"], ["--disable-tls"]],
      ...[["-p", "7"], ["-p7"], ["--port=7"], ["-H", "-x"], ["--host", "--json"], ["--host="]],
      ...[["--timeout", "10s"], ["-c=file"], ["--username", "-5"], ["--password-file", "-"]],
    );
    let plain = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: word }), {
          maxLength: 7,
        }),
        (words) => {
          if (checkSame(spec, words.flat())) plain++;
        },
      ),
      { numRuns: 2_000 },
    );
    assert(plain > 100, `only ${plain} were plain`);
  }
});

Deno.test("the commands that use TLS are those that can disable it", async () => {
  const { commands } = await program();
  for (const command of commands) {
    const canDisable = command.options.some(({ long }) => long === "--disable-tls");
    assertEquals(usesTls([command.name()]), canDisable, command.name());
  }
  assertEquals(usesTls(["ls", "--disable-tls"]), false);
});
