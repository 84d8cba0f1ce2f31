import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  ConnectionAbortedError,
  KeyError,
  NameError,
  type NetworkError,
  PermissionError,
  wireMessage,
} from "../../errors.ts";
import { type Client, networkNameOf, type PeerUser, type Service } from "../../manager/peer.ts";
import type { PendingLimits } from "../../manager/pending_requests.ts";
import type { Policy } from "../../manager/policy.ts";
import { Registry } from "../../manager/registry.ts";
import type { NodeRules } from "../../manager/remote_services.ts";
import type { SessionUser } from "../../manager/database/users_table.ts";
import * as devices from "../support/devices.ts";
import { DEVICE, MANAGER_NAME as MANAGER, serviceEntry } from "../support/devices.ts";
import fc from "../support/properties.ts";

/** A registry whose sessions are strings. */
function registry(policy?: Policy, limits?: PendingLimits): Registry<string> {
  return new Registry(MANAGER, policy, limits);
}

/** Limits that a sequence of a few dozen steps reaches. */
const PENDING: PendingLimits = { maxRequests: 3, maxServiceRequests: 4 };

/** A policy that denies services to users. */
class Denials implements Policy {
  readonly #pairs = new Set<string>();

  deny(username: string, service: string): void {
    this.#pairs.add(`${username} ${service}`);
  }

  allow(username: string, service: string): void {
    this.#pairs.delete(`${username} ${service}`);
  }

  mayUse(user: PeerUser | undefined, service: string): boolean {
    return !this.#pairs.has(`${user?.username} ${service}`);
  }

  mayOffer(user: SessionUser | undefined, service: string): boolean {
    return !this.#pairs.has(`${user?.username} offers ${service}`);
  }

  isRestricted(service: string): boolean {
    return [...this.#pairs].some((pair) => pair.endsWith(` ${service}`));
  }

  isCurrent({ username, credential }: SessionUser): boolean {
    return !this.#pairs.has(`${username} ${credential}`);
  }
}

function addClient(
  registry: Registry<string>,
  name: string,
  address?: string,
  username?: string,
): Client<string> {
  return devices.addClient(registry, `session of ${name}`, name, { address, username });
}

function addService(
  registry: Registry<string>,
  name: string,
  options?: devices.ServiceOptions,
): Service<string> {
  return devices.addService(registry, `session of ${name}`, name, options);
}

/** The text of an error as it goes on the wire. */
function refusal(action: () => unknown, Class: new (text: string) => NetworkError): string {
  return wireMessage(assertThrows(action, Class));
}

function namesOf(peers: Iterable<{ networkName: string }>): string[] {
  return Array.from(peers, ({ networkName }) => networkName);
}

// Who is connected

Deno.test("the network name of a peer is name[host:port], and its identity is kept", () => {
  const all = registry();
  const client = addClient(all, "My Client", "lab-pc:5");
  const service = addService(all, "Echo", { maxClients: 3, address: "::1:6" });
  assertEquals(client.networkName, "My Client[lab-pc:5]");
  assertEquals(service.networkName, "Echo[::1:6]");
  assertEquals(networkNameOf(client), client.networkName);
  assertEquals([client.session, client.language, client.os], [
    "session of My Client",
    DEVICE.language,
    DEVICE.os,
  ]);
  assertEquals(namesOf(all.clients), ["My Client[lab-pc:5]"]);
  assertEquals(namesOf(all.services), ["Echo[::1:6]"]);
  assertEquals(all.service("Echo") === service, true);
  assertEquals(all.service("echo"), undefined);
});

Deno.test("the entry of a service has the keys of the wire", () => {
  const service = addService(registry(), "Echo", { maxClients: 3 });
  assertEquals(serviceEntry(service), {
    attributes: { echo: "(*args, **kwargs)" },
    address: "lab-pc:2",
    ...DEVICE,
    max_clients: 3,
  });
});

Deno.test("two services of one name cannot be connected at once", () => {
  const all = registry();
  const first = addService(all, "Echo", { address: "lab-pc:1" });
  assertEquals(
    refusal(() => addService(all, "Echo", { address: "lab-pc:2" }), NameError),
    "NameError: A 'Echo' service is already running on the Manager",
  );
  assertEquals(all.service("Echo") === first, true);
  all.unregister(first);
  const second = addService(all, "Echo");
  assertEquals(all.service("Echo") === second, true);
});

Deno.test("clients may share a name, but not a network name", () => {
  const all = registry();
  addClient(all, "Client", "lab-pc:1");
  addClient(all, "Client", "lab-pc:2");
  assertEquals(
    refusal(() => addClient(all, "Client", "lab-pc:2"), NameError),
    "NameError: A 'Client[lab-pc:2]' client is already connected to the Manager",
  );
  assertEquals(namesOf(all.clients), ["Client[lab-pc:1]", "Client[lab-pc:2]"]);
});

Deno.test("a client and a service may share a name and an address", () => {
  const all = registry();
  addClient(all, "Echo", "lab-pc:1");
  addService(all, "Echo", { address: "lab-pc:1" });
  assertEquals(namesOf(all.clients), namesOf(all.services));
});

Deno.test("a name may be anything", () => {
  const names = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "it's",
    'a "b"',
    "",
    " ",
    "語",
  ];
  const all = registry();
  for (const name of names) {
    assertEquals(all.service(name), undefined, name);
    const client = addClient(all, name);
    assertThrows(() => all.link(client, name), KeyError);
    assertThrows(() => all.route(client, name, "1"), KeyError);
    const service = addService(all, name);
    all.link(client, name);
    assertEquals(all.route(client, name, name) === service, true);
    assertEquals(all.complete(service, client.networkName, name) === client, true);
    assertEquals(all.acquireLock(client, name, false), [client.networkName]);
    assertEquals(all.releaseLock(client, name), []);
    assertEquals(all.unlink(client, name), true);
  }
  assertEquals(namesOf(all.services).length, names.length);
});

