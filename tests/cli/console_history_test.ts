import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { HISTORY_SIZE, readHistory, writeHistory } from "../../cli/console_history.ts";
import { ConfigurationError } from "../../errors.ts";
import { temporaryFolder } from "../support/folder.ts";

Deno.test("lines are kept, for their owner alone, but for those that begin with a space", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "history");
  assertEquals(readHistory(file), []);
  writeHistory(["newest", " secret", "oldest"], file);
  assertEquals(await Deno.readTextFile(file), "oldest\nnewest\n");
  assertEquals(readHistory(file), ["newest", "oldest"]);
  assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
  const many = Array.from({ length: HISTORY_SIZE + 5 }, (_, index) => `line ${index}`);
  writeHistory(many, file);
  assertEquals(readHistory(file), many.slice(0, HISTORY_SIZE));
});

Deno.test("a history that cannot be kept is an error that names the file", async () => {
  await using folder = await temporaryFolder();
  assertThrows(() => readHistory(folder.path), ConfigurationError, `Cannot read ${folder.path}`);
  assertThrows(() => writeHistory([], folder.path), ConfigurationError, "Cannot write");
});
