import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { AccessTable } from "../../../manager/database/access_table.ts";
import { ConfigurationError, ValueError } from "../../../errors.ts";
import { UsersTable } from "../../../manager/database/users_table.ts";

const USERS = ["alice", "bob", "__proto__"];

/** The tables in memory, with a few users. */
function newTables(): { access: AccessTable; users: UsersTable; database: DatabaseSync } {
  const database = new DatabaseSync(":memory:");
  const users = new UsersTable(database);
  for (const name of USERS) addUser(database, name);
  return { access: new AccessTable(database), users, database };
}

/** Adds a user whose password does not matter. */
function addUser(database: DatabaseSync, name: string): void {
  database.prepare("INSERT INTO auth_users VALUES (NULL, ?, x'00', x'00', 0)").run(name);
}

/** The lists as they can be compared. */
function listsOf(access: AccessTable): [service: string, users: string[]][] {
  return Array.from(access.lists(), ([service, users]) => [service, [...users]]);
}

Deno.test("a service has no list until a user is allowed", () => {
  const { access } = newTables();
  assertEquals(listsOf(access), []);
  access.allow("DMM", ["bob", "alice"]);
  access.allow("DMM", ["bob"]);
  access.allow("A", ["bob"]);
  assertEquals(listsOf(access), [["A", ["bob"]], ["DMM", ["alice", "bob"]]]);
});

Deno.test("a list without users stays a list until it is cleared", () => {
  const { access } = newTables();
  access.allow("DMM", ["alice", "bob"]);
  access.deny("DMM", ["bob"]);
  assertEquals(listsOf(access), [["DMM", ["alice"]]]);
  access.deny("DMM", ["alice"]);
  assertEquals(listsOf(access), [["DMM", []]]);
  access.clear("DMM");
  assertEquals(listsOf(access), []);
  access.allow("DMM", ["bob"]);
  assertEquals(listsOf(access), [["DMM", ["bob"]]], "alice came back");
});

Deno.test("a name may have any characters, SQL and names of JavaScript too", () => {
  const { access } = newTables();
  const names = [
    "__proto__",
    "constructor",
    "",
    " ",
    "it's",
    'a "b"',
    "é語😀",
    "x'); DROP TABLE --",
  ];
  for (const name of names) access.allow(name, ["__proto__"]);
  assertEquals([...access.lists().keys()], names.toSorted());
  assert(!access.lists().has("toString"));
  for (const name of names) access.deny(name, ["__proto__"]);
  assertEquals(access.lists().get("it's"), new Set());
  for (const name of names) access.clear(name);
  assertEquals(listsOf(access), []);
});

Deno.test("the names of services and users are case-sensitive", () => {
  const { access } = newTables();
  access.allow("DMM", ["alice"]);
  assertEquals(access.lists().get("dmm"), undefined);
  assertThrows(() => access.allow("DMM", ["Alice"]), ValueError, "'Alice'");
});

Deno.test("a change that fails changes nothing", () => {
  const { access } = newTables();
  assertThrows(
    () => access.allow("DMM", ["alice", "eve", "it's"]),
    ValueError,
    `Cannot let 'eve', "it's" use the 'DMM' service: no such user is registered`,
  );
  assertEquals(listsOf(access), []);
  access.allow("DMM", ["alice", "bob"]);
  assertThrows(
    () => access.deny("DMM", ["alice", "__proto__"]),
    ValueError,
    "Cannot deny '__proto__' the 'DMM' service: not on its list",
  );
  for (const change of [access.allow, access.deny]) {
    assertThrows(() => change.call(access, "DMM", []), ValueError, "one or more usernames");
  }
  assertEquals(listsOf(access), [["DMM", ["alice", "bob"]]]);
});

Deno.test("a list that does not exist can be neither changed nor cleared", () => {
  const { access } = newTables();
  access.allow("A", ["alice"]);
  assertThrows(
    () => access.deny("DMM", ["alice"]),
    ConfigurationError,
    "Cannot deny 'alice' the 'DMM' service: it has no list, so everybody may use it. " +
      "Make a list of those who may: access allow 'DMM' USER...",
  );
  assertThrows(() => access.clear("DMM"), ConfigurationError, "it has none, everybody may use it");
  assertEquals(listsOf(access), [["A", ["alice"]]]);
});

