/** Private keys: made, read, and rejected. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import { type Curve, findCurve, type KeyKind, loadKey, makeKey, readKey } from "../../net/key.ts";
import { Person } from "../support/person.ts";
import { posixTest } from "../support/posix.ts";

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
      assert((await readKey(file.path, { password })).equals(key));
    });
  }
}

Deno.test("making a key again keeps the old file under another name", async () => {
  await using file = await temporaryFile();
  const first = await makeKey(file.path, { type: "ecc", curve: "P-256" });
  const second = await makeKey(file.path, { type: "ecc", curve: "P-256" });
  assertEquals(second.old, `${file.path}.old`);
  assert((await readKey(`${file.path}.old`)).equals(first.key));
  assert((await readKey(file.path)).equals(second.key));
});

Deno.test("a curve is found by its names in Python, OpenSSL and the Web, in upper or lower case", () => {
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

Deno.test("a file that is not a key, or a key that cannot serve TLS, is rejected with the reason", async () => {
  await using file = await temporaryFile();
  const refused = async (pem: string, reason: string) => {
    await Deno.writeTextFile(file.path, pem, { mode: 0o600 });
    await assertRejects(() => readKey(file.path), ConfigurationError, reason);
  };
  await refused("not a key", "not a private key in PEM");
  const pkcs8 = { type: "pkcs8", format: "pem" } as const;
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  await refused(rsa.export(pkcs8).toString(), "has 2048 to 8192 bits, and it has 1024");
  const ec = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey;
  await refused(ec.export(pkcs8).toString(), "its curve secp256k1 cannot serve TLS");
  const exchange = generateKeyPairSync("x25519").privateKey;
  await refused(exchange.export(pkcs8).toString(), "a key of type x25519 cannot serve TLS");
  await assertRejects(
    () => readKey(`${file.path}.not`),
    ConfigurationError,
    "Cannot read the private key",
  );
});

Deno.test("the prompt asks for the password of an encrypted key only if it is missing", async () => {
  await using file = await temporaryFile();
  const kind = { type: "ecc", curve: "P-256" } as const;
  const { key } = await makeKey(file.path, kind, "two words");
  const prompt = new Person("two words");
  assert((await loadKey(file.path, { prompt })).equals(key));
  assertEquals(prompt.questions, [`Enter the password of ${file.path}:`]);
  assert((await loadKey(file.path, { prompt, password: "two words" })).equals(key));
  await makeKey(file.path, kind);
  await loadKey(file.path, { prompt });
  assertEquals(prompt.questions.length, 1);

  const failure = `Cannot use the private key ${file.path}.old: the password is wrong`;
  for (const typed of ["a mistyped secret", ""]) {
    const error = await assertRejects(
      () => readKey(`${file.path}.old`, { prompt: new Person(typed) }),
      ConfigurationError,
      failure,
    );
    assert(!Deno.inspect(error).includes("mistyped"), Deno.inspect(error));
  }
});

posixTest(
  "a key that others can read is rejected with advice, an encrypted one only causes a warning",
  async () => {
    await using file = await temporaryFile();
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    const kind = { type: "ecc", curve: "P-256" } as const;
    await makeKey(file.path, kind);
    for (const mode of [0o644, 0o640, 0o604, 0o620, 0o601]) {
      await Deno.chmod(file.path, mode);
      await assertRejects(
        () => readKey(file.path, { warn }),
        ConfigurationError,
        `Cannot use the private key ${file.path}: others can read it (mode 0${
          mode.toString(8)
        }). ` +
          `Run: chmod 600 ${file.path}`,
      );
      assertEquals((await Deno.stat(file.path)).mode! & 0o777, mode);
    }
    await Deno.chmod(file.path, 0o400);
    await readKey(file.path, { warn });
    assertEquals(warnings, []);

    await makeKey(file.path, kind, "secret");
    await Deno.chmod(file.path, 0o644);
    await readKey(file.path, { warn, password: "secret" });
    assertEquals(warnings, [
      `Nothing but its password protects the private key ${file.path}: others can read it ` +
      `(mode 0644). Run: chmod 600 ${file.path}`,
    ]);
    assertEquals((await Deno.stat(file.path)).mode! & 0o777, 0o644);
  },
);
