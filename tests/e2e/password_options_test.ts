/** Prompts for passwords, with and without a terminal, and passwords in files. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import { Database } from "../../manager/database/database.ts";
import { readKey } from "../../net/key.ts";
import {
  atTerminal,
  command,
  commandReading,
  CTRL_C,
  output,
  programAtTerminal,
  refusal,
  shellAtTerminal,
} from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { succeed } from "../support/process.ts";
import { CONFIG, MODULE } from "../support/source_tree.ts";
import { posixTest } from "../support/posix.ts";

const AGAIN = "Enter it again:";

/** Whether a user has a password. */
async function hasPassword(home: string, username: string, password: string): Promise<boolean> {
  using database = new Database(join(home, "manager.sqlite3"), []);
  return await database.users.isPasswordValid(username, password);
}

/** Asserts that this password decrypts a key, and another one does not. */
async function assertOpens(key: string, password: string): Promise<void> {
  assertEquals((await readKey(key, { password })).asymmetricKeyType, "ec");
  await assertRejects(
    () => readKey(key, { password: `wrong${password}` }),
    ConfigurationError,
    "the password is wrong",
  );
}

/** Runs a command at a terminal, and asserts that no typed text is echoed. */
async function ask(
  home: string,
  answers: [question: string, answer: string][],
  ...args: string[]
): Promise<string> {
  const { code, shown } = await atTerminal(home, answers, ...args);
  assertEquals(code, 0, shown);
  for (const [_, answer] of answers) {
    if (answer !== CTRL_C) assert(!shown.includes(answer), shown);
  }
  return shown;
}

posixTest(
  "start prompts for each password option without a value, twice for a new password",
  async () => {
    await using home = await temporaryFolder();
    const key = join(home.path, "a.key");
    const program = join(home.path, "program.ts");
    await Deno.writeTextFile(
      program,
      `import { parseStartOptions } from ${MODULE};
    const { authPassword, keyFilePassword, port } = parseStartOptions();
    const isLinux = Deno.build.os === "linux";
    const shown = isLinux ? Deno.readTextFileSync("/proc/self/cmdline") : Deno.args.join(" ");
    Deno.writeTextFileSync(Deno.env.get("MSL_NETWORK_HOME") + "/options.json",
      JSON.stringify({ parsed: [authPassword, keyFilePassword, port], shown }));`,
    );
    const parse = async (answers: [string, string][], ...args: string[]) => {
      const run = ["run", "-A", "--config", CONFIG, program, ...args];
      const { code, shown } = await programAtTerminal(home.path, answers, ...run);
      assertEquals(code, 0, shown);
      const written = JSON.parse(await Deno.readTextFile(join(home.path, "options.json")));
      // The list of processes.
      for (const [_, answer] of answers) assert(!written.shown.includes(answer), written.shown);
      return written.parsed;
    };
    const manager: [string, string][] = [["for the Manager:", "first one"], [AGAIN, "first one"]];
    const newKey: [string, string][] = [["a.key:", "second"], [AGAIN, "second"]];
    assertEquals(
      await parse([...manager, ...newKey], "--auth-password", "-D", "-k", key, "-p", "0"),
      ["first one", "second", 0],
    );
    await output(home.path, "keygen", "ecc", "-o", key, "-p", "third");
    assertEquals(
      await parse([["a.key:", "third"]], "-P", "some", "words", "--key-file-password", "-k", key),
      ["some words", "third", 1875],
    );
    assertEquals(await parse(manager, "-P", "-"), ["first one", null, 1875]);
  },
);

posixTest(
  "an encrypted key makes start prompt for its password if there is a terminal",
  async () => {
    await using home = await temporaryFolder();
    const key = join(home.path, "keys", "localhost.key");
    await ask(
      home.path,
      [["localhost.key:", "hunter2"], [AGAIN, "hunter2"]],
      "keygen",
      "ecc",
      "-p",
    );
    await assertOpens(key, "hunter2");
    const answer: [string, string] = ["Enter the password of", "hunter2"];
    for (const option of [[], ["-p"], ["-p", "-"]]) {
      assertMatch(await ask(home.path, [answer], "certgen", ...option), /Wrote the certificate to/);
    }
    const shown = await ask(home.path, [answer, ["(TLS ENABLED)", CTRL_C]], "-p", "0");
    assert(shown.includes(`Enter the password of ${key}:`), shown);

    const wrong = await atTerminal(home.path, [["localhost.key:", "mistyped"]], "-p", "0");
    assertEquals(wrong.code, 1);
    assert(wrong.shown.includes("the password is wrong"), wrong.shown);
    assert(!wrong.shown.includes("mistyped"), wrong.shown);

    const unasked = `Cannot use the private key ${key}: it is encrypted, give its password with ` +
      "--key-file-password";
    assertEquals(await refusal(home.path, "-p", "0"), unasked);
    assertEquals(await refusal(home.path, "certgen"), unasked);
  },
);

