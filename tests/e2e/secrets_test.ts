/** Passwords are in no log, file, error or list of processes. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { connect, kwargs, Manager, NetworkError, Service, startManager } from "../../mod.ts";
import { WirePeer } from "../../testing.ts";
import { command, commandReading } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { run, succeed } from "../support/process.ts";
import { posixTest } from "../support/posix.ts";

/** The secrets of a test, and all output: none of the secrets may be in it. */
class Secrets implements AsyncDisposable {
  readonly #secrets: string[] = [];
  readonly #output: unknown[] = [];
  readonly #logs: AsyncDisposable;

  private constructor(logs: Awaited<ReturnType<typeof recordLogs>>) {
    this.#logs = logs;
    this.#output.push(logs.records);
  }

  /** Records the log of this process's devices too. */
  static async start(): Promise<Secrets> {
    return new Secrets(await recordLogs([]));
  }

  /** A new secret; no part of it may be in the output. */
  make(form: (word: string) => string = (word) => word): string {
    const word = `S${crypto.randomUUID().replaceAll("-", "")}`;
    this.#secrets.push(word);
    return form(word);
  }

  add(...stderr: unknown[]): void {
    this.#output.push(...stderr);
  }

  /** The error of something that is expected to fail. */
  async failure(action: () => Promise<unknown>): Promise<string> {
    const error = await assertRejects(action, NetworkError);
    this.add(error, error.stack);
    return error.message;
  }

  /** The error of a command that is expected to fail. */
  async refusal(command: Deno.Command): Promise<string> {
    const { code, stdout, stderr } = await run(command);
    assertEquals(code, stderr.includes("Add --help") ? 2 : 1);
    this.add(stdout, stderr);
    return stdout + stderr;
  }

  /** Adds every file of a folder to the output. */
  addFiles(folder: string): void {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const path = join(folder, name);
      if (isDirectory) this.addFiles(path);
      else this.add(new TextDecoder("latin1").decode(Deno.readFileSync(path)));
    }
  }

  /** Fails if a secret is in the output. */
  check(): void {
    const all = this.#output.map((part) =>
      typeof part === "string"
        ? part
        : Deno.inspect(part, { depth: 9, strAbbreviateSize: 1e6, iterableLimit: 1e6 })
    );
    assert(this.#secrets.length > 0 && all.length > 0);
    for (const secret of this.#secrets) {
      for (const text of all) assert(!text.includes(secret), `${secret} is in ${text}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#logs[Symbol.asyncDispose]();
  }
}

/** Runs a Manager, and adds its output and its files when it has ended. */
async function withManager(
  secrets: Secrets,
  home: string,
  args: string[],
  use: (options: ManagerProcess["connectOptions"]) => Promise<void>,
): Promise<string> {
  await using manager = await ManagerProcess.start(home, "--log-level=debug", ...args);
  if (Deno.build.os === "linux") {
    secrets.add(await Deno.readTextFile(`/proc/${manager.pid}/cmdline`));
  }
  await use(manager.connectOptions);
  manager.kill("SIGTERM");
  const { stderr: errors } = await manager.end();
  secrets.add(errors);
  secrets.addFiles(home);
  return errors;
}

/** Reads until the Manager has sent the expected text, or has ended the connection. */
async function readUntil(peer: WirePeer, expected: string): Promise<void> {
  for (let text; (text = await peer.readText()) !== undefined;) {
    if (text.includes(expected)) return;
  }
  throw new Error(`${expected} was not received`);
}

posixTest("a user's password is in no output or file, also after wrong input", async () => {
  await using folder = await temporaryFolder();
  await using secrets = await Secrets.start();
  const home = join(folder.path, "home");
  const file = join(folder.path, "password");
  const [password, wrong] = [secrets.make((word) => `a ${word}`), secrets.make()];
  await Deno.writeTextFile(file, password, { mode: 0o600 });
  secrets.add(await succeed(command(home, "user", "add", "alice", "--admin", "-p", file)));

  const log = await withManager(secrets, home, ["--auth-login"], async (options) => {
    const alice = { ...options, username: "alice", password };
    for (const given of [wrong, `${password}${wrong}`]) {
      const login = () => connect({ ...alice, password: given });
      assertMatch(await secrets.failure(login), /Wrong login password/);
    }
    const swapped = { ...options, username: password, password: "alice" };
    assertMatch(await secrets.failure(() => connect(swapped)), /Unregistered user/);

    await using service = new Service({ name: "Lab" });
    await service.start(alice);
    await using cxn = await connect(alice);
    const added = secrets.make();
    const insert = (...args: unknown[]) => cxn.adminRequest("users_table.insert", ...args);
    await insert("bob", added);
    const mistaken: [() => Promise<unknown>, RegExp][] = [
      [() => insert("bob", added), /already exists/],
      [() => insert("eve:1", added), /colon and digits/],
      [() => insert("eve", added, added), /'is_admin' must be true or false/],
      [() => insert("eve", [added]), /'password' must be a string/],
      [() => insert("eve", 1, added, added), /positional arguments/],
      [() => insert("eve", kwargs({ pass: added })), /unexpected keyword argument 'pass'/],
      [() => cxn.adminRequest("users_table.update", "eve", added), /No user has/],
      [() => cxn.adminRequest("users_table.nothing", added), /no attribute/],
    ];
    for (const [mistake, reason] of mistaken) {
      assertMatch(await secrets.failure(mistake), reason);
    }
    await cxn.adminRequest("users_table.update", "bob", kwargs({ password: secrets.make() }));
    assertEquals(await cxn.adminRequest("users_table.is_password_valid", "bob", added), false);
    secrets.add(await cxn.adminRequest("users_table.records"));

    // A terminal: the password instead of the name, and once more after the login.
    await using hasty = await WirePeer.connect(options);
    for (const line of [password, password]) hasty.send(line);
    await readUntil(hasty, "Unregistered user");
    await using lost = await WirePeer.connect(options);
    for (const line of ["alice", password, password]) lost.send(line);
    await readUntil(lost, "Invalid identity. Type: client [name]");
    await using person = await WirePeer.connect(options);
    for (const line of ["alice", password, "client"]) person.send(line);
    for (const line of [password, `"${password}`, `[${wrong}`, `{"args": ["${wrong}"`]) {
      person.send(line);
    }
    person.send({ result: wrong, requester: null, uid: "", error: false });
    person.send(`{"attribute": "${wrong}", "result": 1}`);
    person.send(`${wrong} ${wrong}`);
    await readUntil(person, "is not connected to Manager");
    // A Service whose replies arrive at the wrong time, or are not valid.
    await using answers = await WirePeer.connect(options);
    const identity = { type: "service", name: "Late", attributes: {} };
    for (const result of ["alice", password, identity, wrong]) {
      answers.send({ result, requester: null, uid: "", error: false });
    }
    for (const line of [wrong, `{"result": "${wrong}", "uid": 7}`, `{"${wrong}`]) {
      answers.send(line);
    }
    answers.send({ result: wrong, requester: "nobody", uid: "1", error: false });
    answers.send({ attribute: wrong, service: "Manager", args: [], kwargs: {}, uid: "last" });
    await readUntil(answers, '"uid":"last"');
  });
  for (const text of ["Unregistered user", "Wrong login password", "an invalid message"]) {
    assert(log.includes(text), log);
  }
  secrets.check();
});