Deno.test("names in messages are in Python's quotes", () => {
  const all = registry();
  const client = addClient(all, "a");
  assertEquals(
    refusal(() => all.link(client, "it's"), KeyError),
    `KeyError: 'the "it\\'s" service does not exist, cannot link with a[lab-pc:1]'`,
  );
  addService(all, "it's\n");
  assertEquals(
    refusal(() => addService(all, "it's\n"), NameError),
    `NameError: A "it's\\n" service is already running on the Manager`,
  );
  assertEquals(
    refusal(() => all.acquireLock(client, "it's\n", true), PermissionError),
    "PermissionError: a[lab-pc:1] cannot acquire a lock because it is not linked " +
      `with the "it's\\n" service`,
  );
});

// Links

Deno.test("a link is known to both sides, and gives the entry of the service", () => {
  const all = registry();
  const client = addClient(all, "a");
  const service = addService(all, "Echo");
  assertStrictEquals(all.link(client, "Echo"), service);
  assertEquals([...service.links], [client]);
  assertEquals([...client.links], [service]);
});

Deno.test("a service that does not exist cannot be linked with", () => {
  const all = registry();
  const client = addClient(all, "a");
  assertEquals(
    refusal(() => all.link(client, "Nothing"), KeyError),
    `KeyError: "the 'Nothing' service does not exist, cannot link with a[lab-pc:1]"`,
  );
});

Deno.test("a full service rejects one more client, and the error lists the linked ones, sorted", () => {
  const all = registry();
  addService(all, "Echo", { maxClients: 2 });
  all.link(addClient(all, "b"), "Echo");
  all.link(addClient(all, "a"), "Echo");
  const late = addClient(all, "c");
  assertEquals(
    refusal(() => all.link(late, "Echo"), PermissionError),
    "PermissionError: The maximum number of Clients are already linked with 'Echo'\n" +
      "The linked Clients are:\n  a[lab-pc:1]\n  b[lab-pc:1]",
  );
  assertEquals(late.links.size, 0);
});

for (const maxClients of [0, -1, -7]) {
  Deno.test(`a service whose max_clients is ${maxClients} is never full`, () => {
    const all = registry();
    const service = addService(all, "Echo", { maxClients });
    for (let i = 0; i < 20; i++) all.link(addClient(all, `c${i}`), "Echo");
    assertEquals(service.links.size, 20);
  });
}

Deno.test("a full service takes another client when one unlinks or disconnects", () => {
  const all = registry();
  addService(all, "Echo", { maxClients: 1 });
  const [a, b, c] = ["a", "b", "c"].map((name) => addClient(all, name));
  all.link(a, "Echo");
  all.unlink(a, "Echo");
  all.link(b, "Echo");
  all.unregister(b);
  all.link(c, "Echo");
  assertThrows(() => all.link(a, "Echo"), PermissionError);
});

Deno.test("a locked service rejects a new client, shared lock or not", () => {
  for (const shared of [true, false]) {
    const all = registry();
    addService(all, "Echo");
    const [holder, other] = ["a", "b"].map((name) => addClient(all, name));
    all.link(holder, "Echo");
    all.acquireLock(holder, "Echo", shared);
    assertEquals(
      refusal(() => all.link(other, "Echo"), PermissionError),
      "PermissionError: 'Echo' service is locked",
    );
    all.releaseLock(holder, "Echo");
    all.link(other, "Echo");
  }
});

Deno.test("the error of a service that is both locked and full is that of the lock", () => {
  const all = registry();
  addService(all, "Echo", { maxClients: 1 });
  const [holder, other] = ["a", "b"].map((name) => addClient(all, name));
  all.link(holder, "Echo");
  all.acquireLock(holder, "Echo", false);
  assertEquals(
    refusal(() => all.link(other, "Echo"), PermissionError),
    "PermissionError: 'Echo' service is locked",
  );
});

Deno.test("a linked client may link again while the service is full and locked by another", () => {
  const all = registry();
  const service = addService(all, "Echo", { maxClients: 2 });
  const [a, b] = ["a", "b"].map((name) => addClient(all, name));
  all.link(a, "Echo");
  all.link(b, "Echo");
  all.acquireLock(b, "Echo", true);
  assertStrictEquals(all.link(a, "Echo"), service);
  assertEquals(service.links.size, 2);
});

Deno.test("to unlink removes the link on both sides and the lock of that client only", () => {
  const all = registry();
  const service = addService(all, "Echo");
  const [a, b] = ["a", "b"].map((name) => addClient(all, name));
  for (const client of [a, b]) all.link(client, "Echo");
  for (const client of [a, b]) all.acquireLock(client, "Echo", true);
  assertEquals(all.unlink(a, "Echo"), true);
  assertEquals(namesOf(service.links), ["b[lab-pc:1]"]);
  assertEquals(namesOf(service.locks), ["b[lab-pc:1]"]);
  assertEquals(a.links.size, 0);
});

