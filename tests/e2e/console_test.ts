/** The `console` command: a prompt at a terminal, or a script. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { atColourTerminal, CTRL_C, LiveTerminal, piped } from "../support/command_line.ts";
import { connect, RemoteError } from "../../mod.ts";
import { BasicMath, Shell } from "../support/shell.ts";
import { until } from "../support/until.ts";
import { posixTest } from "../support/posix.ts";

const CTRL_D = "\x04";
const CTRL_G = "\x07";
const CTRL_R = "\x12";
const HOME = "\x1b[H";
const END = "\x1b[F";
const UP = "\x1b[A";

/** The output of the console for this input: pairs of the text to wait for and the text to type. */
async function converse(shell: Shell, ...answers: [question: string, answer: string][]) {
  const { code, shown } = await atColourTerminal(shell.home, answers, ...shell.args("console"));
  assertEquals(code, 0, shown);
  // deno-lint-ignore no-control-regex -- escape sequences that move the cursor or set a colour
  return shown.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "").replaceAll("\r", "");
}

posixTest(
  "Tab completes names, the prompt returns after an error, and all uses one connection",
  async () => {
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
    assertEquals(shell.manager.manager.status().totals.connections, 2, "the Service's and one");
    assertMatch(shown, /^> BasicMath add 1 2\n3\n/m);
    assertMatch(shown, /^RangeError: too \\u\{1b\}\[31mhot$/m);
    assertMatch(shown, /^add\(x, y\)$/m);
  },
);

posixTest("the history is kept in a private file, and the next console reads it", async () => {
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

posixTest(
  "a history file that cannot be read is reported once, and the console works",
  async () => {
    await using shell = await Shell.open();
    await Deno.mkdir(join(shell.home, "console_history"));
    const shown = await converse(
      shell,
      ["> ", "BasicMath add 20 22"],
      ["42\n", "BasicMath add 1 2"],
      ["3\n", "exit"],
    );
    assertEquals(shown.match(/^Cannot \w+ .*console_history: /gm)?.length, 1, shown);
  },
);

posixTest("Ctrl+C cancels a pending call, and clears a line that is not entered yet", async () => {
  await using shell = await Shell.open();
  const shown = await converse(
    shell,
    ["> ", "BasicMath wait"],
    ["BasicMath: waiting", CTRL_C],
    ["Nobody waits", "BasicMath say 'still here'"],
    ['"still here"', CTRL_C],
    ["Ctrl+D or exit", "quit"],
  );
  assert(shown.includes("the service may go on"), shown);
});

posixTest("Ctrl+C ends a stream, and the service stops too", async () => {
  await using shell = await Shell.open();
  const shown = await converse(
    shell,
    ["> ", "BasicMath count 100"],
    ["\n7\n", CTRL_C],
    ["The stream is cancelled: no further values come", "exit"],
  );
  assertEquals(shown.includes("may go on"), false, shown);
  await shell.service.counted.promise;
});

posixTest("a call occupies the only place of a service while it runs, and no longer", async () => {
  await using shell = await Shell.open(new BasicMath(1));
  await using other = await connect(shell.manager.connectOptions);
  const isFree = async () => {
    await until("the console has unlinked", () => shell.links() === 0);
    await using _ = await other.link("BasicMath");
  };
  await using terminal = new LiveTerminal(shell.home, ...shell.args("console"));
  await terminal.shows("> ");
  await terminal.type("BasicMath add 20 22\r");
  await terminal.shows("42\n");
  await isFree();
  await terminal.type("BasicMath fail\r");
  await terminal.shows("RangeError");
  await isFree();
  await terminal.type("BasicMath wait\r");
  await terminal.shows("BasicMath: waiting");
  await assertRejects(async () => await other.link("BasicMath"), RemoteError, "maximum number");
  await terminal.type(CTRL_C);
  await terminal.shows("Nobody waits");
  await isFree();
  await terminal.type("exit\r");
  assertEquals(await terminal.end(), 0);
});

posixTest(
  "link keeps a link and says so, and notifications are shown until it is unlinked",
  async () => {
    await using shell = await Shell.open();
    await using terminal = new LiveTerminal(shell.home, ...shell.args("console"));
    await terminal.shows("> ");
    await terminal.type("BasicMath tell\r");
    await terminal.shows('BasicMath: 1 "two words" unit=C\n');
    await terminal.type("ls\r");
    await terminal.shows("no\n");
    await terminal.type("link BasicMath\r");
    await terminal.shows("Linked with BasicMath, until unlink BasicMath\n");
    await terminal.type("BasicMath add 1 2\r");
    await terminal.shows("3\n");
    assertEquals(shell.links(), 1);
    await terminal.type("half of a li");
    shell.service.tell();
    await terminal.shows('BasicMath: 1 "two words" unit=C\n> half of a li');
    await terminal.type(`${CTRL_C}link BasicMath\rls\r`); // the same link
    await terminal.shows("yes\n");
    await terminal.type("unlink BasicMath\rls\r");
    await terminal.shows("no\n");
    assertEquals(shell.links(), 0);
    shell.service.tell();
    await terminal.type("unlink BasicMath\r");
    await terminal.shows("it is not linked");
    await terminal.type("exit\r");
    assertEquals(await terminal.end(), 0);
    assertEquals(terminal.shown.match(/BasicMath: 1/g)?.length, 2, terminal.shown);
  },
);

posixTest("Ctrl+R finds earlier lines, to run or to change them", async () => {
  await using shell = await Shell.open();
  const lines = ["BasicMath say three", "BasicMath add 1 1", "BasicMath say two", ""];
  await Deno.writeTextFile(join(shell.home, "console_history"), lines.join("\n"));
  await using terminal = new LiveTerminal(shell.home, ...shell.args("console"));
  await terminal.shows("> ");
  await terminal.type(`half${CTRL_R}say`);
  await terminal.shows("(history) say: BasicMath say two");
  await terminal.type("\r"); // runs it
  await terminal.shows('> BasicMath say two\n"two"\n> ');
  await terminal.type(`${CTRL_R}say${CTRL_R}`);
  await terminal.shows("(history) say: BasicMath say three");
  await terminal.type("\r");
  await terminal.shows('\n"three"\n');
  await terminal.type(`${CTRL_R}add${HOME}`); // goes on with that line
  await terminal.shows("> BasicMath add 1 1");
  await terminal.type(`${END}0\r`);
  await terminal.shows("\n11\n");
  await terminal.type(`BasicMath add 4 ${CTRL_R}nothing`);
  await terminal.shows("(not in the history) nothing: ");
  await terminal.type(`${CTRL_G}4\r`); // goes back to the line before the search
  await terminal.shows("\n8\n");
  await terminal.type("link BasicMath\r");
  await terminal.shows("Linked with BasicMath");
  await terminal.type(`${CTRL_R}say`);
  await terminal.shows("(history) say: BasicMath say three");
  shell.service.tell();
  await terminal.shows("unit=C\n(history) say: BasicMath say three");
  await terminal.type(`${CTRL_C}?\r`);
  await terminal.shows("Ctrl+R searches");
  await terminal.type("quit\r");
  assertEquals(await terminal.end(), 0);
});

posixTest("a script on stdin prints results only, and ends at its first error", async () => {
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
