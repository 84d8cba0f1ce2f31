/** The `user` and `hostname` commands as processes; Python reads the database. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { atTerminal, command, output, refusal } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { run, tool } from "../support/process.ts";
import { posixTest } from "../support/posix.ts";
import { PYTHON } from "../support/python.ts";

/** Checks a user's row as Python would: database, username, password, whether an administrator. */
const CHECK_ROW = `
import hashlib, sqlite3, sys
path, username, password, is_admin = sys.argv[1:]
query = "SELECT key, salt, is_admin FROM auth_users WHERE username = ?"
(key, salt, admin), = sqlite3.connect(path).execute(query, (username,))
assert len(salt) == 16 and len(key) == 32
assert key == hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 100000, dklen=32)
assert admin == int(is_admin), admin
`;

posixTest("user adds, changes, lists and removes users, and Python reads the rows", async () => {
  await using home = await temporaryFolder();
  const database = join(home.path, "manager.sqlite3");
  const user = (...args: string[]) => output(home.path, "user", ...args);
  const password = ["-p", "a", "good", "password"];
  assertEquals(await user("add", "j.doe", ...password), "Added j.doe (user)\n");
  await tool(PYTHON, "-c", CHECK_ROW, database, "j.doe", "a good password", "0");

  const asked: [string, string][] = [
    ["Enter a password for Ωmega:", "pässword"],
    ["Enter it again:", "pässword"],
  ];
  const { shown } = await atTerminal(home.path, asked, "user", "insert", "Ωmega", "--admin");
  assert(shown.endsWith("Added Ωmega (administrator)\n"), shown);
  await tool(PYTHON, "-c", CHECK_ROW, database, "Ωmega", "pässword", "1");
  assertEquals(await user("list"), "j.doe  user\nΩmega  administrator\n");

  assertEquals(
    await user("update", "j.doe", "-a"),
    "Updated j.doe (administrator, was user), the password is unchanged\n",
  );
  await tool(PYTHON, "-c", CHECK_ROW, database, "j.doe", "a good password", "1");
  const changed = await user("update", "j.doe", "-p", "new"); // as Python, which has no --no-admin
  assertEquals(changed, "Updated j.doe (user, was administrator), the password is new\n");
  await tool(PYTHON, "-c", CHECK_ROW, database, "j.doe", "new", "0");

  await user("update", "j.doe", "--admin");
  assertEquals(
    await user("update", "j.doe"),
    "Updated j.doe (user, was administrator), the password is unchanged\n",
  );
  await tool(PYTHON, "-c", CHECK_ROW, database, "j.doe", "new", "0");

  assertEquals(await user("remove", "j.doe"), "Removed j.doe\n");
  assertEquals(await user("delete", "Ωmega"), "Removed Ωmega\n");
  assertEquals(await user("list"), "There are no users\n");
});

posixTest("user rejects arguments that are not valid", async () => {
  await using home = await temporaryFolder();
  await output(home.path, "user", "add", "bob", "-p", "secret");
  const refused: [reason: string, ...args: string[]][] = [
    ["Cannot add a user: give the username", "add"],
    ["already exists", "add", "bob", "-p", "x"],
    ["the standard input is not a terminal", "add", "alice"],
    ["must not end in a colon and digits", "add", "alice:1", "-p", "x"],
    ["No user has the username 'alice'", "update", "alice", "-a"],
    ["No user has the username 'alice'", "update", "alice"],
    ["No user has the username 'alice'", "remove", "alice"],
  ];
  await Promise.all(refused.map(async ([reason, ...args]) => {
    const line = await refusal(home.path, "user", ...args);
    assert(line.includes(reason), line);
  }));
  const differing: [string, string][] = [["Enter a password for eve:", "1"], ["again:", "2"]];
  const { code, shown } = await atTerminal(home.path, differing, "user", "add", "eve");
  assertEquals(code, 1);
  assert(shown.includes("it was not the same twice"), shown);
  assertEquals(await output(home.path, "user", "list"), "bob  user\n");
});

Deno.test("hostname adds, lists and removes trusted computers", async () => {
  await using home = await temporaryFolder();
  const database = join(home.path, "other", "lab.sqlite3");
  const hostname = (...args: string[]) => output(home.path, "hostname", ...args, "-d", database);
  assertEquals(await hostname("add", "localhost"), "Added localhost\n");
  const aliases = await hostname("list");
  for (const domain of ["1.0.0.127.in-addr.arpa", `1.${"0.".repeat(31)}ip6.arpa`]) {
    assert(aliases.split("\n").includes(domain), aliases);
  }
  assert(aliases.includes("localhost\n") && aliases.includes(`${Deno.hostname()}\n`), aliases);
  assertEquals(await hostname("add", "lab-1", "192.0.2.7"), "Added lab-1\nAdded 192.0.2.7\n");
  assertEquals(await hostname("insert", "lab-1"), "Added lab-1\n");
  const names = (await hostname("list")).trimEnd().split("\n");
  assertEquals(names, [...aliases.trimEnd().split("\n"), "192.0.2.7", "lab-1"].sort());
  const some = await run(command(
    home.path,
    ...["hostname", "remove", "nobody", "192.0.2.7", "nothing", "lab-1", "-d", database],
  ));
  assertEquals(some, {
    code: 1,
    stdout: "Removed 192.0.2.7\nRemoved lab-1\n",
    stderr: "Cannot delete 'nobody', 'nothing': it is not a trusted hostname\n",
  });
  assertEquals(await hostname("list"), aliases);
  const unknown = await refusal(home.path, "hostname", "delete", "lab-1", "-d", database);
  assertEquals(unknown, "Cannot delete 'lab-1': it is not a trusted hostname");
  assert((await refusal(home.path, "hostname", "add")).includes("give one or more names"));
});

Deno.test("only a command that adds a row makes a missing database", async () => {
  await using home = await temporaryFolder();
  const file = join(home.path, "mistyped", "lab.sqlite3");
  const commands = [
    ["user", "list"],
    ["user", "remove", "alice"],
    ["user", "update", "alice", "--admin"],
    ["hostname", "list"],
    ["hostname", "remove", "localhost"],
    ["access", "list"],
    ["access", "allow", "Lab", "alice"],
    ["access", "deny", "Lab", "alice"],
    ["access", "clear", "Lab"],
  ];
  await Promise.all(commands.map(async (args) => {
    const line = await refusal(home.path, ...args, "-d", file);
    assert(line.startsWith(`Cannot open the database ${file}: there is none. `), line);
  }));
  assertEquals([...Deno.readDirSync(home.path)], []);
});

Deno.test("a database of another program is an error in one line", async () => {
  await using home = await temporaryFolder();
  const file = join(home.path, "other.sqlite3");
  const database = new DatabaseSync(file);
  database.exec("CREATE TABLE auth_users (name TEXT)");
  database.close();
  assertMatch(await refusal(home.path, "user", "list", "-d", file), /^Cannot use the database: /);
});
