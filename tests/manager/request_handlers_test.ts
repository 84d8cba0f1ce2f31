import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { configure, reset } from "@logtape/logtape";
import "../../base/log_tape.ts";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { logger } from "../../base/log.ts";
import { LEVEL_FILTER, levelFilter } from "../../base/log_level.ts";
import { type LogEntries, RECENT_RECORDS, recentRecords } from "../../logs/recent_records.ts";
import {
  AttributeError,
  ConfigurationError,
  KeyError,
  PermissionError,
  ValueError,
  wireMessage,
} from "../../errors.ts";
import { Database } from "../../manager/database/database.ts";
import { Login } from "../../manager/administrator_login.ts";
import type { Client, Peer, Service } from "../../manager/peer.ts";
import { Registry } from "../../manager/registry.ts";
import { RequestHandlers } from "../../manager/request_handlers.ts";
import { LIMITS } from "../../limits.ts";
import { encodeReply, type JsonObject } from "../../wire/message.ts";
import {
  addClient,
  addService,
  DEVICE,
  MANAGER_NAME,
  managerRequest,
  serviceEntry,
} from "../support/devices.ts";
import { logIn } from "../support/users.ts";
import { temporaryFolder } from "../support/folder.ts";

interface Options {
  file?: string;
  password?: string;
  authHostname?: boolean;
  authLogin?: boolean;
}

/** The request handlers of a Manager without sockets. */
class TestManager implements Disposable {
  readonly registry = new Registry<null>(MANAGER_NAME);
  readonly database: Database;
  readonly handlers: RequestHandlers<null>;
  /** The login of the administrator that sends requests. It fails if the administrator is prompted. */
  login = new Login(
    (attribute) => {
      throw new Error(`the administrator was prompted for the ${attribute}`);
    },
    async (check) => await check(),
    undefined,
  );
  isShutDown = false;
  /** How many changes of the access lists were reported. */
  accessChanges = 0;

  constructor(
    { file = ":memory:", password, authHostname = false, authLogin = false }: Options = {},
  ) {
    this.database = new Database(file, ["lab-pc", "localhost"]);
    this.handlers = new RequestHandlers({
      registry: this.registry,
      limits: LIMITS,
      hostname: "lab-pc",
      port: 1875,
      status: (requester) => `the status for ${requester}`,
      database: this.database,
      password,
      authHostname,
      authLogin,
      accessChanged: () => this.accessChanges++,
      shutdown: () => {
        this.isShutDown = true;
        return Promise.resolve();
      },
    });
  }

  /** With the user `admin`, who is an administrator. */
  static async withAdministrator(options: Options = {}): Promise<TestManager> {
    const manager = new TestManager(options);
    await manager.database.users.insert("admin", "secret", true);
    const user = await logIn(manager.database, "admin");
    manager.login = new Login(
      (attribute) => {
        throw new Error(`the administrator was prompted for the ${attribute}`);
      },
      async (check) => await check(),
      user,
    );
    return manager;
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }

  addClient(name: string, address: string): Client<null> {
    return addClient(this.registry, null, name, { address });
  }

  addService(name: string, address: string, maxClients = 5): Service<null> {
    return addService(this.registry, null, name, { address, maxClients });
  }

  /** The result of a request of a peer, as it is sent. */
  ask(
    peer: Peer<null>,
    attribute: string,
    args: unknown[] = [],
    kwargs: JsonObject = {},
  ): unknown {
    const result = this.handlers.answer(peer, managerRequest(attribute, args, kwargs));
    return JSON.parse(encodeReply(null, "1", result)).result;
  }

  /** The result of a request of the administrator, as it is sent. */
  async administer(
    attribute: string,
    args: unknown[] = [],
    kwargs: JsonObject = {},
  ): Promise<unknown> {
    const request = managerRequest(attribute, args, kwargs);
    const result = await this.handlers.answerAdministrator(this.login, request);
    this.handlers.finish();
    return JSON.parse(encodeReply(null, "1", result)).result;
  }

  /** What the tables of users, host names and access lists hold. */
  async tables(): Promise<unknown[]> {
    return [
      await this.administer("users_table.records"),
      await this.administer("hostnames_table.hostnames"),
      await this.administer("access_table.access_lists"),
    ];
  }
}

/** A Manager with a client and a service. */
class Laboratory extends TestManager {
  readonly client = this.addClient("a", "lab-pc:1");
  readonly service = this.addService("Echo", "lab-pc:2", -1);

