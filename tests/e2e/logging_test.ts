/** The logs of a Manager that runs unattended. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { join } from "node:path";
import { connect, Service } from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { command } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { posixTest } from "../support/posix.ts";

/** The stderr of a Manager with these options, while some clients connect and disconnect. */
async function errorsOf(home: string, clients: number, ...args: string[]): Promise<string> {
  await using manager = await ManagerProcess.start(home, ...args);
  for (let index = 0; index < clients; index++) {
    await using client = await connect({ ...manager.connectOptions, name: `visitor ${index}` });
    await client.identities();
  }
  manager.kill("SIGTERM");
  return (await manager.succeeded()).stderr;
}

/** The names of the files in a folder. */
function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

posixTest(
  "with --log-format json every line of the log is an object, in the file as on the terminal",
  async () => {
    await using home = await temporaryFolder();
    const file = join(home.path, "a.log");
    const errors = await errorsOf(home.path, 2, "--log-format=json", `--log-file=${file}`);
    assertEquals(await Deno.readTextFile(file), errors);
    const records = errors.trimEnd().split("\n").map((line) => JSON.parse(line));
    for (const record of records) {
      assertEquals(new Date(record["@timestamp"]).toISOString(), record["@timestamp"]);
      assertMatch(record.logger, /^msl\.network\.\w+$/);
      assertEquals(record.level, "INFO");
    }
    const connected = records.filter(({ message }) => / connected as a client$/.test(message));
    assertEquals(connected.length, 2);
    assertMatch(connected[1].properties.peer, /^visitor 1\[\S+:\d+\]$/);
  },
);

