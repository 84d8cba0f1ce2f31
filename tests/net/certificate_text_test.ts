/**
 * The description of a certificate: for those that we make, that OpenSSL makes and that Deno trusts
 * it is the text of `@peculiar/x509`, which is only a reference here.
 */

import "reflect-metadata"; // which @peculiar/x509 needs
import * as x509 from "@peculiar/x509";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { type Hash, HASHES } from "../../net/certificate.ts";
import { selfSign } from "../../net/certificate_maker.ts";
import { describeCertificate, describeCertificates } from "../../net/certificate_text.ts";
import { ConfigurationError } from "../../errors.ts";
import { hasOpenssl, openssl, withFile } from "./openssl.ts";

const ecKey = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).privateKey;

function reference(pem: string): string {
  return new x509.X509Certificate(pem).toString("text");
}

const keys: [string, KeyObject][] = [
  ["RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey],
  ...["P-256", "P-384", "P-521"].map((curve): [string, KeyObject] => [curve, ecKey(curve)]),
];

for (const [name, key] of keys) {
  Deno.test(`the text of a certificate that we make for a key of ${name} is that of the reference`, async () => {
    for (const hash of HASHES) {
      const names = [`${name}, "${hash}"`, "localhost", "127.0.0.1", "::1", "fe80::a:0:0:1"];
      const pem = await selfSign(key, names, { hash });
      assertEquals(describeCertificate(pem), reference(pem));
    }
  });
}

Deno.test("the text of a certificate has common names and addresses of all sorts as the reference", async () => {
  const key = ecKey("P-256");
  const plain = ["a", "with space", " space before", "space after "];
  const special = ["a,b", "a+b", 'say "x"', "a;b<c>d=e", "#1", "a\\b", "a\x1b[2J", "tāmaki", "😀"];
  for (const name of [...plain, ...special]) {
    const pem = await selfSign(key, [name]);
    assertEquals(describeCertificate(pem), reference(pem), name);
  }
  const addresses = [
    ...["0.0.0.0", "255.255.255.255", "::", "1::", "::1:0:0:1", "1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ...["1:2:3:4:5:6:7:8", "ABCD::EF01", "0:1:2:3:4:5:6:7", "10:0:0:10:0:0:10:100"],
    ...["1:0:1:0:1:0:1:0", "0:0:1::", "1::2:0:0:3", "1:2:3:4:5:6:7:0"],
  ];
  const pem = await selfSign(key, ["a", ...addresses]);
  assertEquals(describeCertificate(pem), reference(pem));
});

Deno.test("the text of a certificate has dates before and after the year 2050 as the reference", async () => {
  for (const yearsValid of [0.5, 30, 7_000]) {
    const pem = await selfSign(ecKey("P-256"), ["a"], { yearsValid });
    assertEquals(describeCertificate(pem), reference(pem));
  }
});

Deno.test("the text of every root certificate that Deno trusts is that of the reference", () => {
  assert(rootCertificates.length > 100);
  for (const pem of rootCertificates) assertEquals(describeCertificate(pem), reference(pem));
});

const RSA = ["-newkey", "rsa:2048"];
const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const NAMED = ["-subj", "/CN=x"];
const extensions = (...lines: string[]) => lines.flatMap((line) => ["-addext", line]);

/** The arguments of `openssl req` for each sort of certificate. */
const SORTS: Record<string, string[]> = {
  "as it is by default": [...RSA, ...NAMED],
  "of a server": [
    ...[...RSA, "-subj", "/C=NZ/O=A, B/OU=x+CN=y/emailAddress=a@b.nz", "-multivalue-rdn"],
    ...extensions(
      "subjectAltName=DNS:a.b,IP:1.2.3.4,IP:fe80::1,DNS:c.d,email:x@y.z,URI:http://x/y",
      "keyUsage=critical,digitalSignature,keyEncipherment,nonRepudiation",
      "extendedKeyUsage=critical,serverAuth,clientAuth,codeSigning,1.2.3.4",
    ),
  ],
  "of an authority": [
    ...[...EC, "-subj", '/CN=tāmaki/O=#1 <a;b> "c" /street=s', "-utf8"],
    ...extensions(
      "basicConstraints=critical,CA:TRUE,pathlen:0",
      "keyUsage=keyCertSign,cRLSign",
      "certificatePolicies=1.2.3.4,2.5.29.32.0",
      "crlDistributionPoints=URI:http://a/,URI:http://b/",
      "authorityInfoAccess=OCSP;URI:http://o/,caIssuers;URI:http://c/,OCSP;URI:http://p/",
      "issuerAltName=DNS:i,dirName:dn",
      "nameConstraints=critical,permitted;DNS:nz",
      "nsComment=hello",
    ),
  ],
  "with all key usages": [
    ...[...EC, ...NAMED],
    ...extensions(
      "keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment,keyAgreement," +
        "keyCertSign,cRLSign,encipherOnly,decipherOnly",
      "extendedKeyUsage=emailProtection,timeStamping,OCSPSigning",
    ),
  ],
  "with the names of its authority": [
    ...[...EC, "-subj", "/CN=x/DC=a/GN=b/SN=c/title=d/initials=e/L=f/ST=g"],
    ...extensions("subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid:always,issuer:always"),
  ],
  "with a small serial number": [...EC, ...NAMED, "-set_serial", "1"],
  "with a negative serial number": [...EC, ...NAMED, "-set_serial", "-300"],
  "of RSA-PSS": [...RSA, ...NAMED, "-sigopt", "rsa_padding_mode:pss"],
  "of Ed25519": ["-newkey", "ed25519", ...NAMED],
  "with SHA-1": [...RSA, ...NAMED, "-sha1"],
  "with SHA-224": [...EC, ...NAMED, "-sha224"],
  "on secp256k1": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1", ...NAMED],
  "of a curve with explicit parameters": [...EC, "-pkeyopt", "ec_param_enc:explicit", ...NAMED],
  "that ends after the year 2050": [...EC, ...NAMED, "-days", "36525"],
};

const CONFIG = "[req]\ndistinguished_name=dn\n[dn]\nCN=foo\nO=b\n";
const UNENCRYPTED = ["-nodes", "-keyout", "/dev/null"];

for (const [sort, args] of Object.entries(SORTS)) {
  Deno.test({
    name:
      `the text of a certificate ${sort}, made by OpenSSL where that is installed, is that of ` +
      "the reference",
    ignore: !hasOpenssl || Deno.build.os === "windows",
    fn: () =>
      withFile(CONFIG, async (config) => {
        const pem = await openssl("req", "-x509", ...UNENCRYPTED, "-config", config, ...args);
        assertEquals(describeCertificate(pem), reference(pem));
      }),
  });
}

Deno.test({
  name:
    "the text of a certificate of version 1, made by OpenSSL where that is installed, is that " +
    "of the reference",
  ignore: !hasOpenssl,
  fn: () =>
    withFile(CONFIG, (config) =>
      withFile("", async (key) => {
        const asked = ["-new", "-nodes", "-keyout", key, "-config", config, ...EC, ...NAMED];
        const pem = await withFile(
          await openssl("req", ...asked),
          (request) => openssl("x509", "-req", "-in", request, "-signkey", key),
        );
        assertStringIncludes(describeCertificate(pem), "Version: v1 (0)");
        assertEquals(describeCertificate(pem), reference(pem));
      })),
});

Deno.test("the description of a file shows every certificate in it, with its fingerprints", async () => {
  const sign = (name: string, hash: Hash) => selfSign(ecKey("P-256"), [name], { hash });
  const chain = [await sign("first", "SHA-256"), await sign("evil\x1b[2J", "SHA-512")];
  const described = await withFile(
    `Some text before\n${chain.join("")}`,
    (file) => Promise.resolve(describeCertificates(file)),
  );
  const [first, second, ...others] = described.split(/^(?=Certificate:)/m);
  assertEquals(others, []);
  const { serialNumber, fingerprint, fingerprint256 } = new X509Certificate(chain[0]);
  assert(first.replaceAll(/\s/g, "").includes(serialNumber.toLowerCase()), first);
  const parts = [
    "Version: v3",
    "Issuer: O=@msl/network, CN=first",
    "Not Before:",
    "Not After:",
    "Subject: O=@msl/network",
  ];
  const algorithms = ["Named Curve: P-256", "DNS: first", "Algorithm: ecdsaWithSHA256"];
  const prints = [`SHA-1: ${fingerprint}\n`, `SHA-256: ${fingerprint256}\n`];
  for (const part of [...parts, ...algorithms, ...prints]) assertStringIncludes(first, part);
  assertStringIncludes(second, "CN=evil?[2J"); // a control character does not reach the terminal
  assertStringIncludes(second, "ecdsaWithSHA512");
});

Deno.test("a file that is missing, has no certificate or a damaged one cannot be described", async () => {
  const damaged = (await selfSign(ecKey("P-256"), ["x"])).replace(/\n.+\n/, "\n");
  for (const [text, reason] of [["no", "not a certificate in PEM"], [damaged, "is damaged"]]) {
    await withFile(text, (file) => {
      assertThrows(() => describeCertificates(file), ConfigurationError, reason);
      return Promise.resolve();
    });
  }
  const missing = join(Deno.cwd(), "there-is-no-such.crt");
  assertThrows(() => describeCertificates(missing), ConfigurationError, missing);
});
