/** Our Manager and Python's take turns on one home folder and one port. */

import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type ClientOptions, RemoteError } from "../../mod.ts";
import { WirePeer } from "../../testing.ts";
import { output } from "../support/command_line.ts";
import { connected, isState, RECONNECT } from "../support/connection_changes.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { Process } from "../support/process.ts";
import { pythonManager, pythonPeer } from "../support/python.ts";
import { USER } from "../support/python_users.ts";
import type { ManagerAddress } from "../support/raw_peer.ts";
import { Lab } from "../support/restarts.ts";
import { until } from "../support/until.ts";

type Kind = "ours" | "Python's";

const ADMINISTRATOR = { username: "admin", password: "secret words" };

/** How the Managers of a test end, one after the other. */
const SIGNALS: Deno.Signal[] = ["SIGTERM", "SIGKILL", "SIGTERM"];

/** A Manager of one kind, whose clients log in. */
async function start(kind: Kind, home: string, port: number): Promise<ManagerProcess> {
  const args = ["--auth-login", `--port=${port}`];
  return kind === "ours"
    ? await ManagerProcess.startSecure(home, ...args, "--silence-timeout=3s")
    : await ManagerProcess.of(pythonManager(home, "--host=127.0.0.1", ...args), "127.0.0.1");
}

/** A Python device that logs in. */
function python(role: "holder" | "service", to: ManagerAddress, env = {}): Process {
  const { username: USERNAME, password: PASSWORD } = USER;
  return new Process(pythonPeer(role, { connectOptions: to }, { USERNAME, PASSWORD, ...env }));
}

/** A client without keepalive that holds a lock, until our Manager has found it idle three times. */
async function idle(to: ManagerAddress): Promise<void> {
  await using peer = await WirePeer.connect(to);
  for (const result of [USER.username, USER.password, { type: "client", name: "idle" }]) {
    await peer.read();
    peer.send({ error: false, requester: null, uid: "", result });
  }
  for (const attribute of ["link", "acquire_lock"]) {
    peer.send({
      service: "Manager",
      attribute,
      args: ["Idle"],
      kwargs: {},
      uid: "1",
      error: false,
    });
    await peer.read();
  }
  for (let lines = 0; lines < 3; lines++) assertEquals((await peer.read()).uid, "notification");
}

for (const order of [["ours", "Python's", "ours"], ["Python's", "ours", "Python's"]] as Kind[][]) {
  Deno.test(`a Manager continues with the files of one of the other kind: ${order.join(", ")}`, async () => {
    await using home = await temporaryFolder();
    const inHome = (name: string) => join(home.path, name);
    const files = ["keys/127.0.0.1.key", "certs/127.0.0.1.crt"].map(inHome);
    const certFile = files[1];
    const contents = () => Promise.all(files.map((file) => Deno.readTextFile(file)));

    const kinds = order.values();
    let port = 0;
    if (order[0] === "Python's") { // its tables alone, before a command of ours has seen them
      await using first = await start("Python's", home.path, port);
      port = first.connectOptions.port;
      first.kill();
      await first.succeeded();
    }
    const { username, password } = ADMINISTRATOR;
    await output(home.path, "user", "add", username, "--admin", "--password", password);
    await output(home.path, "user", "add", USER.username, "--password", USER.password);

    await using stack = new AsyncDisposableStack();
    let manager = stack.use(await start(kinds.next().value!, home.path, port));
    port = manager.connectOptions.port;
    const made = await contents();
    const to = { host: "127.0.0.1", port, certFile };
    const ours: ClientOptions = { ...to, ...USER, reconnect: RECONNECT };
    const lab = stack.use(new Lab());
    await lab.start(ours);
    const idleService = stack.use(new Lab({ name: "Idle" }));
    await idleService.start(ours);
    const { client, changes } = await connected({ ...ours, name: "ours" });
    stack.use(client);
    const link = await client.link<Lab>("Lab");
    await link.acquireLock();
    const { client: administrator } = await connected({ ...ours, ...ADMINISTRATOR });
    stack.use(administrator);
    const users = [username, USER.username];
    using database = new DatabaseSync(inHome("manager.sqlite3"), { readOnly: true });
    const records = database.prepare(
      "SELECT count(*) AS of FROM connections WHERE message = 'connected as a service'",
    );

    for (const [turn, kind] of order.entries()) {
      const service = stack.use(python("service", to));
      await manager.stderr.next((line) => /Python Lab.* connected as a service/.test(line));
      const holder = stack.use(python("holder", to, { SERVICE: "Python Lab", LOCK: "1" }));
      await holder.stdout.next();
      await assertRejects(() => administrator.link("Python Lab"), RemoteError, "is locked");
      await assertRejects(() => administrator.link("Lab"), RemoteError, "is locked");
      if (kind === "ours") await idle(to);
      assertEquals(await link.echo(kind), kind);

      const newUser = `made by ${kind}, number ${users.length}`;
      await administrator.adminRequest("users_table.insert", newUser, "a b", false);
      users.push(newUser);
      assertEquals(await administrator.adminRequest("users_table.usernames"), users);
      for (const user of users.slice(2)) {
        const isValid = await administrator.adminRequest(
          "users_table.is_password_valid",
          user,
          "a b",
        );
        assertEquals(isValid, true, user);
      }

      await until("the services are recorded", () => records.get()!.of === 3 * (turn + 1));
      manager.kill(SIGNALS[turn]);
      const { stdout } = await holder.succeeded();
      assertEquals(JSON.parse(stdout.trim().split("\n").at(-1)!), {
        shutdown_handler: true,
        is_connected: false,
        pending: null,
      });
      await service.succeeded();
      await manager.end();
      assertEquals(await contents(), made);
      const next = kinds.next().value;
      if (next === undefined) break;
      manager = stack.use(await start(next, home.path, port));
      await changes.next(isState("linked"));
      await idleService.changes.next(isState("connected"));
    }
    assertEquals(database.prepare("PRAGMA integrity_check").get(), { integrity_check: "ok" });
  });
}
