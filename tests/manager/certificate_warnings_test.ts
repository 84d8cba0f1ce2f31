/** What a Manager says about its certificate when it starts. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { certificateWarnings } from "../../manager/certificate_warnings.ts";
import { Hosts } from "../../manager/hosts.ts";
import { selfSign } from "../../net/certificate_maker.ts";

const DAY = 86_400_000;

/** A computer, and the full domain name that name servers give it. */
function computer(hostname: string, domain?: string): Hosts {
  return new Hosts({
    hostname,
    localAddresses: () => ["10.1.1.1", "fe80::5"],
    forward: (name) => name === hostname ? Promise.resolve(["10.1.1.1"]) : Promise.reject(),
    reverse: () => domain === undefined ? Promise.reject() : Promise.resolve(domain),
  });
}

async function warnings(
  names: string[],
  hosts: Hosts,
  { host, now, yearsValid }: { host?: string; now?: Date; yearsValid?: number } = {},
) {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = await selfSign(privateKey, names, { yearsValid });
  return await certificateWarnings({ cert, certFile: "a.crt", host }, hosts, now);
}

Deno.test("a certificate that a Manager makes has every name of the computer, and no warning", async () => {
  const hosts = computer("pc", "pc.lab.org");
  const names = await hosts.certificateNames("192.0.2.7");
  assertEquals(
    names,
    ["pc", "pc.lab.org", "localhost", "127.0.0.1", "::1", "10.1.1.1", "fe80::5", "192.0.2.7"],
  );
  assertEquals(await warnings(names, hosts), []);
  assertEquals(await warnings(names, hosts, { host: "192.0.2.7" }), []);
  assertEquals(await warnings(names, hosts, { host: "0.0.0.0" }), []);
  assertEquals((await computer("pc").certificateNames()).slice(0, 2), ["pc", "localhost"]);
  assertEquals(await computer("pc", "other.lab.org").domain(), undefined);
});

Deno.test("a renamed computer, and a host that the certificate is not for, are warned about", async () => {
  const names = ["old-pc", "localhost"];
  const [renamed, ...others] = await warnings(names, computer("new-pc"));
  assertEquals(others, []);
  assertMatch(renamed, /a\.crt was not made for new-pc.*It is for old-pc, localhost.*certgen/);
  const [host] = await warnings(names, computer("old-pc"), { host: "192.0.2.7" });
  assertMatch(host, /was not made for 192\.0\.2\.7/);
  assertEquals(await warnings(["pc.lab.org"], computer("pc", "pc.lab.org")), []);
  assertEquals((await warnings(["pc.lab.org"], computer("pc"))).length, 1);
});

Deno.test("a certificate that is not valid, or not for long, is warned about", async () => {
  const [names, hosts] = [["pc"], computer("pc")];
  const [early] = await warnings(names, hosts, { now: new Date(0) });
  assertMatch(early, /not valid yet.*1970-01-01T00:00:00Z/);
  const [late] = await warnings(names, hosts, { now: new Date("2999-01-01") });
  assertMatch(late, /has expired.*2999-01-01T00:00:00Z/);
  const [soon] = await warnings(names, hosts, { yearsValid: 29 / 365.25 });
  assert(soon.includes("is valid until"), soon);
  const now = new Date(Date.now() + DAY);
  assertEquals(await warnings(names, hosts, { yearsValid: 32 / 365.25, now }), []);
});
