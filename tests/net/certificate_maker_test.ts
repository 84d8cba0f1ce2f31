/**
 * Certificates that are made: they serve TLS, and have the same fields as those that
 * `@peculiar/x509` makes, which is only a reference here.
 */

import "reflect-metadata"; // which @peculiar/x509 needs
import * as x509 from "@peculiar/x509";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { HASHES } from "../../net/certificate.ts";
import { selfSign } from "../../net/certificate_maker.ts";
import { decodeBlock, partsOf } from "../../net/der.ts";
import { serverName } from "../../net/server_name.ts";
import { ConfigurationError } from "../../errors.ts";
import { hasOpenssl, openssl, withFile } from "./openssl.ts";

const NAMES = ["lab-computer", "localhost", "127.0.0.1", "::1", "fe80::1%eth0", "localhost"];
const DAY = 86_400_000; // in milliseconds

const ecKey = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).privateKey;

const keys: [string, KeyObject][] = [
  ["RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
  ["P-256", ecKey("P-256")],
  ["P-384", ecKey("P-384")],
  ["P-521", ecKey("P-521")],
];

/** The same certificate, made by `@peculiar/x509`. */
async function reference(
  key: KeyObject,
  names: readonly string[],
  { hash = "SHA-256", years = 100 } = {},
): Promise<string> {
  const { namedCurve: curve } = key.asymmetricKeyDetails ?? {};
  const namedCurve = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" }[curve ?? ""];
  const algorithm = namedCurve
    ? { name: "ECDSA", namedCurve }
    : { name: "RSASSA-PKCS1-v1_5", hash };
  const pkcs8 = new Uint8Array(key.export({ type: "pkcs8", format: "der" }));
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
  const { kty, n, e, crv, x, y } = await crypto.subtle.exportKey("jwk", privateKey);
  const jwk = { kty, n, e, crv, x, y };
  const publicKey = await crypto.subtle.importKey("jwk", jwk, algorithm, true, ["verify"]);
  const commonName = names[0].replaceAll(/[,+"\\<>;=#]/g, "\\$&");
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `O=@msl/network, CN=${commonName}`,
    notBefore: new Date(),
    notAfter: new Date(Date.now() + years * 365.25 * DAY),
    signingAlgorithm: { name: algorithm.name, hash },
    keys: { privateKey, publicKey },
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension(
        [...new Set(names.map(serverName))].map((
          value,
        ): x509.JsonGeneralName => ({
          type: /:|^[\d.]+$/.test(value) ? "ip" : "dns",
          value,
        })),
      ),
    ],
  });
  return certificate.toString("pem");
}

/** The fields of a certificate in hexadecimal: its content, and the algorithm of its signature. */
function fieldsOf(pem: string): { content: string[]; algorithm: string } {
  const raw = new Uint8Array(new X509Certificate(pem).raw);
  const [content, algorithm] = partsOf(decodeBlock(raw));
  return {
    content: partsOf(content).map((field) => field.valueBeforeDecodeView.toHex()),
    algorithm: algorithm.valueBeforeDecodeView.toHex(),
  };
}

/** Without the serial number, which is random, and the dates. */
function fixedFieldsOf(pem: string): string[] {
  const { content, algorithm } = fieldsOf(pem);
  return [...content.filter((_field, index) => index !== 1 && index !== 4), algorithm];
}

/** Whether a client that trusts the certificate completes the handshake. */
async function servesTls(cert: string, key: KeyObject, hostname: string): Promise<boolean> {
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key: pem });
  const accepted = listener.accept();
  const { port } = listener.addr as Deno.NetAddr;
  using client = await Deno.connectTls({ hostname, port, caCerts: [cert] });
  using server = await accepted;
  await Promise.all([client.handshake(), server.handshake()]);
  return true;
}

for (const [name, key] of keys) {
  for (const hash of HASHES) {
    Deno.test(`a certificate for a key of ${name} signed with ${hash} serves TLS`, async () => {
      const pem = await selfSign(key, NAMES, { hash });
      assert(await servesTls(pem, key, "localhost"));
      assert(await servesTls(pem, key, "127.0.0.1"));
      assert(await new x509.X509Certificate(pem).verify());
      assert(new X509Certificate(pem).checkPrivateKey(key));
      assertEquals(fixedFieldsOf(pem), fixedFieldsOf(await reference(key, NAMES, { hash })));
    });

    Deno.test({
      name: `OpenSSL, where it is installed, verifies a certificate of ${name} and ${hash}`,
      ignore: !hasOpenssl,
      fn: () =>
        selfSign(key, NAMES, { hash }).then((pem) =>
          withFile(pem, async (file) => {
            const verified = ["-x509_strict", "-check_ss_sig", "-CAfile", file, file];
            assertStringIncludes(await openssl("verify", ...verified), "OK");
          })
        ),
    });
  }
}