Deno.test("a client that is not linked cannot unlink", () => {
  const all = registry();
  addService(all, "Echo");
  const client = addClient(all, "a");
  const text = `KeyError: "cannot unlink a[lab-pc:1], it was not linked with 'Echo'"`;
  assertEquals(refusal(() => all.unlink(client, "Echo"), KeyError), text);
  all.link(client, "Echo");
  all.unlink(client, "Echo");
  assertEquals(refusal(() => all.unlink(client, "Echo"), KeyError), text);
});

Deno.test("to unlink from a service that has disconnected, or never existed, succeeds", () => {
  const all = registry();
  const client = addClient(all, "a");
  const service = addService(all, "Echo");
  all.link(client, "Echo");
  all.unregister(service);
  assertEquals(all.unlink(client, "Echo"), true);
  assertEquals(all.unlink(client, "Nothing"), true);
});

Deno.test("a service that reconnects has none of its earlier links, locks and pending requests", () => {
  const all = registry();
  const client = addClient(all, "a");
  const before = addService(all, "Echo");
  all.link(client, "Echo");
  all.acquireLock(client, "Echo", false);
  all.route(client, "Echo", "1");
  all.unregister(before);
  const after = addService(all, "Echo");
  assertEquals([after.links.size, after.locks.size, after.pending.size], [0, 0, 0]);
  assertThrows(() => all.unlink(client, "Echo"), KeyError);
  assertEquals(all.complete(after, client.networkName, "1"), undefined);
});

// Who may use which service

/** A registry with two services, and clients of the users alice and bob. Bob may not use the DMM. */
function guarded() {
  const denials = new Denials();
  denials.deny("bob", "DMM");
  const all = registry(denials);
  return {
    denials,
    all,
    alice: addClient(all, "a", "lab-pc:1", "alice"),
    bob: addClient(all, "b", "lab-pc:1", "bob"),
    dmm: addService(all, "DMM"),
    lamp: addService(all, "Lamp"),
  };
}

Deno.test("a user that may not use a service can neither link with it nor request, other users can", () => {
  const { all, alice, bob, dmm, lamp } = guarded();
  const refused = "PermissionError: 'bob' may not use the 'DMM' service";
  assertEquals(refusal(() => all.link(bob, "DMM"), PermissionError), refused);
  assertEquals(refusal(() => all.route(bob, "DMM", "1"), PermissionError), refused);
  assertThrows(() => all.acquireLock(bob, "DMM", true), PermissionError);
  assertEquals([dmm.links.size, dmm.pending.size, bob.links.size], [0, 0, 0]);
  all.link(bob, "Lamp");
  assertEquals(all.route(bob, "Lamp", "1") === lamp, true);
  assertEquals(all.route(alice, "DMM", "1") === dmm, true);
  all.link(alice, "DMM");
});

Deno.test("the error of a user that may not use a service comes before that of a lock", () => {
  const { all, alice, bob } = guarded();
  all.link(alice, "DMM");
  all.acquireLock(alice, "DMM", false);
  assertEquals(
    refusal(() => all.link(bob, "DMM"), PermissionError),
    "PermissionError: 'bob' may not use the 'DMM' service",
  );
});

Deno.test("a client without a user is named by its network name", () => {
  const all = registry({
    mayUse: (user) => user !== undefined,
    isRestricted: () => true,
    mayOffer: () => true,
    isCurrent: () => true,
  });
  addService(all, "it's");
  assertEquals(
    refusal(() => all.link(addClient(all, "a"), "it's"), PermissionError),
    `PermissionError: a[lab-pc:1] may not use the "it's" service`,
  );
});

Deno.test("a client that may no longer use a service loses its link and lock, but not its pending requests", () => {
  const { denials, all, alice, bob, dmm, lamp } = guarded();
  all.link(bob, "Lamp");
  for (const name of ["DMM", "Lamp"]) {
    all.link(alice, name);
    all.acquireLock(alice, name, true);
  }
  all.route(alice, "DMM", "1");
  assertEquals(all.revoke(), []);
  denials.deny("alice", "DMM");
  assertEquals(all.revoke(), [{ client: alice, service: dmm }]);
  assertEquals([dmm.links.size, dmm.locks.size], [0, 0]);
  assertEquals([namesOf(lamp.links).length, namesOf(lamp.locks)], [2, [alice.networkName]]);
  assertThrows(() => all.route(alice, "DMM", "2"), PermissionError);
  assertEquals(all.complete(dmm, alice.networkName, "1") === alice, true);
  assertEquals(all.revoke(), []);
});

Deno.test("a client whose link was revoked may unlink, and links again once it may use the service", () => {
  const { denials, all, alice, dmm } = guarded();
  all.link(alice, "DMM");
  denials.deny("alice", "DMM");
  all.revoke();
  assertEquals(all.unlink(alice, "DMM"), true);
  denials.allow("alice", "DMM");
  assertEquals(all.revoke(), []);
  assertEquals(dmm.links.size, 0);
  assertStrictEquals(all.link(alice, "DMM"), dmm);
});

// Locks

