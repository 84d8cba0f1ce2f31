/** The program `openssl`, for the tests that run where it is installed. */

import { temporaryFolder } from "../support/folder.ts";
import { tool } from "../support/process.ts";

/** Whether it is installed. */
export const hasOpenssl: boolean = await openssl("version").then(() => true, () => false);

/** Runs it, and gives its output. */
export function openssl(...args: string[]): Promise<string> {
  return tool("openssl", ...args);
}

/** Calls a function with a file that has this content, and removes the file. */
export async function withFile<T>(content: string, use: (file: string) => Promise<T>): Promise<T> {
  await using folder = await temporaryFolder();
  const file = folder.join("content");
  await Deno.writeTextFile(file, content);
  return await use(file);
}
