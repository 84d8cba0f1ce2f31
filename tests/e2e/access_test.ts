/** Access lists: the users that may use a service, in a running Manager, and the `access` command. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { type Client, connect, LinkedClient, RemoteError, Service } from "../../mod.ts";
import { WirePeer } from "../../testing.ts";
import { output, refusal } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { run } from "../support/process.ts";
import { pythonPeer } from "../support/python.ts";
import { USER } from "../support/python_users.ts";
import { posixTest } from "../support/posix.ts";

const REFUSED = "PermissionError: 'j.doe' may not use the 'Lab' service";

class Lab extends Service {
  /** Is fulfilled once a measurement has begun. */
  readonly measuring = Promise.withResolvers<void>();
  readonly #measured = Promise.withResolvers<string>();

  add(x: number, y: number): number {
    return x + y;
  }

  measure(): Promise<string> {
    this.measuring.resolve();
    return this.#measured.promise;
  }

  finish(): void {
    this.#measured.resolve("1.5 V");
  }

  tell(): void {
    this.emitNotification("told");
  }
}

/** A laboratory over TLS with login: a user that Python wrote, and an administrator. */
async function openLaboratory(options: { authLogin?: boolean } = { authLogin: true }) {
  await using stack = new AsyncDisposableStack();
  const laboratory = stack.use(await Laboratory.withUsers(options));
  const to = laboratory.manager.connectOptions;
  const lab = stack.use(new Lab());
  await lab.start({ ...to, ...ADMINISTRATOR });
  const user = stack.use(await connect({ ...to, ...USER }));
  const admin = stack.use(await connect({ ...to, ...ADMINISTRATOR }));
  stack.defer(() => lab.finish()); // shutdown() of a Service waits for its running methods
  const whole = stack.move();
  return { laboratory, lab, admin, user, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

/** The time-out for an event that takes about half a second, in milliseconds. */
const TIMEOUT = 60_000;

/** Polls a condition until it holds. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + TIMEOUT;
  while (!await isSo()) assert(performance.now() < end, "the change did not take effect");
}

/** Waits until no client is linked with the Lab. */
function unlinked(admin: Client): Promise<void> {
  return until(async () => {
    const { Lab } = await admin.adminRequest<{ Lab: string[] }>("service_links");
    return Lab.length === 0;
  });
}

Deno.test("only the users on the access list of a Service can use it, administrators included", async () => {
  await using here = await openLaboratory();
  const { admin, user, laboratory } = here;
  assertEquals(await (await user.link<Lab>("Lab")).add(1, 2), 3);
  await admin.adminRequest("access_table.allow", "Lab", "admin");
  await assertRejects(() => user.link("Lab"), RemoteError, REFUSED);
  const options = { ...laboratory.manager.connectOptions, ...USER };
  await assertRejects(() => LinkedClient.connect("Lab", options), RemoteError, REFUSED);
  assertEquals(Object.keys((await user.identities()).services), ["Lab"]);
  assertEquals(await (await admin.link<Lab>("Lab")).add(1, 2), 3);

  await admin.adminRequest("access_table.allow", "Lab", "j.doe");
  await admin.adminRequest("access_table.deny", "Lab", "admin");
  assertEquals(await admin.adminRequest("access_table.access_lists"), { Lab: ["j.doe"] });
  assertEquals(await (await user.link<Lab>("Lab")).add(1, 2), 3);
  const refused = "PermissionError: 'admin' may not use the 'Lab' service";
  await assertRejects(() => admin.link("Lab"), RemoteError, refused);

  await admin.adminRequest("access_table.deny", "Lab", "j.doe"); // the list is empty
  await assertRejects(() => user.link("Lab"), RemoteError, REFUSED);
  await admin.adminRequest("access_table.clear", "Lab");
  for (const client of [user, admin]) {
    assertEquals(await (await client.link<Lab>("Lab")).add(1, 2), 3);
  }
});

Deno.test("a Python client that is not on the access list gets an error in Python's words", async () => {
  await using here = await openLaboratory();
  await here.admin.adminRequest("access_table.allow", "Lab", "admin");
  const env = { USERNAME: USER.username, PASSWORD: USER.password };
  const { stderr } = await run(pythonPeer("client", here.laboratory.manager, env));
  assertEquals(stderr.trim(), REFUSED);
});

Deno.test("a request without a link is rejected too, short or long", async () => {
  await using here = await openLaboratory();
  await here.admin.adminRequest("access_table.allow", "Lab", "admin");
  await using peer = await WirePeer.connect(here.laboratory.manager.connectOptions);
  for (const answer of [USER.username, USER.password, "client"]) {
    await peer.read(); // the request for the identity
    peer.send(answer);
  }
  const request = { error: false, service: "Lab", attribute: "add", args: [1, 2], kwargs: {} };
  for (const [uid, args] of Object.entries({ short: [1, 2], long: ["x".repeat(3_000_000), ""] })) {
    peer.send({ ...request, uid, args });
    const { message, uid: answered } = await peer.read();
    assertEquals([message, answered], [REFUSED, uid]);
  }
});

Deno.test("an access command takes effect in a running Manager: links and locks end, pending replies still arrive", async () => {
  await using here = await openLaboratory();
  const { admin, user, lab, laboratory } = here;
  const access = (...args: string[]) => output(laboratory.home, "access", ...args);
  const link = await user.link<Lab>("Lab");
  const notified = Promise.withResolvers<void>();
  let isUserNotified = false;
  link.notificationHandler = () => isUserNotified = true;
  await link.acquireLock();
  const measurement = link.measure();
  await lab.measuring.promise;

  assertEquals(await access("allow", "Lab", "admin"), "Allowed admin\nLab  admin\n");
  await unlinked(admin);
  assertEquals(await admin.adminRequest("service_locks"), { Lab: [] });
  await assertRejects(() => Promise.resolve(link.add(1, 2)), RemoteError, REFUSED);
  const other = await admin.link<Lab>("Lab");
  other.notificationHandler = () => notified.resolve();
  await other.finish();
  assertEquals(await measurement, "1.5 V");
  await other.tell();
  await notified.promise;
  await user.identities(); // all earlier lines have arrived
  assertEquals(isUserNotified, false);
  await link.unlink(); // no error

  await access("allow", "Lab", "j.doe");
  await access("deny", "Lab", "admin");
  await unlinked(admin);
  assertEquals(await (await user.link<Lab>("Lab")).add(1, 2), 3);
  await access("clear", "Lab");
  await until(() => admin.link("Lab").then(() => true, () => false));
});

Deno.test("a user that is removed is removed from every access list, and a new user of that name is on none", async () => {
  await using here = await openLaboratory();
  const { admin, user, laboratory } = here;
  await admin.adminRequest("access_table.allow", "Lab", "j.doe");
  await user.link("Lab");
  assertEquals(await output(laboratory.home, "user", "remove", "j.doe"), "Removed j.doe\n");
  await unlinked(admin);
  await admin.adminRequest("users_table.insert", USER.username, USER.password);
  await using next = await connect({ ...laboratory.manager.connectOptions, ...USER });
  await assertRejects(() => next.link("Lab"), RemoteError, REFUSED);
  assertEquals(await admin.adminRequest("access_table.access_lists"), { Lab: [] });
});

Deno.test("without login no access list is enforced, even for a client that logs in later", async () => {
  await using here = await openLaboratory({ authLogin: false });
  const { admin, user } = here;
  await admin.adminRequest("access_table.allow", "Lab", "j.doe");
  for (const client of [user, admin]) { // the administrator has logged in to send the request
    assertEquals(await (await client.link<Lab>("Lab")).add(1, 2), 3);
  }
});

posixTest(
  "a Manager logs a warning if it does not enforce its access lists, and only then",
  async () => {
    await using home = await temporaryFolder();
    await output(home.path, "user", "add", "alice", "-p", "wonderland");
    const warning = "Everybody may use and offer every service";
    const errorsOf = async (...args: string[]) => {
      await using manager = await ManagerProcess.start(home.path, ...args);
      manager.kill("SIGTERM");
      return (await manager.end()).stderr;
    };
    assert(!(await errorsOf()).includes(warning));
    await output(home.path, "access", "allow", "DMM", "alice");
    const errors = await errorsOf();
    assert(errors.includes(warning) && errors.includes("DMM"), errors);
    assert(!(await errorsOf("--auth-login")).includes(warning));
  },
);

Deno.test("access lists the users of a service, and reports each change", async () => {
  await using home = await temporaryFolder();
  const access = (...args: string[]) => output(home.path, "access", ...args);
  for (const name of ["alice", "bob"]) await output(home.path, "user", "add", name, "-p", "x");
  assertEquals(await access("list"), "There are no lists: everybody may use every service\n");
  assertEquals(await access("list", "DMM"), "DMM  everybody (no list)\n");
  assertEquals(
    await access("allow", "DMM", "bob", "alice"),
    "Allowed bob\nAllowed alice\nDMM  alice, bob\n",
  );
  assertEquals(
    await access("allow", "String Editor", "bob"),
    "Allowed bob\nString Editor  bob\n",
  );
  assertEquals(await access("deny", "DMM", "bob"), "Denied bob\nDMM  alice\n");
  assertEquals(
    await access("deny", "String Editor", "bob"),
    "Denied bob\nNobody may use String Editor now. For some: access allow 'String Editor' USER... " +
      "For everybody: access clear 'String Editor'\nString Editor  nobody\n",
  );
  assertEquals(await access("list"), "DMM            alice\nString Editor  nobody\n");
  assertEquals(await access("list", "String Editor"), "String Editor  nobody\n");
  assertEquals(await access("clear", "String Editor"), "String Editor  everybody (no list)\n");
  assertEquals(await access("list"), "DMM  alice\n");
});

Deno.test("access says where the list of a service of another node is", async () => {
  await using home = await temporaryFolder();
  const access = (...args: string[]) => output(home.path, "access", ...args);
  await output(home.path, "user", "add", "bob", "-p", "x");
  const hint = (command: string) =>
    `If a is a node, this has no effect: its Manager decides. On its computer: access ${command}\n`;
  assertEquals(
    await access("allow", "a.Lamp", "bob"),
    `${hint("allow 'Lamp' USER@NODE")}Allowed bob\na.Lamp  bob\n`,
  );
  assertEquals(
    await access("offer", "a.Lamp", "bob"),
    `${hint("offer 'Lamp' USER")}Allowed to offer: bob\na.Lamp  bob; may be offered by bob\n`,
  );
  for (const name of ["Lamp", "all.Lamp", "a room.Lamp"]) {
    assertEquals(await access("allow", name, "bob"), `Allowed bob\n${name}  bob\n`);
  }
});

Deno.test("access rejects arguments that are not valid, and changes nothing", async () => {
  await using home = await temporaryFolder();
  for (const name of ["alice", "bob"]) await output(home.path, "user", "add", name, "-p", "x");
  await output(home.path, "access", "allow", "DMM", "alice");
  const refused: [reason: string, ...args: string[]][] = [
    ["Cannot allow: give the name of a service and one or more usernames", "allow"],
    ["Cannot allow: give the name of a service and one or more usernames", "allow", "DMM"],
    ["Cannot deny: give the name of a service and one or more usernames", "deny", "DMM"],
    ["Cannot clear: give the name of a service, and no username", "clear"],
    ["Cannot clear: give the name of a service, and no username", "clear", "DMM", "alice"],
    ["Cannot list users", "list", "DMM", "alice"],
    ["Cannot let 'eve' use the 'DMM' service: no such user", "allow", "DMM", "bob", "eve"],
    ["Cannot deny 'bob' the 'DMM' service: not on its list", "deny", "DMM", "alice", "bob"],
    ["it has no list, so everybody may use it. Make a list", "deny", "Lamp", "alice"],
    ["it has none, everybody may use it", "clear", "Lamp"],
    ["it is the Manager itself", "allow", "Manager", "alice"],
  ];
  await Promise.all(refused.map(async ([reason, ...args]) => {
    const line = await refusal(home.path, "access", ...args);
    assert(line.includes(reason), line);
  }));
  assertEquals(await output(home.path, "access", "list"), "DMM  alice\n");
  const file = join(home.path, "manager.sqlite3");
  assertEquals(await output(home.path, "access", "list", "--database", file), "DMM  alice\n");
});
