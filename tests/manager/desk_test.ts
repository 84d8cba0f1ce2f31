import { assertEquals, assertThrows } from "@std/assert";
import { Desk } from "../../manager/desk.ts";
import { KeyError, PermissionError, ValueError } from "../../errors.ts";
import type { JsonObject } from "../../wire/message.ts";
import {
  type Client,
  type Peer,
  Registry,
  type Service,
  serviceEntry,
} from "../../manager/registry.ts";
import { addClient, addService, DEVICE, MANAGER_NAME, managerRequest } from "../support/devices.ts";

/** The desk of a Manager with one client and one service. */
class Office {
  readonly registry = new Registry<null>(MANAGER_NAME);
  readonly desk = new Desk(
    this.registry,
    { hostname: "lab-pc", port: 1875 },
    (requester) => `told to ${requester}`,
  );
  readonly client = this.addClient("a", "lab-pc:1");
  readonly service = this.addService("Echo", "lab-pc:2");

  addClient(name: string, address: string): Client<null> {
    return addClient(this.registry, null, name, { address });
  }

  addService(name: string, address: string): Service<null> {
    return addService(this.registry, null, name, { address });
  }

  ask(
    attribute: string,
    args: unknown[] = [],
    kwargs: JsonObject = {},
    peer: Peer<null> = this.client,
  ): unknown {
    return this.desk.answer(peer, managerRequest(attribute, args, kwargs));
  }
}

Deno.test("the identity tells of the Manager and of everyone who is connected", () => {
  const office = new Office();
  const identity = office.ask("identity") as JsonObject;
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

Deno.test("the identity is that of now", () => {
  const office = new Office();
  office.registry.remove(office.service);
  office.addClient("b", "lab-pc:3");
  const { clients, services } = office.ask("identity") as Record<string, JsonObject>;
  assertEquals(Object.keys(clients), ["a[lab-pc:1]", "b[lab-pc:3]"]);
  assertEquals(services, {});
});

Deno.test("a service called __proto__ is in the identity like any other", () => {
  const office = new Office();
  office.addService("__proto__", "lab-pc:3");
  const { services } = JSON.parse(JSON.stringify(office.ask("identity")));
  assertEquals(Object.keys(services), ["Echo", "__proto__"]);
});

Deno.test("links and locks are answered as the registry's rules say", () => {
  const office = new Office();
  const { client, service } = office;
  assertEquals(office.ask("link", ["Echo"]), serviceEntry(service));
  assertEquals([...service.links], [client]);
  assertEquals(office.ask("acquire_lock", ["Echo"], { shared: true }), ["a[lab-pc:1]"]);
  assertEquals([...service.locks], [client]);
  assertEquals(office.ask("release_lock", ["Echo"]), []);
  assertEquals(service.locks.size, 0);
  assertEquals(office.ask("unlink", ["Echo"]), true);
  assertEquals(service.links.size, 0);
  assertThrows(() => office.ask("unlink", ["Echo"]), KeyError);
  assertThrows(() => office.ask("link", ["Nothing"]), KeyError);
  assertThrows(() => office.ask("acquire_lock", ["Echo"]), PermissionError);
});

Deno.test("a lock is exclusive unless it is asked for as shared", () => {
  for (const kwargs of [{}, { shared: false }]) {
    const office = new Office();
    office.ask("link", ["Echo"]);
    office.ask("link", ["Echo"], {}, office.addClient("b", "lab-pc:3"));
    assertThrows(
      () => office.ask("acquire_lock", ["Echo"], kwargs),
      PermissionError,
      "cannot acquire an exclusive lock",
    );
    assertEquals(office.ask("acquire_lock", ["Echo", true]), ["a[lab-pc:1]", "b[lab-pc:3]"]);
  }
});

Deno.test("arguments may be given by name", () => {
  const office = new Office();
  office.ask("link", [], { service: "Echo" });
  assertEquals(office.ask("acquire_lock", [], { shared: true, service: "Echo" }), ["a[lab-pc:1]"]);
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
    const office = new Office();
    const error: Error = assertThrows(() => office.ask(attribute, args, kwargs), TypeError);
    assertEquals(error.message, text);
    assertEquals(office.service.links.size, 0);
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
    const error: Error = assertThrows(() => new Office().ask(attribute), ValueError);
    assertEquals(
      error.message,
      "You must be an administrator to send this request to the Manager",
    );
  });
}

Deno.test("whoever asks for the status is told it in their own name, and it is no secret", () => {
  const office = new Office();
  assertEquals(office.ask("status"), "told to a[lab-pc:1]");
  assertEquals(office.ask("status", [], {}, office.service), "told to Echo[lab-pc:2]");
  assertEquals(office.desk.answers("status"), true);
  assertThrows(() => office.ask("status", ["Echo"]), TypeError, "Manager.status() takes 1");
});

Deno.test("a service may ask for the identity, but cannot be linked", () => {
  const office = new Office();
  const asService = (attribute: string) => office.ask(attribute, ["Echo"], {}, office.service);
  assertEquals((office.ask("identity", [], {}, office.service) as JsonObject).port, 1875);
  for (const attribute of ["link", "unlink", "acquire_lock", "release_lock"]) {
    assertThrows(() => asService(attribute), PermissionError, "'Echo' is a Service");
  }
});
