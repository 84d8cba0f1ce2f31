/**
 * Our Client and our Service against a Manager of the Python software: recorded conversations
 * played from the Manager's side, and other lines that such a Manager can send.
 */

import { assertEquals, assertRejects } from "@std/assert";
import { splitArguments } from "../../wire/call.ts";
import type { JsonObject } from "../../wire/message.ts";
import {
  CancelledError,
  type Client,
  type ClientOptions,
  ConfigurationError,
  connect,
  ConnectionAbortedError,
  Kwargs,
  kwargs,
  LinkedClient,
  RemoteError,
  Service,
  ValueError,
} from "../../mod.ts";
import { MANAGER_NAME } from "../support/devices.ts";
import * as messages from "../support/messages.ts";
import { play } from "../support/recorded_manager.ts";
import { ScriptedManager, type Style } from "../support/scripted_manager.ts";

/** The services of the recordings. */
class Echo extends Service {
  echo(...args: unknown[]): unknown[] {
    const call = splitArguments(args);
    return [call.args, call.kwargs];
  }
}

class Lab extends Service {
  euler = Math.E;
  get pi(): number {
    return Math.PI;
  }
  add(x: number, y: number): number {
    return x + y;
  }
  power(x: number, n = 2): number {
    return x ** n;
  }
  emit(): boolean {
    this.emitNotification(1, 2, kwargs({ x: 3 }));
    return true;
  }
  fail(): never {
    throw new ValueError("The value is < 0");
  }
  not_json(): symbol {
    return Symbol("complex");
  }
  unicode(): string {
    return "Ω µm ✓ 測定";
  }
  // deno-lint-ignore no-unused-vars -- clients see the name
  shutdownService(...args: unknown[]): string {
    return "bye";
  }
}

/** A service with no attributes. */
class Empty extends Service {}

Deno.test("requests: calls, errors, notifications, unlinking, shutting a service down", async () => {
  const counts = await play("requests", {
    "1": { service: new Echo() },
    "2": { service: new Lab() },
    "3": { client: { name: "My Client" } },
    // The recorded client calls a service without a link; our Client calls through a Link only.
    "4": { client: { name: "c2" }, linkedWith: ["Nothing"] },
  });
  assertEquals(counts, { played: 136, notOurs: 0 });
});

Deno.test("locks: two clients link with two services, lock and unlock them", async () => {
  const counts = await play("locks", {
    "1": { service: new Echo() },
    "2": { service: new Echo({ name: "One", maxClients: 1 }) },
    "3": { client: { name: "a" } },
    "4": { client: { name: "b" } },
    "5": { service: new Echo() }, // the name is taken
  });
  assertEquals(counts, { played: 57, notOurs: 0 });
});

Deno.test("auth_hostname: a trusted client connects and disconnects", async () => {
  const counts = await play("auth_hostname", { "1": { client: {} } });
  assertEquals(counts, { played: 5, notOurs: 0 });
});

Deno.test("auth_password: the Manager's password, right and wrong", async () => {
  const counts = await play("auth_password", {
    "1": { client: { passwordManager: "abc 123" } },
    "2": { client: { passwordManager: "wrong" } },
  });
  assertEquals(counts, { played: 13, notOurs: 0 });
});

Deno.test("auth_login: users log in, an administrator sends requests and shuts the Manager down", async () => {
  const user = { username: "j.doe", password: "a good password" };
  const counts = await play("auth_login", {
    "1": { service: new Echo(), login: user },
    "2": { client: { username: "x" } },
    "3": { client: { username: "admin", password: "y" } },
    "4": { client: user },
    "5": { client: { username: "admin", password: "whatever" } },
  });
  assertEquals(counts, { played: 53, notOurs: 0 });
});

Deno.test("admin_from_unauthenticated: the login comes with the first request", async () => {
  const counts = await play("admin_from_unauthenticated", {
    "1": { client: { username: "admin", password: "whatever" } },
  });
  assertEquals(counts, { played: 11, notOurs: 0 });
});

Deno.test("terminal: services reply to typed requests", async () => {
  const counts = await play("terminal", {
    "1": { service: new Lab() },
    "2": { service: new Echo({ name: "String Editor" }) },
    "3": { notOurs: "a person types at a terminal" },
    "4": { notOurs: "the identity is not JSON" },
    "5": { notOurs: "the identity is that of a robot" },
    "6": { notOurs: "the identity of a client without a name" },
    "7": { service: new Empty({ name: "Lab" }) }, // the name is taken
    "8": { notOurs: "the identity of a service without attributes" },
    "9": { client: { name: "ok" } },
  });
  assertEquals(counts, { played: 31, notOurs: 57 });
});

