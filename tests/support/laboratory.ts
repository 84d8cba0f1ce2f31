/** A Manager with its own database, which the test opens too. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Database } from "../../manager/database/database.ts";
import type { JsonObject, ManagerOptions } from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { type TemporaryFolder, temporaryFolder } from "./folder.ts";
import { PYTHON_USER } from "./python_users.ts";
import { until } from "./until.ts";

/** The administrator of a laboratory with users. */
export const ADMINISTRATOR = { username: "admin", password: "whatever" };

/** A Manager with its own database, which the test opens too. */
export class Laboratory implements AsyncDisposable {
  readonly manager: TestManager;
  readonly database: Database;
  readonly #path: string;
  readonly #folder: TemporaryFolder;

  private constructor(manager: TestManager, path: string, folder: TemporaryFolder) {
    this.manager = manager;
    this.database = new Database(path, []);
    this.#path = path;
    this.#folder = folder;
  }

  /** Opens a laboratory whose database was prepared with `sql`. */
  static async open(options: ManagerOptions, sql = ""): Promise<Laboratory> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const path = join(folder.path, "manager.sqlite3");
    new Database(path, ["lab-pc"])[Symbol.dispose]();
    execute(path, sql);
    const manager = await TestManager.start({ host: "127.0.0.1", database: path, ...options });
    stack.move();
    return new Laboratory(manager, path, folder);
  }

  /** Opens one with a user that Python wrote, and an administrator. */
  static async withUsers(options: ManagerOptions = {}): Promise<Laboratory> {
    const laboratory = await Laboratory.open(options, PYTHON_USER);
    const { username, password } = ADMINISTRATOR;
    await laboratory.database.users.insert(username, password, true);
    return laboratory;
  }

  /** The home folder of commands that find the database there. */
  get home(): string {
    return this.#folder.path;
  }

  /** Connects a peer that has sent this identity. */
  introduce(identity: JsonObject): Promise<WirePeer> {
    return WirePeer.introduce(this.manager.connectOptions, identity);
  }

  /** Changes the database without the Manager's knowledge. */
  execute(sql: string): void {
    execute(this.#path, sql);
  }

  /**
   * The recorded events of connections, without the new requests, when they are written: the Manager
   * collects them for a moment.
   */
  records(isComplete: (records: readonly string[]) => boolean): Promise<string[]> {
    return until(() => `the records, there are ${this.#records()}`, () => {
      const records = this.#records();
      return isComplete(records) ? records : undefined;
    }) as Promise<string[]>;
  }

  #records(): string[] {
    return this.database.connections.connections().map(({ message }) => message)
      .filter((message) => message !== "new connection request");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database[Symbol.dispose]();
    await this.manager[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

function execute(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}
