/** Managers as programs that use the same home folder, one after another or at the same time. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { connect } from "../../mod.ts";
import { command } from "../support/command_line.ts";
import { entriesOf, temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";

Deno.test("three Managers that start at once on a fresh home have the same certificate", async () => {
  await using home = await temporaryFolder();
  const started = await Promise.all(
    [1, 2, 3].map(() =>
      ManagerProcess.of(command(home.path, "--port=0", "--database=:memory:"), "localhost")
    ),
  );
  try {
    const certFile = join(home.path, "certs", "localhost.crt");
    for (const { connectOptions } of started) {
      await using cxn = await connect({ ...connectOptions, certFile });
      assert(cxn.isConnected());
    }
  } finally {
    for (const manager of started) await manager[Symbol.asyncDispose]();
  }
  assertEquals(entriesOf(join(home.path, "keys")), ["localhost.key"]);
  assertEquals(entriesOf(join(home.path, "certs")), ["localhost.crt"]);
});

Deno.test("with a host a Manager uses the files of that host, and with a key its certificate", async () => {
  await using home = await temporaryFolder();
  const files = () => ["keys", "certs"].map((folder) => entriesOf(join(home.path, folder)));
  {
    await using manager = await ManagerProcess.startSecure(home.path, "--database=:memory:");
    const certFile = join(home.path, "certs", "127.0.0.1.crt");
    await using cxn = await connect({ ...manager.connectOptions, certFile });
    assert(cxn.isConnected());
  }
  assertEquals(files(), [["127.0.0.1.key"], ["127.0.0.1.crt"]]);
  const keyFile = join(home.path, "keys", "other.key");
  const words = ["--database=:memory:", `--key-file=${keyFile}`];
  await using manager = await ManagerProcess.startSecure(home.path, ...words);
  await manager.stderr.next((line) => line.includes("does not belong to the key"));
  const certFile = join(home.path, "certs", "127.0.0.1.crt");
  await using cxn = await connect({ ...manager.connectOptions, certFile });
  assert(cxn.isConnected());
  assertEquals(files(), [
    ["127.0.0.1.key", "other.key"],
    ["127.0.0.1.crt", "127.0.0.1.crt.old"],
  ]);
});
