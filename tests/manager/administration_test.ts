import { assert, assertEquals, assertRejects } from "@std/assert";
import { configure, reset } from "@logtape/logtape";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Administration } from "../../manager/administration.ts";
import { Database } from "../../manager/database/database.ts";
import { Desk } from "../../manager/desk.ts";
import { AttributeError, ConfigurationError, ValueError, wireMessage } from "../../errors.ts";
import { LEVEL_FILTER, levelFilter } from "../../base/log_level.ts";
import { Login } from "../../manager/login.ts";
import { encodeReply, type JsonObject } from "../../wire/message.ts";
import { type Client, Registry, type Service } from "../../manager/registry.ts";
import { addClient, addService, DEVICE, MANAGER_NAME, managerRequest } from "../support/devices.ts";
import { temporaryFolder } from "../support/folder.ts";

interface OfficeOptions {
  file?: string;
  password?: string;
  authHostname?: boolean;
}

/** The administration of a Manager with one administrator, who has logged in. */
class Office implements Disposable {
  readonly registry = new Registry<null>(MANAGER_NAME);
  readonly database: Database;
  readonly administration: Administration<null>;
  /** Who sends the requests; must not be asked for anything. */
  login = new Login(
    (attribute) => {
      throw new Error(`the administrator was asked for the ${attribute}`);
    },
    async (check) => await check(),
    "admin",
  );
  isShutDown = false;
  /** How often it was told that who may use which service has changed. */
  accessChanges = 0;

  private constructor({ file = ":memory:", password, authHostname = false }: OfficeOptions) {
    const { registry } = this;
    this.database = new Database(file, ["lab-pc", "localhost"]);
    this.administration = new Administration({
      registry,
      desk: new Desk(registry, { hostname: "lab-pc", port: 1875 }, () => null),
      database: this.database,
      password,
      authHostname,
      accessChanged: () => this.accessChanges++,
      shutdown: () => {
        this.isShutDown = true;
        return Promise.resolve();
      },
    });
  }

  static async open(options: OfficeOptions = {}): Promise<Office> {
    const office = new Office(options);
    await office.database.users.insert("admin", "secret", true);
    return office;
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }

  addClient(name: string, address: string): Client<null> {
    return addClient(this.registry, null, name, { address });
  }

  addService(name: string, address: string): Service<null> {
    return addService(this.registry, null, name, { address, maxClients: 5 });
  }

  /** The result of a request as it is sent. */
  async ask(attribute: string, args: unknown[] = [], kwargs: JsonObject = {}): Promise<unknown> {
    const result = await this.administration.answer(
      this.login,
      managerRequest(attribute, args, kwargs),
    );
    return JSON.parse(encodeReply(null, "1", result)).result;
  }

  /** What the tables of users, host names and lists hold. */
  async tables(): Promise<unknown[]> {
    return [
      await this.ask("users_table.records"),
      await this.ask("hostnames_table.hostnames"),
      await this.ask("access_table.access_lists"),
    ];
  }
}

// The Manager

Deno.test("the Manager tells its port", async () => {
  using office = await Office.open();
  assertEquals(await office.ask("port"), 1875);
});

Deno.test("the Manager tells its password, if peers are asked for it", async () => {
  using open = await Office.open();
  assertEquals(await open.ask("password"), null);
  using office = await Office.open({ password: "abc 123" });
  assertEquals(await office.ask("password"), "abc 123");
});

Deno.test("the Manager tells the trusted host names, if peers are let in by them", async () => {
  using open = await Office.open();
  assertEquals(await open.ask("hostnames"), null);
  using office = await Office.open({ authHostname: true });
  assertEquals(await office.ask("hostnames"), ["lab-pc", "localhost"]);
  await office.ask("hostnames_table.insert", ["adc"]);
  assertEquals(await office.ask("hostnames"), ["adc", "lab-pc", "localhost"]);
});

