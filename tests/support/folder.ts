/** Folders and files of a test, which are removed again. */

import { join } from "node:path";

/** A folder that is removed again, whatever is in it then. */
export interface TemporaryFolder extends AsyncDisposable, Disposable {
  path: string;
  /** The path of something in it. */
  join(...names: string[]): string;
}

/** A new folder, which is removed again. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await Deno.makeTempDir({ prefix: "msl-network-" });
  return {
    path,
    join: (...names) => join(path, ...names),
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** The names of what is in a folder, in the order of the alphabet. */
export function entriesOf(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** The mode of a file or folder: who may do what with it. */
export function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o777;
}
