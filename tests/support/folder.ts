/** Temporary folders and their entries. */

import { join } from "node:path";
import { until } from "./until.ts";

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
    [Symbol.asyncDispose]: () => remove(path),
  };
}

/** Removes a folder. On Windows the files of a process that was killed may be in use for a moment. */
async function remove(path: string): Promise<void> {
  if (Deno.build.os !== "windows") return await Deno.remove(path, { recursive: true });
  await until(
    `${path} is not used any more`,
    () =>
      Deno.remove(path, { recursive: true }).then(() => true, (error) => {
        if (error instanceof Deno.errors.NotFound) throw error;
        return false;
      }),
  );
}

/** The names of a folder's entries, sorted. */
export function entriesOf(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** The permission bits of a file or folder. */
export function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o777;
}