Deno.test("the Manager tells who is connected", async () => {
  using office = await Office.open();
  assertEquals([await office.ask("clients"), await office.ask("services")], [{}, {}]);
  office.addClient("a", "lab-pc:1");
  office.addService("Echo", "lab-pc:2");
  assertEquals(await office.ask("clients"), {
    "a[lab-pc:1]": { name: "a", address: "lab-pc:1", ...DEVICE },
  });
  const attributes = { echo: "(*args, **kwargs)" };
  assertEquals(await office.ask("services"), {
    Echo: { attributes, address: "lab-pc:2", ...DEVICE, max_clients: 5 },
  });
});

Deno.test("the Manager tells who is linked with a service, and who locks it", async () => {
  using office = await Office.open();
  const [b, a] = [office.addClient("b", "lab-pc:1"), office.addClient("a", "lab-pc:2")];
  for (const name of ["Echo", "Lab"]) office.addService(name, "lab-pc:3");
  for (const client of [b, a]) office.registry.link(client, "Echo");
  office.registry.acquireLock(b, "Echo", true);
  assertEquals(await office.ask("service_links"), {
    Echo: ["a[lab-pc:2]", "b[lab-pc:1]"],
    Lab: [],
  });
  assertEquals(await office.ask("service_locks"), { Echo: ["b[lab-pc:1]"], Lab: [] });
});

Deno.test("a service called __proto__ is told of like any other", async () => {
  using office = await Office.open();
  office.addService("__proto__", "lab-pc:2");
  for (const attribute of ["services", "service_links", "service_locks"]) {
    assertEquals(Object.keys(await office.ask(attribute) as JsonObject), ["__proto__"]);
  }
});

Deno.test("the Manager shuts down at an administrator's request", async () => {
  using office = await Office.open();
  await assertRejects(() => office.ask("shutdown_manager", [1]), TypeError);
  assertEquals(office.isShutDown, false);
  assertEquals(await office.ask("shutdown_manager"), null);
  assertEquals(office.isShutDown, true);
});

Deno.test("an administrator changes the log level, where the application lets it change", async () => {
  using office = await Office.open();
  assertEquals(await office.ask("set_logging_level", ["debug"]), false);
  const filter = levelFilter("info");
  await configure({
    sinks: {},
    filters: { [LEVEL_FILTER]: filter },
    loggers: [{ category: ["logtape", "meta"], lowestLevel: "warning" }],
  });
  try {
    assertEquals(await office.ask("set_logging_level", ["ERROR"]), true);
    assertEquals(filter.level, "error");
    assertEquals(await office.ask("set_logging_level", [], { level: 10 }), true);
    assertEquals(filter.level, "debug");
    const refused = () => office.ask("set_logging_level", ["loud"]);
    await assertRejects(refused, ValueError, "Cannot log at level loud");
    assertEquals(filter.level, "debug");
  } finally {
    await reset();
  }
});

// The table of users

Deno.test("users are told of, without what is kept of their passwords", async () => {
  using office = await Office.open();
  assertEquals(await office.ask("users_table.insert", ["j.doe", "x"]), null);
  assertEquals(await office.ask("users_table.usernames"), ["admin", "j.doe"]);
  assertEquals(await office.ask("users_table.users"), [["admin", true], ["j.doe", false]]);
  assertEquals(await office.ask("users_table.records"), [
    [1, "admin", null, null, true],
    [2, "j.doe", null, null, false],
  ]);
  assertEquals(await office.ask("users_table.get_user", ["j.doe"]), [
    2,
    "j.doe",
    null,
    null,
    false,
  ]);
});

Deno.test("it is told whether a user is there, is an administrator, and has a password", async () => {
  using office = await Office.open();
  await office.ask("users_table.insert", ["j.doe", "x"]);
  for (
    const [attribute, admin, doe, nobody] of [
      ["is_user_registered", true, true, false],
      ["is_admin", true, false, false],
    ]
  ) {
    const ask = (username: string) => office.ask(`users_table.${attribute}`, [username]);
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
    assertEquals(await office.ask("users_table.is_password_valid", [], kwargs), isValid);
  }
});

