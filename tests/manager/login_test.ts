import { assertEquals, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { ValueError } from "../../errors.ts";
import { Login } from "../../manager/login.ts";
import { UsersTable } from "../../manager/database/users_table.ts";
import { MANAGER_NAME as MANAGER } from "../support/devices.ts";
import { PYTHON_USER, pythonUser } from "../support/python_users.ts";

const PASSWORD = "a good password";
const REFUSAL = "You must be an administrator to send this request to the Manager";

/** The administrator `admin` and the user `j.doe`; the keys are those that Python computed. */
function newTable(): { users: UsersTable; database: DatabaseSync } {
  const database = new DatabaseSync(":memory:");
  const users = new UsersTable(database);
  database.exec(pythonUser("admin", true) + PYTHON_USER);
  return { users, database };
}

type Question = [attribute: string, argument: string];

/** A connected peer, what it is asked, and a request of it. */
class Peer {
  readonly asked: Question[] = [];
  readonly login: Login;
  readonly #users: UsersTable;
  #next = Promise.withResolvers<Question>();

  constructor(users: UsersTable, username?: string) {
    this.#users = users;
    this.login = new Login(
      (...question) => {
        this.asked.push(question);
        this.#next.resolve(question);
        this.#next = Promise.withResolvers();
      },
      async (check) => await check(),
      username,
    );
  }

  request(): Promise<void> {
    return this.login.requireAdministrator(this.#users, MANAGER);
  }

  /** Sends a request and answers what is asked, as text or as the result of a reply. */
  async logIn(...answers: unknown[]): Promise<void> {
    let next = this.#next.promise;
    const outcome = this.request();
    outcome.catch(() => {}); // it is looked at below
    for (const result of answers) {
      await next;
      next = this.#next.promise;
      this.login.answer(
        typeof result === "string" ? { form: "text", line: result } : { form: "reply", result },
      );
    }
    await outcome;
  }

  /** The next question. */
  question(): Promise<Question> {
    return this.#next.promise;
  }
}

async function expectRefusal(outcome: Promise<void>): Promise<void> {
  const error: Error = await assertRejects(() => outcome, ValueError);
  assertEquals(error.message, REFUSAL);
}

Deno.test("an administrator is asked once, and stays one", async () => {
  const peer = new Peer(newTable().users);
  await peer.logIn("admin", PASSWORD);
  const asked = [["username", MANAGER], ["password", "admin"]];
  assertEquals(peer.asked, asked);
  await peer.request();
  await peer.request();
  assertEquals(peer.asked, asked);
});

Deno.test("an administrator that logged in to connect is not asked", async () => {
  const peer = new Peer(newTable().users, "admin");
  await peer.request();
  assertEquals(peer.asked, []);
});

Deno.test("a user that logged in to connect is asked for an administrator", async () => {
  const { users } = newTable();
  await expectRefusal(new Peer(users, "j.doe").logIn("j.doe", PASSWORD));
  const peer = new Peer(users, "j.doe");
  await peer.logIn("admin", PASSWORD);
  await peer.request();
  assertEquals(peer.asked.length, 2);
});

Deno.test("a peer owes an answer from the question to the answer", async () => {
  const peer = new Peer(newTable().users);
  assertEquals(peer.login.isAsking, false);
  let question = peer.question();
  const outcome = peer.request();
  await question;
  assertEquals(peer.login.isAsking, true);
  question = peer.question();
  peer.login.answer({ form: "text", line: "admin" });
  assertEquals(peer.login.isAsking, true); // for the password, which may be there already
  await question;
  peer.login.answer({ form: "reply", result: PASSWORD });
  assertEquals(peer.login.isAsking, false);
  await outcome;
  assertEquals(peer.login.isAsking, false);
});

Deno.test("an answer that nobody asked for is none to the next question", async () => {
  const peer = new Peer(newTable().users);
  peer.login.answer({ form: "text", line: "admin" });
  await expectRefusal(peer.logIn("x", PASSWORD));
  assertEquals(peer.asked, [["username", MANAGER], ["password", "x"]]);
});

Deno.test("the rights of a user are looked up for every request", async () => {
  const { users } = newTable();
  const peer = new Peer(users, "admin");
  await peer.request();
  await users.update("admin", { isAdmin: false });
  await expectRefusal(peer.logIn("admin", PASSWORD));
  await users.update("admin", { isAdmin: true });
  await peer.request();
  users.delete("admin");
  await expectRefusal(peer.logIn("admin", PASSWORD));
  assertEquals(peer.asked.length, 4);
});

Deno.test("an administrator that loses the rights while the password is checked is refused", async () => {
  class Revoking extends UsersTable {
    override async isPasswordValid(username: string, password: string): Promise<boolean> {
      const isValid = await super.isPasswordValid(username, password);
      await this.update(username, { isAdmin: false });
      return isValid;
    }
  }
  const peer = new Peer(new Revoking(newTable().database));
  await expectRefusal(peer.logIn("admin", PASSWORD));
});

Deno.test("a request during a login is refused, and the login goes on", async () => {
  const peer = new Peer(newTable().users);
  const question = peer.question();
  const first = peer.request();
  await question;
  await assertRejects(() => peer.request(), ValueError, "an administrator's login is under way");
  const next = peer.question();
  peer.login.answer({ form: "text", line: "admin" });
  await next;
  await assertRejects(() => peer.request(), ValueError, "an administrator's login is under way");
  peer.login.answer({ form: "text", line: PASSWORD });
  await assertRejects(() => peer.request(), ValueError, "an administrator's login is under way");
  await first;
  await peer.request();
  assertEquals(peer.asked.length, 2);
});

Deno.test("a wrong login can be tried again", async () => {
  const peer = new Peer(newTable().users);
  await expectRefusal(peer.logIn("admin", "wrong"));
  await expectRefusal(peer.logIn("j.doe", PASSWORD));
  await peer.logIn("admin", PASSWORD);
  await peer.request();
  assertEquals(peer.asked.length, 6);
});

Deno.test("a failed login takes nothing from who the peer is, and gives nothing", async () => {
  const { users } = newTable();
  const peer = new Peer(users, "j.doe");
  await expectRefusal(peer.logIn("admin", "wrong"));
  await users.update("j.doe", { isAdmin: true });
  await peer.request();
  assertEquals(peer.asked.length, 2);
});

Deno.test("an unknown user is asked and told the same as one with a wrong password", async () => {
  const { users } = newTable();
  for (const username of ["x", "", "ADMIN", "__proto__"]) {
    const peer = new Peer(users);
    await expectRefusal(peer.logIn(username, PASSWORD));
    assertEquals(peer.asked, [["username", MANAGER], ["password", username]]);
  }
});

Deno.test("an answer that is no text is no password", async () => {
  const peer = new Peer(newTable().users);
  await expectRefusal(peer.logIn(["admin"], PASSWORD));
  await expectRefusal(peer.logIn("admin", [PASSWORD]));
});

Deno.test("the login of one peer is not that of another", async () => {
  const { users } = newTable();
  const [one, other] = [new Peer(users), new Peer(users)];
  const question = other.question();
  const outcome = other.request();
  await question;
  await one.logIn("admin", PASSWORD);
  assertEquals([other.asked.length, other.login.isAsking], [1, true]);
  const next = other.question();
  other.login.answer({ form: "text", line: "x" });
  await next;
  other.login.answer({ form: "text", line: PASSWORD });
  await expectRefusal(outcome);
});
