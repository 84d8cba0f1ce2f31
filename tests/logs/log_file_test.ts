import { assert, assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import type { LogRecord } from "@logtape/logtape";
import { logFile } from "../../base/paths.ts";
import { deleteOldLogs, LogFile } from "../../logs/log_file.ts";
import { LOG_FORMATS, logFormatter } from "../../logs/log_format.ts";
import { temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { posixTest } from "../support/posix.ts";
import { shellCommand, succeed } from "../support/process.ts";
import { CONFIG } from "../support/source_tree.ts";

const NEVER = { logSize: 0, logAge: 0, logFiles: 10 };
const DAY = 24 * 60 * 60_000;

/** The failures that a log file has reported. */
class Reports {
  readonly errors: string[] = [];

  failed(error: Error): void {
    this.errors.push(error.message);
  }

  formatLost(count: number): string {
    return `${count} lost\n`;
  }
}

/** The texts of the files in a folder, by their names. */
function texts(folder: string): Record<string, string> {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  return Object.fromEntries(names.map((name) => [name, Deno.readTextFileSync(join(folder, name))]));
}

Deno.test("a log file does not grow beyond its size, and a number of rotated files is kept", async () => {
  await using folder = await temporaryFolder();
  using log = new LogFile(
    join(folder.path, "a.log"),
    { ...NEVER, logSize: 8, logFiles: 2 },
    new Reports(),
  );
  for (
    const text of ["one\n", "two\n", "three\n", "four\n", "five\n", "much too long\n", "six\n"]
  ) {
    log.write(text, 0);
  }
  assertEquals(texts(folder.path), {
    "a.log": "six\n",
    "a.log.1": "much too long\n", // a record is never torn
    "a.log.2": "five\n",
  });
});

Deno.test("a log file that is too old is rotated, also after the next start", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "a.log");
  const limits = { ...NEVER, logAge: 7 * DAY };
  const now = Date.now();
  {
    using log = new LogFile(path, limits, new Reports());
    log.write("one\n", now);
    log.write("two\n", now + 7 * DAY - 1);
    assertEquals(texts(folder.path), { "a.log": "one\ntwo\n" });
    log.write("three\n", now + 7 * DAY);
    log.write("four\n", now + 14 * DAY - 1);
  }
  {
    using log = new LogFile(path, limits, new Reports()); // it opens the file that was just created
    log.write("five\n", now + 6 * DAY);
    log.write("six\n", now + 8 * DAY);
  }
  assertEquals(texts(folder.path), {
    "a.log": "six\n",
    "a.log.1": "three\nfour\nfive\n",
    "a.log.2": "one\ntwo\n",
  });
});

Deno.test("the size of an existing file counts, and a limit of 0 rotates nothing", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "a.log");
  await Deno.writeTextFile(path, "x".repeat(100));
  {
    using log = new LogFile(path, NEVER, new Reports());
    log.write("\n", Date.now() + 1_000 * DAY);
  }
  assertEquals(Object.keys(texts(folder.path)), ["a.log"]);
  using log = new LogFile(path, { ...NEVER, logSize: 101, logFiles: 0 }, new Reports());
  log.write("new\n", 0);
  assertEquals(texts(folder.path), { "a.log": "new\n" }); // `logFiles: 0` keeps no rotated file
});

Deno.test("with a smaller number to keep, older files are deleted; files with similar names stay", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "a.log");
  const others = { "a.log.2024": "mine", "a.log.old": "mine", "b.log.1": "mine" };
  const files = { "a.log": "0\n", "a.log.1": "1\n", "a.log.2": "2\n", "a.log.3": "3\n" };
  for (const [name, text] of Object.entries({ ...others, ...files })) {
    await Deno.writeTextFile(join(folder.path, name), text);
  }
  using log = new LogFile(path, { ...NEVER, logSize: 1, logFiles: 2 }, new Reports());
  log.write("new\n", 0);
  assertEquals(texts(folder.path), {
    ...others,
    "a.log": "new\n",
    "a.log.1": "0\n",
    "a.log.2": "1\n",
  });
});

posixTest("only the owner can read log files and their folder", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "logs", "a.log");
  {
    using log = new LogFile(path, { ...NEVER, logSize: 1 }, new Reports());
    log.write("one\n", 0);
    log.write("two\n", 0);
  }
  await Deno.chmod(path, 0o644);
  using _log = new LogFile(path, NEVER, new Reports());
  const modes = [dirname(path), path, `${path}.1`].map((one) => Deno.statSync(one).mode! & 0o777);
  assertEquals(modes, [0o700, 0o600, 0o600]);
});

posixTest("the target of a link is rotated, and the link stays", async () => {
  await using folder = await temporaryFolder();
  await using elsewhere = await temporaryFolder();
  const link = join(folder.path, "a.log");
  await Deno.symlink(join(elsewhere.path, "b.log"), link);
  using log = new LogFile(link, { ...NEVER, logSize: 1 }, new Reports());
  log.write("one\n", 0);
  log.write("two\n", 0);
  assertEquals(texts(elsewhere.path), { "b.log": "two\n", "b.log.1": "one\n" });
  assertEquals(texts(folder.path), { "a.log": "two\n" });
});

Deno.test({
  name: "a device that is full is reported once, and never renamed",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    const reports = new Reports();
    const { mode } = Deno.statSync("/dev/full");
    using log = new LogFile("/dev/full", { ...NEVER, logSize: 1 }, reports);
    for (const text of ["one\n", "two\n", "three\n"]) log.write(text, 0);
    assertEquals(reports.errors.length, 1);
    assert(reports.errors[0].includes("No space left"), reports.errors[0]);
    assertEquals(Deno.statSync("/dev/full").mode, mode);
  },
});

