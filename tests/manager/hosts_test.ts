import { assert, assertEquals } from "@std/assert";
import { MAX_LOOKUPS } from "../../limits.ts";
import { Hosts } from "../../manager/hosts.ts";

/** Hosts with the given reverse look-ups, and the addresses that were looked up. */
function hostsWith(domains: Record<string, string> = {}): { hosts: Hosts; lookUps: string[] } {
  const lookUps: string[] = [];
  const hosts = new Hosts({
    hostname: "lab-pc",
    localAddresses: () => ["192.168.1.10", "fe80::1"],
    reverse(address) {
      lookUps.push(address);
      const domain = domains[address];
      return domain === undefined
        ? Promise.reject(new Error("getnameinfo ENOTFOUND"))
        : Promise.resolve(domain);
    },
  });
  return { hosts, lookUps };
}

Deno.test("every name and address of this computer is an alias, each once", () => {
  const hosts = new Hosts({
    hostname: "lab-pc",
    localAddresses: () => ["127.0.0.1", "192.168.1.10", "::1"],
  });
  assertEquals(hosts.aliases().toSorted(), [
    "127.0.0.1",
    "192.168.1.10",
    "::1",
    "lab-pc",
    "localhost",
  ]);
});

for (
  const address of ["127.0.0.1", "::1", "192.168.1.10", "fe80::1", "::ffff:127.0.0.1", "localhost"]
) {
  Deno.test(`a peer at ${address} has this computer's name, and nothing is looked up`, async () => {
    const { hosts, lookUps } = hostsWith();
    const { domain, name, trustedNames } = await hosts.find(address);
    assertEquals([domain, name, trustedNames], ["lab-pc", "lab-pc", ["lab-pc"]]);
    assertEquals(lookUps, []);
  });
}

Deno.test({
  name: "a look-up that ends leaves no timer behind",
  sanitizeOps: true,
  async fn() {
    const { hosts } = hostsWith({ "10.0.0.7": "scope.lab.govt.nz" });
    assertEquals((await hosts.find("10.0.0.7")).name, "scope");
    assertEquals((await hosts.find("10.0.0.8")).name, "10.0.0.8");
  },
});

Deno.test("another computer has the first label of its domain name", async () => {
  const { hosts } = hostsWith({ "10.0.0.7": "scope.lab.govt.nz", "2001:db8::7": "dmm" });
  assertEquals(await hosts.find("10.0.0.7"), {
    address: "10.0.0.7",
    domain: "scope.lab.govt.nz",
    name: "scope",
    trustedNames: ["scope.lab.govt.nz", "scope", "10.0.0.7"],
  });
  assertEquals(await hosts.find("2001:db8::7"), {
    address: "2001:db8::7",
    domain: "dmm",
    name: "dmm",
    trustedNames: ["dmm", "2001:db8::7"],
  });
});

Deno.test("a computer whose address does not resolve has its numeric address as its name", async () => {
  const { hosts } = hostsWith();
  for (const address of ["10.0.0.8", "2001:db8::8"]) {
    assertEquals(await hosts.find(address), {
      address,
      domain: address,
      name: address,
      trustedNames: [address],
    });
  }
});

Deno.test("a look-up that gives the address back has found no name", async () => {
  const { hosts } = hostsWith({ "10.0.0.9": "10.0.0.9" });
  assertEquals((await hosts.find("10.0.0.9")).name, "10.0.0.9");
});

Deno.test("an IPv4-mapped IPv6 address is its IPv4 address", async () => {
  const { hosts, lookUps } = hostsWith({ "10.0.0.7": "scope.lab.govt.nz" });
  for (const address of ["::ffff:10.0.0.7", "::FFFF:10.0.0.7"]) {
    assertEquals((await hosts.find(address)).address, "10.0.0.7");
    assertEquals((await hosts.find(address)).name, "scope");
  }
  assertEquals(new Set(lookUps), new Set(["10.0.0.7"]));
});

Deno.test("a name is that of a computer if it resolves to its address", async () => {
  const addresses: Record<string, string[]> = {
    scope: ["10.0.0.6", "10.0.0.7"],
    localhost: ["127.0.0.1"],
  };
  const hosts = new Hosts({
    hostname: "lab-pc",
    localAddresses: () => [],
    forward: (name) =>
      name in addresses ? Promise.resolve(addresses[name]) : Promise.reject(new Error("ENOTFOUND")),
  });
  assertEquals(await hosts.resolvesTo("scope", "10.0.0.7"), true);
  assertEquals(await hosts.resolvesTo("scope", "10.0.0.8"), false);
  assertEquals(await hosts.resolvesTo("localhost", "10.0.0.7"), false);
  assertEquals(await hosts.resolvesTo("unknown", "10.0.0.7"), false);
  assertEquals(await hosts.resolvesTo("10.0.0.7", "10.0.0.7"), true);
  assertEquals(await hosts.resolvesTo("lab-pc", "127.0.0.1"), true);
});

Deno.test("an interface that appears later belongs to this computer too", async () => {
  const addresses: string[] = [];
  const hosts = new Hosts({
    hostname: "lab-pc",
    localAddresses: () => addresses,
    reverse: () => Promise.resolve("other.computer"),
  });
  assertEquals((await hosts.find("10.8.0.2")).name, "other");
  addresses.push("10.8.0.2");
  assertEquals((await hosts.find("10.8.0.2")).name, "lab-pc");
});

Deno.test("a look-up that never ends is timed out after two seconds", async () => {
  const hosts = new Hosts({
    hostname: "lab-pc",
    localAddresses: () => [],
    reverse: () => new Promise(() => {}),
  });
  const { setTimeout } = globalThis;
  const delays: unknown[] = [];
  // The timer fires at once: the test is about whether there is one.
  const immediate = (callback: () => void, delay?: number) => {
    delays.push(delay);
    return setTimeout(callback, 0);
  };
  try {
    Object.assign(globalThis, { setTimeout: immediate });
    assertEquals((await hosts.find("10.0.0.7")).name, "10.0.0.7");
  } finally {
    Object.assign(globalThis, { setTimeout });
  }
  assertEquals(delays, [2_000]);
});

Deno.test("only a few look-ups run at once, and those of known computers come first", async () => {
  const running = new Map<string, (domain: string) => void>();
  const hosts = new Hosts({
    hostname: "lab-pc",
    localAddresses: () => [],
    reverse: (address) => new Promise((resolve) => running.set(address, resolve)),
  });
  const strangers = Array.from({ length: 100 }, (_, number) => hosts.find(`10.0.0.${number}`));
  const known = hosts.find("10.1.0.1", true);
  assertEquals(running.size, MAX_LOOKUPS);
  running.get("10.0.0.0")!("first.lab");
  assertEquals((await strangers[0]).domain, "first.lab");
  assertEquals([...running.keys()].slice(MAX_LOOKUPS), ["10.1.0.1"]);
  running.get("10.1.0.1")!("known.lab");
  assertEquals((await known).domain, "known.lab");
  // After their time-out the others have their numbers, and are not looked up any more.
  assertEquals((await strangers[99]).domain, "10.0.0.99");
  const looked = running.size;
  for (const settle of [...running.values()]) settle("late.lab");
  await Promise.all(strangers);
  assertEquals(running.size, looked);
  assertEquals(looked, MAX_LOOKUPS + 2);
});

Deno.test("without options it is the computer that the test runs on", () => {
  const hosts = new Hosts();
  assertEquals(hosts.hostname, Deno.hostname());
  assert(hosts.aliases().includes(Deno.hostname()));
  for (const { address } of Deno.networkInterfaces()) assert(hosts.aliases().includes(address));
});
