import { assert, assertEquals, assertRejects } from "@std/assert";
import { RemoteError } from "../../../errors.ts";
import { Administrator, type AdministratorClient } from "../../../web/page/administrator.ts";

const REFUSED = "ValueError: You must be an administrator to send this request to the Manager";
const ALICE = { username: "alice", password: "right" };

/** A Manager whose only administrator is alice, for a page that `user` has logged in to. */
class ScriptedManager {
  readonly administrator = new Administrator();
  requests: string[] = [];
  /** What a login has to be. */
  password = "right";
  /** Fails every request. */
  failure: Error | undefined;
  #user: string | undefined;

  constructor(user?: string) {
    this.#user = user;
    this.administrator.follow(this.client, user);
  }

  readonly client = {
    adminRequest: (attribute: string) => {
      this.requests.push(attribute);
      return this.#answer(attribute);
    },
  } as unknown as AdministratorClient;

  /** The connection was lost, and is back. */
  reconnect(): void {
    this.#granted = false;
  }

  #granted = false;

  async #answer(attribute: string): Promise<unknown> {
    if (this.failure !== undefined) throw this.failure;
    if (this.#user === undefined && !this.#granted) {
      const { prompt } = this.administrator;
      const name = await prompt.text("Enter a username for Manager[lab-pc:1875]:");
      const password = await prompt.secret(`Enter the password for ${name}:`);
      this.#granted = name === "alice" && password === this.password;
    }
    if (!this.#granted && this.#user !== "alice") throw new RemoteError(REFUSED, []);
    return attribute;
  }

  get state() {
    return this.administrator.state.value;
  }
}

Deno.test("where nobody logs in, a name and a password are needed, and nothing is sent before", async () => {
  const manager = new ScriptedManager();
  assertEquals(manager.state, { state: "unknown" });
  await manager.administrator.check();
  assertEquals([manager.state, manager.requests], [{ state: "needed", reason: undefined }, []]);
  await manager.administrator.logIn(ALICE);
  assertEquals(manager.state, { state: "granted" });
  assertEquals(await manager.administrator.request("log", 0), "log");
});

Deno.test("a wrong password is told, and not sent again by itself", async () => {
  const manager = new ScriptedManager();
  await manager.administrator.logIn({ ...ALICE, password: "wrong" });
  assertEquals(manager.state, {
    state: "needed",
    reason: "The name or the password is wrong, or the user is no administrator.",
  });
  const { length } = manager.requests;
  await manager.administrator.check();
  assertEquals(manager.requests.length, length);
  await assertRejects(() => manager.administrator.request("log"), Error, "Log in as an");
  await manager.administrator.logIn(ALICE);
  assertEquals(manager.state, { state: "granted" });
});

Deno.test("too many failed logins are told in the words of the Manager", async () => {
  const manager = new ScriptedManager();
  manager.failure = new RemoteError(
    "PermissionError: Too many failed logins from lab-2: try again in 5s (--free-logins)",
    [],
  );
  await manager.administrator.logIn(ALICE);
  assertEquals(manager.state, {
    state: "needed",
    reason: "Too many failed logins from lab-2: try again in 5s",
  });
});

Deno.test("where users log in, the page finds out who is an administrator", async () => {
  const alice = new ScriptedManager("alice");
  await Promise.all([alice.administrator.check(), alice.administrator.check()]);
  assertEquals([alice.state, alice.requests.length], [{ state: "granted" }, 1]);
  const bob = new ScriptedManager("bob");
  await bob.administrator.check();
  assertEquals(bob.state, { state: "other", username: "bob" });
});

Deno.test("after a reconnect the Manager gets the same answers; after another password the person is asked", async () => {
  const manager = new ScriptedManager();
  await manager.administrator.logIn(ALICE);
  manager.reconnect();
  assertEquals(await manager.administrator.request("log"), "log");
  manager.reconnect();
  manager.password = "changed";
  await assertRejects(() => manager.administrator.request("log"), RemoteError);
  assertEquals(manager.state.state, "needed");
});

Deno.test("an error of the request itself, or of the connection, takes no rights away", async () => {
  const manager = new ScriptedManager();
  await manager.administrator.logIn(ALICE);
  manager.failure = new RemoteError("KeyError: \"no 'x' is connected to Manager[lab-pc:1]\"", []);
  await assertRejects(() => manager.administrator.request("disconnect_peer", "x"), RemoteError);
  assertEquals(manager.state, { state: "granted" });
  manager.failure = new TypeError("the connection has ended");
  await assertRejects(() => manager.administrator.request("log"), TypeError);
  assertEquals(manager.state, { state: "granted" });
});

Deno.test("another connection, or another user, is asked anew, and a late answer of the old one changes nothing", async () => {
  const manager = new ScriptedManager("alice");
  await manager.administrator.check();
  const late = manager.administrator.request("log");
  manager.administrator.follow(undefined, undefined);
  await late;
  assertEquals(manager.state, { state: "unknown" });
  await assertRejects(() => manager.administrator.request("log"), TypeError, "not connected");
  manager.administrator.follow(manager.client, "alice");
  manager.administrator.forget();
  assertEquals(manager.state, { state: "unknown" });
  assert(!await manager.administrator.prompt.confirm("Trust it?"));
});