  /** The result of a request of the client. */
  request(attribute: string, args: unknown[] = [], kwargs: JsonObject = {}): unknown {
    return this.ask(this.client, attribute, args, kwargs);
  }
}

// Requests of any peer

Deno.test("the identity is that of the Manager, with every connected device", () => {
  using manager = new Laboratory();
  const identity = manager.request("identity") as JsonObject;
  assertEquals(Object.keys(identity).toSorted(), [
    "attributes",
    "clients",
    "hostname",
    "language",
    "os",
    "port",
    "services",
  ]);
  assertEquals([identity.hostname, identity.port], ["lab-pc", 1875]);
  assertEquals(identity.attributes, {
    identity: "() -> dict",
    link: "(service: str) -> bool",
  });
  assertEquals(identity.clients, {
    "a[lab-pc:1]": { name: "a", address: "lab-pc:1", ...DEVICE },
  });
  assertEquals(identity.services, {
    Echo: {
      attributes: { echo: "(*args, **kwargs)" },
      address: "lab-pc:2",
      ...DEVICE,
      max_clients: -1,
    },
  });
});

Deno.test("the identity is up to date", () => {
  using manager = new Laboratory();
  manager.registry.unregister(manager.service);
  manager.addClient("b", "lab-pc:3");
  const { clients, services } = manager.request("identity") as Record<string, JsonObject>;
  assertEquals(Object.keys(clients), ["a[lab-pc:1]", "b[lab-pc:3]"]);
  assertEquals(services, {});
});

Deno.test("a service called __proto__ is in the identity like any other", () => {
  using manager = new Laboratory();
  manager.addService("__proto__", "lab-pc:3");
  const { services } = JSON.parse(JSON.stringify(manager.request("identity")));
  assertEquals(Object.keys(services), ["Echo", "__proto__"]);
});

Deno.test("requests for links and locks follow the rules of the registry", () => {
  using manager = new Laboratory();
  const { client, service } = manager;
  assertEquals(manager.request("link", ["Echo"]), serviceEntry(service));
  assertEquals([...service.links], [client]);
  assertEquals(manager.request("acquire_lock", ["Echo"], { shared: true }), ["a[lab-pc:1]"]);
  assertEquals([...service.locks], [client]);
  assertEquals(manager.request("release_lock", ["Echo"]), []);
  assertEquals(service.locks.size, 0);
  assertEquals(manager.request("unlink", ["Echo"]), true);
  assertEquals(service.links.size, 0);
  assertThrows(() => manager.request("unlink", ["Echo"]), KeyError);
  assertThrows(() => manager.request("link", ["Nothing"]), KeyError);
  assertThrows(() => manager.request("acquire_lock", ["Echo"]), PermissionError);
});

Deno.test("a lock is exclusive unless it is requested as shared", () => {
  for (const kwargs of [{}, { shared: false }]) {
    using manager = new Laboratory();
    manager.request("link", ["Echo"]);
    manager.ask(manager.addClient("b", "lab-pc:3"), "link", ["Echo"]);
    assertThrows(
      () => manager.request("acquire_lock", ["Echo"], kwargs),
      PermissionError,
      "cannot acquire an exclusive lock",
    );
    assertEquals(manager.request("acquire_lock", ["Echo", true]), ["a[lab-pc:1]", "b[lab-pc:3]"]);
  }
});

Deno.test("arguments may be given by name", () => {
  using manager = new Laboratory();
  manager.request("link", [], { service: "Echo" });
  assertEquals(manager.request("acquire_lock", [], { shared: true, service: "Echo" }), [
    "a[lab-pc:1]",
  ]);
});

Deno.test("a name in an argument has a limit, and a password has none", async () => {
  using manager = await TestManager.withAdministrator();
  const long = "x".repeat(257);
  for (
    const [attribute, key, ...args] of [
      ["users_table.insert", "username", long, "secret"],
      ["users_table.is_admin", "username", long],
      ["access_table.allow", "service", long, "admin"],
      ["access_table.allow", "username", "Echo", long],
      ["hostnames_table.insert", "hostname", long],
    ]
  ) {
    await assertRejects(
      () => manager.administer(attribute, args),
      ValueError,
      `A name or uid of 257 characters is too long ('${key}'), the limit is 256 (--max-name-length)`,
    );
  }
  await manager.administer("users_table.insert", ["x".repeat(256), long]);
  const isValid = await manager.administer("users_table.is_password_valid", [
    "x".repeat(256),
    long,
  ]);
  assertEquals(isValid, true);
});

