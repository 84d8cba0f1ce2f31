/**
 * The files of a laboratory's own pages, which the gateway serves under `/lab/`: those of one folder
 * and the folders in it, except for hidden ones and links that lead out of it.
 *
 * @module
 */

import { contentType } from "@std/media-types/content-type";
import { extname, join, sep } from "node:path";

/** A file that may be served. Dispose of it when it is read. */
export interface StaticFile extends Disposable {
  state: "file";
  /** The media type of its name, e.g. `"text/html; charset=UTF-8"`. */
  type: string;
  /** In bytes. */
  size: number;
  /** Reads on. `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/** What a path stands for: a file, a folder whose address lacks its slash, or nothing. */
export type Found = StaticFile | { state: "folder" } | { state: "missing" };

/** The media type of a file of which nothing is known. */
const UNKNOWN_TYPE = "application/octet-stream";
/** The file that stands for its folder. */
const INDEX = "index.html";

/**
 * Opens a file.
 *
 * @param root The folder.
 * @param path The path below it, with slashes, decoded and without `..`, e.g. `"panel/index.html"`; a
 * path that is empty or ends with a slash means the `index.html` of that folder.
 */
export async function openFile(root: string, path: string): Promise<Found> {
  const parts = path.split("/");
  if (parts.at(-1) === "") parts[parts.length - 1] = INDEX;
  if (parts.some((part) => part === "" || part.startsWith(".") || part.includes(":"))) {
    return MISSING;
  }
  try {
    const folder = await Deno.realPath(root);
    const file = await Deno.realPath(join(folder, ...parts));
    if (!file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return MISSING;
    const { isDirectory, isFile, size } = await Deno.stat(file);
    if (isDirectory) return { state: "folder" };
    if (!isFile) return MISSING; // a pipe would never end
    const handle = await Deno.open(file);
    return {
      state: "file",
      type: contentType(extname(file)) ?? UNKNOWN_TYPE,
      size,
      read: (buffer) => handle.read(buffer),
      [Symbol.dispose]: () => handle.close(),
    };
  } catch {
    return MISSING; // it does not exist, or may not be read
  }
}

const MISSING: Found = { state: "missing" };
