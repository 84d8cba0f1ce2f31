/**
 * Reads the sources of a recording in SQLite.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import type { SourceDescription } from "./reading.ts";

/** A source of a recording. */
export interface RecordedSource extends SourceDescription {
  /** Its number in the file. */
  readonly id: number;
  /** When it was first recorded. */
  readonly since: number;
}

/** The sources, in the order in which they were first recorded. */
export function readSources(database: DatabaseSync): RecordedSource[] {
  // `node:sqlite` ends a text at its first NUL, and a service may have one in its name.
  const columns = ["service", "attribute", "arguments", "unit"]
    .map((name) => `CAST(${name} AS BLOB) AS ${name}`);
  const rows = database.prepare(`SELECT id, since, ${columns.join(", ")} FROM source ORDER BY id`);
  return rows.all().map((row) => ({
    id: Number(row.id),
    service: textOf(row.service),
    attribute: textOf(row.attribute),
    arguments: textOf(row.arguments),
    unit: textOf(row.unit),
    since: Number(row.since),
  }));
}

function textOf(bytes: unknown): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes as Uint8Array);
}
