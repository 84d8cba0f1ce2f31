/** The users of other nodes: who is asking is visible, and access lists name them. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { LIMITS } from "../../limits.ts";
import { type Client, connect, RemoteError, Service } from "../../mod.ts";
import { Database } from "../../manager/database/database.ts";
import { temporaryFolder } from "../support/folder.ts";
import { MemoryNodes } from "../support/memory_nodes.ts";
import { until } from "../support/until.ts";

class Lab extends Service {
  readonly started = Promise.withResolvers<void>();
  readonly cancelled = Promise.withResolvers<void>();

  who(): string {
    return "somebody";
  }

  async *count(): AsyncGenerator<number> {
    this.started.resolve();
    try {
      for (let value = 0;; value++) yield await Promise.resolve(value); // paused when nobody reads
    } finally {
      this.cancelled.resolve();
    }
  }
}

/** Nodes `a` and `b`, both with the users `admin` and `bob`. */
async function laboratory() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const nodes = new MemoryNodes();
  const start = async (node: string) => {
    const path = `${folder.path}/${node}.sqlite3`;
    const database = stack.use(new Database(path, []));
    await database.users.insert("admin", "secret", true);
    await database.users.insert("bob", "secret", false);
    const manager = stack.use(await nodes.start(node, { authLogin: true, database: path }));
    return { manager, database, to: { ...manager.connectOptions, password: "secret" } };
  };
  const a = await start("a");
  const b = await start("b");
  const lab = stack.use(new Lab());
  await lab.start({ ...a.to, username: "admin" });
  const admin = stack.use(await connect({ ...a.to, username: "admin" }));
  const bob = stack.use(await connect({ ...b.to, username: "bob", name: "c" }));
  const whole = stack.move();
  return { nodes, a, b, lab, admin, bob, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

Deno.test("an access list names users with their node, and judges them at the home node", async () => {
  await using here = await laboratory();
  const { admin, bob } = here;
  await admin.adminRequest("access_table.allow", "Lab", "bob");
  const refused = await assertRejects(() => bob.link("a.Lab"), RemoteError);
  assertMatch(refused.message, /^PermissionError: 'bob@b' may not use the 'a\.Lab' service/);
  assertEquals((await bob.identities()).services["a.Lab"].attributes.who, null);
  await admin.adminRequest("access_table.allow", "Lab", "bob@b");
  const link = await bob.link<Lab>("a.Lab");
  assertEquals(await link.who(), "somebody");
  assertEquals(typeof link.serviceAttributes.who, "string");
  await link.acquireLock();
  const ofBob = () =>
    Object.values(here.b.manager.manager.status().clients).map(({ links }) => links);
  assertEquals(ofBob(), [["a.Lab"]]);

  const values = link.count();
  values.addDoneCallback(() => {}); // its failure is expected
  await here.lab.started.promise;
  await admin.adminRequest("access_table.deny", "Lab", "bob@b");
  await here.lab.cancelled.promise; // a stream could go on for ever
  await assertRejects(() => link.who(), RemoteError, "'bob@b' may not use the 'a.Lab' service");
  assertEquals(here.a.manager.manager.status().services.Lab.links, []);
  assertEquals(ofBob(), [[]]);
  values.cancel();
  const offer = admin.adminRequest("access_table.offer", "Lab", "bob@b");
  await assertRejects(() => offer, RemoteError, "a user of another node connects services to that");
});

Deno.test("the longest name of a user is allowed with its node", async () => {
  await using here = await laboratory();
  const { maxNameLength } = LIMITS;
  const longest = "u".repeat(maxNameLength);
  await here.admin.adminRequest("access_table.allow", "Lab", `${longest}@b`);
  const allow = here.admin.adminRequest("access_table.allow", "Lab", `u${longest}@b`);
  await assertRejects(() => allow, RemoteError, `of ${maxNameLength + 1} characters is too long`);
});

Deno.test("a user of another node who has a name of here is not that user", async () => {
  await using here = await laboratory();
  await here.admin.adminRequest("access_table.allow", "Lab", "bob");
  await here.a.database.users.insert("bob@b", "secret", false);
  await here.admin.adminRequest("access_table.allow", "Lab", "bob@b");
  await assertRejects(() => here.bob.link("a.Lab"), RemoteError, "'bob@b' may not use");
  await using local = await connect({ ...here.a.to, username: "bob@b" });
  await local.link("Lab");
});

Deno.test("a client that loses its login at its own node loses its links and locks at the others", async () => {
  await using here = await laboratory();
  const { bob, a, b } = here;
  const link = await bob.link<Lab>("a.Lab");
  await link.acquireLock();
  const values = link.count();
  values.addDoneCallback(() => {}); // its failure is expected
  await here.lab.started.promise;
  assertEquals(a.manager.manager.status().services.Lab.locks.length, 1);
  await using admin = await connect({ ...b.to, username: "admin" });
  await admin.adminRequest("users_table.delete", "bob");
  await bob.disconnected;
  await until("the lock of the user is gone", () => {
    const { locks, links } = a.manager.manager.status().services.Lab;
    return locks.length === 0 && links.length === 0;
  });
  await here.lab.cancelled.promise;
});

Deno.test("requests of administrators stay at the client's own Manager", async () => {
  await using here = await laboratory();
  await using admin = await connect({ ...here.b.to, username: "admin" });
  await admin.link("a.Lab");
  const services = await admin.adminRequest<object>("service_links");
  assertEquals(Object.keys(services), [], "it is Manager a that has services");
  assertEquals(await admin.adminRequest("port"), here.b.manager.manager.port);
});

Deno.test("a list that would have no effect is refused, with the command that has one", async () => {
  await using here = await laboratory();
  const admin = await connect({ ...here.b.to, username: "admin" });
  await using _admin = admin;
  const refused = (at: Client, request: string, args: unknown[], why: string) =>
    assertRejects(() => at.adminRequest(`access_table.${request}`, ...args), RemoteError, why);
  const atHome = (command: string) =>
    `the Manager of the node 'a' decides that. Change it there: access ${command}`;
  await refused(admin, "allow", ["a.Lab", "bob"], atHome("allow 'Lab' USER@b"));
  for (const request of ["deny", "clear"]) {
    const args = request === "clear" ? ["a.Lab"] : ["a.Lab", "bob"];
    await refused(admin, request, args, atHome("allow 'Lab' USER@b"));
  }
  await refused(admin, "offer", ["a.None", "bob"], atHome("offer 'None' USER"));
  await refused(admin, "unoffer", ["a.Lab", "bob"], atHome("offer 'Lab' USER"));
  await refused(admin, "clear_offer", ["a.Lab"], atHome("offer 'Lab' USER"));
  await refused(here.admin, "allow", ["a.Lab", "bob"], "have no node in their names here: 'Lab'");
  await refused(here.admin, "allow", ["Lab", "bob@a"], "have no node in their names here: 'bob'");
  assertEquals(await admin.adminRequest("access_table.access_lists"), {});
  await here.bob.link("a.Lab");

  // A name that only looks like one of a node, and a list of a time when there was no such node.
  await admin.adminRequest("access_table.allow", "c.Lab", "bob", "bob@c");
  here.b.database.access.allow("a.Lab", ["bob"]);
  here.b.database.access.offer("a.Lab", ["bob"]);
  await admin.adminRequest("access_table.deny", "a.Lab", "bob");
  await admin.adminRequest("access_table.clear", "a.Lab");
  await admin.adminRequest("access_table.unoffer", "a.Lab", "bob");
  await admin.adminRequest("access_table.clear_offer", "a.Lab");
  assertEquals(await admin.adminRequest("access_table.access_lists"), {
    "c.Lab": ["bob", "bob@c"],
  });
});

Deno.test("a user who has the name of one of this node, with the node, can be on a list", async () => {
  await using here = await laboratory();
  await here.a.database.users.insert("bob@a", "secret", false);
  await here.admin.adminRequest("access_table.allow", "Lab", "bob@a");
  await using local = await connect({ ...here.a.to, username: "bob@a" });
  await local.link("Lab");
});