Deno.test("users are inserted, with rights only if that is said, and deleted", async () => {
  using office = await Office.open();
  const { users } = office.database;
  await office.ask("users_table.insert", ["a", "x", true]);
  await office.ask("users_table.insert", ["b"], { is_admin: false, password: "y" });
  assertEquals([users.isAdmin("a"), users.isAdmin("b")], [true, false]);
  assertEquals(await users.isPasswordValid("b", "y"), true);
  assertEquals(await office.ask("users_table.delete", ["a"]), null);
  assertEquals(users.usernames(), ["admin", "b"]);
});

Deno.test("an update of a user changes what is given and is not null", async () => {
  using office = await Office.open();
  const { users } = office.database;
  await office.ask("users_table.insert", ["a", "x"]);
  assertEquals(await office.ask("users_table.update", ["a", null, true]), null);
  assertEquals(users.isAdmin("a"), true);
  await office.ask("users_table.update", ["a"], { password: "y" });
  assertEquals(await users.isPasswordValid("a", "y"), true);
  assertEquals(users.isAdmin("a"), true);
  await office.ask("users_table.update", ["a"], { is_admin: false });
  assertEquals(users.isAdmin("a"), false);
  assertEquals(await users.isPasswordValid("a", "y"), true);
});

Deno.test("what the table of users refuses is refused to an administrator", async () => {
  using office = await Office.open();
  for (
    const [attribute, args, text] of [
      ["insert", ["admin", "x"], "A user with the username 'admin' already exists"],
      ["insert", ["a", ""], "Cannot use an empty password"],
      ["update", ["admin", ""], "Cannot use an empty password"],
      ["update", ["a", "x"], "No user has the username 'a'"],
      ["get_user", ["__proto__"], "No user has the username '__proto__'"],
      ["delete", ["a"], "No user has the username 'a'"],
    ] as [string, unknown[], string][]
  ) {
    await assertRejects(() => office.ask(`users_table.${attribute}`, args), ValueError, text);
  }
  assertEquals(await office.ask("users_table.users"), [["admin", true]]);
});

// The tables of who may use which service

Deno.test("lists of who may use a service are made, changed, told of and cleared", async () => {
  using office = await Office.open();
  const lists = () => office.ask("access_table.access_lists");
  for (const name of ["a", "b"]) await office.ask("users_table.insert", [name, "x"]);
  assertEquals(await lists(), {});
  assertEquals(await office.ask("access_table.allow", ["DMM", "b", "a", "admin"]), null);
  assertEquals(await office.ask("access_table.allow", ["__proto__", "a"]), null);
  const told = await lists() as JsonObject;
  assertEquals(Object.entries(told), [["DMM", ["a", "admin", "b"]], ["__proto__", ["a"]]]);
  assertEquals(await office.ask("access_table.clear", [], { service: "__proto__" }), null);
  assertEquals(await office.ask("access_table.deny", ["DMM", "admin", "a"]), null);
  assertEquals(await lists(), { DMM: ["b"] });
  await office.ask("users_table.delete", ["b"]);
  assertEquals(await lists(), { DMM: [] });
});

Deno.test("whoever enforces the lists is told of each change, and of nothing else", async () => {
  using office = await Office.open();
  await office.ask("users_table.insert", ["a", "x"]);
  await office.ask("access_table.access_lists");
  await assertRejects(() => office.ask("access_table.allow", ["DMM", "nobody"]), ValueError);
  await assertRejects(() => office.ask("access_table.clear", ["DMM"]), ConfigurationError);
  await assertRejects(() => office.ask("users_table.delete", ["nobody"]), ValueError);
  assertEquals(office.accessChanges, 0);
  for (
    const [attribute, ...args] of [
      ["access_table.allow", "DMM", "a"],
      ["access_table.deny", "DMM", "a"],
      ["access_table.clear", "DMM"],
      ["users_table.delete", "a"],
    ]
  ) {
    const before = office.accessChanges;
    await office.ask(attribute, args);
    assertEquals(office.accessChanges, before + 1, attribute);
  }
});

// The tables of host names and connections

Deno.test("host names are told of, inserted and deleted", async () => {
  using office = await Office.open();
  assertEquals(await office.ask("hostnames_table.insert", ["scope"]), null);
  assertEquals(await office.ask("hostnames_table.delete", [], { hostname: "localhost" }), null);
  assertEquals(await office.ask("hostnames_table.hostnames"), ["lab-pc", "scope"]);
  const refused = () => office.ask("hostnames_table.delete", ["nobody"]);
  await assertRejects(refused, ValueError, "Cannot delete 'nobody'");
});