Deno.test("a lock returns the linked clients, a release those that still hold one, both sorted", () => {
  const all = registry();
  addService(all, "Echo");
  const [c, a, b] = ["c", "a", "b"].map((name) => addClient(all, name));
  for (const client of [c, a, b]) all.link(client, "Echo");
  const linked = ["a[lab-pc:1]", "b[lab-pc:1]", "c[lab-pc:1]"];
  for (const client of [c, a, b]) {
    assertEquals(all.acquireLock(client, "Echo", true), linked);
  }
  assertEquals(all.releaseLock(b, "Echo"), ["a[lab-pc:1]", "c[lab-pc:1]"]);
  assertEquals(all.releaseLock(c, "Echo"), ["a[lab-pc:1]"]);
  assertEquals(all.releaseLock(c, "Echo"), ["a[lab-pc:1]"]);
  assertEquals(all.releaseLock(a, "Echo"), []);
});

Deno.test("an exclusive lock needs the client to be the only one that is linked", () => {
  const all = registry();
  addService(all, "Echo");
  const [b, a] = ["b", "a"].map((name) => addClient(all, name));
  all.link(b, "Echo");
  all.link(a, "Echo");
  assertEquals(
    refusal(() => all.acquireLock(b, "Echo", false), PermissionError),
    "PermissionError: b[lab-pc:1] cannot acquire an exclusive lock, there are 2 links with the " +
      "'Echo' service\nThe linked Clients are:\n  a[lab-pc:1]\n  b[lab-pc:1]",
  );
  all.unlink(a, "Echo");
  assertEquals(all.acquireLock(b, "Echo", false), ["b[lab-pc:1]"]);
});

Deno.test("a client may lock again, shared or not, and one release is enough", () => {
  const all = registry();
  addService(all, "Echo");
  const client = addClient(all, "a");
  all.link(client, "Echo");
  for (const shared of [false, false, true, true, false]) {
    assertEquals(all.acquireLock(client, "Echo", shared), ["a[lab-pc:1]"]);
  }
  assertEquals(all.releaseLock(client, "Echo"), []);
  all.link(addClient(all, "b"), "Echo");
});

Deno.test("a client that is not linked cannot lock, and its release changes nothing", () => {
  const all = registry();
  addService(all, "Echo");
  const [holder, other] = ["a", "b"].map((name) => addClient(all, name));
  all.link(holder, "Echo");
  all.acquireLock(holder, "Echo", true);
  for (const shared of [true, false]) {
    assertEquals(
      refusal(() => all.acquireLock(other, "Echo", shared), PermissionError),
      "PermissionError: b[lab-pc:1] cannot acquire a lock because it is not linked with the " +
        "'Echo' service",
    );
  }
  assertEquals(all.releaseLock(other, "Echo"), ["a[lab-pc:1]"]);
});

Deno.test("a service that does not exist can be neither locked nor released", () => {
  const all = registry();
  const client = addClient(all, "a");
  assertEquals(
    refusal(() => all.acquireLock(client, "Nothing", true), KeyError),
    `KeyError: "'Nothing' service does not exist, a[lab-pc:1] cannot acquire a lock"`,
  );
  assertEquals(
    refusal(() => all.releaseLock(client, "Nothing"), KeyError),
    `KeyError: "'Nothing' service does not exist, a[lab-pc:1] cannot release the lock"`,
  );
});

// Requests

Deno.test("a request to a service that is not connected is rejected with the Manager's name", () => {
  const all = registry();
  const client = addClient(all, "a");
  assertEquals(
    refusal(() => all.route(client, "Nothing", "1"), KeyError),
    `KeyError: "the 'Nothing' Service is not connected to ${MANAGER}"`,
  );
});

Deno.test("a request is completed once, by the service that it went to, for the client that sent it", () => {
  const all = registry();
  const [a, b] = ["a", "b"].map((name) => addClient(all, name));
  const [echo, lab] = ["Echo", "Lab"].map((name) => addService(all, name));
  assertEquals(all.route(a, "Echo", "1") === echo, true);
  assertEquals(all.complete(lab, a.networkName, "1"), undefined);
  assertEquals(all.complete(echo, b.networkName, "1"), undefined);
  assertEquals(all.complete(echo, a.networkName, "2"), undefined);
  assertEquals(all.complete(echo, "a", "1"), undefined);
  assertEquals(all.complete(echo, "nobody[lab-pc:9]", "1"), undefined);
  assertEquals(all.complete(echo, a.networkName, "1") === a, true);
  assertEquals(all.complete(echo, a.networkName, "1"), undefined);
});

Deno.test("requests are completed in any order", () => {
  const all = registry();
  const client = addClient(all, "a");
  const service = addService(all, "Echo");
  const uids = ["1", "2", "3", "4"];
  for (const uid of uids) all.route(client, "Echo", uid);
  for (const uid of ["3", "1", "4", "2"]) {
    assertEquals(all.complete(service, client.networkName, uid) === client, true);
  }
  for (const uid of uids) assertEquals(all.complete(service, client.networkName, uid), undefined);
});

Deno.test("equal uids, as a terminal sends them, are completed as often as they were requested", () => {
  const all = registry();
  const [terminal, other] = ["a", "b"].map((name) => addClient(all, name));
  const service = addService(all, "Echo");
  for (let i = 0; i < 3; i++) all.route(terminal, "Echo", "");
  all.route(other, "Echo", "");
  for (let i = 0; i < 3; i++) {
    assertEquals(all.complete(service, terminal.networkName, "") === terminal, true);
  }
  assertEquals(all.complete(service, terminal.networkName, ""), undefined);
  assertEquals(all.complete(service, other.networkName, "") === other, true);
});

