import { assertEquals } from "@std/assert";
import type { LogRecord } from "@logtape/logtape";
import { join } from "node:path";
import { LOG_FORMATS, logFormatter } from "../../logs/log_format.ts";
import { deleteOldLogs } from "../../logs/old_logs.ts";
import { logFile } from "../../base/paths.ts";
import { temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";

const record: LogRecord = {
  category: ["msl", "network", "manager"],
  level: "info",
  timestamp: 0,
  message: ["text"],
  rawMessage: "text",
  properties: {},
};
const [TEXT, JSON_LINE] = LOG_FORMATS.map((format) => logFormatter(format)(record));

/** What is left of files, each written a second after the one before it. */
async function left(files: Record<string, string>, current: string, keep: number) {
  await using folder = await temporaryFolder();
  for (const [index, [name, text]] of Object.entries(files).entries()) {
    await Deno.writeTextFile(join(folder.path, name), text);
    await Deno.utime(join(folder.path, name), index, index);
  }
  deleteOldLogs(folder.path, join(folder.path, current), keep);
  return Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();
}

Deno.test("the newest log files of earlier starts are kept, with what was rotated of them", async () => {
  const files = {
    "manager-2026-01-01-00-00-00.log.1": TEXT,
    "manager-2026-01-03-00-00-00.log": JSON_LINE,
    "manager-2026-01-02-00-00-00.log": "", // nothing was logged
    "manager-2026-01-01-00-00-00.log": TEXT, // written last, by whoever still writes it
    "manager-2026-01-04-00-00-00.log": TEXT,
  };
  const current = "manager-2026-01-04-00-00-00.log";
  assertEquals(await left(files, current, 2), [
    "manager-2026-01-01-00-00-00.log",
    "manager-2026-01-02-00-00-00.log",
    current,
  ]);
  assertEquals(await left(files, current, 0), [current]);
  assertEquals((await left(files, current, 4)).length, 5);
});

Deno.test("what this package has not written stays", async () => {
  const files = {
    "manager-2019-01-01-00-00-00.log": "2019-01-01 00:00:00,123 [INFO ] a Manager in Python\n",
    "manager-2020-01-01-00-00-00.log": "a note of somebody",
    "manager.log": TEXT,
    "manager-2026-01-01-00-00-00.log.gz": TEXT,
    "notes.log": TEXT,
  };
  assertEquals(await left(files, "none.log", 0), Object.keys(files).sort());
});

Deno.test("the name of a log file is known again", async () => {
  const name = logFile(new Date()).split(/[/\\]/).at(-1)!;
  assertEquals(await left({ [name]: TEXT, [`${name}.12`]: TEXT }, "none.log", 0), []);
});

Deno.test("a folder that cannot be read stops nothing, and is warned of", async () => {
  await using folder = await temporaryFolder();
  await using logs = await recordLogs(["msl", "network"]);
  deleteOldLogs(join(folder.path, "none"), "none.log", 0);
  assertEquals(logs.records.map(({ level, rawMessage }) => [level, rawMessage]), [
    ["warning", "Cannot delete log files of earlier starts: {error}"],
  ]);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});
