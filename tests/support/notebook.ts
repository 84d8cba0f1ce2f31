/** A notebook of Jupyter with the kernel Deno. */

import { fileURLToPath } from "node:url";
import { succeed } from "./process.ts";

/** The Python that has Jupyter's client; `undefined` if none has it. */
export const JUPYTER_PYTHON = ["python3", "/usr/bin/python3"].find((python) => {
  try {
    const args = ["-c", "import jupyter_client"];
    return new Deno.Command(python, { args, stderr: "null" }).outputSync().success;
  } catch {
    return false; // there is no such program
  }
});

/** A cell, and whether it prints or shows something. */
export interface Cell {
  code: string;
  shows: boolean;
}

/** What a cell printed or showed, and the errors that ended it. */
export interface CellOutput {
  printed: string;
  failed: string[];
}

/** Runs cells in one kernel, in their order. */
export async function runCells(
  cells: readonly Cell[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<CellOutput[]> {
  const script = fileURLToPath(import.meta.resolve("./notebook.py"));
  const args = [script, JSON.stringify(cells)];
  const command = new Deno.Command(JUPYTER_PYTHON!, { args, cwd, env, stdin: "null" });
  return JSON.parse(await succeed(command));
}