for (
  const [attribute, args, kwargs, text] of [
    ["link", [], {}, "Manager.link() missing 1 required positional argument: 'service'"],
    ["link", ["Echo", 1], {}, "Manager.link() takes 2 positional arguments but 3 were given"],
    ["link", ["Echo"], { x: 1 }, "Manager.link() got an unexpected keyword argument 'x'"],
    [
      "unlink",
      ["Echo"],
      { service: "Echo" },
      "Manager.unlink() got multiple values for argument 'service'",
    ],
    ["identity", [1], {}, "Manager.identity() takes 1 positional argument but 2 were given"],
    [
      "acquire_lock",
      ["Echo", true, 1],
      {},
      "Manager.acquire_lock() takes from 2 to 3 positional arguments but 4 were given",
    ],
    ["link", [1], {}, "'service' must be a string"],
    ["release_lock", [null], {}, "'service' must be a string"],
    ["acquire_lock", ["Echo", 2], {}, "'shared' must be true or false"],
  ] as [string, unknown[], JsonObject, string][]
) {
  const call = `${attribute} of ${JSON.stringify(args)} and ${JSON.stringify(kwargs)}`;
  Deno.test(`${call} is a TypeError that says why, and changes nothing`, () => {
    using manager = new Laboratory();
    const error: Error = assertThrows(() => manager.request(attribute, args, kwargs), TypeError);
    assertEquals(error.message, text);
    assertEquals(manager.service.links.size, 0);
  });
}

for (
  const attribute of [
    "shutdown_manager",
    "users_table.users",
    "nothing",
    "",
    "__proto__",
    "constructor",
    "toString",
  ]
) {
  Deno.test(`'${attribute}' is for administrators`, () => {
    using manager = new Laboratory();
    const error: Error = assertThrows(() => manager.request(attribute), ValueError);
    assertEquals(
      error.message,
      "You must be an administrator to send this request to the Manager",
    );
  });
}

Deno.test("the status is made for the peer that requests it, and any peer may", () => {
  using manager = new Laboratory();
  assertEquals(manager.request("status"), "the status for a[lab-pc:1]");
  assertEquals(manager.ask(manager.service, "status", []), "the status for Echo[lab-pc:2]");
  assertEquals(manager.handlers.isPublic("status"), true);
  assertThrows(() => manager.request("status", ["Echo"]), TypeError, "Manager.status() takes 1");
});

Deno.test("a service may request the identity, but cannot be linked", () => {
  using manager = new Laboratory();
  const asService = (attribute: string) => manager.ask(manager.service, attribute, ["Echo"]);
  assertEquals((manager.ask(manager.service, "identity", []) as JsonObject).port, 1875);
  for (const attribute of ["link", "unlink", "acquire_lock", "release_lock"]) {
    assertThrows(() => asService(attribute), PermissionError, "'Echo' is a Service");
  }
});

// Requests of administrators: the Manager

Deno.test("an administrator gets the port", async () => {
  using manager = await TestManager.withAdministrator();
  assertEquals(await manager.administer("port"), 1875);
});

Deno.test("an administrator gets the password, if the Manager authenticates by it", async () => {
  using open = await TestManager.withAdministrator();
  assertEquals(await open.administer("password"), null);
  using manager = await TestManager.withAdministrator({ password: "abc 123" });
  assertEquals(await manager.administer("password"), "abc 123");
});

Deno.test("an administrator gets the trusted host names, if the Manager authenticates by them", async () => {
  using open = await TestManager.withAdministrator();
  assertEquals(await open.administer("hostnames"), null);
  using manager = await TestManager.withAdministrator({ authHostname: true });
  assertEquals(await manager.administer("hostnames"), ["lab-pc", "localhost"]);
  await manager.administer("hostnames_table.insert", ["adc"]);
  assertEquals(await manager.administer("hostnames"), ["adc", "lab-pc", "localhost"]);
});

Deno.test("an administrator gets the connected clients and services", async () => {
  using manager = await TestManager.withAdministrator();
  assertEquals([await manager.administer("clients"), await manager.administer("services")], [
    {},
    {},
  ]);
  manager.addClient("a", "lab-pc:1");
  manager.addService("Echo", "lab-pc:2");
  assertEquals(await manager.administer("clients"), {
    "a[lab-pc:1]": { name: "a", address: "lab-pc:1", ...DEVICE },
  });
  const attributes = { echo: "(*args, **kwargs)" };
  assertEquals(await manager.administer("services"), {
    Echo: { attributes, address: "lab-pc:2", ...DEVICE, max_clients: 5 },
  });
});

