/** Temporary folders and their entries. */

import { join } from "node:path";

/** A folder that is removed with its content when it is disposed of. */
export interface TemporaryFolder extends AsyncDisposable, Disposable {
  path: string;
  /** The path of an entry. */
  join(...names: string[]): string;
}

/** Makes a new folder. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await Deno.makeTempDir({ prefix: "msl-network-" });
  return {
    path,
    join: (...names) => join(path, ...names),
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** The names of a folder's entries, sorted. */
export function entriesOf(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** The permission bits of a file or folder. */
export function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o777;
}
