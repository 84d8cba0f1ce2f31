/**
 * The traceback of an error, as it is sent to a client: the lines of its stack that are of the
 * program, in which the paths of files are relative to it. A client need not know where the program
 * is, nor whose it is, and the frames of this package and of the runtime tell it nothing.
 *
 * @module
 */

import { framesOfUser } from "../base/caller.ts";

/** The lines of an error's stack after its message. Empty if it is no text. */
export function tracebackOf(stack: unknown): string[] {
  if (typeof stack !== "string") return [];
  const folder = programFolder();
  return framesOfUser(stack).map((line) => withoutFolders(line.trim(), folder));
}

/**
 * A line of a stack in which the path of a file is relative to a folder. Of a file elsewhere only the
 * name is left. Other URLs stay: everybody can read them.
 *
 * @param folder The URL of the folder, with a slash at its end; `undefined` if it is not known.
 */
export function withoutFolders(line: string, folder: string | undefined): string {
  // A path may have spaces and parentheses, so it ends where the line does.
  return line.replace(/file:\/\/.*$/, (path) => {
    if (folder !== undefined && path.startsWith(folder)) return path.slice(folder.length);
    return path.slice(path.lastIndexOf("/") + 1);
  });
}

/** The folder of the main module; `undefined` if the program may not read where that is. */
function programFolder(): string | undefined {
  try {
    return new URL(".", Deno.mainModule).href;
  } catch {
    return undefined;
  }
}
