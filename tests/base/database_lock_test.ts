import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Database } from "../../manager/database/database.ts";
import { retryWhileLocked } from "../../base/database_lock.ts";
import { ConfigurationError, ValueError } from "../../errors.ts";
import { temporaryFolder } from "../support/folder.ts";

Deno.test("a change waits for another program that has locked the database, the event loop does not", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "manager.sqlite3");
  using database = new Database(path, [], 0);
  using other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const changes = Promise.all([
    database.users.insert("j.doe", "secret", false),
    retryWhileLocked(() => database.hostnames.insert("scope")),
  ]);
  let turns = 0;
  await assertRejects(
    () => retryWhileLocked(() => (turns++, database.hostnames.delete("x")), 100),
    ConfigurationError,
    "database is locked",
  );
  other.exec("COMMIT");
  await changes;
  assertEquals(turns > 1, true);
  assertEquals(database.users.usernames(), ["j.doe"]);
  assertEquals(database.hostnames.hostnames(), ["scope"]);
});

Deno.test("an error that has another cause is not tried again", async () => {
  using database = new Database(":memory:", []);
  let calls = 0;
  const remove = () => (calls++, database.hostnames.delete("nobody"));
  await assertRejects(() => retryWhileLocked(remove), ValueError);
  assertEquals(calls, 1);
});
