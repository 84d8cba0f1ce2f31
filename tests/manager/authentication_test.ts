import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import {
  authenticate,
  type Authentication,
  type Prompt,
  RejectionError,
  sameSecret,
} from "../../manager/authentication.ts";
import { ValueError, wireMessage } from "../../errors.ts";
import { HostnamesTable } from "../../manager/database/hostnames_table.ts";
import type { Host } from "../../manager/hosts.ts";
import { UsersTable } from "../../manager/database/users_table.ts";
import { MANAGER_NAME as MANAGER } from "../support/devices.ts";
import { PYTHON_USER } from "../support/python_users.ts";

const SCOPE: Host = {
  address: "10.0.0.7",
  domain: "scope.lab.nz",
  name: "scope",
  trustedNames: ["scope.lab.nz", "scope", "10.0.0.7"],
};

/** A peer that gives these answers and no others. */
class FakePeer {
  readonly host: Host;
  readonly prompts: [attribute: string, argument: string][] = [];
  readonly #answers: Partial<Record<string, string>>;

  constructor(answers: Partial<Record<"username" | "password", string>> = {}, host = SCOPE) {
    this.#answers = answers;
    this.host = host;
  }

  attemptLogin = async (check: () => boolean | Promise<boolean>) => await check();

  prompt: Prompt = async (attribute, argument) => {
    this.prompts.push([attribute, argument]);
    const answer = await this.#answers[attribute];
    if (answer === undefined) throw new Error(`the peer has no ${attribute}`);
    return answer;
  };
}

/** Asserts that a peer is rejected with this message and this record. */
async function expectRejection(
  authentication: Authentication,
  peer: FakePeer,
  message: string,
  record: string,
): Promise<void> {
  const rejection: RejectionError = await assertRejects(
    () => authenticate(authentication, MANAGER, peer),
    RejectionError,
  );
  assertEquals(wireMessage(rejection.reason), message);
  assert(rejection.reason instanceof ValueError);
  assertEquals(rejection.record, record);
}

function trusting(...names: string[]): Authentication {
  const hostnames = new HostnamesTable(new DatabaseSync(":memory:"), names);
  return { method: "hostname", hostnames, hosts: HONEST };
}

/** A network in which every name resolves to the address that claims it. */
const HONEST = { resolvesTo: () => Promise.resolve(true) };

/** The user `j.doe` with `a good password`, as Python wrote it. */
function python(): Authentication {
  const database = new DatabaseSync(":memory:");
  const users = new UsersTable(database);
  database.exec(PYTHON_USER);
  return { method: "login", users };
}

Deno.test("without authentication every peer is accepted, without a prompt", async () => {
  const peer = new FakePeer();
  assertEquals(await authenticate({ method: "none" }, MANAGER, peer), undefined);
  assertEquals(peer.prompts, []);
});

// The Manager's password

Deno.test("a peer with the Manager's password is accepted, and is no user", async () => {
  for (const password of ["abc 123", "Ωµ", "0"]) {
    const peer = new FakePeer({ password });
    assertEquals(await authenticate({ method: "password", password }, MANAGER, peer), undefined);
    assertEquals(peer.prompts, [["password", MANAGER]]);
  }
});

Deno.test("a wrong Manager's password is rejected, after one prompt", async () => {
  for (const password of ["", "abc", "abc 123 ", "ABC 123", "abc 1234", "\0", MANAGER]) {
    const peer = new FakePeer({ password });
    await expectRejection(
      { method: "password", password: "abc 123" },
      peer,
      "ValueError: Wrong Manager password",
      "wrong Manager password",
    );
    assertEquals(peer.prompts.length, 1);
  }
});

// Host names

Deno.test("a computer whose domain, name or address is trusted is accepted without a prompt", async () => {
  for (const trusted of [SCOPE.domain, SCOPE.name, SCOPE.address]) {
    const peer = new FakePeer();
    assertEquals(await authenticate(trusting("other", trusted), MANAGER, peer), undefined);
    assertEquals(peer.prompts, []);
  }
});

