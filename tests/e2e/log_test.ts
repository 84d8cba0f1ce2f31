/** The log of a Manager over the network: for administrators, and for nobody else. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { connect, RemoteError } from "../../mod.ts";
import { isLogEntries, type LogEntries } from "../../wire/log_entries.ts";
import { WirePeer } from "../../testing.ts";
import { at, command, output, refusal } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { posixTest } from "../support/posix.ts";
import { Process, run } from "../support/process.ts";
import { until } from "../support/until.ts";

const PASSWORD = "a good password";
const ADMINISTRATOR = { username: "alice", password: PASSWORD };

/** A home folder with an administrator, another user, and a file with their password. */
async function homeWithUsers() {
  const home = await temporaryFolder();
  const file = join(home.path, "password.txt");
  await Deno.writeTextFile(file, `${PASSWORD}\n`, { mode: 0o600 });
  await output(home.path, "user", "add", "alice", "--admin", "-p", file);
  await output(home.path, "user", "add", "bob", "-p", file);
  const log = (manager: ManagerProcess, username: string) => [
    ...["log", ...at(manager.connectOptions), "--disable-tls"],
    ...["--username", username, "--password-file", file],
  ];
  return Object.assign(home, { log });
}

posixTest("only an administrator gets the log, whatever devices are called", async () => {
  await using home = await homeWithUsers();
  await using manager = await ManagerProcess.start(home.path);
  const name = "<b>\x1b[2J\n2026 [ERROR] \u202e";
  await using client = await connect({ ...manager.connectOptions, name, ...ADMINISTRATOR });
  const entries = await client.adminRequest<LogEntries>("log");
  assert(isLogEntries(entries));
  assertEquals(entries.first, 1);
  const messages = entries.records.map(({ message }) => message);
  assertMatch(
    messages.join("\n"),
    /<b>\\u\{1b\}\[2J\\u\{a\}2026 \[ERROR\] \\u\{202e\}\[\S+ connected/,
  );
  assert(!JSON.stringify(entries).includes(PASSWORD));
  assertEquals(
    (await client.adminRequest<LogEntries>("log", entries.last)).records
      .every(({ number }) => number > entries.last),
    true,
  );
  await using bob = await connect({
    ...manager.connectOptions,
    username: "bob",
    password: PASSWORD,
  });
  await assertRejects(
    () => Promise.resolve(bob.adminRequest("log")),
    RemoteError,
    "You must be an administrator",
  );
  await using peer = await WirePeer.introduce(manager.connectOptions, {
    type: "client",
    name: "x",
    language: "x",
    os: "x",
  });
  peer.send({
    attribute: "log",
    args: [],
    kwargs: {},
    service: "Manager",
    uid: "1",
    error: false,
  });
  assertEquals((await peer.read()).attribute, "username");
});

posixTest("log prints the last records, and with --follow those after them", async () => {
  await using home = await homeWithUsers();
  await using manager = await ManagerProcess.start(home.path);
  const text = await output(home.path, ...home.log(manager, "alice"));
  assertMatch(
    text,
    /^\d{4}-\d\d-\d\d [\d:]{8}\.\d{3} \+00:00 \[INFO\] msl\.network\.manager: Using the database /m,
  );
  const json = await output(home.path, ...home.log(manager, "alice"), "--json");
  const { number, time, ...first } = JSON.parse(json.split("\n")[0]);
  assertEquals([number, new Date(time).toISOString()], [1, time]);
  assertEquals([first.level, Object.keys(first)], ["info", ["level", "logger", "message"]]);
  assertEquals(await output(home.path, ...home.log(manager, "alice"), "--level", "critical"), "");
  assertMatch(
    await refusal(home.path, ...home.log(manager, "bob")),
    /^The Manager at \S+ refuses: ValueError: You must be an administrator/,
  );

  await using following = new Process(command(home.path, ...home.log(manager, "alice"), "-f"));
  await following.stdout.next((line) => line.includes("log[") && line.includes("connected"));
  await using visitor = await connect({ ...manager.connectOptions, name: "visitor" });
  await following.stdout.next((line) => line.includes("visitor["));
  await visitor.disconnect();
  following.kill("SIGINT");
  await following.succeeded();
});

posixTest("log --follow goes on after a restart of the Manager", async () => {
  await using home = await homeWithUsers();
  await using first = await ManagerProcess.start(home.path, "--auth-login");
  const { port } = first.connectOptions;
  await using following = new Process(command(home.path, ...home.log(first, "alice"), "-f"));
  await following.stdout.next((line) => line.includes("log[") && line.includes("connected"));
  first.kill("SIGTERM");
  await first.succeeded();
  await following.stderr.next((line) => line.startsWith("lost"));
  await using again = await ManagerProcess.start(home.path, "--auth-login", `--port=${port}`);
  await following.stdout.next((line) => line.includes("Using the database"));
  following.kill("SIGINT");
  await following.succeeded();
  again.kill("SIGTERM");
  await again.succeeded();
});

posixTest("a flood of records keeps the last ones, and --log-recent says how many", async () => {
  await using home = await homeWithUsers();
  await using manager = await ManagerProcess.start(home.path, "--log-recent=2KiB");
  for (let count = 0; count < 30; count++) {
    await using client = await connect({ ...manager.connectOptions, name: `visitor ${count}` });
    await client.identities();
  }
  await using client = await connect({ ...manager.connectOptions, ...ADMINISTRATOR });
  const { first, last, records } = await until("the last visitor's end", async () => {
    const entries = await client.adminRequest<LogEntries>("log");
    return entries.records.some(({ message }) => /visitor 29.* disconnected/.test(message))
      ? entries
      : undefined;
  }) as LogEntries;
  assertEquals(records.length, last - first + 1);
  assert(first > 30 && records.length < 16, `${first} ${last}`);
  const refused = await run(command(home.path, "start", "--log-recent=1GiB"));
  assertEquals(refused.code, 2);
  assertMatch(refused.stderr, /'--log-recent <size>' argument '1GiB' is invalid/);
});