posixTest(
  "the Manager's password, and that of a later administrator login, is in no output or file",
  async () => {
    await using folder = await temporaryFolder();
    await using secrets = await Secrets.start();
    const home = join(folder.path, "home");
    const file = join(folder.path, "password");
    const [authPassword, password] = [secrets.make(), secrets.make()];
    await Deno.writeTextFile(file, password, { mode: 0o600 });
    await succeed(commandReading(file, home, "user", "add", "alice", "--admin", "-p", "-"));
    await Deno.writeTextFile(file, authPassword, { mode: 0o600 });
    const log = await withManager(secrets, home, ["-P", file], async (options) => {
      for (const given of [secrets.make(), password]) {
        const login = () => connect({ ...options, passwordManager: given });
        assertMatch(await secrets.failure(login), /Wrong Manager password/);
      }
      const alice = { ...options, username: "alice", passwordManager: authPassword };
      await using mistaken = await connect({ ...alice, password: authPassword });
      const ask = () => mistaken.adminRequest("port");
      assertMatch(await secrets.failure(ask), /must be an administrator/);
      await using cxn = await connect({ ...alice, password });
      assertEquals(await cxn.adminRequest("port"), options.port);
    });
    assert(log.includes("Wrong Manager password"), log);
    secrets.check();
  },
);

Deno.test("a password that a command rejects, or takes for another argument, is not printed", async () => {
  await using folder = await temporaryFolder();
  await using secrets = await Secrets.start();
  const home = join(folder.path, "home");
  const file = join(folder.path, "password");
  const word = secrets.make();
  await Deno.writeTextFile(file, secrets.make(), { mode: 0o600 });
  await succeed(command(home, "keygen", "ecc", "-p", file));
  const mistaken: [reason: string, ...args: string[]][] = [
    ["the password is wrong", "-p", "0", "-D", word],
    ["the password is wrong", "certgen", "-p", "two", word],
    ["Cannot specify multiple authentication methods", "-P", word, "--auth-login", "-D", word],
    ["too many arguments", "user", "add", "alice", word],
    ["too many arguments", "start", "--auth-password=two", word],
    ["unknown option", "-P", `-${word}`],
    ["unknown option", "user", "add", "alice", "-p", `--${word}`],
    ["unknown option '--auth-pasword'", `--auth-pasword=${word}`],
    ["unknown option '--pass'", "keygen", "--pass", word],
    ["option '-p, --port <number>' is invalid", "-p", word],
    ["Cannot open the database", "user", "update", "alice", "-p", word],
  ];
  await Promise.all(mistaken.map(async ([reason, ...args]) => {
    const output = await secrets.refusal(command(home, ...args));
    assert(output.includes(reason), output);
  }));
  secrets.addFiles(home);
  secrets.check();
});

Deno.test("no error of starting a Manager, on this computer or another, has a password", async () => {
  await using secrets = await Secrets.start();
  const authPassword = secrets.make();
  await secrets.failure(() => Manager.start({ authPassword, authLogin: true }));
  const twoLines = { authPassword: `${authPassword}\n${authPassword}` };
  await secrets.failure(() => startManager("lab", "manager", twoLines));
  const unknown = { ssh: { executable: "/no/such/ssh" }, authPassword };
  await secrets.failure(() => startManager("lab", "manager", unknown));
  secrets.check();
});