Deno.test("the records of connections are told as rows, of all times or of some", async () => {
  using office = await Office.open();
  const origin = { address: "10.0.0.7", domain: "scope.lab.nz", port: 50_000 };
  const rows = [1, 2, 3].map((day) => {
    office.database.connections.record(origin, `day ${day}`, new Date(2024, 0, day, 13, 4, 5));
    const datetime = `2024-01-0${day}T13:04:05`;
    return [day, datetime, "10.0.0.7", "scope.lab.nz", 50_000, `day ${day}`];
  });
  const ask = (...parameters: [unknown[]?, JsonObject?]) =>
    office.ask("connections_table.connections", ...parameters);
  assertEquals(await ask(), rows);
  assertEquals(await ask(["2024-01-02"]), rows.slice(1));
  assertEquals(await ask(["2024-01-02", "2024-01-02"]), [rows[1]]);
  assertEquals(await ask([], { timestamp2: "2024-01-02T13:04:05" }), rows.slice(0, 2));
  assertEquals(
    await ask([], { timestamp1: "2024-01-01T13:04:06", timestamp2: "2025" }),
    rows.slice(1),
  );
});

// What is refused

Deno.test("an attribute that is not on the list is an AttributeError in Python's words", async () => {
  using office = await Office.open();
  office.addService("Echo", "lab-pc:2");
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
      ["desk", "Manager", "desk"],
      ["shutdown", "Manager", "shutdown"],
      [".", "Manager", "."],
      ["", "Manager", ""],
    ]
  ) {
    const error: Error = await assertRejects(() => office.ask(attribute), AttributeError);
    assertEquals(
      wireMessage(error),
      `AttributeError: '${className}' object has no attribute '${name}'`,
    );
  }
});

Deno.test("arguments that do not fit are a TypeError in Python's words, and change nothing", async () => {
  using office = await Office.open();
  const before = await office.tables();
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
      ["connections_table.connections", [2024], {}, "'timestamp1' must be a string"],
      ["connections_table.connections", ["", 2024], {}, "'timestamp2' must be a string"],
      ["set_logging_level", [null], {}, "'level' must be a string or an integer"],
      ["set_logging_level", [true], {}, "'level' must be a string or an integer"],
    ] as [string, unknown[], JsonObject, string][]
  ) {
    const error: Error = await assertRejects(() => office.ask(attribute, args, kwargs), TypeError);
    assertEquals(wireMessage(error), `TypeError: ${text}`, attribute);
  }
  assertEquals(await office.tables(), before);
  assertEquals(await office.database.users.isPasswordValid("admin", "secret"), true);
});

Deno.test("who is not an administrator is refused before anything is looked at", async () => {
  using office = await Office.open();
  const { database } = office;
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
    const asked: string[] = [];
    office.login = new Login(
      (attribute) => {
        asked.push(attribute);
        queueMicrotask(() => office.login.answer({ form: "text", line: "nobody" }));
      },
      async (check) => await check(),
      undefined,
    );
    await assertRejects(
      () => office.ask(attribute, args),
      ValueError,
      "You must be an administrator to send this request to the Manager",
    );
    assertEquals(asked, ["username", "password"]);
  }
  assertEquals([database.users.usernames(), office.isShutDown], [["admin"], false]);
  assertEquals(database.hostnames.includes("evil"), false);
  assertEquals([database.access.lists().size, office.accessChanges], [0, 0]);
});

// Secrets

/** How bytes may be found in a text. */
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
  using office = await Office.open({ file, authHostname: true });
  await office.database.users.insert("j.doe", "a good password", false);
  office.addClient("a", "lab-pc:1");
  office.addService("Echo", "lab-pc:2");
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
    const text = JSON.stringify(await office.ask(attribute, args));
    for (const secret of secrets) {
      assert(!text.includes(secret), `${attribute} tells ${secret}: ${text}`);
    }
  }
});
