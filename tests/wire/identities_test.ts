import { assertEquals } from "@std/assert";
import { describeIdentities, type Identities } from "../../wire/identities.ts";

/** A Manager without connections. */
function manager(others: Partial<Identities> = {}): Identities {
  return {
    hostname: "lab-pc",
    port: 1875,
    attributes: { identity: "() -> dict", link: "(service: str) -> bool" },
    language: "Python 3.11.2",
    os: "Linux x86_64",
    clients: {},
    services: {},
    ...others,
  };
}

Deno.test("a Manager without connections is described with its attributes and two empty lists", () => {
  assertEquals(
    describeIdentities(manager(), 2),
    [
      "Manager[lab-pc:1875]",
      "  attributes:",
      "    identity() -> dict",
      "    link(service: str) -> bool",
      "  language: Python 3.11.2",
      "  os: Linux x86_64",
      "Clients [0]:",
      "Services [0]:",
    ].join("\n"),
  );
});

Deno.test("Clients and Services are counted and described, with indentation", () => {
  const client = { name: "Client", address: "pc:1", language: "Python 3.8", os: "Windows AMD64" };
  const identities = manager({
    clients: { "Client[pc:1]": client, "Other[pc:2]": { ...client, name: "Other" } },
    services: {
      Lab: {
        attributes: { add: "(x, y)", pi: 3.14, unit: "V", list: [1, "a"] },
        address: "pc:3",
        language: "TypeScript (Deno 2.9.6)",
        os: "Linux x86_64",
        max_clients: -1,
      },
    },
  });
  const text = describeIdentities(identities, 4);
  assertEquals(
    text.slice(text.indexOf("Clients")),
    [
      "Clients [2]:",
      "    Client[pc:1]",
      "        language: Python 3.8",
      "        os: Windows AMD64",
      "    Other[pc:2]",
      "        language: Python 3.8",
      "        os: Windows AMD64",
      "Services [1]:",
      "    Lab[pc:3]",
      "        attributes:",
      "            add(x, y)",
      "            pi() -> 3.14",
      '            unit() -> "V"',
      '            list() -> [1,"a"]',
      "        language: TypeScript (Deno 2.9.6)",
      "        max_clients: -1",
      "        os: Linux x86_64",
    ].join("\n"),
  );
});

Deno.test("an indentation of 0 gives the same lines", () => {
  const identities = manager({
    clients: { "c[pc:1]": { name: "c", address: "pc:1", language: "l", os: "o" } },
  });
  assertEquals(
    describeIdentities(identities, 0),
    describeIdentities(identities, 3).split("\n").map((line) => line.trim()).join("\n"),
  );
});
