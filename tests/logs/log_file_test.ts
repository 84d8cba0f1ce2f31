import { assert, assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { LogFile } from "../../logs/log_file.ts";
import type { LogLimits } from "../../limits.ts";
import { temporaryFolder } from "../support/folder.ts";
import { posixTest } from "../support/posix.ts";
import { shellCommand, succeed } from "../support/process.ts";
import { CONFIG } from "../support/source_tree.ts";

const NEVER: LogLimits = { logSize: 0, logAge: 0, logFiles: 10 };
const DAY = 24 * 60 * 60_000;

/** What a log file said of itself. */
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

Deno.test("a log file does not grow beyond its size, and so many old ones are kept", async () => {
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

Deno.test("a log file that was begun too long ago is rotated, also by the next start", async () => {
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
    using log = new LogFile(path, limits, new Reports()); // its file was made just now
    log.write("five\n", now + 6 * DAY);
    log.write("six\n", now + 8 * DAY);
  }
  assertEquals(texts(folder.path), {
    "a.log": "six\n",
    "a.log.1": "three\nfour\nfive\n",
    "a.log.2": "one\ntwo\n",
  });
});

Deno.test("the size of a file that is added to counts, and with 0 nothing is rotated", async () => {
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
  assertEquals(texts(folder.path), { "a.log": "new\n" }); // 0 old ones
});

Deno.test("with fewer to keep, older ones go; what only looks like one stays", async () => {
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

posixTest("log files and their folder are the owner's alone", async () => {
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

posixTest("of a link the target is rotated, and the link stays", async () => {
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
  name: "a device that is full is told once, and never renamed",
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

Deno.test("a file that cannot be written for a while says afterwards what it lacks", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "logs", "a.log");
  const reports = new Reports();
  using log = new LogFile(path, { ...NEVER, logSize: 1 }, reports);
  log.write("one\n", 0);
  await Deno.remove(dirname(path), { recursive: true });
  log.write("two\n", 0); // neither can it be rotated, nor made anew
  log.write("three\n", 0);
  assertEquals(reports.errors.length, 2, reports.errors.join());
  await Deno.mkdir(dirname(path));
  log.write("four\n", 0);
  assertEquals(texts(dirname(path)), { "a.log": "2 lost\nfour\n" });
  log.write("five\n", 0);
  assertEquals(texts(dirname(path)), { "a.log": "2 lost\nfour\nfive\n" }); // not tried again so soon
  log.write("six\n", DAY);
  assertEquals(texts(dirname(path)), { "a.log": "six\n", "a.log.1": "2 lost\nfour\nfive\n" });
  assertEquals(reports.errors.length, 2);
});

posixTest("a disk that takes a part of a record keeps none of it", async () => {
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
    Deno.truncateSync(path); // there is room again
    log.write("again\\n", 0);`;
  // As a disk of a few blocks; its signal would end the process.
  const words = [Deno.execPath(), "eval", "--no-lock", "--config", CONFIG, program];
  const limited = shellCommand(`trap "" XFSZ; ulimit -f 3; exec "$@"`, words);
  const said = (await succeed(limited)).trim().split("\n");
  assertEquals([said.length, said[1]], [2, "true"], said.join("\n"));
  const [lost, ...others] = (await Deno.readTextFile(path)).split("\n");
  assert(/^\d\d lost$/.test(lost), lost);
  assertEquals(others, ["again", ""]);
});

Deno.test("a file that cannot be opened at all is an error", async () => {
  await using folder = await temporaryFolder();
  const { path } = folder;
  assertThrows(() => new LogFile(path, NEVER, new Reports()), Deno.errors.IsADirectory, path);
});