Deno.test("an administrator gets the links and locks of each service", async () => {
  using manager = await TestManager.withAdministrator();
  const [b, a] = [manager.addClient("b", "lab-pc:1"), manager.addClient("a", "lab-pc:2")];
  for (const name of ["Echo", "Lab"]) manager.addService(name, "lab-pc:3");
  for (const client of [b, a]) manager.registry.link(client, "Echo");
  manager.registry.acquireLock(b, "Echo", true);
  assertEquals(await manager.administer("service_links"), {
    Echo: ["a[lab-pc:2]", "b[lab-pc:1]"],
    Lab: [],
  });
  assertEquals(await manager.administer("service_locks"), { Echo: ["b[lab-pc:1]"], Lab: [] });
});

Deno.test("a service called __proto__ is listed like any other", async () => {
  using manager = await TestManager.withAdministrator();
  manager.addService("__proto__", "lab-pc:2");
  for (const attribute of ["services", "service_links", "service_locks"]) {
    assertEquals(Object.keys(await manager.administer(attribute) as JsonObject), ["__proto__"]);
  }
});

Deno.test("the Manager shuts down at an administrator's request", async () => {
  using manager = await TestManager.withAdministrator();
  await assertRejects(() => manager.administer("shutdown_manager", [1]), TypeError);
  assertEquals(manager.isShutDown, false);
  assertEquals(await manager.administer("shutdown_manager"), null);
  assertEquals(manager.isShutDown, true);
});

Deno.test("get_user of nobody is null, and login is whether users log in", async () => {
  using manager = await TestManager.withAdministrator();
  for (const name of ["nobody", "__proto__"]) {
    assertEquals(await manager.administer("users_table.get_user", [name]), null);
  }
  assertEquals(await manager.administer("login"), null);
  using users = await TestManager.withAdministrator({ authLogin: true });
  assertEquals(await users.administer("login"), true);
});

Deno.test("an administrator changes the log level, where the application lets it change", async () => {
  using manager = await TestManager.withAdministrator();
  for (const level of ["debug", "Warning", " 10", "NOTSET", 0, 10, 60, null]) {
    assertEquals(await manager.administer("set_logging_level", [level]), true, String(level));
  }
  for (const level of ["nope", "", "1.5", 1.5, [10], {}, ["debug"]]) {
    assertEquals(await manager.administer("set_logging_level", [level]), false, String(level));
  }
  const filter = levelFilter("info");
  await configure({
    sinks: {},
    filters: { [LEVEL_FILTER]: filter },
    loggers: [{ category: ["logtape", "meta"], lowestLevel: "warning" }],
  });
  try {
    assertEquals(await manager.administer("set_logging_level", ["ERROR"]), true);
    assertEquals(filter.level, "error");
    assertEquals(await manager.administer("set_logging_level", [], { level: 10 }), true);
    assertEquals(filter.level, "debug");
    assertEquals(await manager.administer("set_logging_level", ["loud"]), false);
    assertEquals(filter.level, "debug");
  } finally {
    await reset();
  }
});

Deno.test("an administrator gets the last records of the log, and then those after them", async () => {
  using manager = await TestManager.withAdministrator();
  await assertRejects(
    () => manager.administer("log"),
    ConfigurationError,
    "The program of this Manager keeps no records",
  );
  await configure({
    sinks: { [RECENT_RECORDS]: recentRecords(1_000) },
    loggers: [
      { category: ["msl"], sinks: [RECENT_RECORDS] },
      { category: ["logtape", "meta"], lowestLevel: "warning" },
    ],
  });
  try {
    const log = logger("manager");
    const names = ["ann", "bob", "x\x1b[2J\n\u202e"];
    for (const peer of names) log.info("{peer} connected", { peer });
    const { started, ...all } = await manager.administer("log") as unknown as LogEntries;
    assert(Number.isSafeInteger(started));
    assertEquals([all.first, all.last], [1, 3]);
    assertEquals(all.records.map(({ message }) => message), [
      "ann connected",
      "bob connected",
      "x\\u{1b}[2J\\u{a}\\u{202e} connected",
    ]);
    const after = async (...args: unknown[]) =>
      (await manager.administer("log", args) as unknown as LogEntries).records
        .map(({ number }) => number);
    assertEquals([await after(null), await after(1), await after(3)], [[1, 2, 3], [2, 3], []]);
    for (let count = 0; count < 100; count++) log.info("{count} floods", { count });
    const { first, last } = await manager.administer("log", [], { after: 3 }) as JsonObject;
    assertEquals(last, 103);
    assert(first as number > 90);
    for (const bad of [-1, 0.5, "1", [1], {}, true, 2 ** 53]) {
      await assertRejects(() => manager.administer("log", [bad]), TypeError, "'after' must be");
    }
  } finally {
    await reset();
  }
});