Deno.test("a client that is not linked may request, unless the service is locked or full", () => {
  const all = registry();
  const service = addService(all, "Echo", { maxClients: 1 });
  const [a, b] = ["a", "b"].map((name) => addClient(all, name));
  all.route(b, "Echo", "1");
  all.link(a, "Echo");
  assertEquals(
    refusal(() => all.route(b, "Echo", "2"), PermissionError),
    "PermissionError: The maximum number of Clients are already linked with 'Echo'\n" +
      "The linked Clients are:\n  a[lab-pc:1]",
  );
  all.acquireLock(a, "Echo", true);
  assertEquals(
    refusal(() => all.route(b, "Echo", "3"), PermissionError),
    "PermissionError: 'Echo' service is locked",
  );
  all.route(a, "Echo", "4");
  assertEquals(all.complete(service, b.networkName, "2"), undefined);
  assertEquals(all.complete(service, b.networkName, "3"), undefined);
  assertEquals(all.complete(service, b.networkName, "1") === b, true);
});

Deno.test("a linked client requests while another holds a lock", () => {
  const all = registry();
  const service = addService(all, "Echo");
  const [a, b] = ["a", "b"].map((name) => addClient(all, name));
  all.link(a, "Echo");
  all.link(b, "Echo");
  all.acquireLock(a, "Echo", true);
  assertEquals(all.route(b, "Echo", "1") === service, true);
});

Deno.test("a request stays pending after the client has unlinked", () => {
  const all = registry();
  const client = addClient(all, "a");
  const service = addService(all, "Echo");
  all.link(client, "Echo");
  all.route(client, "Echo", "1");
  all.unlink(client, "Echo");
  assertEquals(all.complete(service, client.networkName, "1") === client, true);
});

// Unregistering

Deno.test("a service that is unregistered gives every request that it has not answered, equal uids included", () => {
  const all = registry();
  const [a, b, gone] = ["a", "b", "gone"].map((name) => addClient(all, name));
  const service = addService(all, "Echo");
  all.route(a, "Echo", "1");
  all.route(a, "Echo", "2");
  all.route(b, "Echo", "");
  all.route(b, "Echo", "");
  all.route(gone, "Echo", "3");
  all.complete(service, a.networkName, "1");
  assertEquals(all.unregister(gone), []);
  const orphaned = all.unregister(service).map(({ client, uid }) => [client.networkName, uid]);
  assertEquals(orphaned, [["a[lab-pc:1]", "2"], ["b[lab-pc:1]", ""], ["b[lab-pc:1]", ""]]);
});

Deno.test("a service that is unregistered is unlinked from every client, and is not found any more", () => {
  const all = registry();
  const [a, b] = ["a", "b"].map((name) => addClient(all, name));
  const service = addService(all, "Echo");
  const other = addService(all, "Other");
  for (const client of [a, b]) {
    all.link(client, "Echo");
    all.link(client, "Other");
  }
  for (const client of [a, b]) all.acquireLock(client, "Echo", true);
  all.unregister(service);
  for (const client of [a, b]) assertEquals([...client.links], [other]);
  assertEquals([service.links.size, service.locks.size], [0, 0]);
  assertEquals(all.service("Echo"), undefined);
  assertThrows(() => all.route(a, "Echo", "1"), KeyError);
});

Deno.test("a client that is unregistered has no links, locks and pending requests any more", () => {
  const all = registry();
  const client = addClient(all, "a");
  const [echo, lab, third] = ["Echo", "Lab", "Third"].map((name) => addService(all, name));
  all.link(client, "Echo");
  all.link(client, "Lab");
  all.acquireLock(client, "Echo", false);
  for (const name of ["Echo", "Lab", "Third"]) all.route(client, name, "1");
  assertEquals(all.unregister(client), []);
  for (const service of [echo, lab, third]) {
    assertEquals([service.links.size, service.locks.size, service.pending.size], [0, 0, 0]);
    assertEquals(all.complete(service, client.networkName, "1"), undefined);
  }
  assertEquals(namesOf(all.clients), []);
});

Deno.test("a peer can be unregistered twice, which changes nothing more", () => {
  const all = registry();
  const client = addClient(all, "a");
  const service = addService(all, "Echo");
  all.route(client, "Echo", "1");
  assertEquals(all.unregister(service).length, 1);
  assertEquals(all.unregister(service), []);
  all.unregister(client);
  assertEquals(all.unregister(client), []);
});

Deno.test("to unregister a peer again does not unregister the one that has its name now", () => {
  const all = registry();
  const oldService = addService(all, "Echo");
  const oldClient = addClient(all, "a");
  all.unregister(oldService);
  all.unregister(oldClient);
  const service = addService(all, "Echo");
  const client = addClient(all, "a");
  all.link(client, "Echo");
  all.route(client, "Echo", "1");
  assertEquals(all.unregister(oldService), []);
  assertEquals(all.unregister(oldClient), []);
  assertEquals(all.service("Echo") === service, true);
  assertEquals([...all.clients], [client]);
  assertEquals([...service.links], [client]);
  assertEquals(all.complete(service, client.networkName, "1") === client, true);
});

