/** A Manager with a database of its own, which the test opens too. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Database } from "../../manager/database/database.ts";
import type { JsonObject, ManagerOptions } from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { temporaryFolder } from "./folder.ts";

/** A row that Python wrote: j.doe, with the password `a good password`. */
export const PYTHON_USER = `INSERT INTO auth_users VALUES (NULL, 'j.doe',
  x'2bad341887600fce4b215a4972b0d18a988e7e698c8822ac4a4934bb4af2600e',
  x'0243c267997ef8647888118a402cd324', 0)`;

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

/** A Manager with a database of its own, which the test opens too. */
export class Laboratory implements AsyncDisposable {
  readonly manager: TestManager;
  readonly database: Database;
  readonly #path: string;
  readonly #folder: Folder;

  private constructor(manager: TestManager, path: string, folder: Folder) {
    this.manager = manager;
    this.database = new Database(path, []);
    this.#path = path;
    this.#folder = folder;
  }

  /** Opens a laboratory whose database was prepared with `sql`. */
  static async open(options: ManagerOptions, sql = ""): Promise<Laboratory> {
    const folder = await temporaryFolder();
    const path = join(folder.path, "manager.sqlite3");
    new Database(path, ["lab-pc"])[Symbol.dispose]();
    execute(path, sql);
    const manager = await TestManager.start({ host: "127.0.0.1", database: path, ...options });
    return new Laboratory(manager, path, folder);
  }

  /** The home folder of commands that find the database there. */
  get home(): string {
    return this.#folder.path;
  }

  /** A peer that has said who it is. */
  introduce(identity: JsonObject): Promise<WirePeer> {
    return WirePeer.introduce(this.manager.connectOptions, identity);
  }

  /** Changes the database behind the back of the Manager. */
  execute(sql: string): void {
    execute(this.#path, sql);
  }

  /** What is recorded of connections, without those that only began. */
  records(): string[] {
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
