/** `startManager` through a real OpenSSH client and server. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  connect,
  LinkedClient,
  RemoteError,
  type SshOptions,
  StartError,
  type StartManagerOptions,
  TimeoutError,
} from "../../mod.ts";
import { denoCommand, succeed } from "../support/process.ts";
import { CONFIG, MODULE } from "../support/source_tree.ts";
import { Computer, HOST, sshd } from "../support/ssh_computer.ts";
import { until } from "../support/until.ts";

if (sshd === undefined) {
  console.log(
    "These tests need the OpenSSH server, sshd. They are ignored, as it is not installed",
  );
}

/** A test that needs an SSH server. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: sshd === undefined });
}

/** The command lines of all processes. */
function commandLines(): string[] {
  return [...Deno.readDirSync("/proc")].flatMap(({ name }) => {
    try {
      return /^\d+$/.test(name) ? [Deno.readTextFileSync(`/proc/${name}/cmdline`)] : [];
    } catch {
      return []; // it has ended in the meantime
    }
  });
}

/** Whether there is a process of this id. */
function isRunning(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT"); // no effect on a running process
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The message of the error when a Manager does not start. */
async function failure(starting: Promise<unknown>): Promise<string> {
  const { message }: StartError = await assertRejects(() => starting, StartError);
  return message;
}

test("a Manager is started with its options, and its password is in no command line", async () => {
  await using computer = await Computer.start();
  const authPassword = `it's "a secret" ${crypto.randomUUID()}`;
  const certFile = join(computer.home, "it's a $(certificate)\\.crt");
  const remote = await computer.run(computer.deno("../../manager.ts"), {
    host: HOST,
    port: 0,
    certFile,
    database: join(computer.home, 'the "database".sqlite3'),
    logFile: join(computer.home, "log files", "*.log"),
    logLevel: "debug",
    authPassword,
  });
  assertEquals([remote.hostname, remote.tls], [HOST, true]);
  const files = ['the "database".sqlite3', "log files/*.log", `keys/${HOST}.key`];
  for (const file of files) assert(existsSync(join(computer.home, file)), file);
  if (Deno.build.os === "linux") {
    const all = commandLines();
    const own = all.filter((line) => line.includes(computer.home));
    assert(own.some((line) => line.includes("--auth-password=-")), own.join("\n"));
    assertEquals(all.filter((line) => line.includes(authPassword)), []);
  }

  await using cxn = await connect({ ...remote.connectOptions, certFile });
  assertEquals(Object.keys((await cxn.identities()).services), []);
  await assertRejects(
    () => connect({ ...remote.connectOptions, certFile, passwordManager: "wrong" }),
    RemoteError,
    "Wrong Manager password",
  );
  for (const pid of computer.pids()) Deno.kill(pid, "SIGTERM");
  assertEquals(await remote.finished, { state: "ended", code: 0 });
  const log = await Deno.readTextFile(join(computer.home, "log files", "*.log"));
  assert(log.includes("Wrong Manager password") && !log.includes(authPassword), log);
});

test("a script with Services runs until its last Service is shut down", async () => {
  await using computer = await Computer.start();
  const remote = await computer.run(computer.deno("../support/programs/calculator.ts"), {
    port: 0,
    disableTls: true,
    authPassword: "a secret",
  });
  await using calculator = await LinkedClient.connect("Calculator", remote.connectOptions);
  assertEquals(await calculator.add(1, 2), 3);
  assertEquals(await calculator.shutdownService(), "goodbye");
  assertEquals(await remote.finished, { state: "ended", code: 0 });
});

const CONSOLE = fileURLToPath(import.meta.resolve("../support/programs/console.py"));

test("a Python script gets its options as keyword arguments, a password only if that may be seen", async () => {
  await using computer = await Computer.start();
  const script = ["python3", CONSOLE, "obedient"];
  const remote = await computer.run(script, {
    port: 0,
    disableTls: true,
    authPassword: "a secret",
    showPasswords: true,
  });
  assertEquals([remote.hostname, remote.tls], ["lab-pc", false]);
  await remote.disconnect();
  const hidden = await failure(
    computer.run(script, { port: 0, disableTls: true, authPassword: "a secret" }),
  );
  assertMatch(hidden, /: it asks for no password, so .* with showPasswords\. It was stopped$/);
  await until("only the first is running", () => computer.pids().filter(isRunning).length === 1);
});

test("a Manager that is not the one that was asked for is stopped, and the start fails", async () => {
  await using computer = await Computer.start();
  const script = ["python3", CONSOLE, "ignorant"];
  for (
    const [options, reason] of [
      [
        { port: 1, disableTls: true },
        /: it runs on port \d+ instead of 1, so it ignores its options/,
      ],
      [{ port: 0, disableTls: false }, /: it uses no TLS against disableTls, so it ignores/],
      [
        { disableTls: true, authLogin: true },
        /: it asks for no username, so it ignores its options/,
      ],
    ] as const
  ) {
    const message = await failure(computer.run(script, options));
    assertMatch(message, reason);
    assertMatch(message, /\. It was stopped$/);
    await until("it has ended", () => !computer.pids().some(isRunning));
  }
});

test("a Manager keeps running when the SSH connection breaks", async () => {
  await using computer = await Computer.start();
  const remote = await computer.run(computer.deno("../support/programs/calculator.ts"), {
    port: 0,
    disableTls: true,
    logLevel: "debug",
  });
  await remote.disconnect();
  assertEquals(await remote.finished, { state: "lost" });
  for (let i = 0; i < 3; i++) { // each is logged, and its output has no reader
    await using calculator = await LinkedClient.connect("Calculator", remote.connectOptions);
    assertEquals(await calculator.print("is anybody there?"), "is anybody there?");
    assertEquals(await calculator.add(i, 1), i + 1);
  }
  await using last = await LinkedClient.connect("Calculator", remote.connectOptions);
  await last.shutdownService();
  await last.disconnected;
  await until("the Manager has ended", () => !computer.pids().some(isRunning));
});

test("a Manager keeps running when the program that started it ends", async () => {
  await using computer = await Computer.start();
  const command = computer.recorded(computer.deno("../support/programs/calculator.ts"));
  const options = { ssh: computer.ssh, port: 0, disableTls: true };
  const program = `import { startManager } from ${MODULE};
    const parameters = ${JSON.stringify([HOST, command, options])};
    console.log(JSON.stringify((await startManager(...parameters)).connectOptions));`;
  const stdout = await succeed(denoCommand(["eval", "--config", CONFIG, program]));
  const connectOptions = JSON.parse(stdout);
  await using calculator = await LinkedClient.connect("Calculator", connectOptions);
  assertEquals(await calculator.print("is anybody there?"), "is anybody there?");
  assertEquals(await calculator.add(2, 2), 4);
  await calculator.shutdownService();
  await calculator.disconnected;
  await until("the Manager has ended", () => !computer.pids().some(isRunning));
});

test("the error has the output of the command", async () => {
  await using computer = await Computer.start();
  const manager = computer.deno("../../manager.ts");
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const loopback = { host: HOST, port, disableTls: true };
  const failures: [command: string[], options: StartManagerOptions, ...reasons: string[]][] = [
    [["/no/such/program"], {}, "the command ended with exit code 127", "/no/such/program:"],
    [manager, { logLevel: "loud" }, "exit code 1", "Cannot log at level loud"],
    [[...manager, "--no-such-option"], {}, "unknown option '--no-such-option'"],
    [manager, { keyFile: "/dev/null" }, "Cannot use the private key /dev/null"],
    [manager, loopback, `Cannot listen on ${HOST}:${port}: the port is already in use`],
  ];
  for (const [command, options, ...reasons] of failures) {
    const message = await failure(computer.run(command, options));
    for (const reason of reasons) assert(message.includes(reason), message);
  }
});

test("the error has the output of ssh", async () => {
  await using computer = await Computer.start();
  const { ssh } = computer;
  const failures: [options: SshOptions, reason: string][] = [
    [{ ...ssh, identityFile: computer.unknownKey }, "Permission denied (publickey"],
    [{ ...ssh, port: 1 }, "Connection refused"],
    [{ ...ssh, port: 70_000 }, "Bad port"],
  ];
  for (const [options, reason] of failures) {
    const message = await failure(computer.run(["true"], { ssh: options }));
    assert(message.includes("ssh failed") && message.includes(reason), message);
  }
  await computer.changeHostKey();
  const message = await failure(computer.run(["true"]));
  assert(message.includes("Host key verification failed"), message);
});

test("a command without a ready line is ended at the time-out, and the error has its output", async () => {
  await using computer = await Computer.start();
  const command = ["sh", "-c", "echo waiting; exec sleep 1000"];
  // The time-out grows until the output arrives in time, on a slow computer too.
  let message = "";
  for (let timeout = 500; timeout < 60_000 && !message.endsWith("waiting"); timeout *= 2) {
    const starting = computer.run(command, { timeout });
    const error: TimeoutError = await assertRejects(() => starting, TimeoutError);
    message = error.message;
  }
  assertMatch(message, /It said:\nwaiting$/);
});
