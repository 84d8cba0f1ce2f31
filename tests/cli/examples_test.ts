/** The examples at the end of each help can be typed as they are. */

import { assert, assertEquals } from "@std/assert";
import type { Command } from "commander";
import { splitWords } from "../support/shell_words.ts";
import { commandLine } from "../../cli/main.ts";
import { commandsFor, program } from "../../cli/program.ts";

/** The help of a command, as it is printed. */
function helpOf(command: Command): string {
  let help = "";
  command.configureOutput({ writeOut: (text) => help += text });
  command.outputHelp();
  return help;
}

/** The examples in a help, as words after the name of the program. */
function examplesIn(help: string): string[][] {
  const [, lines = ""] = /\nExamples:\n((?: {2}.*\n)+)$/.exec(help) ?? [];
  return lines.split("\n").filter((line) => line !== "").map((line) => {
    const [, words] = /^ {2}msl-network\b *(.*?) +# \S/.exec(line)!;
    return splitWords(words);
  });
}

/** Parses a command line, and returns the names of the commands whose actions would run. */
async function parse(words: readonly string[]): Promise<string[]> {
  const run: string[] = [];
  const parsed = await commandLine(words);
  const parser = await program(commandsFor(parsed));
  for (const command of [parser, ...parser.commands]) {
    command.exitOverride().configureOutput({ writeErr: (text) => assert(false, text) });
  }
  for (const command of parser.commands) command.action(() => void run.push(command.name()));
  await parser.parseAsync(parsed, { from: "user" });
  return run;
}

Deno.test("the help of each command has examples, which can be parsed and run that command", async () => {
  for (const command of (await program()).commands) {
    const examples = examplesIn(helpOf(command));
    assert(examples.length > 0, `${command.name()} has no examples`);
    for (const words of examples) {
      assertEquals(await parse(words), [command.name()], words.join(" "));
    }
  }
});

Deno.test("the help of the program has examples, and the first one starts a Manager", async () => {
  const examples = examplesIn(helpOf(await program()));
  const run = await Promise.all(examples.map(parse));
  assertEquals(run.map(([name]) => name), ["start", "ls", "call", "init"]);
});

Deno.test("the help names the program msl-network", async () => {
  for (const command of (await program()).commands) {
    assert(helpOf(command).startsWith(`Usage: msl-network ${command.name()} `), command.name());
  }
});

Deno.test("a command line loads its command alone, completions all of them, the help and a mistyped name none", async () => {
  const names = (await program()).commands.map((command) => command.name());
  for (const name of names) {
    assertEquals(commandsFor([name, "--help"]), name === "completions" ? names : [name]);
  }
  const none = [["-h"], ["--help"], ["help"], ["help", "cal"], ["cal"]];
  for (const words of [...none, ["constructor"], ["__proto__"]]) {
    assertEquals(commandsFor(words), [], words.join(" "));
  }
  assertEquals(commandsFor(["help", "call"]), ["call"]);
});

Deno.test("the help of the program is the same whether or not its commands are loaded", async () => {
  assertEquals(helpOf(await program([])), helpOf(await program()));
});

Deno.test("the help of the program shows each command with the usage of its own help", async () => {
  const help = helpOf(await program([]));
  for (const command of (await program()).commands) {
    const [, usage] = /^Usage: msl-network (.*)$/m.exec(helpOf(command))!;
    assert(help.includes(`\n  ${usage}  `), usage);
  }
});
