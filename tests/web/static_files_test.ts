import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { openFile } from "../../web/static_files.ts";
import { temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";

async function contentOf(root: string, path: string): Promise<string> {
  const found = await openFile(root, path);
  if (found.state !== "file") return found.state;
  using file = found;
  const buffer = new Uint8Array(1_000);
  const size = await file.read(buffer);
  return `${file.type}: ${new TextDecoder().decode(buffer.subarray(0, size ?? 0))}`;
}

Deno.test("a file of the folder is found, and the index of a folder", async () => {
  await using folder = await temporaryFolder();
  await Deno.mkdir(join(folder.path, "panel"));
  await Deno.writeTextFile(join(folder.path, "index.html"), "lab");
  await Deno.writeTextFile(join(folder.path, "panel", "index.html"), "panel");
  await Deno.writeTextFile(join(folder.path, "panel", "a.js"), "1");
  await Deno.writeTextFile(join(folder.path, "x.unknown"), "?");
  const get = (path: string) => contentOf(folder.path, path);
  assertEquals(await get(""), "text/html; charset=UTF-8: lab");
  assertEquals(await get("panel/"), "text/html; charset=UTF-8: panel");
  assertEquals(await get("panel"), "folder");
  assertEquals(await get("panel/a.js"), "text/javascript; charset=UTF-8: 1");
  assertEquals(await get("x.unknown"), "application/octet-stream: ?");
  assertEquals(await get("nothing"), "missing");
  assertEquals(await get("index.html/x"), "missing");
  assertEquals(await contentOf(join(folder.path, "no"), ""), "missing");
});

Deno.test("hidden files and odd names are not served", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, ".htpasswd"), "secret");
  await Deno.mkdir(join(folder.path, ".git"));
  await Deno.writeTextFile(join(folder.path, ".git", "config"), "secret");
  for (
    const path of [".htpasswd", ".git/config", "..", "../x", "./x", "a//b", "c:x", "/etc/passwd"]
  ) {
    assertEquals(await contentOf(folder.path, path), "missing", path);
  }
});

posixTest("a link that leads out of the folder is not followed, nor is a pipe opened", async () => {
  await using folder = await temporaryFolder();
  await using other = await temporaryFolder();
  await Deno.writeTextFile(join(other.path, "secret"), "secret");
  await Deno.writeTextFile(join(folder.path, "inside"), "inside");
  await Deno.symlink(join(other.path, "secret"), join(folder.path, "out"));
  await Deno.symlink(other.path, join(folder.path, "outside"));
  await Deno.symlink(join(folder.path, "inside"), join(folder.path, "in"));
  assertEquals(await contentOf(folder.path, "out"), "missing");
  assertEquals(await contentOf(folder.path, "outside/secret"), "missing");
  assert((await contentOf(folder.path, "in")).endsWith("inside"));
  await new Deno.Command("mkfifo", { args: [join(folder.path, "pipe")] }).output();
  assertEquals(await contentOf(folder.path, "pipe"), "missing");
});
