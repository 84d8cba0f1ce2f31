import { assert, assertEquals, assertLess, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect, RemoteError, runUntilEnd, Service, type ServiceOptions } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { command } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { denoCommand, environment, Process, run, shellCommand } from "../support/process.ts";
import { PYTHON } from "../support/python.ts";
import { readRecording } from "../support/recordings.ts";
import { CONFIG, MODULE, ROOT } from "../support/source_tree.ts";
import { inTime } from "../support/until.ts";
import { posixTest } from "../support/posix.ts";

const MANAGER = join(ROOT, "manager.ts");
const ECHO = join(ROOT, "examples", "echo.ts");
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

/** A home folder, and a Manager with the options of a command or an example that connects to it. */
async function openManager() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const manager = stack.use(await TestManager.start({ disableTls: true }));
  const { host, port } = manager.connectOptions;
  const whole = stack.move();
  return {
    home: folder.path,
    manager,
    at: ["--host", host!, "--port", String(port), "--disable-tls"],
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** A program whose standard input is no terminal. */
function programOf(name: string, home: string, ...args: string[]): Deno.Command {
  return new Deno.Command(name, {
    args,
    env: environment({ home }),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** The example of a Service as a program. */
function echo(home: string, ...args: string[]): Deno.Command {
  return programOf(Deno.execPath(), home, "run", "-A", ECHO, ...args);
}

/** Runs a command of this package with its standard output on a full disk. */
function onFullDisk(home: string, ...args: string[]) {
  const words = [Deno.execPath(), "run", "-A", MANAGER, ...args];
  return run(shellCommand('echo "ls" | "$@" >/dev/full', words, { home }));
}

/** A program of Deno behind `full_pipe.py`. */
function behindPipe(
  home: string,
  stream: "stdout" | "stderr",
  kind: "stalled" | "nonblocking",
  ...args: string[]
): Deno.Command {
  const words = [Deno.execPath(), "run", "-A", ...args];
  return programOf(PYTHON, home, FULL_PIPE, stream, kind, ...words);
}

Deno.test({
  name: "output that does not fit on the disk is one line on the standard error and exit code 1",
  ignore: !isLinux,
  async fn() {
    await using here = await openManager();
    const { home, manager, at } = here;
    await using talker = new Talker();
    await talker.start(manager.connectOptions);
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
  name: "a recorder whose standard error nobody reads records, and ends in order",
  ignore: !isLinux,
  async fn() {
    await using here = await openManager();
    const { home, manager, at } = here;
    await using talker = new Talker();
    await talker.start(manager.connectOptions);
    for (let seconds = 1;; seconds *= 4) {
      const file = join(home, `${seconds}.sqlite`);
      const source = [MANAGER, "record", "Talker.text(5)@20ms", "--to", file];
      const words = [...source, "--for", `${seconds}s`, ...at];
      const { code } = await inTime(
        "its end",
        run(behindPipe(home, "stderr", "stalled", ...words)),
      );
      assertEquals(code, 0);
      const { readings, gaps } = readRecording(file).get("Talker.text")!;
      assertMatch(gaps.at(-1)!.reason, /^recorder stopped/);
      if (readings.length > 0) break;
      assert(seconds < 16, "nothing was recorded"); // a busy computer may need longer for the first
    }
  },
});

Deno.test({
  name: "a pipe that does not block gets all of the output",
  ignore: !isLinux,
  async fn() {
    await using here = await openManager();
    const { home, manager, at } = here;
    await using talker = new Talker();
    await talker.start(manager.connectOptions);
    const call = [MANAGER, "call", "Talker", "text", "300000", ...at];
    const large = behindPipe(home, "stdout", "nonblocking", ...call);
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
    const child = behindPipe(folder.path, "stderr", "stalled", MANAGER, ...args);
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
    await using here = await openManager();
    const { home, manager, at } = here;
    const hangUp = fileURLToPath(new URL("../support/hang_up.py", import.meta.url));
    const atTerminal = (ready: string, ...args: string[]) =>
      run(programOf(PYTHON, home, hangUp, ready, Deno.execPath(), "run", "-A", ...args));
    const log = join(home, "manager.log");
    const options = ["--port=0", "--disable-tls", "--host=127.0.0.1", "--log-file", log];
    const ended = await atTerminal("Network Manager running", MANAGER, "start", ...options);
    assertEquals(ended.stdout.trim(), "exit code 0", ended.stderr);
    assertMatch(Deno.readTextFileSync(log), /Manager\[\S+\] shut down/);
    const outcome = await atTerminal("Echo is running", ECHO, ...at);
    assertEquals(outcome.stdout.trim(), "exit code 0", outcome.stderr);
    await manager.disconnected("Echo");
  },
});

Deno.test("a Service whose Manager ends says so in one line, with exit code 1", async () => {
  await using here = await openManager();
  const { home, manager, at } = here;
  await using service = new Process(echo(home, ...at));
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

/** Connections that were accepted and get no answer. */
function silentServer() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  return {
    at: ["--host=127.0.0.1", `--port=${listener.addr.port}`, "--disable-tls"],
    accepted,
    async [Symbol.asyncDispose]() {
      listener.close();
      (await accepted).close();
    },
  };
}

Deno.test({
  name: "a Service that is still connecting outlives its terminal, and a signal ends it at once",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    await using server = silentServer();
    await using service = new Process(echo(folder.path, ...server.at));
    await server.accepted;
    service.kill("SIGHUP");
    service.kill("SIGHUP"); // it would have ended before this one
    service.kill("SIGTERM");
    assertEquals(await service.end(), { code: 0, signal: null, stdout: "", stderr: "" });
  },
});

Deno.test("runUntilEnd starts Services, and shuts them down if one of them cannot be started", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  const [one, two] = [new Talker({ name: "one" }), new Talker({ name: "two" })];
  two.addTasks(() => one.shutdown().then(() => two.shutdown()));
  await runUntilEnd(one, two, manager.connectOptions);
  await using _taken = new Talker({ name: "taken" });
  await _taken.start(manager.connectOptions);
  const [good, bad] = [new Talker({ name: "good" }), new Talker({ name: "taken" })];
  await assertRejects(
    () => runUntilEnd(good, bad, manager.connectOptions),
    RemoteError,
    "A 'taken' service is already running",
  );
  await good.finished;
});

const SERVICES = `
import { runServices, runUntilEnd, Service } from ${MODULE};
const [mode, options] = [Deno.args[0], JSON.parse(Deno.args[1])];
const lamp = new Service({ name: "Lamp" });
lamp.addTasks(() => console.log("Lamp is running"));
if (mode === "runServices") await runServices(lamp, new Service({ name: "Spare" }), options);
else await runUntilEnd(lamp, options);
`;

/** The program `SERVICES`, in a new folder. */
async function servicesProgram(home: string, mode: string, options: unknown): Promise<string[]> {
  const file = join(home, "services.ts");
  await Deno.writeTextFile(file, SERVICES);
  return ["--config", CONFIG, file, mode, JSON.stringify(options)];
}

posixTest(
  "Ctrl+C that comes twice, as under deno task, shuts a Service down in order",
  async () => {
    await using here = await openManager();
    const { home, manager } = here;
    const words = await servicesProgram(home, "runUntilEnd", manager.connectOptions);
    await using program = new Process(denoCommand(["run", "-A", ...words], { home }));
    await program.stdout.next((line) => line === "Lamp is running");
    program.kill("SIGINT");
    program.kill("SIGTERM"); // two SIGINT that wait are one already
    const { code, stderr } = await program.end();
    assertEquals([code, stderr], [0, ""]);
  },
);

posixTest(
  "a Service of runServices that an administrator disconnects is one line and exit code 1, and the others go on",
  async () => {
    await using folder = await temporaryFolder();
    const home = folder.path;
    const add = command(home, "user", "add", "ann", "--admin", "--password", "a good password");
    assertEquals((await run(add)).code, 0);
    const options = { host: "127.0.0.1", port: 0, disableTls: true };
    const words = await servicesProgram(home, "runServices", options);
    await using program = await ManagerProcess.of(denoCommand(["run", "-A", ...words], { home }));
    const to = { ...program.connectOptions, host: "127.0.0.1" };
    await using ann = await connect({ ...to, username: "ann", password: "a good password" });
    const { address } = (await ann.identities()).services.Lamp;
    await ann.adminRequest("disconnect_peer", `Lamp[${address}]`);
    const line = await program.stderr.next((line) =>
      line.startsWith("The 'Lamp' service has ended")
    );
    assertMatch(line, /^The 'Lamp' service has ended: The connection to the Manager .* ended/);
    assertEquals(Object.keys((await ann.identities()).services), ["Spare"]);
    program.kill("SIGTERM");
    assertEquals((await program.end()).code, 1);
  },
);

Deno.test({
  name: "Services end although the reader of their standard error has stopped reading",
  ignore: !isLinux,
  async fn() {
    const options = { host: "127.0.0.1", port: 0, disableTls: true };
    {
      await using folder = await temporaryFolder();
      const words = await servicesProgram(folder.path, "runServices", options);
      const child = behindPipe(folder.path, "stderr", "stalled", ...words);
      await using program = await ManagerProcess.of(child, "127.0.0.1");
      program.kill("SIGTERM");
      assertEquals((await inTime("runServices has ended", program.end())).code, 0);
    }
    await using here = await openManager();
    const { home, manager } = here;
    const words = await servicesProgram(home, "runUntilEnd", manager.connectOptions);
    await using program = new Process(behindPipe(home, "stderr", "stalled", ...words));
    await program.stdout.next((line) => line === "Lamp is running");
    await manager.manager.shutdown(); // the line that says so finds no reader
    assertEquals((await inTime("the Service has ended", program.end())).code, 1);
  },
});
