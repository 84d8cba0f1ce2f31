/**
 * Programs that the compiler has to accept. It takes 6 s of a processor for one program that imports
 * this package, and hardly more for ten: so there is one run of it after the tests of a file.
 */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { type TemporaryFolder, temporaryFolder } from "./folder.ts";
import { denoCommand, run } from "./process.ts";
import { CONFIG } from "./source_tree.ts";

/** The programs of one file of tests. */
export class CompiledPrograms {
  #folder: TemporaryFolder | undefined;
  readonly #files: string[] = [];

  constructor() {
    Deno.test.afterAll(() => this.#compile());
  }

  /** Adds a program by its files, which stand in one folder. Types in comments count. */
  async add(files: Readonly<Record<string, string>>): Promise<void> {
    this.#folder ??= await temporaryFolder();
    const folder = this.#folder.join(`${this.#files.length}`);
    await Deno.mkdir(folder);
    for (const [name, text] of Object.entries(files)) {
      const file = join(folder, name);
      await Deno.writeTextFile(file, text);
      this.#files.push(file);
    }
  }

  async #compile(): Promise<void> {
    if (this.#folder === undefined) return;
    await using _folder = this.#folder;
    const { code, stderr } = await run(denoCommand(["check", "--config", CONFIG, ...this.#files]));
    assertEquals(code, 0, stderr);
  }
}