posixTest(
  "a record of JSON has values as properties, and its message is a sentence without JSON",
  async () => {
    await using home = await temporaryFolder();
    const [plain, secure] = await Promise.all([
      errorsOf(home.path, 1, "--log-format=json"),
      secureErrorsOf(home.path, "--log-format=json"),
    ]);
    for (const errors of [plain, secure]) {
      const records = errors.trimEnd().split("\n").map((line) => JSON.parse(line));
      for (const { message, properties } of records) {
        assert(!/[{}"]|\[ /.test(message), message);
        for (const [key, value] of Object.entries(properties)) {
          // A name, a path or an address is one word here.
          assert(typeof value !== "string" || /^visitor \d|^\S+$/.test(value), `${key}: ${value}`);
        }
      }
      const found = (message: RegExp) => records.find((record) => message.test(record.message))!;
      const { certificate, database } = found(/^Using the database/).properties;
      assert(database.endsWith("manager.sqlite3"));
      const isPlain = errors === plain;
      assertEquals(certificate?.endsWith("localhost.crt"), isPlain ? undefined : true);
      const { uptime, ...totals } = found(/^In the \d+ s since/).properties;
      assertEquals(typeof uptime, "number");
      assertEquals(
        [totals.connections, totals.requests, totals.rejected],
        isPlain ? [1, 0, 0] : [0, 0, 0],
      );
      if (!isPlain) {
        assertEquals(totals.ended_connections, {});
        continue;
      }
      // Which side is faster is not known.
      const { end } = found(/ disconnected: (it was closed|the peer closed it)$/).properties;
      assertEquals(totals.ended_connections, { [end]: 1 });
    }
  },
);

/** The stderr of a Manager with TLS that nobody connects to. */
async function secureErrorsOf(home: string, ...args: string[]): Promise<string> {
  await using manager = await ManagerProcess.of(command(home, "--port=0", ...args));
  manager.kill("SIGTERM");
  return (await manager.succeeded()).stderr;
}

posixTest("a peer that repeats one action does not fill the log", async () => {
  await using home = await temporaryFolder();
  await using manager = await ManagerProcess.start(home.path);
  await using peer = await WirePeer.introduce(manager.connectOptions, {
    type: "client",
    name: "liar",
  });
  for (let count = 0; count < 2_000; count++) {
    peer.send({ result: count, requester: "x", uid: "1" });
  }
  peer.send({ service: "Manager", attribute: "identity", args: [], kwargs: {}, uid: "2" });
  await peer.read();
  manager.kill("SIGTERM");
  const { stderr: errors } = await manager.end();
  const lies = errors.split("\n").filter((line) =>
    /A client sent a message that only a service/.test(line)
  );
  assert(lies.length >= 300 && lies.length < 1_000, `${lies.length} records`);
  assertMatch(errors, / records like the next one, or the last one, were left out/);
});

posixTest("a Manager rotates its named log file, and deletes no other file", async () => {
  await using home = await temporaryFolder();
  const logs = join(home.path, "logs");
  await Deno.mkdir(logs);
  const earlier = "manager-2026-01-01-00-00-00.log";
  await Deno.writeTextFile(join(logs, earlier), "");
  const file = join(logs, "a.log");
  await errorsOf(home.path, 8, `--log-file=${file}`, "--log-size=500B", "--log-files=2");
  assertEquals(names(logs), ["a.log", "a.log.1", "a.log.2", earlier]);
  for (const name of ["a.log", "a.log.1", "a.log.2"]) {
    const { mode, size } = await Deno.stat(join(logs, name));
    assertEquals(mode! & 0o777, 0o600);
    assert(size > 0 && size <= 500, `${name} has ${size} bytes`);
  }
});

posixTest(
  "a start keeps the configured number of older log files, and logs what it deletes",
  async () => {
    await using home = await temporaryFolder();
    const logs = join(home.path, "logs");
    await Deno.mkdir(logs);
    for (const year of [2021, 2022, 2023]) {
      const old = join(logs, `manager-${year}-01-01-00-00-00.log`);
      await Deno.writeTextFile(old, "");
      await Deno.utime(old, year, year);
    }
    const errors = await errorsOf(home.path, 0, "--log-files=1");
    assertMatch(errors, /\[INFO\] msl\.network\.logging: Deleted 2 log files of earlier starts/);
    const [kept, current, ...others] = names(logs);
    assertEquals([kept, others], ["manager-2023-01-01-00-00-00.log", []]);
    assertMatch(await Deno.readTextFile(join(logs, current)), /Deleted 2 log files/);
  },
);

Deno.test({
  name: "a log on a full disk stops nothing, and is reported once",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using home = await temporaryFolder();
    const errors = await errorsOf(home.path, 3, "--log-file=/dev/full", "--log-format=json");
    const records = errors.trimEnd().split("\n").map((line) => JSON.parse(line));
    const complaints = records.filter(({ level }) => level !== "INFO");
    assertEquals(complaints.length, 1);
    assertMatch(complaints[0].message, /Cannot write or rotate the log file \/dev\/full: No space/);
    assertMatch(complaints[0].properties.error.stack, /No space/);
    assertEquals(records.filter(({ message }) => / connected as/.test(message)).length, 3);
  },
});

class Echo extends Service {
  echo(value: unknown): unknown {
    this.emitNotification(value);
    return value;
  }
}

Deno.test("requests, replies and notifications write nothing to a log of level info", async () => {
  const records: LogRecord[] = [];
  await configure({
    sinks: { memory: (record) => records.push(record) },
    loggers: [
      { category: ["msl", "network"], lowestLevel: "info", sinks: ["memory"] },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  try {
    await using manager = await TestManager.start();
    await using echo = new Echo();
    await echo.start(manager.connectOptions);
    await using client = await connect(manager.connectOptions);
    const link = await client.link<Echo>("Echo");
    const before = records.length;
    assert(before > 0, "the logs were not seen");
    for (let count = 0; count < 10; count++) await link.echo(count);
    await link.echo("x".repeat(3 * 2 ** 20)); // it is forwarded in pieces
    await client.identities();
    assertEquals(records.slice(before).map(({ rawMessage }) => rawMessage), []);
  } finally {
    await reset();
  }
});