Deno.test("a computer that is not trusted is rejected with its domain in quotes", async () => {
  const peer = new FakePeer();
  await expectRejection(
    trusting("lab.nz", "scope.lab", "10.0.0.70", "SCOPE"),
    peer,
    "ValueError: 'scope.lab.nz' is not a trusted hostname",
    "untrusted hostname",
  );
  await expectRejection(
    trusting(),
    new FakePeer({}, { ...SCOPE, domain: "it's\n", trustedNames: [] }),
    `ValueError: "it's\\n" is not a trusted hostname`,
    "untrusted hostname",
  );
  assertEquals(peer.prompts, []);
});

Deno.test("a name that resolves to another address is not trusted, one that resolves to this address is", async () => {
  const prompts: string[][] = [];
  const hosts = {
    resolvesTo(name: string, address: string) {
      prompts.push([name, address]);
      return Promise.resolve(name === "10.0.0.7");
    },
  };
  const trusts = (...names: string[]): Authentication => ({
    method: "hostname",
    hostnames: new HostnamesTable(new DatabaseSync(":memory:"), names),
    hosts,
  });
  await expectRejection(
    trusts("scope", "scope.lab.nz"),
    new FakePeer(),
    "ValueError: 'scope.lab.nz' is not a trusted hostname",
    "untrusted hostname",
  );
  assertEquals(prompts, [["scope.lab.nz", "10.0.0.7"], ["scope", "10.0.0.7"]]);
  assertEquals(
    await authenticate(trusts("scope", "10.0.0.7"), MANAGER, new FakePeer()),
    undefined,
  );
});

Deno.test("a computer is trusted as soon as the table has its name", async () => {
  const hostnames = new HostnamesTable(new DatabaseSync(":memory:"), []);
  const authentication: Authentication = { method: "hostname", hostnames, hosts: HONEST };
  await assertRejects(() => authenticate(authentication, MANAGER, new FakePeer()), RejectionError);
  hostnames.insert(SCOPE.domain);
  assertEquals(await authenticate(authentication, MANAGER, new FakePeer()), undefined);
});

// Users

Deno.test("a user is prompted for the name, then for the password of that name, and is accepted", async () => {
  const peer = new FakePeer({ username: "j.doe", password: "a good password" });
  assertEquals((await authenticate(python(), MANAGER, peer))?.username, "j.doe");
  assertEquals(peer.prompts, [["username", MANAGER], ["password", "j.doe"]]);
});

Deno.test("a peer that is not a user is rejected before the prompt for the password", async () => {
  for (const username of ["x", "", "J.Doe", "j.doe ", "%", "__proto__"]) {
    const peer = new FakePeer({ username, password: "a good password" });
    await expectRejection(
      python(),
      peer,
      "ValueError: Unregistered user",
      "unregistered user",
    );
    assertEquals(peer.prompts, [["username", MANAGER]]);
  }
});

Deno.test("a user with a wrong password is rejected, after one prompt for it", async () => {
  for (const password of ["y", ""]) {
    const peer = new FakePeer({ username: "j.doe", password });
    await expectRejection(
      python(),
      peer,
      "ValueError: Wrong login password",
      "wrong login password",
    );
    assertEquals(peer.prompts.length, 2);
  }
});

// Both

Deno.test("a peer that disconnects at a prompt is not rejected", async () => {
  const gone = new Error("gone");
  for (const authentication of [python(), { method: "password", password: "x" } as const]) {
    const peer = Object.assign(new FakePeer(), { prompt: () => Promise.reject(gone) });
    const error: Error = await assertRejects(() => authenticate(authentication, MANAGER, peer));
    assertStrictEquals(error, gone);
  }
});

Deno.test("two secrets are the same if all of their characters are", () => {
  const secrets = ["", "a", "A", "a ", "aa", "\0", "a\0", "é", "e\u0301", "\u{1f600}", "語"];
  for (const [i, a] of secrets.entries()) {
    for (const [j, b] of secrets.entries()) assertEquals(sameSecret(a, b), i === j, `${a} ${b}`);
  }
});
