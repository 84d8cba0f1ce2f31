/** Our Client and our Service through our Manager, over TLS and over TCP. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CertificateError,
  connect,
  ConnectError,
  ConnectionAbortedError,
  Future,
  Kwargs,
  kwargs,
  LinkedClient,
  options,
  RemoteError,
  Service,
  TimeoutError,
  TlsMismatchError,
  ValueError,
} from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { MANAGER_NAME } from "../support/devices.ts";
import { linked } from "../support/linked.ts";
import { failure, reply } from "../support/messages.ts";
import { at, everywhere, PLACES, TWO_NODES } from "../support/places.ts";
import { ScriptedManager } from "../support/scripted_manager.ts";

class Lab extends Service {
  euler = 2.5;
  readonly #gates = new Map<string, PromiseWithResolvers<string>>();
  _hidden = 1;

  get pi(): number {
    return Math.PI;
  }

  add(x: number, y: number): number {
    return x + y;
  }

  power(x: number, n = 2): number {
    return x ** n;
  }

  /** Returns when `open` is called with the same name. */
  async wait(name: string): Promise<string> {
    const answer = await this.#gate(name).promise;
    assertEquals(this.request?.args, [name]); // after an await too
    return answer;
  }

  open(name: string): boolean {
    this.#gate(name).resolve(`${name} is open`);
    return true;
  }

  fail(): never {
    throw new ValueError("The value is < 0");
  }

  wrong(kind: "function" | "cycle" | "promise"): unknown {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    return { function: () => 1, cycle, promise: [Promise.resolve()] }[kind];
  }

  emit(): boolean {
    this.emitNotification(1, "two", kwargs({ x: 3 }));
    return true;
  }

  shutdownService(reason: string): string {
    return `ended: ${reason}`;
  }

  #gate(name: string): PromiseWithResolvers<string> {
    let gate = this.#gates.get(name);
    if (gate === undefined) this.#gates.set(name, gate = Promise.withResolvers());
    return gate;
  }
}

