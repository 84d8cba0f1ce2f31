import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { HISTORY_SIZE, readHistory, writeHistory } from "../../cli/commands/console.ts";
import { ConfigurationError } from "../../errors.ts";
import { modeOf, temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";

posixTest("the owner of the history alone can read it", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "history");
  writeHistory(["a line"], file);
  assertEquals(modeOf(file), 0o600);
});

Deno.test("the history has the lines that do not begin with a space", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "history");
  assertEquals(readHistory(file), []);
  writeHistory(["newest", " secret", "oldest"], file);
  assertEquals(await Deno.readTextFile(file), "oldest\nnewest\n");
  assertEquals(readHistory(file), ["newest", "oldest"]);
  const many = Array.from({ length: HISTORY_SIZE + 5 }, (_, index) => `line ${index}`);
  writeHistory(many, file);
  assertEquals(readHistory(file), many.slice(0, HISTORY_SIZE));
});

Deno.test("a history that cannot be read or written is an error that names the file", async () => {
  await using folder = await temporaryFolder();
  assertThrows(() => readHistory(folder.path), ConfigurationError, `Cannot read ${folder.path}`);
  assertThrows(() => writeHistory([], folder.path), ConfigurationError, "Cannot write");
});
