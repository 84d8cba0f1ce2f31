import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { connect, Manager } from "../../mod.ts";
import { ConnectionRecords } from "../../manager/connection_records.ts";
import { Database } from "../../manager/database/database.ts";
import { LOG_CATEGORY } from "../../base/log.ts";
import { MAX_QUEUED_RECORDS } from "../../limits.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { PYTHON_USER } from "../support/python_users.ts";
import { until } from "../support/until.ts";

const ORIGIN = { address: "10.0.0.7", domain: "scope.lab", port: 50_001 };
const ALL = { rows: 1_000_000, age: Infinity };
const HOUR = 60 * 60_000;

/** A database that another program can lock. */
class LockedDatabase implements AsyncDisposable {
  readonly path: string;
  readonly #folder: TemporaryFolder;
  readonly #other: DatabaseSync;

  private constructor(folder: TemporaryFolder) {
    this.#folder = folder;
    this.path = join(folder.path, "manager.sqlite3");
    new Database(this.path, ["lab-pc"])[Symbol.dispose]();
    this.#other = new DatabaseSync(this.path);
  }

  static async make(): Promise<LockedDatabase> {
    return new LockedDatabase(await temporaryFolder());
  }

  /** Another program runs a statement. */
  execute(sql: string): void {
    this.#other.exec(sql);
  }

  lock(): void {
    this.execute("BEGIN EXCLUSIVE");
  }

  unlock(): void {
    this.execute("COMMIT");
  }

  messages(): string[] {
    return this.#other.prepare("SELECT message FROM connections ORDER BY pid").all()
      .map(({ message }) => String(message));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#other.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}

Deno.test("records that cannot be written wait, in order, until the database can be", async () => {
  await using logs = await recordLogs(LOG_CATEGORY, "error");
  await using locked = await LockedDatabase.make();
  using database = new Database(locked.path, [], 0);
  const records = new ConnectionRecords(database.connections, ALL);
  locked.lock();
  for (let number = 0; number < 1_000; number++) records.add(ORIGIN, `event ${number}`);
  assertEquals(logs.records, [], "nobody has waited for an attempt to write");
  await until("the failure is logged", () => logs.records.length > 0);
  locked.unlock();
  await until("all are written", () => locked.messages().length === 1_000);
  assertEquals(locked.messages(), Array.from({ length: 1_000 }, (_, index) => `event ${index}`));
  await records.close();
  assertEquals(logs.records.map(({ rawMessage }) => rawMessage), [
    "Cannot write the records of connections, they wait: {error}",
  ]);
});

Deno.test("records beyond the bound of the queue are dropped, and their number is logged", async () => {
  await using logs = await recordLogs(LOG_CATEGORY, "error");
  await using locked = await LockedDatabase.make();
  using database = new Database(locked.path, [], 0);
  const records = new ConnectionRecords(database.connections, ALL);
  locked.lock();
  for (let number = 0; number < MAX_QUEUED_RECORDS + 7; number++) records.add(ORIGIN, `${number}`);
  locked.unlock();
  await records.flush();
  assertEquals(locked.messages().length, MAX_QUEUED_RECORDS);
  assertEquals(locked.messages().at(-1), `${MAX_QUEUED_RECORDS - 1}`);
  await records.close();
  const dropped = logs.records.find(({ rawMessage }) => /^\{count\} records/.test(`${rawMessage}`));
  assertEquals(dropped?.properties.count, 7);
});

Deno.test("a shutdown writes what is queued, and does not wait for ever for a locked database", async () => {
  await using logs = await recordLogs(LOG_CATEGORY, "error");
  await using locked = await LockedDatabase.make();
  using database = new Database(locked.path, [], 0);
  const first = new ConnectionRecords(database.connections, ALL);
  first.add(ORIGIN, "in time");
  await first.close();
  assertEquals(locked.messages(), ["in time"]);
  const second = new ConnectionRecords(database.connections, ALL);
  second.add(ORIGIN, "too late");
  locked.lock();
  await second.close();
  locked.unlock();
  assertEquals(locked.messages(), ["in time"]);
  assertEquals(logs.records.at(-1)?.properties.count, 1);
  assertMatch(String(logs.records.at(-1)?.properties.error), /database is locked/);
});

Deno.test("the newest records are kept, by their number and their age, and 0 records none", async () => {
  const at = (hours: number) => ({
    ...ORIGIN,
    message: `${hours}`,
    time: Date.now() - hours * HOUR,
  });
  for (
    const [rows, age, kept] of [
      [3, Infinity, ["2", "1", "0"]],
      [1_000, 2.5 * HOUR, ["2", "1", "0"]],
      [2, 2.5 * HOUR, ["1", "0"]],
      [4, 0.5 * HOUR, ["0"]],
      [0, Infinity, []],
    ] as const
  ) {
    using database = new Database(":memory:", []);
    const messages = () => database.connections.connections().map(({ message }) => message);
    database.connections.insert([5, 4, 3, 2, 1, 0].map(at));
    const records = new ConnectionRecords(database.connections, { rows, age });
    await until(() => `${messages()} instead of ${kept}`, () => `${messages()}` === `${kept}`);
    records.add(ORIGIN, "new");
    await records.close();
    assertEquals(messages(), rows === 0 ? [] : [...kept, "new"]);
  }
});

Deno.test("old records are deleted in small steps, between which the event loop goes on", async () => {
  using database = new Database(":memory:", []);
  const rows = Array.from({ length: 10_000 }, () => ({ ...ORIGIN, message: "old", time: 0 }));
  database.connections.insert(rows);
  for (const message of ["b", "c"]) database.connections.insert([{ ...rows[0], message }]);
  assertEquals(database.connections.prune({ rows: 2, age: Infinity }, 500, Date.now()), 500);
  const records = new ConnectionRecords(database.connections, { rows: 2, age: Infinity });
  let turns = 0;
  await until("all are deleted", () => {
    turns++;
    return database.connections.prune({ rows: 2, age: Infinity }, 0, 0) === 0 &&
      database.connections.connections("", "1971").length === 2;
  });
  assert(turns > 10, `the event loop turned ${turns} times`);
  await records.close();
  assertEquals(database.connections.connections().map(({ message }) => message), ["b", "c"]);
});

Deno.test("no peer waits while another program locks the database, and logins go on", async () => {
  await using _logs = await recordLogs(LOG_CATEGORY);
  await using locked = await LockedDatabase.make();
  locked.execute(PYTHON_USER);
  await using manager = await Manager.start({
    host: "127.0.0.1",
    port: 0,
    disableTls: true,
    authLogin: true,
    database: locked.path,
  });
  const options = {
    host: "127.0.0.1",
    port: manager.port,
    disableTls: true,
    username: "j.doe",
    password: "a good password",
  };
  await using _first = await connect(options);
  locked.lock();
  let stopped = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    const since = performance.now() - last;
    if (since > 90) stopped += since;
    last += since;
  }, 1);
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(options)));
  await delay(150); // longer than records are collected for: the first attempt to write has failed
  clearInterval(watch);
  for (const client of clients) await client.disconnect();
  locked.unlock();
  // Statements that wait for the lock would stop the event loop 60 times, for 100 ms each. A busy
  // computer stops it too.
  assertLess(stopped, 5_000);
  await until(
    "the records are written",
    () => locked.messages().filter((message) => message === "disconnected").length === 20,
  );
});
