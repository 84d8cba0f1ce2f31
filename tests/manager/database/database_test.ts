import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Database } from "../../../manager/database/database.ts";
import type { Origin } from "../../../manager/database/connections_table.ts";
import { ConfigurationError } from "../../../errors.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { posixTest } from "../../support/posix.ts";
import { PYTHON_USER } from "../../support/python_users.ts";

const ALIASES = ["lab-pc", "localhost", "127.0.0.1", "::1"];
const ORIGIN = { address: "10.0.0.7", domain: "scope.lab", port: 50_001 };

function record(database: Database, origin: Origin, message: string, at = new Date()): void {
  database.connections.insert([{ ...origin, message, time: at.getTime() }]);
}

/** The tables as the Python software makes them, with what it left there. */
function makeAsPythonDoes(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE IF NOT EXISTS connections (
      pid INTEGER PRIMARY KEY AUTOINCREMENT, datetime DATETIME NOT NULL, ip_address TEXT NOT NULL,
      domain TEXT NOT NULL, port INTEGER NOT NULL, message TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS auth_hostnames (hostname TEXT NOT NULL, UNIQUE(hostname));
    CREATE TABLE IF NOT EXISTS auth_users (
      pid INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL, key BLOB NOT NULL,
      salt BLOB NOT NULL, is_admin BOOLEAN NOT NULL, UNIQUE(username));
    INSERT INTO connections VALUES
      (NULL, '2023-05-06T07:08:09', '10.0.0.1', 'old.lab', 1234, 'connected as a client');
    INSERT INTO auth_hostnames VALUES ('zebra'), ('trusted');
    ${PYTHON_USER}
  `);
  database.close();
}

/** Columns and indexes of all tables, as SQLite sees them. */
function schemaOf(path: string): unknown {
  const database = new DatabaseSync(path);
  const tables = ["connections", "auth_hostnames", "auth_users"].map((table) => ({
    table,
    columns: database.prepare(`PRAGMA table_info(${table})`).all(),
    indexes: database.prepare(`PRAGMA index_list(${table})`).all(),
  }));
  const sequences = database.prepare(
    "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' ORDER BY name",
  ).all();
  database.close();
  return { tables, sequences };
}

Deno.test("a new database trusts the names of this computer", () => {
  using database = new Database(":memory:", [...ALIASES, "localhost"]);
  assertEquals(database.hostnames.hostnames(), ALIASES.toSorted());
  assertEquals(database.connections.connections(), []);
});

Deno.test("connections are listed in the order in which they were recorded", () => {
  using database = new Database(":memory:", ALIASES);
  const late = new Date(2024, 11, 31, 23, 59, 59, 999);
  const early = new Date(2024, 0, 2, 3, 4, 5);
  record(database, ORIGIN, "new connection request", late);
  record(database, { ...ORIGIN, port: 2 }, "connected as a client", early);
  assertEquals(database.connections.connections(), [
    { pid: 1, ...ORIGIN, datetime: "2024-12-31T23:59:59", message: "new connection request" },
    {
      pid: 2,
      ...ORIGIN,
      port: 2,
      datetime: "2024-01-02T03:04:05",
      message: "connected as a client",
    },
  ]);
});

Deno.test("connections are listed by a range of time, where a date alone is the whole day", () => {
  using database = new Database(":memory:", ALIASES);
  for (const day of [1, 2, 3]) {
    record(database, ORIGIN, `day ${day}`, new Date(2024, 0, day, 12, 30, 15));
  }
  const messages = (...range: string[]) =>
    database.connections.connections(...range).map(({ message }) => message);
  assertEquals(messages("2024-01-02"), ["day 2", "day 3"]);
  assertEquals(messages("", "2024-01-02"), ["day 1", "day 2"]);
  assertEquals(messages("2024-01-02T12:30:15", "2024-01-02T12:30:15"), ["day 2"]);
  assertEquals(messages("2024-01-02T12:30:16", "2024-01-03T12:30:14"), []);
});

Deno.test("a record has the local time, to the second", () => {
  using database = new Database(":memory:", ALIASES);
  const digits = (number: number) => String(number).padStart(2, "0");
  const stamp = () => {
    const now = new Date();
    const date = [now.getFullYear(), digits(now.getMonth() + 1), digits(now.getDate())];
    const time = [digits(now.getHours()), digits(now.getMinutes()), digits(now.getSeconds())];
    return `${date.join("-")}T${time.join(":")}`;
  };
  const before = stamp();
  record(database, ORIGIN, "disconnected");
  const after = stamp();
  const [{ datetime }] = database.connections.connections();
  assert(before <= datetime && datetime <= after, `${before} ${datetime} ${after}`);
  assertEquals(datetime.length, after.length);
});

Deno.test("texts are recorded as they are, quotes and all", () => {
  using database = new Database(":memory:", ["it's; DROP TABLE auth_hostnames; --"]);
  const origin = { address: "::1", domain: `"x'); DELETE FROM connections; --`, port: 1 };
  record(database, origin, "é ' \" 語");
  const [{ domain, message }] = database.connections.connections();
  assertEquals([domain, message], [origin.domain, "é ' \" 語"]);
  assertEquals(database.hostnames.hostnames(), ["it's; DROP TABLE auth_hostnames; --"]);
});