// The table of users

Deno.test("users are listed, without their keys and salts", async () => {
  using manager = await TestManager.withAdministrator();
  assertEquals(await manager.administer("users_table.insert", ["j.doe", "x"]), null);
  assertEquals(await manager.administer("users_table.usernames"), ["admin", "j.doe"]);
  assertEquals(await manager.administer("users_table.users"), [["admin", true], ["j.doe", false]]);
  assertEquals(await manager.administer("users_table.records"), [
    [1, "admin", null, null, true],
    [2, "j.doe", null, null, false],
  ]);
  assertEquals(await manager.administer("users_table.get_user", ["j.doe"]), [
    2,
    "j.doe",
    null,
    null,
    false,
  ]);
});

Deno.test("an administrator gets whether a user exists, is an administrator, and has a password", async () => {
  using manager = await TestManager.withAdministrator();
  await manager.administer("users_table.insert", ["j.doe", "x"]);
  for (
    const [attribute, admin, doe, nobody] of [
      ["is_user_registered", true, true, false],
      ["is_admin", true, false, false],
    ]
  ) {
    const ask = (username: string) => manager.administer(`users_table.${attribute}`, [username]);
    assertEquals(
      [await ask("admin"), await ask("j.doe"), await ask("N.Bohr")],
      [admin, doe, nobody],
    );
  }
  for (
    const [username, password, isValid] of [
      ["j.doe", "x", true],
      ["j.doe", "secret", false],
      ["N.Bohr", "x", false],
    ]
  ) {
    const kwargs = { password, username };
    assertEquals(await manager.administer("users_table.is_password_valid", [], kwargs), isValid);
  }
});

Deno.test("users are inserted, as administrators only if requested, and deleted", async () => {
  using manager = await TestManager.withAdministrator();
  const { users } = manager.database;
  await manager.administer("users_table.insert", ["a", "x", true]);
  await manager.administer("users_table.insert", ["b"], { is_admin: false, password: "y" });
  assertEquals([users.isAdmin("a"), users.isAdmin("b")], [true, false]);
  assertEquals(await users.isPasswordValid("b", "y"), true);
  assertEquals(await manager.administer("users_table.delete", ["a"]), null);
  assertEquals(users.usernames(), ["admin", "b"]);
});

Deno.test("an update of a user changes what is given and is not null", async () => {
  using manager = await TestManager.withAdministrator();
  const { users } = manager.database;
  await manager.administer("users_table.insert", ["a", "x"]);
  assertEquals(await manager.administer("users_table.update", ["a", null, true]), null);
  assertEquals(users.isAdmin("a"), true);
  await manager.administer("users_table.update", ["a"], { password: "y" });
  assertEquals(await users.isPasswordValid("a", "y"), true);
  assertEquals(users.isAdmin("a"), true);
  await manager.administer("users_table.update", ["a"], { is_admin: false });
  assertEquals(users.isAdmin("a"), false);
  assertEquals(await users.isPasswordValid("a", "y"), true);
});

Deno.test("what the table of users rejects is rejected for an administrator too", async () => {
  using manager = await TestManager.withAdministrator();
  for (
    const [attribute, args, text] of [
      ["insert", ["admin", "x"], "A user with the username 'admin' already exists"],
      ["insert", ["a", ""], "Cannot use an empty password"],
      ["update", ["admin", ""], "Cannot use an empty password"],
      ["update", ["a", "x"], "No user has the username 'a'"],
      ["update", ["admin"], "Cannot update 'admin': give a password, or whether it is"],
      ["update", ["admin", null, null], "Cannot update 'admin': give a password, or"],
      ["delete", ["a"], "No user has the username 'a'"],
    ] as [string, unknown[], string][]
  ) {
    await assertRejects(
      () => manager.administer(`users_table.${attribute}`, args),
      ValueError,
      text,
    );
  }
  assertEquals(await manager.administer("users_table.users"), [["admin", true]]);
});

// The access lists

