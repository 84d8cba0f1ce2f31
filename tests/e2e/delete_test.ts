/** The `delete` command as a process. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { atTerminal, output, piped, refusal } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";

/** The files of a home folder that Python's command deletes, and those of SQLite. */
const OURS = [
  "certs/a.crt",
  "certs/b.crt",
  "keys/a.key",
  "logs/a.log",
  "manager.sqlite3",
  "manager.sqlite3-shm",
  "manager.sqlite3-wal",
];
/** Files beside them, which somebody else has put there. */
const OTHERS = [
  "call-history",
  "certs/a.crt.old",
  "certs/mine.key",
  "certs/more.crt/deep.crt",
  "keys/a.crt",
  "keys/notes.txt",
  "logs/a.log.1",
  "mine.sqlite3",
];

/** Makes a home folder with files of every kind. */
async function fill(home: string): Promise<void> {
  for (const file of [...OURS, ...OTHERS]) {
    await Deno.mkdir(join(home, file, ".."), { recursive: true });
    await Deno.writeTextFile(join(home, file), file);
  }
}

/** The files of a folder and below it, sorted. */
function filesBelow(folder: string, below = ""): string[] {
  return [...Deno.readDirSync(join(folder, below))].flatMap(({ name, isDirectory }) => {
    const path = below === "" ? name : `${below}/${name}`;
    return isDirectory ? filesBelow(folder, path) : [path];
  }).sort();
}

function without(ending: RegExp): string[] {
  return [...OURS.filter((file) => !ending.test(file)), ...OTHERS].sort();
}

Deno.test("delete deletes the chosen files, and nothing that Python would keep", async () => {
  await using home = await temporaryFolder();
  await fill(home.path);
  const remaining: [flag: string, deleted: RegExp][] = [
    ["--certs", /crt$/],
    ["-k", /(crt|key)$/],
    ["--database", /(crt|key|sqlite3.*)$/],
    ["--logs", /./],
  ];
  for (const [flag, deleted] of remaining) {
    await output(home.path, "delete", flag, "-y");
    assertEquals(filesBelow(home.path), without(deleted), flag);
  }
  const nothing = `Nothing to delete in ${home.path}\n`;
  assertEquals(await output(home.path, "delete", "-a"), nothing);
  await fill(home.path);
  const report = await output(home.path, "delete", "-a", "-y");
  const order = [...OURS.slice(0, 2), OURS[4], OURS[6], OURS[5], OURS[2], OURS[3]];
  assertEquals(report, order.map((file) => `Deleted ${join(home.path, file)}\n`).join(""));
  assertEquals(filesBelow(home.path), [...OTHERS].sort());
  assertEquals(
    await refusal(home.path, "delete", "-y"),
    "Cannot delete: choose what with --all, --certs, --database, --keys or --logs",
  );
});

Deno.test("delete --root names the home folder to delete from, and is no choice of its own", async () => {
  await using home = await temporaryFolder();
  await using other = await temporaryFolder();
  for (const folder of [home, other]) await fill(folder.path);
  await output(home.path, "delete", "-qyk", "--root", other.path);
  assertEquals(filesBelow(home.path), without(/^$/));
  assertEquals(filesBelow(other.path), without(/key$/));
  const refused = await refusal(home.path, "delete", "-y", "-r", other.path);
  assert(refused.includes("choose what"), refused);
  const nowhere = join(other.path, "nowhere");
  assertEquals(
    await output(home.path, "delete", "-a", "-r", nowhere),
    `Nothing to delete in ${nowhere}\n`,
  );
});

posixTest(
  "delete without --yes reads an answer from any standard input: nothing but a yes deletes",
  async () => {
    await using home = await temporaryFolder();
    const certs = ["a.crt", "b.crt"].map((name) => `${join(home.path, "certs", name)}\n`).join("");
    await fill(home.path);
    for (const answer of ["n\n", "no", "x\n", ""]) {
      const { code, stdout } = await piped(home.path, answer, "delete", "-c");
      assertEquals([code, stdout], [0, `${certs}Proceed (Y/n)? Nothing was deleted\n`]);
      assertEquals(filesBelow(home.path), without(/^$/), answer);
    }
    for (const answer of ["\n", "y\n", "Yes", " YES \r\n"]) {
      await fill(home.path);
      assertEquals((await piped(home.path, answer, "delete", "-c", "-q")).code, 0);
      assertEquals(filesBelow(home.path), without(/crt$/), answer);
    }
    const { code, shown } = await atTerminal(home.path, [["Proceed (Y/n)?", "n"]], "delete", "-k");
    assertEquals(code, 0);
    assert(shown.endsWith("Nothing was deleted\n"), shown);
  },
);

posixTest("delete does not follow a symbolic link", async () => {
  await using home = await temporaryFolder();
  await using elsewhere = await temporaryFolder();
  await fill(elsewhere.path);
  await Deno.symlink(join(elsewhere.path, "keys"), join(home.path, "keys"));
  await Deno.mkdir(join(home.path, "logs"));
  await Deno.symlink(join(elsewhere.path, "logs/a.log"), join(home.path, "logs", "link.log"));
  await output(home.path, "delete", "-a", "-y");
  assertEquals(Array.from(Deno.readDirSync(join(home.path, "logs"))), []);
  assertEquals(filesBelow(elsewhere.path), without(/^$/));
});
