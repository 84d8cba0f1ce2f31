/** The command line as a process: its output and its exit codes. */

import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { command, output, refusal } from "../support/command_line.ts";
import { modeOf, temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { run, tool } from "../support/process.ts";
import { posixTest } from "../support/posix.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  posixTest(`start makes its files, prints its ready line and ends on ${signal}`, async () => {
    await using home = await temporaryFolder();
    await using manager = await ManagerProcess.of(command(home.path, "-p", "0"));
    const { port } = manager.connectOptions;
    const caCerts = [await Deno.readTextFile(join(home.path, "certs", "localhost.crt"))];
    using socket = await Deno.connectTls({ hostname: "localhost", port, caCerts });
    await socket.handshake();
    for (const file of ["keys/localhost.key", "manager.sqlite3"]) {
      assertEquals(modeOf(join(home.path, file)), 0o600, file);
    }
    assertEquals([...Deno.readDirSync(join(home.path, "logs"))].length, 1);
    manager.kill(signal);
    const buffer = new Uint8Array(1024);
    while (await socket.read(buffer).catch(() => null) !== null); // it is disconnected
    const { stdout } = await manager.succeeded();
    assert(/^Network Manager running on \S+:\d+ \(TLS ENABLED\)\n$/.test(stdout), stdout);
  });
}

posixTest("start warns if it takes passwords without TLS, and only then", async () => {
  await using home = await temporaryFolder();
  await output(home.path, "user", "add", "alice", "-p", "wonderland");
  const warning = "everybody on the network can read the passwords";
  const cases: [isWarned: boolean, ...args: string[]][] = [
    [true, "--disable-tls", "--auth-login"],
    [true, "--disable-tls", "--auth-password", "a secret"],
    [false, "--disable-tls"],
    [false, "--disable-tls", "--auth-hostname"],
    [false, "--auth-login"],
  ];
  await Promise.all(cases.map(async ([isWarned, ...args], index) => {
    const log = join(home.path, `${index}.log`);
    await using manager = await ManagerProcess.of(
      command(home.path, "-p", "0", "-l", log, ...args),
    );
    manager.kill();
    const { stderr } = await manager.succeeded();
    assertEquals(stderr.includes(warning), isWarned, args.join(" "));
    assertEquals((await Deno.readTextFile(log)).includes(warning), isWarned, args.join(" "));
  }));
});

Deno.test("a mistyped command is not run as start, and the error suggests the right name", async () => {
  await using home = await temporaryFolder();
  const { code, stderr } = await run(command(home.path, "keygn"));
  assertEquals(code, 2);
  assert(stderr.includes("unknown command 'keygn'") && stderr.includes("keygen"), stderr);
});

Deno.test("bad input is one clear line and exit code 1", async () => {
  await using home = await temporaryFolder();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const used = await refusal(home.path, "-H", "127.0.0.1", "-p", String(port), "--disable-tls");
  assert(used.includes("the port is already in use"), used);
  for (const option of ["--port", "--web", "--metrics"]) {
    const free = option === "--port" ? [] : ["--port", "0"];
    const taken = await refusal(
      home.path,
      ...["-H", "127.0.0.1", "--disable-tls", ...free, option, String(port)],
    );
    assert(taken.endsWith(`Choose another one with ${option}`), taken);
  }
  listener.close();

  const notADatabase = join(home.path, "text.sqlite3");
  await Deno.writeTextFile(notADatabase, "this is not a database, it only says so".repeat(40));
  const unreadable = await refusal(home.path, "-p", "0", "--disable-tls", "-d", notADatabase);
  assert(unreadable.includes("Cannot open the database"), unreadable);

  const level = await refusal(home.path, "-p", "0", "-G", "loud");
  assert(level.includes("Cannot log at level loud"), level);
});

posixTest("a key in Python's format works with its password, and not without", async () => {
  await using home = await temporaryFolder();
  const key = join(home.path, "python.key");
  const protection = ["-aes256", "-passout", "pass:two words"];
  await tool("openssl", "genrsa", "-traditional", ...protection, "-out", key, "2048");
  const missing = await refusal(home.path, "-p", "0", "-k", key);
  assert(missing.includes("it is encrypted"), missing);
  const wrong = await refusal(home.path, "-p", "0", "-k", key, "-D", "wrong");
  assert(wrong.includes("the password is wrong"), wrong);
  const words = ["-p", "0", "-k", key, "-D", "two", "words"];
  await using manager = await ManagerProcess.of(command(home.path, ...words));
  assertEquals(manager.connectOptions.disableTls, false);
  manager.kill();
  await manager.succeeded();
  assert(existsSync(join(home.path, "certs", "localhost.crt")));
  const mismatch = await refusal(home.path, "-p", "0"); // another key is made for that certificate
  assert(mismatch.includes("does not belong to the key"), mismatch);
});