Deno.test("access lists are made, changed, listed and cleared", async () => {
  using manager = await TestManager.withAdministrator();
  const lists = () => manager.administer("access_table.access_lists");
  for (const name of ["a", "b"]) await manager.administer("users_table.insert", [name, "x"]);
  assertEquals(await lists(), {});
  assertEquals(await manager.administer("access_table.allow", ["DMM", "b", "a", "admin"]), null);
  assertEquals(await manager.administer("access_table.allow", ["__proto__", "a"]), null);
  const listed = await lists() as JsonObject;
  assertEquals(Object.entries(listed), [["DMM", ["a", "admin", "b"]], ["__proto__", ["a"]]]);
  assertEquals(await manager.administer("access_table.clear", [], { service: "__proto__" }), null);
  assertEquals(await manager.administer("access_table.deny", ["DMM", "admin", "a"]), null);
  assertEquals(await lists(), { DMM: ["b"] });
  await manager.administer("users_table.delete", ["b"]);
  assertEquals(await lists(), { DMM: [] });
});

Deno.test("each change of the access lists is reported, and nothing else", async () => {
  using manager = await TestManager.withAdministrator();
  await manager.administer("users_table.insert", ["a", "x"]);
  await manager.administer("access_table.access_lists");
  await assertRejects(
    () => manager.administer("access_table.allow", ["DMM", "nobody"]),
    ValueError,
  );
  await assertRejects(() => manager.administer("access_table.clear", ["DMM"]), ConfigurationError);
  await assertRejects(() => manager.administer("users_table.delete", ["nobody"]), ValueError);
  assertEquals(manager.accessChanges, 0);
  for (
    const [attribute, ...args] of [
      ["access_table.allow", "DMM", "a"],
      ["access_table.deny", "DMM", "a"],
      ["access_table.clear", "DMM"],
      ["users_table.delete", "a"],
    ]
  ) {
    const before = manager.accessChanges;
    await manager.administer(attribute, args);
    assertEquals(manager.accessChanges, before + 1, attribute);
  }
});

// The tables of host names and connections

Deno.test("host names are listed, inserted and deleted", async () => {
  using manager = await TestManager.withAdministrator();
  assertEquals(await manager.administer("hostnames_table.insert", ["scope"]), null);
  assertEquals(
    await manager.administer("hostnames_table.delete", [], { hostname: "localhost" }),
    null,
  );
  assertEquals(await manager.administer("hostnames_table.hostnames"), ["lab-pc", "scope"]);
  const rejected = () => manager.administer("hostnames_table.delete", ["nobody"]);
  await assertRejects(rejected, ValueError, "Cannot delete 'nobody'");
});

Deno.test("the records of connections are listed as rows, of all times or of a range", async () => {
  using manager = await TestManager.withAdministrator();
  const origin = { address: "10.0.0.7", domain: "scope.lab.nz", port: 50_000 };
  const rows = [1, 2, 3].map((day) => {
    const time = new Date(2024, 0, day, 13, 4, 5).getTime();
    manager.database.connections.insert([{ ...origin, message: `day ${day}`, time }]);
    const datetime = `2024-01-0${day}T13:04:05`;
    return [day, datetime, "10.0.0.7", "scope.lab.nz", 50_000, `day ${day}`];
  });
  const ask = (...parameters: [unknown[]?, JsonObject?]) =>
    manager.administer("connections_table.connections", ...parameters);
  assertEquals(await ask(), rows);
  assertEquals(await ask(["2024-01-02"]), rows.slice(1));
  assertEquals(await ask(["2024-01-02", "2024-01-02"]), [rows[1]]);
  assertEquals(await ask([], { end: "2024-01-02T13:04:05" }), rows.slice(0, 2));
  assertEquals(
    await ask([], { start: "2024-01-01T13:04:06", end: "2025" }),
    rows.slice(1),
  );
});

// What is rejected

