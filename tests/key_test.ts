/** Private keys. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { ConfigurationError } from "../errors.ts";
import { type Curve, findCurve, type KeyKind, makeKey, readKey } from "../key.ts";

async function temporaryFile(): Promise<AsyncDisposable & { path: string }> {
  const folder = await Deno.makeTempDir({ prefix: "msl-network-" });
  return {
    path: join(folder, "test.key"),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const kinds: [KeyKind, string][] = [
  [{ type: "rsa", bits: 2048 }, "BEGIN RSA PRIVATE KEY"],
  [{ type: "ecc", curve: "P-384" }, "BEGIN EC PRIVATE KEY"],
];

for (const [kind, header] of kinds) {
  for (const password of [undefined, "two words"]) {
    Deno.test(`a key of type ${kind.type} with password ${password} is read again`, async () => {
      await using file = await temporaryFile();
      const { key, old } = await makeKey(file.path, kind, password);
      assertEquals(old, undefined);
      const pem = await Deno.readTextFile(file.path);
      assert(pem.includes(header), pem);
      assertEquals(pem.includes("Proc-Type: 4,ENCRYPTED"), password !== undefined);
      assertEquals(pem.includes("DEK-Info: AES-256-CBC,"), password !== undefined);
      assert(readKey(file.path, password).equals(key));
    });
  }
}

Deno.test("a key that is made anew leaves the old one as it was", async () => {
  await using file = await temporaryFile();
  const first = await makeKey(file.path, { type: "ecc", curve: "P-256" });
  const second = await makeKey(file.path, { type: "ecc", curve: "P-256" });
  assertEquals(second.old, `${file.path}.old`);
  assert(readKey(`${file.path}.old`).equals(first.key));
  assert(readKey(file.path).equals(second.key));
});

Deno.test("a curve is known by the names of Python, OpenSSL and the Web, in any case", () => {
  const names: [string, Curve | undefined][] = [
    ["SECP256R1", "P-256"],
    ["prime256v1", "P-256"],
    ["p-256", "P-256"],
    ["secp384r1", "P-384"],
    ["P-521", "P-521"],
    ["SECP256K1", undefined],
    ["BrainpoolP256R1", undefined],
    ["", undefined],
  ];
  for (const [name, curve] of names) assertEquals(findCurve(name), curve, name);
});

Deno.test("a file that is not a key, or cannot serve TLS, is refused with the reason", async () => {
  await using file = await temporaryFile();
  const refused = (pem: string, reason: string) => {
    Deno.writeTextFileSync(file.path, pem);
    assertThrows(() => readKey(file.path), ConfigurationError, reason);
  };
  refused("not a key", "not a private key in PEM");
  const pkcs8 = { type: "pkcs8", format: "pem" } as const;
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  refused(rsa.export(pkcs8).toString(), "has 2048 to 8192 bits, and it has 1024");
  const ec = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey;
  refused(ec.export(pkcs8).toString(), "its curve secp256k1 cannot serve TLS");
  const exchange = generateKeyPairSync("x25519").privateKey;
  refused(exchange.export(pkcs8).toString(), "a key of type x25519 cannot serve TLS");
  assertThrows(
    () => readKey(`${file.path}.not`),
    ConfigurationError,
    "Cannot read the private key",
  );
});
