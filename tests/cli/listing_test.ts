import { assertEquals } from "@std/assert";
import type { Identities } from "../../wire/identities.ts";
import { describeListing, listingOf } from "../../cli/listing.ts";

const SERVICE = { attributes: {}, address: "lab:1", language: "Python", os: "Linux" };
const IDENTITIES: Identities = {
  hostname: "lab",
  port: 1875,
  attributes: {},
  language: "Deno",
  os: "Linux",
  clients: {
    "ls[lab:9]": { name: "ls", address: "lab:9", language: "Deno", os: "Linux" },
    "a[lab:2]": { name: "a", address: "lab:2", language: "Deno", os: "Linux" },
  },
  services: {
    Echo: { ...SERVICE, max_clients: -1 },
    "Lamp\u001b[2J": { ...SERVICE, max_clients: 2 },
  },
};

Deno.test("services, clients and links are tables, without the client that requests them", () => {
  const listing = listingOf(IDENTITIES, { Echo: ["a[lab:2]"] }, "ls[lab:9]");
  assertEquals(
    describeListing(listing, (text) => text.toUpperCase()),
    `\
Manager[lab:1875]  Deno, Linux

SERVICE        ADDRESS  LANGUAGE   LINKS
Echo           lab:1    Python         1
Lamp\\u{1b}[2J  lab:1    Python    0 of 2

CLIENT    LANGUAGE  LINKED WITH
a[lab:2]  Deno      Echo`,
  );
});

Deno.test("the links are unknown if the Manager does not report them", () => {
  const listing = listingOf(IDENTITIES, null, null);
  assertEquals([listing.services.Echo.links, Object.keys(listing.clients).length], [null, 2]);
  const lines = describeListing(listing).split("\n");
  assertEquals(lines[3], "Echo           lab:1    Python    unknown");
  assertEquals(lines.at(-1), "a[lab:2]   Deno      unknown");
});

Deno.test("a listing without devices says so", () => {
  const listing = listingOf({ ...IDENTITIES, clients: {}, services: {} }, {}, null);
  assertEquals(
    describeListing(listing),
    "Manager[lab:1875]  Deno, Linux\n\nNo services\n\nNo clients",
  );
});

Deno.test("a listing has no values, which are from the start of the services", () => {
  const attributes = { add: "(x, y)", pi: 3.5, text: "hot", ["__proto__"]: 5 };
  const services = { Lab: { ...SERVICE, attributes, max_clients: -1 } };
  const listing = listingOf({ ...IDENTITIES, services }, {}, null);
  assertEquals(
    JSON.stringify(listing.services.Lab.attributes),
    '{"add":"(x, y)","pi":null,"text":null,"__proto__":null}',
  );
});