Deno.test("a file that could not be written for a while has the number of lost records", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "logs", "a.log");
  const reports = new Reports();
  using log = new LogFile(path, { ...NEVER, logSize: 1 }, reports);
  log.write("one\n", 0);
  await Deno.remove(dirname(path), { recursive: true });
  log.write("two\n", 0); // it can neither be rotated nor be created
  log.write("three\n", 0);
  assertEquals(reports.errors.length, 2, reports.errors.join());
  await Deno.mkdir(dirname(path));
  log.write("four\n", 0);
  assertEquals(texts(dirname(path)), { "a.log": "2 lost\nfour\n" });
  log.write("five\n", 0);
  assertEquals(texts(dirname(path)), { "a.log": "2 lost\nfour\nfive\n" }); // the rotation is not tried again yet
  log.write("six\n", DAY);
  assertEquals(texts(dirname(path)), { "a.log": "six\n", "a.log.1": "2 lost\nfour\nfive\n" });
  assertEquals(reports.errors.length, 2);
});

posixTest("when the disk takes a part of a record, the part is removed", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "a.log");
  const program = `
    import { LogFile } from ${JSON.stringify(import.meta.resolve("../../logs/log_file.ts"))};
    const [path] = ${JSON.stringify([path])};
    const failed = ({ message }) => console.log(message);
    using log = new LogFile(path, ${JSON.stringify(NEVER)}, {
      failed,
      formatLost: (count) => count + " lost\\n",
    });
    for (let number = 0; number < 100; number++) log.write("x".repeat(99) + "\\n", 0);
    console.log(/^(x{99}\\n)+$/.test(Deno.readTextFileSync(path)));
    Deno.truncateSync(path); // the disk has room again
    log.write("again\\n", 0);`;
  // Like a disk of a few blocks. The signal of the limit would end the process.
  const words = [Deno.execPath(), "eval", "--no-lock", "--config", CONFIG, program];
  const limited = shellCommand(`trap "" XFSZ; ulimit -f 3; exec "$@"`, words);
  const output = (await succeed(limited)).trim().split("\n");
  assertEquals([output.length, output[1]], [2, "true"], output.join("\n"));
  const [lost, ...others] = (await Deno.readTextFile(path)).split("\n");
  assert(/^\d\d lost$/.test(lost), lost);
  assertEquals(others, ["again", ""]);
});

Deno.test("a path that cannot be opened as a file is an error", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  assertThrows(() => new LogFile(path, NEVER, new Reports()), Deno.errors.IsADirectory, path);
});

const record: LogRecord = {
  category: ["msl", "network", "manager"],
  level: "info",
  timestamp: 0,
  message: ["text"],
  rawMessage: "text",
  properties: {},
};
const [TEXT, JSON_LINE] = LOG_FORMATS.map((format) => logFormatter(format)(record));

/** The names of the files that are not deleted. Each file is a second newer than the one before. */
async function remaining(files: Record<string, string>, current: string, keep: number) {
  await using folder = await temporaryFolder();
  for (const [index, [name, text]] of Object.entries(files).entries()) {
    await Deno.writeTextFile(join(folder.path, name), text);
    await Deno.utime(join(folder.path, name), index, index);
  }
  deleteOldLogs(folder.path, join(folder.path, current), keep);
  return Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();
}

Deno.test("the newest log files of earlier starts are kept, rotated files included", async () => {
  const files = {
    "manager-2026-01-01-00-00-00.log.1": TEXT,
    "manager-2026-01-03-00-00-00.log": JSON_LINE,
    "manager-2026-01-02-00-00-00.log": "", // nothing was logged
    "manager-2026-01-01-00-00-00.log": TEXT, // written last, by a program that still runs
    "manager-2026-01-04-00-00-00.log": TEXT,
  };
  const current = "manager-2026-01-04-00-00-00.log";
  assertEquals(await remaining(files, current, 2), [
    "manager-2026-01-01-00-00-00.log",
    "manager-2026-01-02-00-00-00.log",
    current,
  ]);
  assertEquals(await remaining(files, current, 0), [current]);
  assertEquals((await remaining(files, current, 4)).length, 5);
});

Deno.test("files that this package has not written stay", async () => {
  const files = {
    "manager-2019-01-01-00-00-00.log": "2019-01-01 00:00:00,123 [INFO ] a Manager in Python\n",
    "manager-2020-01-01-00-00-00.log": "a note of the user",
    "manager.log": TEXT,
    "manager-2026-01-01-00-00-00.log.gz": TEXT,
    "notes.log": TEXT,
  };
  assertEquals(await remaining(files, "none.log", 0), Object.keys(files).sort());
});

Deno.test("the name of a log file is recognized, also after a rotation", async () => {
  const name = logFile(new Date()).split(/[/\\]/).at(-1)!;
  assertEquals(await remaining({ [name]: TEXT, [`${name}.12`]: TEXT }, "none.log", 0), []);
});

Deno.test("a folder that cannot be read is logged as a warning", async () => {
  await using folder = await temporaryFolder();
  await using logs = await recordLogs(["msl", "network"]);
  deleteOldLogs(join(folder.path, "none"), "none.log", 0);
  assertEquals(logs.records.map(({ level, rawMessage }) => [level, rawMessage]), [
    ["warning", "Cannot delete log files of earlier starts: {error}"],
  ]);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});
