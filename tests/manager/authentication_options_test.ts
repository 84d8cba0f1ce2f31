import { assertEquals, assertThrows } from "@std/assert";
import { ConfigurationError } from "../../errors.ts";
import {
  authenticationOf,
  type AuthenticationOptions,
  checkAuthentication,
  PlainPasswordWarning,
} from "../../manager/authentication_options.ts";
import { Database } from "../../manager/database/database.ts";
import { recordLogs } from "../support/logs.ts";

const HOSTS = { resolvesTo: () => Promise.resolve(true) };
const PATH = "/lab/manager.sqlite3";
const WARNINGS = ["msl", "network", "manager"];

Deno.test("at most one method can be chosen", () => {
  const all: AuthenticationOptions = { authHostname: true, authLogin: true, authPassword: "" };
  for (const [key, value] of Object.entries(all)) {
    checkAuthentication({ disableTls: true, [key]: value });
    assertThrows(
      () => checkAuthentication({ ...all, [key]: undefined }),
      ConfigurationError,
      "Cannot specify multiple authentication methods",
    );
  }
  checkAuthentication({ authHostname: false, authLogin: false, authPassword: "secret" });
});

Deno.test("the method is the one that the options choose, an empty password too", async () => {
  using database = new Database(":memory:", []);
  await database.users.insert("ada", "secret", false);
  const methods: [AuthenticationOptions, string][] = [
    [{}, "none"],
    [{ authHostname: false, authLogin: false }, "none"],
    [{ authHostname: true }, "hostname"],
    [{ authLogin: true }, "login"],
    [{ authPassword: "" }, "password"],
  ];
  for (const [options, method] of methods) {
    assertEquals(authenticationOf(options, database, HOSTS, PATH).method, method);
  }
});

Deno.test("users who have to log in must exist", () => {
  using database = new Database(":memory:", []);
  assertThrows(
    () => authenticationOf({ authLogin: true }, database, HOSTS, PATH),
    ConfigurationError,
    `Cannot let users log in: there are none in ${PATH}. Run the "user" command to add one: ` +
      "user add NAME --password WORD...",
  );
});

Deno.test("access lists are warned of if nobody logs in", async () => {
  using database = new Database(":memory:", []);
  await database.users.insert("ada", "secret", false);
  await using logs = await recordLogs(WARNINGS);
  authenticationOf({}, database, HOSTS, PATH);
  database.access.allow("Echo", ["ada"]);
  authenticationOf({ authLogin: true }, database, HOSTS, PATH);
  assertEquals(logs.records, []);
  authenticationOf({ authPassword: "secret" }, database, HOSTS, PATH);
  assertEquals(logs.records.map(({ level, properties }) => [level, properties.services]), [
    ["warning", ["Echo"]],
  ]);
});

const PLAIN: [what: string, options: AuthenticationOptions, atStart: number, later: number][] = [
  ["every peer sends one", { disableTls: true, authPassword: "secret" }, 1, 0],
  ["every user sends one", { disableTls: true, authLogin: true }, 1, 0],
  ["administrators alone send one", { disableTls: true, authHostname: true }, 0, 1],
  ["TLS hides them", { authPassword: "secret" }, 0, 0],
];

for (const [what, options, atStart, later] of PLAIN) {
  Deno.test(`plain passwords are warned of once at most: ${what}`, async () => {
    await using logs = await recordLogs(WARNINGS);
    const warning = new PlainPasswordWarning(options);
    assertEquals(logs.records.length, atStart);
    for (const address of ["lab-pc:1", "lab-pc:2"]) warning.administratorLogsIn(address);
    assertEquals(logs.records.length, atStart + later);
    if (later > 0) assertEquals(logs.records[0].properties.address, "lab-pc:1");
  });
}