posixTest("Ctrl+C at a password prompt restores the terminal", async () => {
  await using home = await temporaryFolder();
  const after = "echo code $?; stty -a";
  const answers: [string, string][] = [["localhost.key:", `hunter2${CTRL_C}`]];
  const { shown } = await shellAtTerminal(home.path, answers, after, "keygen", "ecc", "-p");
  assertMatch(shown, /^code 130$/m);
  for (const setting of ["echo", "icanon", "isig", "opost"]) {
    assertMatch(shown, new RegExp(`(^| )${setting}( |;|$)`, "m"));
  }
  assert(!shown.includes("hunter2"), shown);
});

posixTest("Backspace and Ctrl+U edit a typed password", async () => {
  await using home = await temporaryFolder();
  const typed = "wrong\x15hunté\x7fx\x08er2";
  const answers: [string, string][] = [["localhost.key:", typed], [AGAIN, "hunter2"]];
  await ask(home.path, answers, "keygen", "ecc", "-p");
  await assertOpens(join(home.path, "keys", "localhost.key"), "hunter2");
});

posixTest("user prompts twice for a new password", async () => {
  await using home = await temporaryFolder();
  const twice = (password: string): [string, string][] => [["alice:", password], [AGAIN, password]];
  await ask(home.path, twice("hunter2"), "user", "add", "alice", "-p");
  assert(await hasPassword(home.path, "alice", "hunter2"));
  const shown = await ask(home.path, twice("hunter3"), "user", "update", "alice", "--password");
  assert(shown.endsWith("Updated alice (still user), the password is new\n"), shown);
  assert(await hasPassword(home.path, "alice", "hunter3"));
  await ask(home.path, twice("hunter4"), "user", "update", "alice", "--password=-", "--admin");
  assert(await hasPassword(home.path, "alice", "hunter4"));
});

posixTest("without a terminal, a password option without a value is an error", async () => {
  await using home = await temporaryFolder();
  await output(home.path, "user", "add", "alice", "-p", "wonderland");
  const commands = [
    ["-P"],
    ["-D", "-p", "0"],
    ["keygen", "-p"],
    ["certgen", "-p"],
    ["user", "add", "bob", "-p"],
    ["user", "update", "alice", "-p"],
  ];
  await Promise.all(commands.map(async (args) => {
    const line = await refusal(home.path, ...args);
    assertMatch(line, /^Cannot ask "Enter a password .*": the standard input is not a terminal/);
  }));
  assertEquals([...Deno.readDirSync(home.path)].map(({ name }) => name), ["manager.sqlite3"]);
});

posixTest(
  "every password can be read from a file or from stdin, and a file that others can read gives a warning",
  async () => {
    await using folder = await temporaryFolder();
    const [home, file] = [join(folder.path, "home"), join(folder.path, "password")];
    await Deno.writeTextFile(file, "a b\r\nc", { mode: 0o600 });
    const key = join(home, "keys", "localhost.key");
    const forms = [
      (...args: string[]) => command(home, ...args, file),
      (...args: string[]) => commandReading(file, home, ...args, "-"),
    ];
    for (const form of forms) {
      const run = (...args: string[]) => succeed(form(...args));
      await run("keygen", "ecc", "-p");
      await assertOpens(key, "a b");
      await run("certgen", "--key-file-password");
      await run("user", "add", "alice", "-p");
      assert(await hasPassword(home, "alice", "a b"));
      await output(home, "user", "update", "alice", "-p", "another");
      await run("user", "update", "alice", "-p");
      assert(await hasPassword(home, "alice", "a b"));
      await output(home, "user", "remove", "alice");
    }
    await Deno.chmod(file, 0o644);
    const { code, stderr } = await command(home, "keygen", "ecc", "-p", file).output();
    assertEquals(code, 0);
    const warning = `Others can read the password in ${file} (mode 0644). Run: chmod 600 ${file}\n`;
    assertEquals(new TextDecoder().decode(stderr), warning);
    await assertOpens(key, "a b");
  },
);