Deno.test("a client that returns with the same network name has no pending requests from before", () => {
  const all = registry();
  const service = addService(all, "Echo");
  const before = addClient(all, "a");
  all.route(before, "Echo", "1");
  all.unregister(before);
  const after = addClient(all, "a");
  assertEquals(all.complete(service, after.networkName, "1"), undefined);
});

// Everything at once, against a model that keeps lists of pairs

/** The rules of a registry in the simplest form: lists of names. */
class Model {
  clients: string[] = [];
  services: { name: string; maxClients: number }[] = [];
  links: [client: string, service: string][] = [];
  locks: [client: string, service: string][] = [];
  pending: [client: string, service: string, uid: string][] = [];
  denials: [client: string, service: string][] = [];

  isDenied(client: string, service: string): boolean {
    return this.denials.some((pair) => pair[0] === client && pair[1] === service);
  }

  has(name: string): boolean {
    return this.services.some((service) => service.name === name);
  }

  isLinked(client: string, service: string): boolean {
    return this.links.some((link) => link[0] === client && link[1] === service);
  }

  linkedWith(service: string): string[] {
    return this.links.filter((link) => link[1] === service).map((link) => link[0]).toSorted();
  }

  lockedBy(service: string): string[] {
    return this.locks.filter((lock) => lock[1] === service).map((lock) => lock[0]).toSorted();
  }

  hasRoom(service: string): boolean {
    const { maxClients } = this.services.find(({ name }) => name === service)!;
    return this.lockedBy(service).length === 0 &&
      (maxClients <= 0 || this.linkedWith(service).length < maxClients);
  }

  remove(isRemoved: (pair: readonly string[]) => boolean): void {
    this.links = this.links.filter((pair) => !isRemoved(pair));
    this.locks = this.locks.filter((pair) => !isRemoved(pair));
  }
}

const CLIENTS = ["a", "b", "__proto__"];
const SERVICES = ["Echo", "__proto__", "constructor"];

