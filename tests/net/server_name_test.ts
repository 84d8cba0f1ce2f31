/** The names of a host that a certificate can have. */

import { assertEquals } from "@std/assert";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { selfSign } from "../../net/certificate_maker.ts";
import { fitsName, namesOf, serverName } from "../../net/server_name.ts";

Deno.test("zones and short forms of addresses are written out", () => {
  const forms = {
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25]": "fe80::1",
    "127.1": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "0x7f.1": "127.0.0.1",
    "10.0.0.1": "10.0.0.1",
    "300.1.1.1": "300.1.1.1",
    "PC.Lab.org": "pc.lab.org",
    "bücher.lab": "xn--bcher-kva.lab",
    "a b": "a b",
    "a/b": "a/b",
    "": "",
  };
  for (const [host, name] of Object.entries(forms)) assertEquals(serverName(host), name, host);
});

Deno.test("a certificate fits its names in small and capital letters, its addresses in any form", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const names = ["Pc", "*.lab.org", "127.0.0.1", "fe80::1%eth0"];
  const certificate = new X509Certificate(await selfSign(privateKey, names));
  assertEquals(namesOf(certificate), "pc, *.lab.org, 127.0.0.1, fe80::1");
  for (const host of ["pc", "PC", "a.lab.org", "127.1", "fe80::1%2", "FE80:0::1", "[fe80::1]"]) {
    assertEquals(fitsName(certificate, host), true, host);
  }
  for (const host of ["pc2", "lab.org", "a.b.lab.org", "127.2", "fe80::2", ""]) {
    assertEquals(fitsName(certificate, host), false, host);
  }
});
