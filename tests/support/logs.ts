/** What is logged while a test runs. */

import { configure, type LogLevel, type LogRecord, reset } from "@logtape/logtape";

/** The records of a category and all below it, until it is disposed of. */
export async function recordLogs(
  category: readonly string[],
  lowestLevel: LogLevel = "debug",
): Promise<AsyncDisposable & { records: LogRecord[] }> {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => void records.push(record) },
    loggers: [
      { category: [...category], sinks: ["memory"], lowestLevel },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  return { records, [Symbol.asyncDispose]: reset };
}