Deno.test("an attribute that is not on the list is an AttributeError in Python's words", async () => {
  using manager = await TestManager.withAdministrator();
  manager.addService("Echo", "lab-pc:2");
  for (
    const [attribute, className, name] of [
      ["users_table.nope", "UsersTable", "nope"],
      ["users_table.", "UsersTable", ""],
      ["users_table.constructor", "UsersTable", "constructor"],
      ["users_table.__proto__", "UsersTable", "__proto__"],
      ["users_table.__proto__.x", "UsersTable", "__proto__.x"],
      ["users_table.users.constructor", "UsersTable", "users.constructor"],
      ["users_table.users_table.users", "UsersTable", "users_table.users"],
      ["users_table.hostnames", "UsersTable", "hostnames"],
      ["users_table.isAdmin", "UsersTable", "isAdmin"],
      ["hostnames_table.toString", "HostnamesTable", "toString"],
      ["hostnames_table.usernames", "HostnamesTable", "usernames"],
      ["connections_table.insert", "ConnectionsTable", "insert"],
      ["access_table.lists", "AccessTable", "lists"],
      ["access_table.version", "AccessTable", "version"],
      ["users_table", "Manager", "users_table"],
      ["__proto__", "Manager", "__proto__"],
      ["constructor", "Manager", "constructor"],
      ["toString", "Manager", "toString"],
      ["__proto__.x", "Manager", "__proto__.x"],
      ["constructor.constructor", "Manager", "constructor.constructor"],
      ["toString.call", "Manager", "toString.call"],
      ["hasOwnProperty.", "Manager", "hasOwnProperty."],
      [".port", "Manager", ".port"],
      ["port.", "Manager", "port."],
      ["port.x", "Manager", "port.x"],
      ["Manager.port", "Manager", "Manager.port"],
      ["UsersTable.users", "Manager", "UsersTable.users"],
      ["Port", "Manager", "Port"],
      [" port", "Manager", " port"],
      ["users", "Manager", "users"],
      ["handlers", "Manager", "handlers"],
      ["shutdown", "Manager", "shutdown"],
      [".", "Manager", "."],
      ["", "Manager", ""],
    ]
  ) {
    const error: Error = await assertRejects(() => manager.administer(attribute), AttributeError);
    assertEquals(
      wireMessage(error),
      `AttributeError: '${className}' object has no attribute '${name}'`,
    );
  }
});

Deno.test("arguments that do not fit are a TypeError in Python's words, and change nothing", async () => {
  using manager = await TestManager.withAdministrator();
  const before = await manager.tables();
  for (
    const [attribute, args, kwargs, text] of [
      [
        "users_table.is_admin",
        [],
        {},
        "UsersTable.is_admin() missing 1 required positional argument: 'username'",
      ],
      [
        "users_table.insert",
        [],
        {},
        "UsersTable.insert() missing 2 required positional arguments: 'username' and 'password'",
      ],
      [
        "users_table.insert",
        ["a", "x", true, 1],
        {},
        "UsersTable.insert() takes from 3 to 4 positional arguments but 5 were given",
      ],
      [
        "users_table.users",
        [1],
        {},
        "UsersTable.users() takes 1 positional argument but 2 were given",
      ],
      [
        "users_table.delete",
        ["admin"],
        { username: "admin" },
        "UsersTable.delete() got multiple values for argument 'username'",
      ],
      [
        "users_table.update",
        ["admin"],
        { isAdmin: false },
        "UsersTable.update() got an unexpected keyword argument 'isAdmin'",
      ],
      [
        "hostnames_table.insert",
        [],
        { name: "x" },
        "HostnamesTable.insert() got an unexpected keyword argument 'name'",
      ],
      [
        "hostnames_table.delete",
        [],
        {},
        "HostnamesTable.delete() missing 1 required positional argument: 'hostname'",
      ],
      [
        "connections_table.connections",
        ["1", "2", "3"],
        {},
        "ConnectionsTable.connections() takes from 1 to 3 positional arguments but 4 were given",
      ],
      ["port", [1], {}, "Manager.port() takes 1 positional argument but 2 were given"],
      [
        "clients",
        [],
        JSON.parse('{"__proto__": 1}'),
        "Manager.clients() got an unexpected keyword argument '__proto__'",
      ],
      [
        "set_logging_level",
        [],
        {},
        "Manager.set_logging_level() missing 1 required positional argument: 'level'",
      ],
      ["users_table.is_admin", [1], {}, "'username' must be a string"],
      ["users_table.is_user_registered", [null], {}, "'username' must be a string"],
      ["users_table.is_password_valid", [["admin"], "secret"], {}, "'username' must be a string"],
      ["users_table.is_password_valid", ["admin", null], {}, "'password' must be a string"],
      ["users_table.get_user", [{}], {}, "'username' must be a string"],
      ["users_table.delete", [true], {}, "'username' must be a string"],
      ["users_table.insert", ["a", 1], {}, "'password' must be a string"],
      ["users_table.insert", ["a", "x", 2], {}, "'is_admin' must be true or false"],
      ["users_table.insert", ["a", "x", null], {}, "'is_admin' must be true or false"],
      ["users_table.update", [1], {}, "'username' must be a string"],
      ["users_table.update", ["admin", ["x"]], {}, "'password' must be a string"],
      ["users_table.update", ["admin"], { is_admin: "no" }, "'is_admin' must be true or false"],
      [
        "users_table.update",
        ["admin", "changed"],
        { is_admin: 2 },
        "'is_admin' must be true or false",
      ],
      ["hostnames_table.insert", [["x"]], {}, "'hostname' must be a string"],
      ["access_table.allow", [1, "admin"], {}, "'service' must be a string"],
      ["access_table.allow", ["DMM", ["admin"]], {}, "'username' must be a string"],
      ["access_table.deny", ["DMM", "admin", null], {}, "'username' must be a string"],
      [
        "access_table.clear",
        [],
        {},
        "AccessTable.clear() missing 1 required positional argument: 'service'",
      ],
      ["hostnames_table.delete", [null], {}, "'hostname' must be a string"],
      ["connections_table.connections", [2024], {}, "'start' must be a string"],
      ["connections_table.connections", ["", 2024], {}, "'end' must be a string"],
    ] as [string, unknown[], JsonObject, string][]
  ) {
    const error: Error = await assertRejects(
      () => manager.administer(attribute, args, kwargs),
      TypeError,
    );
    assertEquals(wireMessage(error), `TypeError: ${text}`, attribute);
  }
  assertEquals(await manager.tables(), before);
  assertEquals(await manager.database.users.isPasswordValid("admin", "secret"), true);
});

