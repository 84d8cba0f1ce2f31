import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Service, type ServiceOptions } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { command } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { environment, Process, run, shellCommand } from "../support/process.ts";
import { ROOT } from "../support/source_tree.ts";
import { inTime } from "../support/until.ts";
import { PYTHON } from "../support/python.ts";

const MANAGER = join(ROOT, "manager.ts");
const FULL_PIPE = fileURLToPath(new URL("../support/full_pipe.py", import.meta.url));
const isLinux = Deno.build.os === "linux"; // which has /dev/full, and pipes of a chosen size

class Talker extends Service {
  constructor(options?: ServiceOptions) {
    super(options);
    this.addTasks((signal) => {
      const timer = setInterval(() => this.emitNotification(1), 20);
      signal.addEventListener("abort", () => clearInterval(timer));
    });
  }

  text(length: number): string {
    return "x".repeat(length);
  }
}

/** Runs a command of this package with its standard output on a full disk. */
function onFullDisk(home: string, ...args: string[]) {
  const words = [Deno.execPath(), "run", "-A", MANAGER, ...args];
  return run(shellCommand('echo "ls" | "$@" >/dev/full', words, { home }));
}

/** A command of this package behind `full_pipe.py`. */
function behindPipe(
  home: string,
  stream: "stdout" | "stderr",
  kind: "stalled" | "nonblocking",
  ...args: string[]
): Deno.Command {
  return new Deno.Command(PYTHON, {
    args: [FULL_PIPE, stream, kind, Deno.execPath(), "run", "-A", MANAGER, ...args],
    env: environment({ home }),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

Deno.test({
  name: "output that does not fit on the disk is one line on the standard error and exit code 1",
  ignore: !isLinux,
  async fn() {
    await using folder = await temporaryFolder();
    await using manager = await TestManager.start({ disableTls: true });
    await using talker = new Talker();
    await talker.start(manager.connectOptions);
    const { host, port } = manager.connectOptions;
    const at = ["-H", host!, "-p", String(port), "--disable-tls"];
    const home = folder.path;
    assertEquals((await run(command(home, "user", "add", "me", "--password", "secret"))).code, 0);
    assertEquals((await run(command(home, "certgen"))).code, 0);
    for (
      const args of [
        ["--help"],
        ["--version"],
        ["ls", ...at],
        ["ls", "Talker", ...at],
        ["ls", "Talker", "--json", ...at],
        ["status", ...at],
        ["call", "Talker", "text", "1", ...at],
        ["call", "Talker", "text", "1000000", ...at],
        ["ping", "--count", "1", ...at],
        ["watch", "Talker", "--quiet", ...at],
        ["console", ...at],
        ["types", "Talker", ...at],
        ["user", "list"],
        ["hostname", "list"],
        ["access", "list"],
        ["certdump", join(home, "certs", "localhost.crt")],
        ["keygen", "--out", join(home, "new.key")],
        ["certgen"],
        ["delete", "--certs", "--yes"],
      ]
    ) {
      const { code, stderr } = await onFullDisk(home, ...args);
      const what = `${args}: ${stderr}`;
      assertEquals(code, 1, what);
      assertEquals(stderr.trim().split("\n").length, 1, what);
      assertMatch(stderr, /Cannot write the output: No space left on device/, what);
    }
  },
});

Deno.test({
  name: "a pipe that does not block gets all of the output",
  ignore: !isLinux,
  async fn() {
    await using folder = await temporaryFolder();
    await using manager = await TestManager.start({ disableTls: true });
    await using talker = new Talker();
    await talker.start(manager.connectOptions);
    const { host, port } = manager.connectOptions;
    const at = ["-H", host!, "-p", String(port), "--disable-tls"];
    const large = behindPipe(
      folder.path,
      "stdout",
      "nonblocking",
      ...["call", "Talker", "text", "300000", ...at],
    );
    const { code, stdout, stderr } = await run(large);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.trimEnd().length, 300_000);
  },
});

Deno.test({
  name: "a Manager whose ready line cannot be written runs",
  ignore: !isLinux,
  async fn() {
    await using folder = await temporaryFolder();
    const words = [Deno.execPath(), "run", "-A", MANAGER, "start", "--port=0", "--disable-tls"];
    await using manager = new Process(
      shellCommand('exec "$@" --host=127.0.0.1 >/dev/full', words, { home: folder.path }),
    );
    const line = await manager.stderr.next((line) => line.includes("Cannot write the output"));
    assertMatch(line, /Network Manager running on 127\.0\.0\.1:\d+ \(TLS DISABLED\)/);
    manager.kill("SIGTERM");
    assertEquals((await manager.end()).code, 0);
  },
});

Deno.test({
  name: "a Manager ends although the reader of its standard error has stopped reading",
  ignore: !isLinux,
  async fn() {
    await using folder = await temporaryFolder();
    const args = ["start", "--port=0", "--disable-tls", "--host=127.0.0.1", "--grace", "1s"];
    const child = behindPipe(folder.path, "stderr", "stalled", ...args);
    await using manager = await ManagerProcess.of(child, "127.0.0.1");
    const begun = performance.now();
    manager.kill("SIGTERM");
    const { code } = await inTime("the Manager has ended", manager.end());
    assertEquals(code, 0);
    assertLess(performance.now() - begun, 10_000); // for a busy computer; it takes a second
  },
});

Deno.test({
  name: "SIGHUP does not end a Manager without a terminal, and the log has a line",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    await using manager = await ManagerProcess.start(folder.path);
    manager.kill("SIGHUP");
    await manager.stderr.next((line) => line.includes("has ended (SIGHUP). It goes on"));
    manager.kill("SIGTERM");
    assertEquals((await manager.end()).code, 0);
  },
});

Deno.test({
  name: "a closed terminal shuts a Manager down, and a Service of the examples",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const hangUp = fileURLToPath(new URL("../support/hang_up.py", import.meta.url));
    const atTerminal = (ready: string, ...args: string[]) =>
      run(
        new Deno.Command(PYTHON, {
          args: [hangUp, ready, Deno.execPath(), "run", "-A", ...args],
          env: environment({ home: folder.path }),
          clearEnv: true,
          stdin: "null",
          stdout: "piped",
          stderr: "piped",
        }),
      );
    const log = join(folder.path, "manager.log");
    const options = ["--port=0", "--disable-tls", "--host=127.0.0.1", "--log-file", log];
    const ended = await atTerminal("Network Manager running", MANAGER, "start", ...options);
    assertEquals(ended.stdout.trim(), "exit code 0", ended.stderr);
    assertMatch(Deno.readTextFileSync(log), /Manager\[\S+\] shut down/);
    await using manager = await TestManager.start({ disableTls: true });
    const { host, port } = manager.connectOptions;
    const echo = join(ROOT, "examples", "echo.ts");
    const at = ["--host", host!, "--port", String(port), "--disable-tls"];
    const outcome = await atTerminal("Echo is running", echo, ...at);
    assertEquals(outcome.stdout.trim(), "exit code 0", outcome.stderr);
    await manager.disconnected("Echo");
  },
});

Deno.test("a Service whose Manager ends says so in one line, with exit code 1", async () => {
  await using folder = await temporaryFolder();
  await using manager = await TestManager.start({ disableTls: true });
  const { host, port } = manager.connectOptions;
  const at = ["--host", host!, "--port", String(port), "--disable-tls"];
  const echo = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(ROOT, "examples", "echo.ts"), ...at],
    env: environment({ home: folder.path }),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  await using service = new Process(echo);
  await service.stdout.next((line) => line === "Echo is running");
  await manager.manager.shutdown();
  assertMatch(await service.stderr.next(() => true), /^The 'Echo' service has ended: .*connection/);
  assertEquals((await service.end()).code, 1);
});

Deno.test("finished rejects when a Service has lost its Manager, and is fulfilled when it was shut down", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  const [asked, lost] = [new Talker({ name: "asked" }), new Talker({ name: "lost" })];
  await asked.start(manager.connectOptions);
  await lost.start(manager.connectOptions);
  await asked.shutdown();
  await asked.finished;
  await manager.manager.shutdown();
  const error = await lost.finished.then(() => undefined, (error: Error) => error);
  assertEquals(error?.name, "ConnectionAbortedError");
  await lost.shutdown(); // does not reject
});