Deno.test("the tables are the ones that Python makes", async () => {
  await using folder = await temporaryFolder();
  const ours = join(folder.path, "ours.sqlite3");
  const theirs = join(folder.path, "theirs.sqlite3");
  new Database(ours, ALIASES)[Symbol.dispose]();
  makeAsPythonDoes(theirs);
  assertEquals(schemaOf(ours), schemaOf(theirs));
});

Deno.test("a database of Python keeps its rows, and gets new ones", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "manager.sqlite3");
  makeAsPythonDoes(path);
  {
    using database = new Database(path, ALIASES);
    assertEquals(database.hostnames.hostnames(), ["trusted", "zebra"]);
    record(database, ORIGIN, "disconnected", new Date(2024, 0, 2, 3, 4, 5));
    assertEquals(database.connections.connections(), [
      {
        pid: 1,
        datetime: "2023-05-06T07:08:09",
        address: "10.0.0.1",
        domain: "old.lab",
        port: 1234,
        message: "connected as a client",
      },
      { pid: 2, ...ORIGIN, datetime: "2024-01-02T03:04:05", message: "disconnected" },
    ]);
  }
  const plain = new DatabaseSync(path);
  const rows = plain.prepare("SELECT pid, ip_address, port, message FROM connections").all();
  assertEquals(rows.map((row) => ({ ...row })), [
    { pid: 1, ip_address: "10.0.0.1", port: 1234, message: "connected as a client" },
    { pid: 2, ip_address: "10.0.0.7", port: 50_001, message: "disconnected" },
  ]);
  assertEquals(plain.prepare("SELECT username FROM auth_users").get()?.username, "j.doe");
  plain.close();
});

Deno.test("host names that were removed do not come back when the database is opened again", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "manager.sqlite3");
  new Database(path, ALIASES)[Symbol.dispose]();
  const plain = new DatabaseSync(path);
  plain.exec("DELETE FROM auth_hostnames");
  plain.close();
  using database = new Database(path, ALIASES);
  assertEquals(database.hostnames.hostnames(), []);
});

Deno.test("records are still there when the database is opened again", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "manager.sqlite3");
  {
    using database = new Database(path, ALIASES);
    record(database, ORIGIN, "disconnected");
  }
  using database = new Database(path, []);
  assertEquals(database.connections.connections().length, 1);
  assertEquals(database.hostnames.hostnames(), ALIASES.toSorted());
});

posixTest("a new database and its folder are the owner's alone", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "home", "deeper", "manager.sqlite3");
  using database = new Database(path, ALIASES);
  record(database, ORIGIN, "disconnected");
  const modeOf = (path: string) => Deno.statSync(path).mode! & 0o777;
  assertEquals(modeOf(join(folder.path, "home")), 0o700);
  assertEquals(modeOf(join(folder.path, "home", "deeper")), 0o700);
  for (const { name } of Deno.readDirSync(join(folder.path, "home", "deeper"))) {
    assertEquals(modeOf(join(folder.path, "home", "deeper", name)), 0o600, name);
  }
});

Deno.test("a file that is no database is rejected with its path, and not changed", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "notes.txt");
  const notes = "these are the notes of a physicist, not a database\n".repeat(100);
  Deno.writeTextFileSync(path, notes);
  const error: ConfigurationError = assertThrows(
    () => new Database(path, ALIASES),
    ConfigurationError,
    `Cannot open the database ${path}: `,
  );
  assert(error.cause instanceof Error);
  assertEquals(Deno.readTextFileSync(path), notes);
});

Deno.test("a folder is rejected as a database", async () => {
  await using folder = await temporaryFolder();
  assertThrows(() => new Database(folder.path, ALIASES), ConfigurationError, folder.path);
});
