import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { ConfigurationError, KeyError, ValueError } from "../../errors.ts";
import { type Answer, Login, parseAnswer, textOf } from "../../manager/administrator_login.ts";
import { type SessionUser, UsersTable } from "../../manager/database/users_table.ts";
import { MANAGER_NAME as MANAGER } from "../support/devices.ts";
import { logIn } from "../support/users.ts";
import { PYTHON_USER, pythonUser } from "../support/python_users.ts";

const PASSWORD = "a good password";
const REJECTION = "You must be an administrator to send this request to the Manager";

/** The administrator `admin` and the user `j.doe`; the keys are those that Python computed. */
function newTable(): { users: UsersTable; database: DatabaseSync } {
  const database = new DatabaseSync(":memory:");
  const users = new UsersTable(database);
  database.exec(pythonUser("admin", true) + PYTHON_USER);
  return { users, database };
}

type Prompt = [attribute: string, argument: string];

/** A connected peer that sends requests of an administrator, and the prompts that it gets. */
class Peer {
  readonly prompts: Prompt[] = [];
  readonly login: Login;
  readonly #users: UsersTable;
  #next = Promise.withResolvers<Prompt>();

  constructor(users: UsersTable, user?: SessionUser) {
    this.#users = users;
    this.login = new Login(
      (...nextPrompt) => {
        this.prompts.push(nextPrompt);
        this.#next.resolve(nextPrompt);
        this.#next = Promise.withResolvers();
      },
      async (check) => await check(),
      user,
    );
  }

