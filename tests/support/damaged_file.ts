/** Files in SQLite with pages that a disk has lost. */

import { assert } from "@std/assert";

/** The size of a page of SQLite, in bytes. The first one says which tables there are. */
const PAGE = 4096;

/**
 * Overwrites a part of a database.
 *
 * @param from Where the part begins, and where it ends, as parts of the file. The first page stays.
 */
export function damage(file: string, from = 0, to = 1): void {
  using opened = Deno.openSync(file, { read: true, write: true });
  const pages = opened.statSync().size / PAGE;
  const [first, last] = [Math.max(Math.floor(from * pages), 1), Math.ceil(to * pages)];
  assert(first < last && Number.isInteger(pages), `${pages} pages`);
  opened.seekSync(first * PAGE, Deno.SeekMode.Start);
  opened.writeSync(new Uint8Array((last - first) * PAGE).fill(0xaa));
}