for (const place of PLACES) {
  at(place, "a Client calls a Service", async () => {
    await using site = await place.open();
    await using lab = new Lab({ maxClients: 5 });
    await lab.start(site.home.connectOptions);
    await site.knows("Lab");
    await using cxn = await connect({ ...site.manager.connectOptions, name: "tester" });
    const name = site.nameOf("Lab");
    await using link = await cxn.link<Lab>(name);
    assertEquals(await link.add(1, 2), 3);
    assertEquals(await link.power(5, kwargs({ n: 3 })), 125);
    assertEquals(await link.pi(), Math.PI);
    assertEquals(await link.euler(options({ timeout: 5_000 })), 2.5);
    assertEquals(await link.request("add", { args: [1], kwargs: { y: 5 } }), 6);
    assertEquals(link.serviceMaxClients, 5);
    assertEquals(link.serviceName, name);
    assertEquals(link.serviceAttributes.power, "(x, n=2)");
    assertEquals(link.serviceAttributes.shutdown_service, "(reason)");
    assertEquals("_hidden" in link.serviceAttributes, false);
    assertEquals("start" in link.serviceAttributes, false);
    const { clients, services } = await cxn.identities();
    assertEquals(Object.values(clients).map(({ name }) => name), ["tester"]);
    assertEquals(Object.keys(services), [name]);
    assert((await cxn.identities({ asString: true })).includes(`${name}[`));
  });

  at(place, "a slow request does not delay the reply to a fast one", async () => {
    await using network = await linked(new Lab(), {}, place);
    const { link } = network;
    const futures = [link.wait("a"), link.wait("b")];
    assertEquals(await link.add(1, 1), 2);
    await link.open("b");
    const order: string[] = [];
    const completed = Future.asCompleted(futures);
    order.push(await (await completed.next()).value!);
    await link.open("a");
    order.push(await (await completed.next()).value!);
    assertEquals(order, ["b is open", "a is open"]);
  });

  at(place, "an error is received with its class, and the connection stays open", async () => {
    await using network = await linked(new Lab(), {}, place);
    const link = await network.client.link(network.link.serviceName); // of any attributes
    const rejects: [name: string, args: unknown[], message: string][] = [
      ["fail", [], "ValueError: The value is < 0"],
      ["add", [1], "TypeError: Lab.add() missing 1 required positional argument: 'y'"],
      ["nothing", [], "AttributeError: 'Lab' object has no attribute 'nothing'"],
      ["start", [], "AttributeError: 'Lab' object has no attribute 'start'"],
      ["constructor", [], "AttributeError"],
      ["__proto__", [], "PermissionError: Cannot request a private attribute"],
      ["_hidden", [], "PermissionError: Cannot request a private attribute"],
      ["wrong", ["function"], "TypeError: Object of type function is not JSON serializable"],
      ["wrong", ["cycle"], "TypeError: Converting circular structure"],
      [
        "wrong",
        ["promise"],
        "TypeError: Object of type Promise is not JSON serializable, at result[0]",
      ],
    ];
    for (const [name, args, message] of rejects) {
      await assertRejects(() => link.request(name, { args }), RemoteError, message);
    }
    await assertRejects(() => link.add(/1/, 2), TypeError, "Cannot request add");
    assertEquals(await link.add(1, 2), 3);
  });

  at(
    place,
    "notifications reach linked Clients only, and locks and links keep their rules",
    async () => {
      await using network = await linked(new Lab(), {}, place);
      const { client: cxn, link, site } = network;
      const name = site.nameOf("Lab");
      const notified = Promise.withResolvers<unknown[]>();
      link.notificationHandler = (...args) => notified.resolve(args);
      await link.emit();
      assertEquals(await notified.promise, [1, "two", new Kwargs({ x: 3 })]);

      assertEquals((await link.acquireLock()).length, 1);
      await using other = await cxn.spawn("other");
      await assertRejects(() => other.link(name), RemoteError, `'${name}' service is locked`);
      assertEquals(await link.releaseLock(), []);
      const second = await other.link<Lab>(name);
      await assertRejects(() => link.acquireLock(), RemoteError, "there are 2 links");
      assertEquals((await link.acquireLock({ shared: true })).length, 2);
      await second.unlink();
      await assertRejects(() => second.add(1, 2), ConnectionAbortedError, "has ended");
      await second.unlink(); // the first call has unlinked
    },
  );

  at(
    place,
    "a Service that is shut down sends its pending replies, ends and is unregistered",
    async () => {
      await using network = await linked(new Lab(), {}, place);
      const { site, service: lab, link } = network;
      const waiting = link.wait("x");
      assertEquals(await link.shutdownService("tests"), "ended: tests");
      await assertRejects(() => link.add(1, 2), RemoteError, "shutting down");
      lab.open("x");
      assertEquals(await waiting, "x is open");
      await lab.finished;
      await site.home.disconnected("Lab");
      await assertRejects(() => link.add(1, 2), ConnectionAbortedError, "service has disconnected");
    },
  );

  if (place === TWO_NODES) continue; // what happens to the Managers is that of faults_test.ts
  at(
    place,
    "a lost connection rejects pending requests with an error that names the Manager",
    async () => {
      await using network = await linked(new Lab(), {}, place);
      const { manager, service: lab, client: cxn, link } = network;
      const pending = link.wait("never");
      await link.add(0, 0); // the earlier request has been sent
      await manager.manager.shutdown(0);
      await assertRejects(() => pending.result(), ConnectionAbortedError, cxn.addressManager);
      await cxn.disconnected;
      assertEquals(cxn.isConnected(), false);
      await assertRejects(() => link.add(1, 2), ConnectionAbortedError, "not connected");
      await assertRejects(() => lab.finished, ConnectionAbortedError, "ended");
    },
  );
}

everywhere("the pending requests of a Service that crashes are rejected", async (place) => {
  await using site = await place.open({ disableTls: true });
  const dying = await WirePeer.introduce(site.home.connectOptions, {
    type: "service",
    name: "Dying",
    attributes: {},
  });
  await site.knows("Dying");
  await using cxn = await connect(site.manager.connectOptions);
  const name = site.nameOf("Dying");
  const link = await cxn.link(name);
  const pending = link.anything();
  await dying.read();
  await dying.close();
  const text = `ConnectionAbortedError: the '${name}' service`;
  await assertRejects(() => pending, RemoteError, text);
});

everywhere(
  "the error of a call that times out names the call, and its Future still gets the value",
  async (place) => {
    await using network = await linked(new Lab(), { disableTls: true }, place);
    const { link } = network;
    const future = link.wait("late", options({ timeout: 1 }));
    await assertRejects(() => future, TimeoutError, `wait of the '${link.serviceName}' service`);
    assertEquals(future.running(), true);
    await link.open("late");
    assertEquals(await future.result(), "late is open");
  },
);

everywhere("an aborted signal cancels the Future", async (place) => {
  await using network = await linked(new Lab(), { disableTls: true }, place);
  const { link } = network;
  const controller = new AbortController();
  const future = link.wait("x", options({ signal: controller.signal }));
  controller.abort(new Error("enough"));
  await assertRejects(() => future, Error, "enough");
  assertEquals(future.cancelled(), true);
  assertThrows(() => options({ timeout: 0 }), RangeError);
});

