/** The `console` command: a prompt at a terminal, or a script. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { atColourTerminal, CTRL_C, piped } from "../support/command_line.ts";
import { Shell } from "../support/shell.ts";

const CTRL_D = "\x04";
const UP = "\x1b[A";

/** The output of the console for this input: pairs of the text to wait for and the text to type. */
async function converse(shell: Shell, ...answers: [question: string, answer: string][]) {
  const { code, shown } = await atColourTerminal(shell.home, answers, ...shell.args("console"));
  assertEquals(code, 0, shown);
  // deno-lint-ignore no-control-regex -- escape sequences that move the cursor or set a colour
  return shown.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "").replaceAll("\r", "");
}

Deno.test("Tab completes names, and the prompt returns after an error", async () => {
  await using shell = await Shell.open();
  const shown = await converse(
    shell,
    ["> ", "Ba\t"],
    ["BasicMath ", "ad\t"],
    ["add ", "1 2"],
    ["3\n", "BasicMath fail"],
    ["hot", "BasicMath add 1 [2"],
    ["not closed", "nothing"],
    ["no service", "help"],
    ["Tab completes", "BasicMath"],
    ["pi = 3.5", "exit"],
  );
  assertMatch(shown, /^> BasicMath add 1 2\n3\n/m);
  assertMatch(shown, /^RangeError: too \\u\{1b\}\[31mhot$/m);
  assertMatch(shown, /^add\(x, y\)$/m);
});

Deno.test("the history is kept in a private file, and the next console reads it", async () => {
  await using shell = await Shell.open();
  const first = await converse(
    shell,
    ["> ", "BasicMath add 20 22"],
    ["42\n", " BasicMath say secret"],
    ['"secret"', CTRL_D],
  );
  assertMatch(first, /\n$/, "the prompt of the shell begins a line");
  const file = join(shell.home, "console_history");
  assertEquals(await Deno.readTextFile(file), "BasicMath add 20 22\n");
  assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
  const shown = await converse(shell, ["> ", UP], ["42\n", "exit"]);
  assertMatch(shown, /> BasicMath add 20 22\n/);
});

Deno.test("a history file that cannot be read is reported once, and the console works", async () => {
  await using shell = await Shell.open();
  await Deno.mkdir(join(shell.home, "console_history"));
  const shown = await converse(
    shell,
    ["> ", "BasicMath add 20 22"],
    ["42\n", "BasicMath add 1 2"],
    ["3\n", "exit"],
  );
  assertEquals(shown.match(/^Cannot \w+ .*console_history: /gm)?.length, 1, shown);
});

Deno.test("Ctrl+C cancels a pending call, and clears a line that is not entered yet", async () => {
  await using shell = await Shell.open();
  const shown = await converse(
    shell,
    ["> ", "BasicMath wait"],
    ["BasicMath: waiting", CTRL_C],
    ["Nobody waits", "BasicMath say 'still here'"],
    ['"still here"', CTRL_C],
    ["Ctrl+D or exit", "exit"],
  );
  assert(shown.includes("the service may go on"), shown);
});

Deno.test("notifications of a service are shown from the first call until it is unlinked", async () => {
  await using shell = await Shell.open();
  const shown = await converse(
    shell,
    ["> ", "BasicMath tell"],
    ['BasicMath: 1 "two words" unit=C', "ls"],
    ["yes", "unlink BasicMath"],
    ["unlink BasicMath", "ls"],
    ["no\n", "exit"],
  );
  assertEquals(shown.match(/^BasicMath: /gm)?.length, 1, shown);
  await shell.manager.disconnected("console");
  assertEquals(shell.links(), 0);
});

Deno.test("a script on stdin prints results only, and ends at its first error", async () => {
  await using shell = await Shell.open();
  const lines =
    "BasicMath add 1 2\n\nBasicMath echo [1, 2] 'a b'\nBasicMath nothing\nBasicMath count 2\n";
  const args = shell.args("console");
  const fine = await piped(shell.home, `${lines}BasicMath say hello`, ...args);
  assertEquals(fine, { code: 0, stdout: '3\n[[1,2],"a b"]\n1\n2\n"hello"\n', stderr: "" });
  const failed = await piped(shell.home, "BasicMath fail\nBasicMath add 1 2\n", ...args);
  assertEquals(failed, { code: 1, stdout: "", stderr: "RangeError: too \\u{1b}[31mhot\n" });
  for (
    const [line, suggested] of [["Basic add", "'BasicMath'"], ["BasicMath ad", "'add', 'count'"]]
  ) {
    const misspelt = await piped(shell.home, line, ...args);
    assertEquals([misspelt.code, misspelt.stdout], [1, ""]);
    assert(misspelt.stderr.includes(suggested), misspelt.stderr);
  }
  const ended = await piped(shell.home, "exit\nBasicMath add 1 2\n", ...args);
  assertEquals(ended, { code: 0, stdout: "", stderr: "" });
  assertEquals([...Deno.readDirSync(shell.home)], []);
});