/** A reply of the Manager or of a service, as Python's Manager sends it. */
function reply(uid: unknown, result: unknown): JsonObject {
  return messages.reply("Client[lab-pc:2]", { result, uid });
}

function failure(uid: unknown, message: string): JsonObject {
  return { ...messages.reply("x", { uid }), ...messages.failure(message), traceback: [message] };
}

/** A client's request, as Python's Manager forwards it to a service. */
function request(uid: string, attribute: string, args: unknown[], named: JsonObject): JsonObject {
  const requester = "Client[lab-pc:2]";
  return { args, attribute, error: false, kwargs: named, service: "Lab", uid, requester };
}

/** Connects a Client to a scripted Manager. */
async function admit(python: ScriptedManager, options: ClientOptions = {}): Promise<Client> {
  const connecting = connect({ ...options, ...python.connectOptions });
  await python.accept();
  return await connecting;
}

/** Asserts that a promise rejects with a RemoteError of exactly this text. */
async function assertRefused(promise: Promise<unknown>, text: string): Promise<void> {
  const error: RemoteError = await assertRejects(() => promise, RemoteError);
  assertEquals(error.remoteMessage, text);
}

/** The number of keys of a request: each of them comes first once. */
const ROTATIONS = 7;

/** Changes that a Manager can make to every line without a change of its meaning. */
const STYLES: [string, () => Style][] = [
  ["adds unknown keys", () => (message) => {
    const unknown = { to: ["x"], priority: 1, extensions: { nested: null } };
    return JSON.stringify({ "": true, ...message, ...unknown }) + "\r\n";
  }],
  ["has its keys in any order", () => {
    const counts = new Map<string, number>();
    return (message) => {
      const kind = Object.keys(message).join();
      const times = counts.get(kind) ?? 0;
      counts.set(kind, times + 1);
      const entries = Object.entries(message);
      const rotated = entries.splice(times % entries.length);
      return JSON.stringify(Object.fromEntries([...rotated, ...entries])) + "\r\n";
    };
  }],
  ["ends its lines with a bare newline", () => (message) => JSON.stringify(message) + "\n"],
];

for (const [variation, newStyle] of STYLES) {
  Deno.test(`a Client works under a Manager that ${variation}`, async () => {
    await using python = new ScriptedManager(newStyle());
    const connecting = connect({ ...python.connectOptions, username: "j.doe", password: "pw" });
    await python.sendRequest("username", MANAGER_NAME);
    assertEquals((await python.receive()).result, "j.doe");
    await python.sendRequest("password", "j.doe");
    assertEquals((await python.receive()).result, "pw");
    await python.sendRequest("identity");
    assertEquals((await python.receive()).result, (await connecting).identity());
    await using client = await connecting;
    const link = await python.grantLink(client, "Lab");

    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      const sum = link.add(rotation, 1);
      const { uid } = await python.receive();
      await python.send(reply(uid, rotation + 1));
      assertEquals(await sum, rotation + 1);

      const failing = link.fail();
      await python.send(failure((await python.receive()).uid, "ValueError: no"));
      await assertRefused(failing, "ValueError: no");

      const notified = Promise.withResolvers<unknown[]>();
      link.notificationHandler = (...args) => notified.resolve(args);
      await python.send(messages.notification("Lab", [1], { x: rotation }));
      assertEquals(await notified.promise, [1, kwargs({ x: rotation })]);
    }
  });

  Deno.test(`a Service works under a Manager that ${variation}`, async () => {
    await using lab = new Lab();
    await using python = new ScriptedManager(newStyle());
    const starting = lab.start({ ...python.connectOptions, passwordManager: "abc 123" });
    await python.sendRequest("password", MANAGER_NAME);
    assertEquals((await python.receive()).result, "abc 123");
    await python.accept();
    await starting;

    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      await python.send(request("a", "power", [rotation], { n: 3 }));
      const { result, uid, requester } = await python.receive();
      assertEquals([result, uid, requester], [rotation ** 3, "a", "Client[lab-pc:2]"]);
      await python.send(failure("", "ValueError: nothing that a Service has to answer"));
    }
  });
}