const step = fc.record({
  action: fc.constantFrom(
    "register client",
    "register service",
    "unregister client",
    "unregister service",
    "link",
    "link",
    "unlink",
    "lock",
    "lock",
    "release",
    "route",
    "route",
    "complete",
    "complete",
    "deny",
    "allow",
  ),
  client: fc.constantFrom(...CLIENTS),
  service: fc.constantFrom(...SERVICES),
  uid: fc.constantFrom("", "1"),
  shared: fc.boolean(),
  maxClients: fc.constantFrom(-1, 1, 2),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What the model expects of a step: a value, or the name of an error. */
function expect(model: Model, step: Step): unknown {
  const { service, uid, shared, maxClients } = step;
  const client = `${step.client}[lab-pc:1]`;
  const connected = model.clients.includes(client);
  const exists = model.has(service);
  switch (step.action) {
    case "register client":
      if (connected) return "NameError";
      model.clients.push(client);
      return "registered";
    case "register service":
      if (exists) return "NameError";
      model.services.push({ name: service, maxClients });
      return "registered";
    case "unregister client":
      model.clients = model.clients.filter((name) => name !== client);
      model.remove((pair) => pair[0] === client);
      model.pending = model.pending.filter((pair) => pair[0] !== client);
      return [];
    case "unregister service": {
      const orphaned = model.pending.filter((pair) => pair[1] === service);
      model.services = model.services.filter(({ name }) => name !== service);
      model.remove((pair) => pair[1] === service);
      model.pending = model.pending.filter((pair) => pair[1] !== service);
      return orphaned.map(([client, _, uid]) => `${client} ${uid}`).toSorted();
    }
    case "deny": {
      const isLinked = model.isLinked(client, service);
      model.denials.push([client, service]);
      model.remove((pair) => pair[0] === client && pair[1] === service);
      return isLinked ? [`${client} ${service}`] : [];
    }
    case "allow":
      model.denials = model.denials.filter((pair) => pair[0] !== client || pair[1] !== service);
      return [];
    case "complete": {
      const index = model.pending.findIndex((one) =>
        one[0] === client && one[1] === service && one[2] === uid
      );
      if (index === -1) return undefined;
      model.pending.splice(index, 1);
      return client;
    }
  }
  if (!connected) return "not connected";
  switch (step.action) {
    case "link":
      if (!exists) return "KeyError";
      if (model.isLinked(client, service)) return "linked";
      if (model.isDenied(client, service)) return "PermissionError";
      if (!model.hasRoom(service)) return "PermissionError";
      model.links.push([client, service]);
      return "linked";
    case "unlink":
      if (!exists) return true;
      if (model.isDenied(client, service)) return true;
      if (!model.isLinked(client, service)) return "KeyError";
      model.remove((pair) => pair[0] === client && pair[1] === service);
      return true;
    case "lock":
      if (!exists) return "KeyError";
      if (!model.isLinked(client, service)) return "PermissionError";
      if (!shared && model.linkedWith(service).length > 1) return "PermissionError";
      if (!model.lockedBy(service).includes(client)) model.locks.push([client, service]);
      return model.linkedWith(service);
    case "release":
      if (!exists) return "KeyError";
      model.locks = model.locks.filter((lock) => lock[0] !== client || lock[1] !== service);
      return model.lockedBy(service);
    case "route":
      if (!exists) return "KeyError";
      if (model.isDenied(client, service)) return "PermissionError";
      if (!model.isLinked(client, service) && !model.hasRoom(service)) return "PermissionError";
      if (model.pending.filter((one) => one[0] === client).length === PENDING.maxRequests) {
        return "PermissionError";
      }
      if (model.pending.filter((one) => one[1] === service).length === PENDING.maxServiceRequests) {
        return "PermissionError";
      }
      model.pending.push([client, service, uid]);
      return service;
  }
}

/** What the registry does in a step: a value, or the name of an error. */
function perform(all: Registry<string>, denials: Denials, step: Step): unknown {
  const { uid, shared, maxClients } = step;
  const networkName = `${step.client}[lab-pc:1]`;
  const client = [...all.clients].find((client) => client.networkName === networkName);
  const service = all.service(step.service);
  try {
    switch (step.action) {
      case "register client":
        addClient(all, step.client, "lab-pc:1", step.client);
        return "registered";
      case "register service":
        addService(all, step.service, { maxClients });
        return "registered";
      case "unregister client":
        return client ? all.unregister(client) : [];
      case "unregister service":
        return service
          ? all.unregister(service).map(({ client, uid }) => `${client.networkName} ${uid}`)
            .toSorted()
          : [];
      case "deny":
      case "allow":
        denials[step.action](step.client, step.service);
        return all.revoke().map(({ client, service }) => `${client.networkName} ${service.name}`);
      case "complete":
        return service && all.complete(service, networkName, uid)?.networkName;
    }
    if (client === undefined) return "not connected";
    switch (step.action) {
      case "link":
        assertStrictEquals(all.link(client, step.service), service!);
        return "linked";
      case "unlink":
        return all.unlink(client, step.service);
      case "lock":
        return all.acquireLock(client, step.service, shared);
      case "release":
        return all.releaseLock(client, step.service);
      case "route":
        return all.route(client, step.service, uid).name;
    }
  } catch (error) {
    if (error instanceof NameError || error instanceof KeyError) return error.name;
    if (error instanceof PermissionError) return error.name;
    throw error;
  }
}

/** Asserts the invariants of the module, and that the registry is in the state of the model. */
function checkInvariants(all: Registry<string>, model: Model): void {
  const clients = [...all.clients];
  const services = [...all.services];
  assertEquals(namesOf(clients).toSorted(), model.clients.toSorted());
  assertEquals(
    services.map(({ name }) => name).toSorted(),
    model.services.map(({ name }) => name).toSorted(),
  );
  for (const service of services) {
    assertEquals(namesOf(service.links).toSorted(), model.linkedWith(service.name));
    assertEquals(namesOf(service.locks).toSorted(), model.lockedBy(service.name));
    for (const client of service.links) {
      assert(clients.includes(client) && client.links.has(service));
      assert(!model.isDenied(client.networkName, service.name));
    }
    for (const client of service.locks) assert(service.links.has(client));
    const pending = [...service.pending].flatMap(([client, requests]) => {
      assert(clients.includes(client));
      assertEquals(requests.size, [...requests].length);
      return Array.from(requests, (uid) => `${client.networkName} ${uid}`);
    });
    const expected = model.pending.filter((one) => one[1] === service.name)
      .map(([client, _, uid]) => `${client} ${uid}`);
    assertEquals(pending.toSorted(), expected.toSorted());
    assertEquals(service.pendingCount, expected.length);
  }
  assertEquals(all.pending.some, model.pending.length > 0);
  for (const client of clients) {
    const { networkName, pendingCount } = client;
    assertEquals(pendingCount, model.pending.filter((one) => one[0] === networkName).length);
    for (const [service, requests] of client.pending) {
      assertStrictEquals(service.pending.get(client), requests);
    }
    for (const service of client.links) {
      assert(services.includes(service) && service.links.has(client));
    }
  }
}

Deno.test("the registry keeps its rules in any sequence of steps", () => {
  const seen = new Set<string>();
  const start = CLIENTS.map((client) => ({ action: "register client", client }))
    .concat(SERVICES.map((service) => ({ action: "register service", client: "a", service })));
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { size: "+1", maxLength: 60 }), (full, steps) => {
      const denials = new Denials();
      const all = registry(denials, PENDING);
      const model = new Model();
      const others = { uid: "", shared: false, maxClients: 2, service: "Echo" };
      const first = full ? start.map((step) => ({ ...others, ...step }) as Step) : [];
      for (const step of [...first, ...steps]) {
        const outcome = perform(all, denials, step);
        assertEquals(outcome, expect(model, step), JSON.stringify(step));
        checkInvariants(all, model);
        seen.add(`${step.action}: ${typeof outcome === "string" ? outcome : typeof outcome}`);
        if (step.action === "deny") seen.add(`deny: ${(outcome as unknown[]).length}`);
      }
    }),
    { numRuns: 400 },
  );
  // The test proves nothing if these outcomes never occur.
  for (
    const outcome of [
      "register client: NameError",
      "register service: NameError",
      "link: KeyError",
      "link: PermissionError",
      "link: linked",
      "unlink: KeyError",
      "unlink: boolean",
      "lock: PermissionError",
      "lock: object",
      "release: object",
      "route: PermissionError",
      "route: Echo",
      "complete: a[lab-pc:1]",
      "complete: undefined",
      "deny: 0",
      "deny: 1",
    ]
  ) assert(seen.has(outcome), `never seen: ${outcome}`);
});

