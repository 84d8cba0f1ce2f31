/** Records log messages. */

import { configure, type LogLevel, type LogRecord, reset } from "@logtape/logtape";
import "../../base/log_tape.ts";

/** Records the messages of a category and its children until it is disposed of. */
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