Deno.test("a client that is no administrator is rejected before the request is looked at", async () => {
  using manager = await TestManager.withAdministrator();
  const { database } = manager;
  for (
    const [attribute, args] of [
      ["users_table.delete", ["admin"]],
      ["users_table.insert", ["evil", "x", true]],
      ["hostnames_table.insert", ["evil"]],
      ["access_table.allow", ["DMM", "admin"]],
      ["shutdown_manager", []],
      ["users_table.is_admin", []],
      ["nope", []],
    ] as [string, unknown[]][]
  ) {
    const prompts: string[] = [];
    manager.login = new Login(
      (attribute) => {
        prompts.push(attribute);
        queueMicrotask(() => manager.login.receive({ form: "text", line: "nobody" }));
      },
      async (check) => await check(),
      undefined,
    );
    await assertRejects(
      () => manager.administer(attribute, args),
      ValueError,
      "You must be an administrator to send this request to the Manager",
    );
    assertEquals(prompts, ["username", "password"]);
  }
  assertEquals([database.users.usernames(), manager.isShutDown], [["admin"], false]);
  assertEquals(database.hostnames.includes("evil"), false);
  assertEquals([database.access.lists().size, manager.accessChanges], [0, 0]);
});

// Secrets

/** The forms in which bytes may occur in a text. */
function traces(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes);
  return [
    buffer.toString("hex"),
    buffer.toString("base64").replace(/=+$/, ""),
    JSON.stringify(buffer.toString("latin1")).slice(1, -1),
    bytes.join(","),
    JSON.stringify(bytes).slice(1, -1), // {"0":1,"1":2}
  ];
}

Deno.test("no key, salt or password of a user is in any result", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "manager.sqlite3");
  using manager = await TestManager.withAdministrator({ file, authHostname: true });
  await manager.database.users.insert("j.doe", "a good password", false);
  manager.addClient("a", "lab-pc:1");
  manager.addService("Echo", "lab-pc:2");
  using table = new DatabaseSync(file);
  const secrets = ["secret", "a good password"];
  for (const { key, salt } of table.prepare("SELECT key, salt FROM auth_users").all()) {
    if (!(key instanceof Uint8Array && salt instanceof Uint8Array)) {
      throw new TypeError("the key and the salt are not blobs");
    }
    secrets.push(...traces(key), ...traces(salt));
  }
  assertEquals(secrets.length, 22);
  for (
    const [attribute, ...args] of [
      ["users_table.usernames"],
      ["users_table.users"],
      ["users_table.records"],
      ["users_table.get_user", "j.doe"],
      ["users_table.is_user_registered", "j.doe"],
      ["users_table.is_admin", "j.doe"],
      ["users_table.is_password_valid", "j.doe", "a good password"],
      ["users_table.update", "j.doe", null, true],
      ["hostnames_table.hostnames"],
      ["hostnames_table.insert", "x"],
      ["hostnames_table.delete", "x"],
      ["connections_table.connections"],
      ["port"],
      ["password"],
      ["hostnames"],
      ["clients"],
      ["services"],
      ["service_links"],
      ["service_locks"],
      ["users_table.delete", "j.doe"],
    ] as [string, ...unknown[]][]
  ) {
    const text = JSON.stringify(await manager.administer(attribute, args));
    for (const secret of secrets) {
      assert(!text.includes(secret), `${attribute} contains ${secret}: ${text}`);
    }
  }
});
