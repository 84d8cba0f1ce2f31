/**
 * Recorded conversations of Python devices with a Python Manager, played against our Manager, and
 * against the stand-in for Python's that other tests use.
 */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import type { ManagerOptions } from "../../manager.ts";
import { Database } from "../../manager/database/database.ts";
import { TestManager } from "../../testing.ts";
import { LANGUAGE, OS } from "../../version.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { pythonManager } from "../support/python.ts";
import { readRecording } from "../support/recording.ts";
import { Replay } from "../support/replay.ts";

/** A database with the users of the recordings. */
async function makeUsers(path: string): Promise<void> {
  using database = new Database(path, []);
  await database.users.insert("admin", "whatever", true);
  await database.users.insert("j.doe", "a good password", false);
}

for (
  const [name, options, lines] of [
    ["requests", {}, { sent: 65, compared: 63 }],
    ["locks", {}, { sent: 24, compared: 23 }],
    ["auth_hostname", { authHostname: true }, { sent: 2, compared: 1 }],
    ["auth_password", { authPassword: "abc 123" }, { sent: 5, compared: 5 }],
    ["auth_login", { authLogin: true }, { sent: 21, compared: 22 }],
    ["admin_from_unauthenticated", {}, { sent: 5, compared: 4 }],
    ["terminal", {}, { sent: 33, compared: 37 }],
  ] as const
) {
  for (const disableTls of [false, true]) {
    const transport = disableTls ? "TCP" : "TLS";
    Deno.test(`our Manager sends the lines of Python's in ${name}, over ${transport}`, async () => {
      await using folder = await temporaryFolder();
      const database = join(folder.path, "manager.sqlite3");
      if (name.startsWith("auth_login") || name.startsWith("admin")) await makeUsers(database);
      await using test = await TestManager.start({ ...options, database, disableTls });
      const { connectOptions, manager: { hostname, port } } = test;
      const replay = new Replay({
        connectOptions,
        hostname,
        port,
        language: LANGUAGE,
        os: OS,
        sendsEachUid: true,
        connected: (device) => test.connected(device),
        stop: () => test.manager.shutdown(),
      });
      assertEquals(await replay.play(await readRecording(name)), lines);
    });
  }
  if (name === "terminal") continue; // nobody types to the stand-in

  Deno.test(`the stand-in for Python's Manager sends the lines of ${name}`, async () => {
    await using home = await temporaryFolder();
    await makeUsers(join(home.path, "manager.sqlite3"));
    const args = ["--host=127.0.0.1", "--port=0", "--disable-tls", ...startOptions(options)];
    await using manager = await ManagerProcess.of(pythonManager(home.path, ...args), "127.0.0.1");
    const replay = new Replay({
      connectOptions: manager.connectOptions,
      hostname: Deno.hostname(),
      port: manager.connectOptions.port,
      language: "Python 3.11.2",
      os: "Linux x86_64",
      sendsEachUid: false,
      connected: (device) => manager.stderr.next((it) => it.startsWith(`${device} connected as`)),
      stop: () => (manager.kill(), manager.succeeded()),
    });
    assertEquals(await replay.play(await readRecording(name)), lines);
  });
}

/** The options of the command for those of a Manager. */
function startOptions(options: ManagerOptions): string[] {
  if (options.authPassword) return ["--auth-password", ...options.authPassword.split(" ")];
  if (options.authLogin) return ["--auth-login"];
  return options.authHostname ? ["--auth-hostname"] : [];
}