Deno.test("a pending request is found by its uid, or is the oldest one, and stays pending", () => {
  const all = registry();
  const client = addClient(all, "a");
  const other = addClient(all, "b", "lab-pc:3");
  const service = addService(all, "Echo");
  assertEquals(all.pendingRequest(service, client.networkName), undefined);
  for (const uid of ["1", "2"]) all.route(client, "Echo", uid);
  assertEquals(all.pendingRequest(service, client.networkName), { client, uid: "1" });
  assertEquals(all.pendingRequest(service, client.networkName, "2"), { client, uid: "2" });
  assertEquals(all.pendingRequest(service, client.networkName, "3"), undefined);
  assertEquals(all.pendingRequest(service, other.networkName), undefined);
  assertEquals(all.pendingRequest(service, "nobody[x:1]"), undefined);
  assertEquals(all.complete(service, client.networkName, "1"), client);
  assertEquals(all.pendingRequest(service, client.networkName), { client, uid: "2" });
});

Deno.test("no service can have the name of the Manager, whose requests it would get", () => {
  const error = refusal(() => addService(registry(), "Manager"), NameError);
  assertEquals(error, "NameError: A 'Manager' service is already running on the Manager");
});

Deno.test("a closed registry registers and routes nothing, but completes pending requests", () => {
  const closed = registry();
  const client = addClient(closed, "c");
  const service = addService(closed, "S");
  assertEquals(closed.pending.some, false);
  closed.route(client, "S", "1");
  closed.close();
  assertEquals(closed.pending.some, true);
  const refusal = "the Manager is shutting down";
  assertThrows(() => closed.route(client, "S", "2"), ConnectionAbortedError, refusal);
  assertThrows(() => addClient(closed, "late"), ConnectionAbortedError, refusal);
  assertStrictEquals(closed.complete(service, client.networkName, "1"), client);
  assertEquals(closed.pending.some, false);
});

// Clients of other nodes

/** What is known of the nodes `a`, this one, and `b`, which may not use the service `Private`. */
const NODES: NodeRules = {
  node: "a",
  mayUse: (node, service) => node === "b" && service !== "Private",
  nodeOf: (service) => /^(a|b)\./.exec(service)?.[1],
  elsewhere: (service) => service === "DMM" ? ["b.DMM"] : [],
};

Deno.test("a client of another node has its node in its network name, beside a local one of the same name", () => {
  const all = registry();
  all.nodes = NODES;
  const local = devices.addClient(all, "1", "c");
  const remote = devices.asClient(all.register({ ...devices.clientOf("c"), node: "b" }, "2"));
  assertEquals([local.networkName, remote.networkName], ["c[lab-pc:1]", "c[lab-pc:1]@b"]);
  assertThrows(() => all.register({ ...devices.clientOf("c"), node: "b" }, "3"), NameError);
  const service = devices.addService(all, "4", "Echo");
  all.link(remote, "Echo");
  all.acquireLock(remote, "Echo", false);
  assertThrows(() => all.link(local, "Echo"), PermissionError, "is locked");
  all.unregister(remote);
  assertEquals([service.links.size, service.locks.size], [0, 0]);
});

Deno.test("the rules of nodes are judged beside those of users, for clients of other nodes alone", () => {
  const denials = new Denials();
  const all = registry(denials);
  all.nodes = NODES;
  const user: PeerUser = { node: "b", username: "bob@b" };
  const remote = devices.asClient(all.register({ ...devices.clientOf("c"), node: "b" }, "1", user));
  const local = devices.addClient(all, "2", "c");
  for (const name of ["Private", "Echo"]) devices.addService(all, "3", name);
  assertThrows(() => all.link(remote, "Private"), PermissionError, "'bob@b' may not use");
  assertThrows(() => all.route(remote, "Private", "1"), PermissionError, "may not use");
  all.link(local, "Private");
  all.link(remote, "Echo");
  denials.deny("bob@b", "Echo");
  assertEquals(all.revoke().map(({ client }) => client.networkName), [remote.networkName]);
  assertEquals(all.isRestricted(all.service("Echo")!), true);
  assertEquals(all.unwelcome(), [], "whether the user still exists is up to the other node");
});

Deno.test("no service is registered under the name of a node, and a missing one is looked for at the others", () => {
  const all = registry();
  devices.addService(all, "1", "b.before"); // the node is not known yet
  all.nodes = NODES;
  for (const name of ["a.x", "b.x", "b.before"]) {
    assertThrows(() => devices.addService(all, "2", name), NameError);
  }
  const local = devices.addClient(all, "3", "c");
  const remote = devices.asClient(all.register({ ...devices.clientOf("c"), node: "b" }, "4"));
  const where = "Another node has it: 'b.DMM'";
  assertThrows(() => all.link(local, "DMM"), KeyError, where);
  assertThrows(() => all.route(local, "DMM", "1"), KeyError, where);
  const error = assertThrows(() => all.link(remote, "DMM"), KeyError);
  assertEquals(error.message.includes("Another node"), false, "it is a local name there");
});

Deno.test("each change of the services and of what users may do is reported", () => {
  const all = registry(new Denials());
  let changes = 0;
  all.onServicesChanged = () => changes++;
  const service = devices.addService(all, "1", "Echo");
  devices.addClient(all, "2", "c");
  assertEquals(changes, 1);
  all.revoke();
  assertEquals(changes, 2);
  all.unregister(service);
  assertEquals(changes, 3);
});