everywhere(
  "a LinkedClient waits for its Service, and has the members of Client and Link",
  async (place) => {
    await using site = await place.open();
    const { manager, home } = site;
    const waiting = LinkedClient.connect<Lab>(site.nameOf("Lab"), manager.connectOptions);
    await using lab = new Lab();
    await lab.start(home.connectOptions);
    await using linked = await waiting;
    assertEquals(await linked.add(1, 2), 3);
    assertEquals(linked.serviceName, site.nameOf("Lab"));
    assertEquals(linked.isConnected(), true);
    await using sibling = await linked.spawn("sibling");
    assertEquals(await sibling.add(2, 2), 4);
    const none = LinkedClient.connect("Nothing", { ...manager.connectOptions, timeout: 200 });
    await assertRejects(() => none, TimeoutError, "'Nothing' service did not appear within 200 ms");
  },
);

Deno.test("a device with the Manager's password is accepted, and one without is rejected", async () => {
  await using manager = await TestManager.start({ authPassword: "abc 123" });
  await using cxn = await connect(manager.connectOptions);
  assertEquals(Object.keys((await cxn.identities()).clients).length, 1);
  const wrong = connect({ ...manager.connectOptions, passwordManager: "wrong" });
  await assertRejects(() => wrong, RemoteError, "ValueError: Wrong Manager password");
});

Deno.test("start() rejects if the name of the Service is taken", async () => {
  await using manager = await TestManager.start();
  await using first = new Lab();
  await first.start(manager.connectOptions);
  await assertRejects(
    () => new Lab().start(manager.connectOptions),
    RemoteError,
    "NameError: A 'Lab' service is already running on the Manager",
  );
  assertEquals(Object.keys(manager.manager.identities().services), ["Lab"]);
});

Deno.test("the message of a connection error says what to do", async () => {
  await using tls = await TestManager.start();
  await using tcp = await TestManager.start({ disableTls: true });
  const { certFile } = tls.connectOptions;
  await assertRejects(
    () => connect({ ...tls.connectOptions, disableTls: true, timeout: 200 }),
    TlsMismatchError,
    "You have TLS disabled. Perhaps the Manager is using TLS for the connection.",
  );
  await using impatient = await TestManager.start({ limits: { handshakeTimeout: 100 } });
  await assertRejects(
    () => connect({ ...impatient.connectOptions, disableTls: true }),
    TlsMismatchError,
    "closed the connection during the handshake. You have TLS disabled. Perhaps the Manager is",
  );
  await assertRejects(
    () => connect({ ...tcp.connectOptions, disableTls: false, certFile }),
    TlsMismatchError,
    "perhaps the Manager has TLS disabled. Start it without --disable-tls",
  );
  await using other = await TestManager.start();
  await assertRejects(
    () => connect({ ...other.connectOptions, certFile }),
    CertificateError,
    "Perhaps the Network Manager is using a new certificate",
  );
  await assertRejects(
    () => connect({ host: "127.0.0.1", port: 1, disableTls: true }), // no server listens there
    ConnectError,
    "Cannot connect to 127.0.0.1:1",
  );
  await assertRejects(() => connect({ port: 70_000 }), RangeError, "port");
});

Deno.test("a Python Manager's administrator login and errors without a uid are understood", async () => {
  await using python = new ScriptedManager();
  const connecting = connect({
    ...python.connectOptions,
    name: "Client",
    username: "admin",
    password: "whatever",
  });
  assertEquals(await python.accept(), (await connecting).identity());
  await using cxn = await connecting;

  const users = cxn.adminRequest("users_table.users");
  assertEquals((await python.receive()).attribute, "users_table.users");
  await python.sendRequest("username", MANAGER_NAME);
  assertEquals((await python.receive()).result, "admin");
  await python.sendRequest("password", "admin");
  assertEquals((await python.receive()).result, "whatever");
  const result = [["admin", true], ["j.doe", false]];
  await python.send({ error: false, requester: "Client[lab-pc:33562]", result, uid: "" });
  assertEquals(await users, result);

  const refused = cxn.adminRequest("users_table.nope");
  await python.receive();
  await python.send({ ...failure("AttributeError: no"), result: null, uid: "" });
  await assertRejects(() => refused, RemoteError, "AttributeError: no");
});

Deno.test("a Client that disconnects reads on until the Manager has ended the connection", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  const client = await connecting;
  const link = await manager.grantLink(client, "Lab");
  const call = link.request("set");
  const { uid } = await manager.receive();
  const disconnecting = client.disconnect();
  assertEquals((await manager.receive()).attribute, "__disconnect__");
  // A socket that is closed now would lose what the Manager has not read yet.
  await manager.send(reply("c[lab-pc:1]", { uid, result: "done" }));
  assertEquals(await call, "done");
  await manager.close();
  await disconnecting;
});
