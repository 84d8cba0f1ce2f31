/**
 * Opens what readings are written to, by the name of its file.
 *
 * @module
 */

import { extname } from "node:path";
import { ConfigurationError } from "../errors.ts";
import type { Target, TargetOptions } from "./target.ts";

type OpenTarget = (file: string, options: TargetOptions) => Promise<Target>;

/** How the file of an extension is opened. What one of them needs is not loaded for the others. */
const FORMATS: Readonly<Record<string, OpenTarget>> = {
  ".sqlite": async (file, options) =>
    new (await import("./sqlite_target.ts")).SqliteTarget(file, options),
  ".csv": async (file, options) => {
    const { CsvRows } = await import("./csv_format.ts");
    const { TextTarget } = await import("./text_target.ts");
    return new TextTarget(file, new CsvRows(), options);
  },
  ".jsonl": async (file, options) => {
    const { JsonLines } = await import("./jsonl_format.ts");
    const { TextTarget } = await import("./text_target.ts");
    return new TextTarget(file, new JsonLines(), options);
  },
  ".parquet": async (folder, options) =>
    await (await import("./parquet_target.ts")).ParquetTarget.open(folder, options),
};

/**
 * Opens a file for recording, or creates it. Its extension says what it is; `-` is the standard output.
 *
 * @throws {ConfigurationError} When it is of no known kind, cannot be written, or has other content.
 */
export async function openTarget(file: string, options: TargetOptions = {}): Promise<Target> {
  if (file === "-") {
    return new (await import("./standard_output.ts")).StandardOutput();
  }
  const open = FORMATS[extname(file).toLowerCase()];
  if (open === undefined) {
    throw new ConfigurationError(
      `Cannot record to ${file}: its name must end with one of ${Object.keys(FORMATS).join(", ")}`,
    );
  }
  return await open(file, options);
}
