/**
 * The tables of a recording in SQLite, and whether a file has them. Other programs read them: a change
 * after which they miss something raises {@linkcode VERSION}.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { ConfigurationError } from "../errors.ts";

/** Marks the file as a recording, in its header: "MSLR". */
export const APPLICATION_ID = 0x4d534c52;

/**
 * The version of the tables, in the header of the file. Version 1 had no columns for arrays: such a file
 * can be read, and gets them when it is continued.
 */
export const VERSION = 2;

/**
 * An array of numbers: its type and its shape, and its bytes. They are the last columns, so that SQLite
 * reads the others without the bytes.
 */
const ARRAY_COLUMNS = ["dtype TEXT", "shape TEXT", "data BLOB"];

/** `reading.id` grows with each reading; `rolled_up` is the last one that the rollups contain. */
const TABLES = `
  CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    attribute TEXT NOT NULL,
    arguments TEXT NOT NULL,
    unit TEXT NOT NULL,
    since REAL NOT NULL,
    UNIQUE (service, attribute, arguments, unit)
  );
  CREATE TABLE reading (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    time REAL NOT NULL,
    received REAL NOT NULL,
    value REAL,
    json TEXT,
    ${ARRAY_COLUMNS.join(", ")}
  );
  CREATE INDEX reading_of_source ON reading (source, time);
  CREATE TABLE gap (
    source INTEGER NOT NULL,
    start REAL NOT NULL,
    "end" REAL,
    reason TEXT NOT NULL,
    PRIMARY KEY (source, start)
  ) WITHOUT ROWID;
  CREATE TABLE rollup (
    source INTEGER NOT NULL,
    width INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    sum REAL NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (source, width, bucket)
  ) WITHOUT ROWID;
  CREATE TABLE progress (rolled_up INTEGER NOT NULL);
  INSERT INTO progress VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
`;

/** What a file of version 1 lacks. SQLite does not write its rows again. */
const UPGRADE = `
  ${ARRAY_COLUMNS.map((column) => `ALTER TABLE reading ADD COLUMN ${column};`).join("\n  ")}
  PRAGMA user_version = ${VERSION};
`;

/**
 * Makes the tables in a new file, and checks those of another, or brings them to this version.
 *
 * @throws {ConfigurationError} When the file belongs to another program, or to a later version.
 */
export function prepareSchema(database: DatabaseSync, file: string): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    if (isEmpty(database)) database.exec(TABLES);
    else if (checkSchema(database, file) < VERSION) database.exec(UPGRADE);
    database.exec("COMMIT");
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
}

/**
 * Checks that a file is a recording that this version knows.
 *
 * @returns The version of its tables.
 * @throws {ConfigurationError} When it is none.
 */
export function checkSchema(database: DatabaseSync, file: string): number {
  const id = pragma(database, "application_id");
  if (id !== APPLICATION_ID) {
    throw new ConfigurationError(
      `Cannot use ${file}: it is no recording, but a database of another program. Use another name`,
    );
  }
  const version = pragma(database, "user_version");
  if (version >= 1 && version <= VERSION) return version;
  throw new ConfigurationError(
    `Cannot use ${file}: a recording of version ${version}, and this program knows version ` +
      `${VERSION}. Update it, or use another name`,
  );
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined &&
    pragma(database, "application_id") === 0;
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()![name]);
}

/** What every SQLite file starts with. */
const MAGIC = "SQLite format 3\0";

/** Whether a file can be a database: SQLite takes an empty one, and also one of a few other bytes. */
export function isEmptyOrDatabase(file: string): boolean {
  if (!Deno.statSync(file).isFile) return false;
  using opened = Deno.openSync(file);
  const start = new Uint8Array(MAGIC.length);
  const length = opened.readSync(start) ?? 0;
  return length === 0 || new TextDecoder().decode(start) === MAGIC;
}
