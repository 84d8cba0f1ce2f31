import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { pbkdf2Sync } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { ValueError } from "../../../errors.ts";
import { UsersTable } from "../../../manager/database/users_table.ts";
import { PYTHON_USER } from "../../support/python_users.ts";

function newTable(): { table: UsersTable; database: DatabaseSync } {
  const database = new DatabaseSync(":memory:");
  return { table: new UsersTable(database), database };
}

Deno.test("a user that Python wrote logs in", async () => {
  const { table, database } = newTable();
  database.exec(PYTHON_USER);
  assertEquals(await table.isPasswordValid("j.doe", "a good password"), true);
  assertEquals(await table.isPasswordValid("j.doe", "a good Password"), false);
  assertEquals(await table.isPasswordValid("j.doe", ""), false);
  assertEquals(await table.isPasswordValid("J.Doe", "a good password"), false);
  assertEquals(table.users(), [{ pid: 1, username: "j.doe", isAdmin: false }]);
});

Deno.test("the key that is written is the one that Python computes", async () => {
  const { table, database } = newTable();
  await table.insert("N.Bohr", "Ωµ and so on", true);
  const { key, salt, is_admin } = database.prepare("SELECT * FROM auth_users").get()!;
  if (!(salt instanceof Uint8Array)) throw new TypeError("the salt is not a blob");
  assertEquals(salt.length, 16);
  assertEquals(new Uint8Array(pbkdf2Sync("Ωµ and so on", salt, 100_000, 32, "sha256")), key);
  assertEquals(is_admin, 1);
});

Deno.test("the same password has another key for every user", async () => {
  const { table, database } = newTable();
  await Promise.all([table.insert("a", "secret", false), table.insert("b", "secret", false)]);
  const [a, b] = database.prepare("SELECT key FROM auth_users").all();
  assertNotEquals(a.key, b.key);
});

Deno.test("users are listed, looked up and deleted", async () => {
  const { table } = newTable();
  await table.insert("b", "1", false);
  await table.insert("a", "2", true);
  assertEquals(table.usernames(), ["b", "a"]);
  assertEquals([table.isAdmin("a"), table.isAdmin("b"), table.isAdmin("c")], [true, false, false]);
  assertEquals([table.isUserRegistered("a"), table.isUserRegistered("A")], [true, false]);
  assertEquals(table.find("a"), { pid: 2, username: "a", isAdmin: true });
  table.delete("b");
  assertEquals(table.usernames(), ["a"]);
  assertEquals(await table.isPasswordValid("b", "1"), false);
  assertEquals(table.find("b"), undefined);
  assertThrows(() => table.delete("b"), ValueError, "No user has the username 'b'");
});

Deno.test("an update changes what it names and nothing else", async () => {
  const { table } = newTable();
  await table.insert("a", "old", true);
  await table.update("a", { password: "new" });
  assertEquals(await table.isPasswordValid("a", "new"), true);
  assertEquals(await table.isPasswordValid("a", "old"), false);
  assertEquals(table.isAdmin("a"), true);
  await table.update("a", { isAdmin: false });
  assertEquals(table.isAdmin("a"), false);
  assertEquals(await table.isPasswordValid("a", "new"), true);
  await assertRejects(() => table.update("b", {}), ValueError, "No user has the username 'b'");
  await assertRejects(() => table.update("a", { password: "" }), ValueError, "empty password");
});

Deno.test("invalid names and passwords are rejected", async () => {
  const { table } = newTable();
  await assertRejects(() => table.insert("", "x", false), ValueError, "empty username");
  await assertRejects(() => table.insert("a", "", false), ValueError, "empty password");
  await assertRejects(() => table.insert("a\0b", "x", false), ValueError, "NUL");
  await assertRejects(() => table.insert("a:1875", "x", false), ValueError, "colon and digits");
  await Promise.allSettled([table.insert("a", "x", false), table.insert("a", "y", false)]);
  assertEquals(table.usernames(), ["a"]);
  await assertRejects(() => table.insert("a", "x", false), ValueError, "'a' already exists");
});

Deno.test("the event loop goes on while a password is checked", async () => {
  const { table } = newTable();
  let turns = 0;
  const timer = setInterval(() => turns++);
  await table.isPasswordValid("nobody", "x");
  clearInterval(timer);
  assert(turns > 0, "the event loop stood still");
});
