/**
 * A Python with NumPy and pandas, which `.ci/run` installs. Where they are missing, the tests that need
 * them say so and are ignored.
 */

import { succeed } from "./process.ts";

/** The Python that has both; `undefined` if none has them. */
const NUMPY_PYTHON = ["python3", "/usr/bin/python3"].find((python) => {
  try {
    const args = ["-c", "import numpy, pandas"];
    return new Deno.Command(python, { args, stderr: "null" }).outputSync().success;
  } catch {
    return false; // there is no such program
  }
});
if (NUMPY_PYTHON === undefined) {
  console.log("Tests with NumPy and pandas are left out: no Python has them");
}

/** For tests that need NumPy or pandas. */
export const WITH_NUMPY = { ignore: NUMPY_PYTHON === undefined };

/** A program in Python, which may import both. */
export function numpyProgram(folder: string, code: string, ...args: string[]): Deno.Command {
  return new Deno.Command(NUMPY_PYTHON!, {
    args: ["-c", code, ...args],
    cwd: folder,
    env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: folder },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** The lines that such a program prints. */
export async function numpyLines(folder: string, code: string, ...args: string[]) {
  const printed = await succeed(numpyProgram(folder, code, ...args));
  return printed.trim().split("\n");
}