Deno.test("a request to an unknown service is rejected alone, although Python leaves the uid out", async () => {
  await using python = new ScriptedManager();
  await using client = await admit(python);
  const a = await python.grantLink(client, "A");
  const b = await python.grantLink(client, "B");
  const its = await python.grantLink(client, "It's");
  const pending = {
    a: a.first(),
    b: b.first(),
    its: its.first(),
    secondOfB: b.second(),
    cancelled: b.third(),
    administrator: client.adminRequest("port"),
  };
  const uids: JsonObject = {};
  for (const name of Object.keys(pending)) uids[name] = (await python.receive()).uid;
  pending.cancelled.cancel();
  await assertRejects(() => pending.cancelled, CancelledError);

  const notConnected = `the 'B' Service is not connected to ${MANAGER_NAME}`;
  await python.send(failure("", `KeyError: "${notConnected}"`));
  await assertRefused(pending.b, `KeyError: "${notConnected}"`);
  await python.send(failure("", `KeyError: "${notConnected}"`));
  await assertRefused(pending.secondOfB, `KeyError: "${notConnected}"`);
  await python.send(failure("", `KeyError: "${notConnected}"`)); // for the request that was cancelled
  const itsNotConnected = `the "It\\'s" Service is not connected to ${MANAGER_NAME}`;
  await python.send(failure("", `KeyError: '${itsNotConnected}'`));
  await assertRefused(pending.its, `KeyError: '${itsNotConnected}'`);

  // No other request was rejected.
  await python.send(reply(uids.a, "of a"));
  assertEquals(await pending.a, "of a");
  await python.send(reply("", 1875));
  assertEquals(await pending.administrator, 1875);
});

Deno.test("a Service starts without a confirmation of the Manager, and serves requests before start() resolves", async () => {
  await using lab = new Lab();
  await using python = new ScriptedManager();
  const starting = lab.start(python.connectOptions);
  await python.accept();
  await python.send(request("early", "add", [1, 2], {}));
  assertEquals((await python.receive()).result, 3);
  await starting;
  await python.send(request("late", "add", [3, 4], {}));
  assertEquals((await python.receive()).result, 7);
});

/** The error with which a Manager rejects a device, and the requests of the Manager before it. */
const REFUSALS: [text: string, questions: [attribute: string, about: string][]][] = [
  ["ValueError: Wrong Manager password", [["password", MANAGER_NAME]]],
  ["ValueError: 'lab-pc' is not a trusted hostname", []],
  ["ValueError: Unregistered user", [["username", MANAGER_NAME]]],
  ["ValueError: Wrong login password", [["username", MANAGER_NAME], ["password", "x"]]],
];

for (const [text, questions] of REFUSALS) {
  const login = { username: "x", password: "y", passwordManager: "z" };

  const refuse = async (python: ScriptedManager) => {
    for (const [attribute, about] of questions) {
      await python.sendRequest(attribute, about);
      await python.receive();
    }
    await python.send(failure("", text));
    await python.close();
  };

  Deno.test(`connect() rejects with "${text}"`, async () => {
    await using python = new ScriptedManager();
    const refused = assertRefused(connect({ ...login, ...python.connectOptions }), text);
    await refuse(python);
    await refused;
  });

  Deno.test(`start() rejects with "${text}"`, async () => {
    await using lab = new Lab();
    await using python = new ScriptedManager();
    const refused = assertRefused(lab.start({ ...login, ...python.connectOptions }), text);
    await refuse(python);
    await refused;
  });
}

Deno.test("start() of a Service whose name is taken rejects", async () => {
  await using lab = new Lab();
  await using python = new ScriptedManager();
  const text = "NameError: A 'Lab' service is already running on the Manager";
  const refused = assertRefused(lab.start(python.connectOptions), text);
  await python.accept();
  await python.send(failure("", text));
  await python.close();
  await refused;
});

