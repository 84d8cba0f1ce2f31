/** Reading and writing files, and who may read them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import { exposedMode, fileExists, isExposed, replaceFile, writeFile } from "../../base/files.ts";
import { temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";

posixTest("a file that is replaced is kept under another name", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "keys", "localhost.key");
  assertEquals(fileExists(file), false);
  assertEquals(replaceFile(file, "first"), undefined);
  await Deno.chmod(file, 0o644);
  assertEquals(replaceFile(file, "second"), `${file}.old`);
  assertEquals(replaceFile(file, "third"), `${file}.old2`);
  for (const [name, text] of [["", "third"], [".old", "first"], [".old2", "second"]]) {
    assertEquals(await Deno.readTextFile(file + name), text);
    assertEquals((await Deno.stat(file + name)).mode! & 0o777, 0o600);
  }
  assertEquals((await Deno.stat(join(folder.path, "keys"))).mode! & 0o777, 0o700);
});

Deno.test("a folder is not replaced with a file", async () => {
  await using folder = await temporaryFolder();
  const message = `Cannot write ${folder.path}: it is not a regular file`;
  assertThrows(() => replaceFile(folder.path, "text"), ConfigurationError, message);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

posixTest("a file stays where it is if the new one cannot be written", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.key");
  replaceFile(file, "first");
  // A name of 250 bytes is nearly the longest: the name of the unfinished file would be too long.
  const long = join(folder.path, "a".repeat(250));
  await Deno.rename(file, long);
  assertThrows(() => replaceFile(long, "second"), ConfigurationError, "Cannot write");
  assertEquals(await Deno.readTextFile(long), "first");
  assertEquals([...Deno.readDirSync(folder.path)].length, 1);
});

Deno.test("the group may read a file of root, unless the process runs as root", () => {
  const [root, me, other] = [0, 1_000, 1_001];
  const exposed: [mode: number, owner: number, user: number, isExposed: boolean][] = [
    [0o600, me, me, false],
    [0o400, me, me, false],
    [0o640, me, me, true],
    [0o640, other, me, true],
    [0o640, root, root, true],
    [0o640, root, me, false],
    [0o440, root, me, false],
    [0o644, root, me, true],
    [0o660, root, me, true],
    [0o650, root, me, true],
    [0o601, root, me, true],
    [0o620, me, me, true],
  ];
  for (const [mode, owner, user, expected] of exposed) {
    assertEquals(isExposed(mode, owner, () => user), expected, `${mode.toString(8)} of ${owner}`);
  }
});

posixTest("the mode is that of the target of a link, and only of a regular file", async () => {
  await using folder = await temporaryFolder();
  const [file, link] = [join(folder.path, "file"), join(folder.path, "link")];
  writeFile(file, "text");
  await Deno.symlink(file, link);
  assertEquals(exposedMode(link), undefined);
  await Deno.chmod(file, 0o604);
  assertEquals(exposedMode(link), "0604");
  writeFile(file, "other text"); // an existing file keeps its mode
  assertEquals(exposedMode(file), "0604");
  await Deno.chmod(folder.path, 0o755);
  assertEquals(exposedMode(folder.path), undefined);
  assertEquals(exposedMode("/dev/null"), undefined);
});

posixTest("a file is not written to the target of a link", async () => {
  await using folder = await temporaryFolder();
  const [file, elsewhere] = [join(folder.path, "a.key"), join(folder.path, "elsewhere")];
  await Deno.symlink(elsewhere, file);
  assertThrows(() => replaceFile(file, "secret"), ConfigurationError, `Cannot write ${file}: `);
  assert(!fileExists(elsewhere));
});