Deno.test("a certificate names the Manager's computer and the package, and no organisation", async () => {
  const pem = await selfSign(ecKey("P-256"), NAMES);
  const certificate = new X509Certificate(pem);
  assertEquals(certificate.subject?.trim().split("\n"), ["O=@msl/network", "CN=lab-computer"]);
  assertEquals(certificate.issuer, certificate.subject);
  assertEquals(
    certificate.subjectAltName,
    "DNS:lab-computer, DNS:localhost, IP Address:127.0.0.1, IP Address:::1, " +
      "IP Address:fe80::1",
  );
  assertEquals(certificate.ca, false);
  assert(/-----END CERTIFICATE-----\n$/.test(pem));
});

Deno.test("a certificate has the same bytes as the reference for common names of all sorts", async () => {
  const key = ecKey("P-256");
  const plain = ["a", "with space", " space before", "space after ", "under_score", "*.lab.nz"];
  const special = ["a,b", "a+b", 'say "x"', "a;b<c>d=e", "#1", "a@b", "a\x1b[2J", "tāmaki", "😀"];
  for (const name of [...plain, ...special]) {
    const pem = await selfSign(key, [name]);
    assertEquals(fixedFieldsOf(pem), fixedFieldsOf(await reference(key, [name])), name);
  }
});

Deno.test("a certificate has the same bytes as the reference for addresses of all sorts", async () => {
  const key = ecKey("P-256");
  const names = [
    "a",
    ...["0.0.0.0", "255.255.255.255", "10.1.2.3", "::", "1::", "::1:0:0:1", "fe80::a:0:0:1"],
    ...["1:0:0:2:0:0:0:3", "2001:db8::1:0", "1:2:3:4:5:6:7:8", "ABCD::EF01", "0:1:2:3:4:5:6:7"],
    ...["10:0:0:10:0:0:10:100", "1:0:1:0:1:0:1:0", "0:0:1::", "1::2:0:0:3"],
  ];
  assertEquals(
    fixedFieldsOf(await selfSign(key, names)),
    fixedFieldsOf(await reference(key, names)),
  );
  for (const wrong of ["300.1.1.1", "1:2", ":::"]) {
    await assertRejects(() => selfSign(key, ["a", wrong]), TypeError, "Not an IP address");
  }
});

Deno.test("a certificate is valid for as long as it should be, and since a day ago", async () => {
  const key = ecKey("P-256");
  const days = async (yearsValid?: number) => {
    const { validFrom, validTo } = new X509Certificate(await selfSign(key, NAMES, { yearsValid }));
    const past = Date.now() - Date.parse(validFrom);
    assert(past >= DAY && past < DAY + 600_000, validFrom);
    return (Date.parse(validTo) - Date.parse(validFrom)) / DAY - 1;
  };
  assertEquals(await days(), 36_525);
  assertEquals(await days(4), 1_461);
  assertEquals(await days(0.5), 182.625);
  for (const yearsValid of [8_000, Infinity, NaN]) {
    const signed = selfSign(key, NAMES, { yearsValid });
    await assertRejects(() => signed, ConfigurationError, "must end before the year 10000");
  }
});

Deno.test("the form of a date is that of the reference, before and after the year 2050", async () => {
  const key = ecKey("P-256");
  for (const years of [0.5, 20, 30, 100, 7_000]) {
    const ours = fieldsOf(await selfSign(key, NAMES, { yearsValid: years })).content[4];
    const theirs = fieldsOf(await reference(key, NAMES, { years })).content[4];
    assertEquals(ours.length, theirs.length, `${years} years`);
  }
});

Deno.test("a key that is neither RSA nor on a curve of TLS makes no certificate", async () => {
  const unusable: [string, KeyObject][] = [
    ["ed25519", generateKeyPairSync("ed25519").privateKey],
    ["rsa-pss", generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey],
  ];
  for (const [type, key] of unusable) {
    const reason = `for a key of type ${type}: use RSA or an elliptic curve`;
    await assertRejects(() => selfSign(key, NAMES), ConfigurationError, reason);
  }
});
