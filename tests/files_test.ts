/** Files that a user names. */

import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { ConfigurationError } from "../errors.ts";
import { fileExists, replaceFile } from "../files.ts";

Deno.test("a file that is made anew never takes an old one with it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "msl-network-" });
  try {
    const file = join(folder, "keys", "localhost.key");
    assertEquals(fileExists(file), false);
    assertEquals(replaceFile(file, "first"), undefined);
    await Deno.chmod(file, 0o644);
    assertEquals(replaceFile(file, "second"), `${file}.old`);
    assertEquals(replaceFile(file, "third"), `${file}.old2`);
    for (const [name, text] of [["", "third"], [".old", "first"], [".old2", "second"]]) {
      assertEquals(await Deno.readTextFile(file + name), text);
      assertEquals((await Deno.stat(file + name)).mode! & 0o777, 0o600);
    }
    assertEquals((await Deno.stat(join(folder, "keys"))).mode! & 0o777, 0o700);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a folder is not replaced by a file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "msl-network-" });
  try {
    const message = `Cannot write ${folder}: it is not a regular file`;
    assertThrows(() => replaceFile(folder, "text"), ConfigurationError, message);
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
