/** The `delete` command as a process. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileExists } from "../../base/files.ts";
import { atTerminal, command, output, refusal } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { tool } from "../support/process.ts";

/** Makes one file of every kind in a home folder. */
async function fill(home: string): Promise<void> {
  for (const folder of ["certs", "keys", "logs"]) {
    await Deno.mkdir(join(home, folder));
    await Deno.writeTextFile(join(home, folder, "file"), folder);
  }
  for (const suffix of ["", "-wal", "-shm"]) {
    await Deno.writeTextFile(join(home, `manager.sqlite3${suffix}`), "");
  }
}

function entries(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

Deno.test("delete deletes the chosen files, and nothing else", async () => {
  await using folder = await temporaryFolder();
  const home = { path: join(folder.path, "home") };
  await Deno.mkdir(home.path);
  await fill(home.path);
  assert((await refusal(home.path, "delete", "-y")).includes("choose what with --all, --certs"));
  const database = await output(home.path, "delete", "--database", "--yes");
  const deleted = ["", "-wal", "-shm"].map((suffix) => join(home.path, `manager.sqlite3${suffix}`));
  assertEquals(database, deleted.map((path) => `Deleted ${path}\n`).join(""));
  assertEquals(await output(home.path, "delete", "-kyq"), "");
  assertEquals(entries(home.path), ["certs", "logs"]);
  await output(home.path, "delete", "-a", "-y");
  assertEquals(entries(home.path), []);
  const nothing = `Nothing to delete in ${home.path}\n`;
  assertEquals(await output(home.path, "delete", "-c", "-l"), nothing);
  await fill(home.path);
  await output(home.path, "delete", "-r", "-y");
  assert(!fileExists(home.path));
  assertEquals(await output(home.path, "delete", "-r"), nothing);
});

Deno.test("delete prompts once, and deletes nothing without a terminal or without a yes", async () => {
  await using home = await temporaryFolder();
  await fill(home.path);
  const before = entries(home.path);
  const [certs, keys] = [join(home.path, "certs"), join(home.path, "keys")];
  assertEquals(
    await refusal(home.path, "delete", "-a"),
    'Cannot ask "Delete them?": the standard input is not a terminal. Give the answer as an option',
  );
  const { shown: no } = await atTerminal(
    home.path,
    [["Delete them? (y/n)", "n"]],
    "delete",
    "-c",
    "-k",
  );
  assert(no.includes(`${certs} (entries: 1)\n${keys} (entries: 1)\nDelete them?`), no);
  assert(no.endsWith("Nothing was deleted\n"), no);
  assertEquals(entries(home.path), before);
  const question = `Delete ${certs}, ${keys}? (y/n)`;
  const { code, shown: quiet } = await atTerminal(
    home.path,
    [[question, "y"]],
    "delete",
    "-c",
    "-k",
    "-q",
  );
  assertEquals(code, 0);
  assert(!quiet.includes("Deleted"), quiet);
  assertEquals(entries(home.path), before.filter((name) => name !== "certs" && name !== "keys"));
});

Deno.test("delete does not follow a symbolic link", async () => {
  await using home = await temporaryFolder();
  await using elsewhere = await temporaryFolder();
  await fill(elsewhere.path);
  await Deno.symlink(join(elsewhere.path, "keys"), join(home.path, "keys"));
  await Deno.mkdir(join(home.path, "logs"));
  await Deno.symlink(elsewhere.path, join(home.path, "logs", "link"));
  const { stdout } = await command(home.path, "delete", "-k").output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(text, `${join(home.path, "keys")} (a link; what it points to stays)\n`);
  await output(home.path, "delete", "-a", "-y");
  assertEquals(entries(home.path), []);
  assertEquals(entries(elsewhere.path).length, 6);
  assertEquals(entries(join(elsewhere.path, "keys")), ["file"]);
});

Deno.test("delete --root rejects a folder that is not a home folder of the package", async () => {
  await using home = await temporaryFolder(); // without --yes, so that a failing test does not delete it
  const refused = async (path: string) =>
    (await refusal(path, "delete", "--root")).replace(`Cannot delete ${path}: `, "");
  assertEquals(await refused("/"), "it is the root of the file system");
  const file = join(home.path, "file");
  await Deno.writeTextFile(file, "");
  assert((await refused(home.path)).startsWith("it does not look like a home folder"));
  assert((await refused(file)).startsWith(`Cannot read ${file}`));
});

Deno.test("delete --root rejects the home directory of a user, also through a symbolic link", async () => {
  await using person = await temporaryFolder(); // not the user that runs the tests
  const { denoDir } = JSON.parse(await tool(Deno.execPath(), "info", "--json"));
  const env = { HOME: person.path, USERPROFILE: person.path, DENO_DIR: denoDir };
  const link = join(person.path, "link");
  await Deno.symlink(person.path, link);
  for (const MSL_NETWORK_HOME of [person.path, link]) {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        fileURLToPath(import.meta.resolve("../../manager.ts")),
        "delete",
        "--root",
      ],
      env: { ...env, MSL_NETWORK_HOME, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stderr).trim();
    const refusal = `Cannot delete ${MSL_NETWORK_HOME}: your home directory is in it`;
    assertEquals([code, text], [1, refusal]);
  }
  assertEquals(entries(person.path), ["link"]);
});