for (const isOurs of [false, true]) {
  const manager = isOurs ? "our Manager" : "a Python Manager";
  const what = isOurs ? "continue" : "wait";

  Deno.test(`other requests ${what} while ${manager} prompts for the administrator's login`, async () => {
    const asked = Promise.withResolvers<string>();
    const username = Promise.withResolvers<string>();
    const prompt = {
      text(question: string) {
        asked.resolve(question);
        return username.promise;
      },
      secret: (question: string) => `the answer to "${question}"`,
      confirm: () => false,
    };
    await using python = new ScriptedManager();
    await using client = await admit(python, { prompt });
    const link = await python.grantLink(client, "Lab");
    const before = link.add(1, 1);
    const { uid: uidBefore } = await python.receive();
    const users = client.adminRequest("users_table.usernames");
    const { attribute, uid: uidOfUsers } = await python.receive();
    assertEquals(attribute, "users_table.usernames");
    if (isOurs) await python.send(reply("ready", true));

    await python.sendRequest("username", MANAGER_NAME);
    assertEquals(await asked.promise, `Enter a username for ${MANAGER_NAME}:`);
    await python.send(reply(uidBefore, 2));
    assertEquals(await before, 2);
    const meanwhile = link.add(2, 2);
    if (isOurs) {
      await python.send(reply((await python.receive()).uid, 4));
      assertEquals(await meanwhile, 4);
    }
    username.resolve("admin");
    assertEquals((await python.receive()).result, "admin"); // not the other request
    await python.sendRequest("password", "admin");
    assertEquals((await python.receive()).result, 'the answer to "Enter the password for admin:"');
    await python.send(reply(isOurs ? uidOfUsers : "", ["admin"]));
    assertEquals(await users, ["admin"]);
    if (!isOurs) await python.send(reply((await python.receive()).uid, 4));
    assertEquals(await meanwhile, 4);
  });
}

Deno.test("an administrator's login that cannot be prompted for rejects with the reason, and the next one can succeed", async () => {
  const prompt = {
    text(): string {
      throw new ConfigurationError("there is no terminal");
    },
    secret: () => "",
    confirm: () => false,
  };
  await using python = new ScriptedManager();
  await using client = await admit(python, { prompt });
  const users = client.adminRequest("users_table.usernames");
  await python.receive();
  await python.sendRequest("username", MANAGER_NAME);
  const { error, result } = await python.receive();
  assertEquals([error, result], [true, null]);
  await python.send(failure("", "ValueError: You must be an administrator"));
  await assertRejects(() => users, ConfigurationError, "there is no terminal");
  const port = client.adminRequest("port");
  await python.receive();
  await python.send(reply("", 1875));
  assertEquals(await port, 1875);
});

Deno.test("pending requests are rejected when the Manager closes the connection", async () => {
  await using python = new ScriptedManager();
  await using client = await admit(python);
  const link = await python.grantLink(client, "Lab");
  const pending = [link.add(1, 2), client.identities(), link.acquireLock(), client.link("Echo")];
  const administration = [client.adminRequest("port"), client.adminRequest("clients")];
  for (let sent = 0; sent < pending.length + 1; sent++) await python.receive();
  await python.close();
  for (const request of [...pending, ...administration]) {
    await assertRejects(() => request, ConnectionAbortedError, client.addressManager);
  }
  await client.disconnected;
  assertEquals(client.isConnected(), false);
});

Deno.test("the end of the connection fulfils shutdown_manager, and no other request", async () => {
  await using python = new ScriptedManager();
  await using client = await admit(python);
  const link = await python.grantLink(client, "Lab");
  const namesake = link.shutdown_manager();
  const shutdown = client.adminRequest("shutdown_manager");
  await python.receive();
  await python.receive();
  await python.close();
  assertEquals(await shutdown, true);
  await assertRejects(() => namesake, ConnectionAbortedError);
});

Deno.test("a LinkedClient retries until the service is registered, then has its methods", async () => {
  await using python = new ScriptedManager();
  const connecting = LinkedClient.connect("Lab", { ...python.connectOptions, name: "c" });
  await python.accept();
  const early = await python.receive();
  const text = `KeyError: "the 'Lab' service does not exist, cannot link with c[lab-pc:2]"`;
  await python.send(failure(early.uid, text));
  const late = await python.receive();
  assertEquals([late.attribute, late.args], ["link", ["Lab"]]);
  const entry = { attributes: {}, address: "lab-pc:3", language: "", os: "", max_clients: -1 };
  await python.send(reply(late.uid, entry));
  await using lab = await connecting;
  assertEquals([lab.serviceAddress, lab.name], ["lab-pc:3", "c"]);
  const sum = lab.add(1, new Kwargs({ y: 2 }));
  const { uid, service, args, kwargs: named } = await python.receive();
  assertEquals([service, args, named], ["Lab", [1], { y: 2 }]);
  await python.send(reply(uid, 3));
  assertEquals(await sum, 3);
});

Deno.test("a LinkedClient whose link is rejected gets the reason, and disconnects", async () => {
  await using python = new ScriptedManager();
  const text = "PermissionError: 'Lab' service is locked";
  const refused = assertRefused(LinkedClient.connect("Lab", python.connectOptions), text);
  await python.accept();
  await python.send(failure((await python.receive()).uid, text));
  assertEquals((await python.receive()).attribute, "__disconnect__");
  assertEquals(await python.receiveText(), undefined);
  await refused;
});
