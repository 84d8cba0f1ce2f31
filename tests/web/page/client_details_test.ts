import { assertEquals } from "@std/assert";
import {
  ClientDetails,
  type ClientEntry,
  type IdentitiesClient,
} from "../../../web/page/client_details.ts";

const ENTRY: ClientEntry = { name: "a", address: "b:1", language: "Python 3.12", os: "Linux" };

/** A Manager that these clients are connected to. */
function manager(clients: Record<string, ClientEntry>) {
  const asked = { count: 0 };
  const client = {
    identities: () => {
      asked.count++;
      return Promise.resolve({ clients, services: {} });
    },
  } as unknown as IdentitiesClient;
  return { client, asked };
}

Deno.test("the identities are requested when a client is new, and only then", async () => {
  const waits: (() => void)[] = [];
  const details = new ClientDetails((resolve) => void waits.push(resolve));
  const { client, asked } = manager({ "a[b:1]": ENTRY });
  await details.want(undefined, ["a[b:1]"]);
  await details.want(client, []);
  assertEquals(asked.count, 0);
  await details.want(client, ["a[b:1]"]);
  assertEquals([asked.count, details.known.value.get("a[b:1]")], [1, ENTRY]);
  waits.shift()!();
  await details.want(client, ["a[b:1]"]);
  assertEquals(asked.count, 1);
});

Deno.test("clients that come and go fast are asked for once in a while", async () => {
  const waits: (() => void)[] = [];
  const details = new ClientDetails((resolve) => void waits.push(resolve));
  const { client, asked } = manager({});
  for (let count = 0; count < 10; count++) await details.want(client, [`a[b:${count}]`]);
  assertEquals(asked.count, 1);
  waits.shift()!();
  await details.want(client, ["a[b:99]"]);
  assertEquals(asked.count, 2);
});

Deno.test("a request that fails is made again later", async () => {
  const waits: (() => void)[] = [];
  const details = new ClientDetails((resolve) => void waits.push(resolve));
  const failing = { identities: () => Promise.reject(new Error("the connection has ended")) };
  await details.want(failing as unknown as IdentitiesClient, ["a[b:1]"]);
  waits.shift()!();
  await details.want(manager({ "a[b:1]": ENTRY }).client, ["a[b:1]"]);
  assertEquals(details.known.value.size, 1);
});