Deno.test("a list that would protect nothing is rejected", () => {
  const { access } = newTables();
  for (const name of ["Manager", "a\0b", "\ud800"]) {
    assertThrows(() => access.allow(name, ["alice"]), ValueError, "Cannot make a list for ");
  }
  assertEquals(listsOf(access), []);
});

Deno.test("a user that is deleted is on no list, nor is a later user with that name", () => {
  const { access, users, database } = newTables();
  for (const service of ["A", "DMM"]) access.allow(service, ["alice", "bob"]);
  users.delete("alice");
  addUser(database, "alice");
  assertEquals(listsOf(access), [["A", ["bob"]], ["DMM", ["bob"]]]);
  const rows = database.prepare("SELECT count(*) AS count FROM access_users").get();
  assertEquals(rows?.count, 2);
});

Deno.test("a user that Python deletes, which does not know the lists, is on none either", () => {
  const { access, users, database } = newTables();
  access.allow("DMM", ["alice", "__proto__"]);
  database.exec("PRAGMA foreign_keys = OFF");
  users.delete("__proto__"); // the last one, whose number SQLite could give again
  addUser(database, "__proto__");
  assertEquals(listsOf(access), [["DMM", ["alice"]]]);
  users.delete("alice");
  assertEquals(listsOf(access), [["DMM", []]]);
  addUser(database, "alice");
  assertEquals(listsOf(access), [["DMM", []]]);
});

Deno.test("a user stays on the lists when the password or the rights change", async () => {
  const { access, users } = newTables();
  access.allow("DMM", ["alice"]);
  await users.update("alice", { password: "new", isAdmin: true });
  assertEquals(listsOf(access), [["DMM", ["alice"]]]);
});

Deno.test("a list has users of other nodes beside those of this database, who are never the same", () => {
  const { access, database } = newTables();
  access.allow("DMM", ["bob@b", "bob", "alice@b", "ann@x@b"]);
  access.allow("DMM", ["bob@b"]);
  assertEquals(listsOf(access), [["DMM", ["bob", "alice@b", "ann@x@b", "bob@b"]]]);
  assertEquals([...access.numbers().use.get("DMM")!].length, 1);
  assertEquals([...access.numbers().remote.get("DMM")!], ["alice@b", "ann@x@b", "bob@b"]);
  access.deny("DMM", ["bob"]);
  assertEquals(listsOf(access), [["DMM", ["alice@b", "ann@x@b", "bob@b"]]]);
  access.deny("DMM", ["bob@b", "alice@b", "ann@x@b"]);
  assertEquals(listsOf(access), [["DMM", []]], "the list went with its last user");
  assertThrows(() => access.deny("DMM", ["bob@b"]), ValueError, "not on its list");
  access.allow("DMM", ["bob@b"]);
  access.clear("DMM");
  access.allow("DMM", ["bob"]);
  assertEquals(listsOf(access), [["DMM", ["bob"]]], "the remote user came back");

  addUser(database, "bob@b"); // from now on the name is that of a local user
  access.allow("DMM", ["bob@b"]);
  assertEquals(access.numbers().use.get("DMM")!.size, 2);
  assertEquals(access.numbers().remote.size, 0);
});

Deno.test("a name that is none of a user of another node is unknown, and such users never offer", () => {
  const { access } = newTables();
  for (
    const name of ["@b", "bob@", "bob@all", "bob@b c", "bob@b.c", `bob@${"b".repeat(33)}`, "x\0@b"]
  ) {
    assertThrows(
      () => access.allow("DMM", ["alice", name]),
      ValueError,
      "no such user is registered",
    );
  }
  assertEquals(listsOf(access), []);
  assertThrows(
    () => access.offer("DMM", ["alice", "bob@b"]),
    ValueError,
    "'bob@b' offer the 'DMM' service: a user of another node connects services to that node",
  );
  assertThrows(() => access.offer("DMM", ["nobody"]), ValueError, "no such user");
  assertEquals([...access.offerLists()], []);
});

Deno.test("a database of an earlier version gets the table of users of other nodes", () => {
  const { access, database } = newTables();
  access.allow("DMM", ["alice"]);
  database.exec("DROP TABLE access_remote_users");
  const later = new AccessTable(database);
  later.allow("DMM", ["bob@b"]);
  assertEquals(listsOf(later), [["DMM", ["alice", "bob@b"]]]);
});
