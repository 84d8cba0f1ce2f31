/** A Manager whose page is opened in a browser, with users and a log. */

import { generateKeyPairSync } from "node:crypto";
import { configure, reset } from "@logtape/logtape";
import "../../base/log_tape.ts";
import { RECENT_RECORDS, recentRecords } from "../../logs/recent_records.ts";
import { Database } from "../../manager/database/database.ts";
import type { ManagerOptions } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { type TemporaryFolder, temporaryFolder } from "./folder.ts";

/** An administrator, and another user. */
export const ALICE = { username: "alice", password: "a good password" };
export const BOB = { username: "bob", password: "another password" };

/** A Manager with a page, which can be restarted at the same ports. */
export class PageLaboratory implements AsyncDisposable {
  #manager: TestManager | undefined;
  readonly #folder: TemporaryFolder;
  readonly #options: ManagerOptions;
  readonly #webPort: number;

  private constructor(manager: TestManager, folder: TemporaryFolder, options: ManagerOptions) {
    this.#manager = manager;
    this.#folder = folder;
    this.#webPort = manager.manager.webPort!;
    this.#options = { ...options, port: manager.manager.port, web: this.#webPort };
  }

  /** Starts one. */
  static start(options: ManagerOptions = {}): Promise<PageLaboratory> {
    return PageLaboratory.#start(options, () => Promise.resolve());
  }

  /** Starts one with {@linkcode ALICE} and {@linkcode BOB}. */
  static withUsers(options: ManagerOptions = {}): Promise<PageLaboratory> {
    return PageLaboratory.#start(options, async (database) => {
      using opened = new Database(database, []);
      await Promise.all([
        opened.users.insert(ALICE.username, ALICE.password, true),
        opened.users.insert(BOB.username, BOB.password, false),
      ]);
    });
  }

  static async #start(
    options: ManagerOptions,
    prepare: (database: string) => Promise<void>,
  ): Promise<PageLaboratory> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const kept = await keptFiles(folder, options);
    await prepare(kept.database);
    const manager = await TestManager.start({ web: 0, ...kept });
    stack.move();
    return new PageLaboratory(manager, folder, kept);
  }

  get manager(): TestManager {
    if (this.#manager === undefined) throw new TypeError("The Manager is stopped");
    return this.#manager;
  }

  /** With what a Service connects, and connects again. */
  get connectOptions() {
    const reconnect = { firstDelay: 1, longestDelay: 50, attempts: 10_000 };
    return { ...this.manager.connectOptions, reconnect };
  }

  /** The address of the page, with what is open. */
  address(hash = ""): string {
    const scheme = this.#options.disableTls ? "http" : "https";
    return `${scheme}://localhost:${this.#webPort}/${hash}`;
  }

  /** Ends the Manager. */
  async stop(): Promise<void> {
    const manager = this.#manager;
    this.#manager = undefined;
    await manager?.[Symbol.asyncDispose]();
  }

  /** Starts it again. */
  async resume(): Promise<void> {
    this.#manager = await TestManager.start(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** The options with files that outlive a restart: services believe the same certificate again. */
async function keptFiles(folder: TemporaryFolder, options: ManagerOptions) {
  const keyFile = folder.join("key.pem");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "sec1", format: "pem" }).toString();
  await Deno.writeTextFile(keyFile, pem, { mode: 0o600 });
  const database = folder.join("manager.sqlite3");
  return { database, keyFile, certFile: folder.join("certificate.pem"), ...options };
}

/** Holds the log of this process, as `start` does, until it is disposed of. */
export async function holdLog(): Promise<AsyncDisposable> {
  await configure({
    sinks: { [RECENT_RECORDS]: recentRecords(256 * 1024) },
    loggers: [
      { category: ["msl", "network"], lowestLevel: "info", sinks: [RECENT_RECORDS] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  return { [Symbol.asyncDispose]: reset };
}