  request(): Promise<void> {
    return this.login.requireAdministrator(this.#users, MANAGER);
  }

  /** Sends a request and answers the prompts, as text or as the result of a reply. */
  async logIn(...answers: unknown[]): Promise<void> {
    let next = this.#next.promise;
    const outcome = this.request();
    outcome.catch(() => {}); // it is awaited below
    for (const result of answers) {
      await next;
      next = this.#next.promise;
      this.login.receive(
        typeof result === "string" ? { form: "text", line: result } : { form: "reply", result },
      );
    }
    await outcome;
  }

  /** The next prompt. */
  nextPrompt(): Promise<Prompt> {
    return this.#next.promise;
  }
}

/** A peer whose user has logged in during the handshake. */
async function peerOf(users: UsersTable, username: string): Promise<Peer> {
  return new Peer(users, await logIn({ users }, username, PASSWORD));
}

async function expectRejection(outcome: Promise<void>): Promise<void> {
  const error: Error = await assertRejects(() => outcome, ValueError);
  assertEquals(error.message, REJECTION);
}

Deno.test("an administrator is prompted once, and stays one", async () => {
  const peer = new Peer(newTable().users);
  await peer.logIn("admin", PASSWORD);
  const prompts = [["username", MANAGER], ["password", "admin"]];
  assertEquals(peer.prompts, prompts);
  await peer.request();
  await peer.request();
  assertEquals(peer.prompts, prompts);
});

Deno.test("an administrator that logged in during the handshake is not prompted", async () => {
  const peer = await peerOf(newTable().users, "admin");
  await peer.request();
  assertEquals(peer.prompts, []);
});

Deno.test("a user that logged in during the handshake and is no administrator is prompted", async () => {
  const { users } = newTable();
  await expectRejection((await peerOf(users, "j.doe")).logIn("j.doe", PASSWORD));
  const peer = await peerOf(users, "j.doe");
  await peer.logIn("admin", PASSWORD);
  await peer.request();
  assertEquals(peer.prompts.length, 2);
});

Deno.test("a login is prompting from a prompt until its answer", async () => {
  const peer = new Peer(newTable().users);
  assertEquals(peer.login.isPrompting, false);
  let nextPrompt = peer.nextPrompt();
  const outcome = peer.request();
  await nextPrompt;
  assertEquals(peer.login.isPrompting, true);
  nextPrompt = peer.nextPrompt();
  peer.login.receive({ form: "text", line: "admin" });
  assertEquals(peer.login.isPrompting, true); // for the password, which may be there already
  await nextPrompt;
  peer.login.receive({ form: "reply", result: PASSWORD });
  assertEquals(peer.login.isPrompting, false);
  await outcome;
  assertEquals(peer.login.isPrompting, false);
});

Deno.test("an answer without a prompt does not answer the next prompt", async () => {
  const peer = new Peer(newTable().users);
  peer.login.receive({ form: "text", line: "admin" });
  await expectRejection(peer.logIn("x", PASSWORD));
  assertEquals(peer.prompts, [["username", MANAGER], ["password", "x"]]);
});

Deno.test("the rights of a user are looked up for every request", async () => {
  const { users } = newTable();
  const peer = await peerOf(users, "admin");
  await peer.request();
  await users.update("admin", { isAdmin: false });
  await expectRejection(peer.logIn("admin", PASSWORD));
  await users.update("admin", { isAdmin: true });
  await peer.request();
  users.delete("admin");
  await expectRejection(peer.logIn("admin", PASSWORD));
  assertEquals(peer.prompts.length, 4);
});

Deno.test("an administrator that loses the rights while the password is checked is rejected", async () => {
  class Revoking extends UsersTable {
    override async logIn(username: string, password: string): Promise<SessionUser | undefined> {
      const user = await super.logIn(username, password);
      await this.update(username, { isAdmin: false });
      return user;
    }
  }
  const peer = new Peer(new Revoking(newTable().database));
  await expectRejection(peer.logIn("admin", PASSWORD));
});

Deno.test("an administrator can log in while another program locks the database for a moment", async () => {
  class Locked extends UsersTable {
    readonly asked: string[] = [];
    override isUserRegistered(username: string): boolean {
      this.asked.push(username);
      if (this.asked.length > 1) return super.isUserRegistered(username);
      const cause = new Error("database is locked");
      throw new ConfigurationError("Cannot use the database: database is locked", { cause });
    }
  }
  const users = new Locked(newTable().database);
  await new Peer(users).logIn("admin", PASSWORD);
  assertEquals(users.asked, ["admin", "admin"]);
});

Deno.test("a request during a login is rejected, and the login goes on", async () => {
  const peer = new Peer(newTable().users);
  const nextPrompt = peer.nextPrompt();
  const first = peer.request();
  await nextPrompt;
  await assertRejects(() => peer.request(), ValueError, "an administrator's login is under way");
  const next = peer.nextPrompt();
  peer.login.receive({ form: "text", line: "admin" });
  await next;
  await assertRejects(() => peer.request(), ValueError, "an administrator's login is under way");
  peer.login.receive({ form: "text", line: PASSWORD });
  await assertRejects(() => peer.request(), ValueError, "an administrator's login is under way");
  await first;
  await peer.request();
  assertEquals(peer.prompts.length, 2);
});

Deno.test("a wrong login can be tried again", async () => {
  const peer = new Peer(newTable().users);
  await expectRejection(peer.logIn("admin", "wrong"));
  await expectRejection(peer.logIn("j.doe", PASSWORD));
  await peer.logIn("admin", PASSWORD);
  await peer.request();
  assertEquals(peer.prompts.length, 6);
});

Deno.test("a failed login leaves the user that the peer has logged in as", async () => {
  const { users } = newTable();
  const peer = await peerOf(users, "j.doe");
  await expectRejection(peer.logIn("admin", "wrong"));
  await users.update("j.doe", { isAdmin: true });
  await peer.request();
  assertEquals(peer.prompts.length, 2);
});

Deno.test("an unknown user gets the same prompts and the same error as one with a wrong password", async () => {
  const { users } = newTable();
  for (const username of ["x", "", "ADMIN", "__proto__"]) {
    const peer = new Peer(users);
    await expectRejection(peer.logIn(username, PASSWORD));
    assertEquals(peer.prompts, [["username", MANAGER], ["password", username]]);
  }
});

Deno.test("an answer that is not a string is no password", async () => {
  const peer = new Peer(newTable().users);
  await expectRejection(peer.logIn(["admin"], PASSWORD));
  await expectRejection(peer.logIn("admin", [PASSWORD]));
});

Deno.test("the login of one peer is not that of another", async () => {
  const { users } = newTable();
  const [one, other] = [new Peer(users), new Peer(users)];
  const nextPrompt = other.nextPrompt();
  const outcome = other.request();
  await nextPrompt;
  await one.logIn("admin", PASSWORD);
  assertEquals([other.prompts.length, other.login.isPrompting], [1, true]);
  const next = other.nextPrompt();
  other.login.receive({ form: "text", line: "x" });
  await next;
  other.login.receive({ form: "text", line: PASSWORD });
  await expectRejection(outcome);
});

// Answers to a prompt

const encoder = new TextEncoder();

function read(line: string): Answer {
  return parseAnswer(encoder.encode(line));
}

Deno.test("the answer of a program is the result of its reply", () => {
  assertEquals(
    read('{"error": false, "requester": "Manager[lab-pc:1875]", "result": "admin", "uid": ""}'),
    { form: "reply", result: "admin" },
  );
  for (const result of ["", null, 0, false, ["a"], { type: "client", name: "a" }]) {
    assertEquals(read(JSON.stringify({ result })), { form: "reply", result });
  }
  assertEquals(read(' {"result": "é\\u00e9"} '), { form: "reply", result: "éé" });
});

Deno.test("a result may hold the numbers that only Python writes", () => {
  assertEquals(read('{"result": {"attributes": {"a": NaN, "b": -Infinity}}}'), {
    form: "reply",
    result: { attributes: { a: NaN, b: -Infinity } },
  });
});

Deno.test("the answer of a person is the line that was typed", () => {
  for (
    const line of ["admin", " a good password ", "", "12345678", "-1e5", "null", "true", "NaN"]
      .concat("[1, 2]", '"quoted"', "{not json", '{"result": "x"', '{"result": "x"} y', "é語😀")
  ) assertEquals(read(line), { form: "text", line });
});

Deno.test("an object without a result of its own is a KeyError", () => {
  for (
    const line of ["{}", '{"error": true, "message": "ValueError: no"}', '{"Result": "x"}'].concat(
      '{"__proto__": {"result": "x"}}',
    )
  ) {
    const error: Error = assertThrows(() => read(line), KeyError);
    assertEquals(error.message, "'result'");
  }
});

Deno.test("bytes that are not UTF-8 are a TypeError", () => {
  for (const bytes of [[0xff], [0x16, 0x03, 0x01, 0xfe], [0x22, 0xc3, 0x22]]) {
    assertThrows(() => parseAnswer(Uint8Array.from(bytes)), TypeError);
  }
});

Deno.test("the text of an answer is the line, or a result that is a string, or else empty", () => {
  assertEquals(textOf({ form: "text", line: " a b" }), " a b");
  assertEquals(textOf({ form: "reply", result: "a b" }), "a b");
  for (const result of [null, 5, true, ["a"], { length: 1 }, undefined]) {
    assertEquals(textOf({ form: "reply", result }), "");
  }
});
