/**
 * The log files of earlier starts: each start makes a new one, and so many of them are kept.
 *
 * @module
 */

import { join } from "node:path";
import { logger } from "../base/log.ts";
import { isLogFile } from "../base/paths.ts";

/**
 * How a record of ours begins, as text and as JSON. The Python software has log files of the same
 * name, and those are not ours to delete.
 */
const RECORD = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+00:00 \[[A-Z]+\] |\{"@timestamp":")/;

const log = logger("logging");

/**
 * Deletes log files of a folder, with what was rotated of them, except for the newest ones. What
 * cannot be read or deleted stays.
 *
 * @param current The file that is written now. It is neither deleted nor counted.
 * @param keep How many others are kept.
 */
export function deleteOldLogs(folder: string, current: string, keep: number): void {
  try {
    const files = Array.from(Deno.readDirSync(folder))
      .filter(({ name, isFile }) => isFile && isLogFile(name))
      .map(({ name }) => join(folder, name))
      .filter((file) => file !== current && isOurs(file))
      .map((file) => ({ file, written: Deno.statSync(file).mtime?.getTime() ?? 0 }))
      .sort((a, b) => b.written - a.written);
    const old = files.slice(keep);
    for (const { file } of old) Deno.removeSync(file);
    if (old.length > 0) {
      log.info("Deleted {count} log files of earlier starts, kept {keep} (--log-files)", {
        count: old.length,
        keep,
      });
    }
  } catch (error) {
    log.warn("Cannot delete log files of earlier starts: {error}", { error });
  }
}

/** Whether it was written by this package. One with nothing in it is nobody's loss. */
function isOurs(file: string): boolean {
  using opened = Deno.openSync(file);
  const bytes = new Uint8Array(64);
  const length = opened.readSync(bytes) ?? 0;
  return length === 0 || RECORD.test(new TextDecoder().decode(bytes.subarray(0, length)));
}
