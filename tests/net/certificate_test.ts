/** Certificates: what is made of a key serves TLS, and what is read is told. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { type Hash, HASHES } from "../../net/certificate.ts";
import { describeCertificates, selfSign } from "../../net/certificate_maker.ts";
import { ConfigurationError } from "../../errors.ts";
import { temporaryFolder } from "../support/folder.ts";

const NAMES = ["lab-computer", "localhost", "127.0.0.1", "::1", "fe80::1%eth0"];

const ecKey = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).privateKey;

const keys: [string, KeyObject][] = [
  ["RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
  ["P-256", ecKey("P-256")],
  ["P-384", ecKey("P-384")],
  ["P-521", ecKey("P-521")],
];

/** Whether a client that trusts the certificate completes the handshake. */
async function servesTls(cert: string, key: KeyObject): Promise<boolean> {
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key: pem });
  const accepted = listener.accept();
  using client = await Deno.connectTls({
    hostname: "localhost",
    port: (listener.addr as Deno.NetAddr).port,
    caCerts: [cert],
  });
  using server = await accepted;
  await Promise.all([client.handshake(), server.handshake()]);
  return true;
}

for (const [name, key] of keys) {
  for (const hash of HASHES) {
    Deno.test(`a certificate for a key of ${name} signed with ${hash} serves TLS`, async () => {
      assert(await servesTls(await selfSign(key, NAMES, { hash }), key));
    });
  }
}

Deno.test("a certificate names the Manager's computer as Python's does", async () => {
  const certificate = new X509Certificate(await selfSign(ecKey("P-256"), NAMES));
  const lines = [
    "C=NZ",
    "ST=Wellington",
    "L=Lower Hutt",
    "O=Measurement Standards Laboratory of New Zealand",
    "CN=lab-computer",
    "emailAddress=info@measurement.govt.nz",
  ];
  assertEquals(certificate.subject?.trim().split("\n"), lines);
  assertEquals(certificate.issuer, certificate.subject);
  assertEquals(
    certificate.subjectAltName,
    "DNS:lab-computer, DNS:localhost, IP Address:127.0.0.1, IP Address:::1",
  );
  assertEquals(certificate.ca, false);
});

Deno.test("a certificate is valid for as long as it should be", async () => {
  const key = ecKey("P-256");
  const days = async (yearsValid?: number) => {
    const { validFrom, validTo } = new X509Certificate(await selfSign(key, NAMES, { yearsValid }));
    return (Date.parse(validTo) - Date.parse(validFrom)) / 86_400_000;
  };
  assertEquals(await days(), 36_525);
  assertEquals(await days(4), 1_461);
  assertEquals(await days(0.5), 182.625);
  for (const yearsValid of [8_000, Infinity]) {
    const signed = selfSign(key, NAMES, { yearsValid });
    await assertRejects(() => signed, ConfigurationError, "must end before the year 10000");
  }
});

Deno.test("the description of a certificate shows every part of it, for each in a file", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "chain.crt");
  const sign = (name: string, hash: Hash) => selfSign(ecKey("P-256"), [name], { hash });
  const chain = [await sign("first", "SHA-256"), await sign("evil\x1b[2J", "SHA-512")];
  await Deno.writeTextFile(file, `Some text before\n${chain.join("")}`);
  const [first, second, ...others] = (describeCertificates(file))
    .split(/^(?=Certificate:)/m);
  assertEquals(others, []);
  const { serialNumber, fingerprint, fingerprint256 } = new X509Certificate(chain[0]);
  assert(first.replaceAll(/\s/g, "").includes(serialNumber.toLowerCase()), first);
  const parts = ["Version: v3", "Issuer: C=NZ", "Not Before:", "Not After:", "Subject: C=NZ"];
  const algorithms = ["Named Curve: P-256", "DNS: first", "Algorithm: ecdsaWithSHA256"];
  const prints = [`SHA-1: ${fingerprint}\n`, `SHA-256: ${fingerprint256}\n`];
  for (const part of [...parts, ...algorithms, ...prints]) assert(first.includes(part), part);
  assert(second.includes("CN=evil?[2J"), second);
  assert(second.includes("ecdsaWithSHA512"), second);

  const describe = (text: string) => {
    Deno.writeTextFileSync(file, text);
    return describeCertificates(file);
  };
  assertThrows(() => describe("no"), ConfigurationError, "not a certificate in PEM");
  const damaged = chain[0].replace(/\n.+\n/, "\n");
  assertThrows(() => describe(damaged), ConfigurationError, "the certificate is damaged");
});
