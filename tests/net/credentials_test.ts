/** The files of a Manager's certificate and key. */

import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { createFile } from "../../base/files.ts";
import { ConfigurationError } from "../../errors.ts";
import { credentialFiles, loadCredentials } from "../../net/credentials.ts";
import { makeKey } from "../../net/key.ts";
import { entriesOf, modeOf, temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { posixTest } from "../support/posix.ts";

const names = () => Promise.resolve(["localhost"]);

Deno.test("Managers that start at the same time without files all have the same pair", async () => {
  await using folder = await temporaryFolder();
  const files = { certFile: folder.join("a.crt"), keyFile: folder.join("a.key") };
  const loaded = await Promise.all(
    Array.from({ length: 5 }, () => loadCredentials(files, undefined, names)),
  );
  for (const credentials of loaded) assertEquals(credentials, loaded[0]);
  assertEquals(await loadCredentials(files, undefined, names), loaded[0]);
  assertEquals(entriesOf(folder.path), ["a.crt", "a.key"]);
});

posixTest("a file is created once, with its whole text, for its owner alone", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("new", "a.crt");
  assertEquals(createFile(file, "first"), true);
  assertEquals(createFile(file, "second"), false);
  assertEquals(await Deno.readTextFile(file), "first");
  assertEquals(modeOf(file), 0o600);
  assertEquals(entriesOf(folder.join("new")), ["a.crt"]);
  const link = folder.join("link"); // of another user, to a place that is not there yet
  await Deno.symlink(folder.join("elsewhere"), link);
  assertEquals(createFile(link, "secret"), false);
  assertEquals(entriesOf(folder.path), ["link", "new"]);
});

Deno.test("a default certificate of another key than the one that is named is made anew", async () => {
  await using folder = await temporaryFolder();
  const files = { certFile: folder.join("a.crt"), keyFile: folder.join("a.key") };
  const first = await loadCredentials(files, undefined, names);
  const keyFile = folder.join("b.key");
  const { key } = await makeKey(keyFile, { type: "ecc", curve: "P-256" });
  const given = { ...files, keyFile };
  await assertRejects(
    () => loadCredentials(given, undefined, names),
    ConfigurationError,
    "it does not belong to the key",
  );
  await using logs = await recordLogs(["msl", "network"]);
  const second = await loadCredentials({ ...given, followsKey: true }, undefined, names);
  assertNotEquals(second, first);
  assert(new X509Certificate(second.cert).checkPrivateKey(key));
  assertEquals(await Deno.readTextFile(`${files.certFile}.old`), first.cert);
  const [warning] = logs.records.map(({ message }) => message.join(""));
  assert(warning.includes(`${files.certFile}.old`) && warning.includes(keyFile), warning);
  assertEquals(
    await loadCredentials({ ...given, followsKey: true }, undefined, names),
    second,
  );
});

Deno.test("one file may have the certificate and the key", async () => {
  await using folder = await temporaryFolder();
  const files = { certFile: folder.join("a.crt"), keyFile: folder.join("a.key") };
  const apart = await loadCredentials(files, undefined, names);
  const [cert, key] = [files.certFile, files.keyFile].map((file) => Deno.readTextFileSync(file));
  for (const text of [key + cert, cert + key]) {
    const certFile = folder.join("both.pem");
    await Deno.writeTextFile(certFile, text, { mode: 0o600 });
    const found = credentialFiles({ certFile, host: "pc" });
    assertEquals(found, { certFile, keyFile: certFile, followsKey: false });
    const together = await loadCredentials(found, undefined, names);
    assertEquals(together.key, apart.key);
    assertEquals(new X509Certificate(together.cert).raw, new X509Certificate(apart.cert).raw);
  }
});

Deno.test("the files are those of the host, where one is given", async () => {
  await using folder = await temporaryFolder();
  const certFile = folder.join("none.crt");
  const ends = (options: Parameters<typeof credentialFiles>[0]) => {
    const { certFile, keyFile, followsKey } = credentialFiles(options);
    return [certFile.split(/[/\\]/).at(-1), keyFile.split(/[/\\]/).at(-1), followsKey];
  };
  assertEquals(ends({}), ["localhost.crt", "localhost.key", false]);
  assertEquals(ends({ host: "pc.lab.org" }), ["pc.lab.org.crt", "pc.lab.org.key", false]);
  assertEquals(ends({ host: "fe80::1%a<b" }), ["fe80__1%a_b.crt", "fe80__1%a_b.key", false]);
  assertEquals(ends({ host: "pc", certFile }), ["none.crt", "pc.key", false]);
  assertEquals(ends({ host: "pc", keyFile: "k" }), ["pc.crt", "k", true]);
  assertEquals(ends({ certFile, keyFile: "k" }), ["none.crt", "k", false]);
});

Deno.test("certificates and keys of Windows' editors are read", async () => {
  await using folder = await temporaryFolder();
  const files = { certFile: folder.join("a.crt"), keyFile: folder.join("a.key") };
  const made = await loadCredentials(files, undefined, names);
  for (const file of [files.certFile, files.keyFile]) {
    const text = await Deno.readTextFile(file);
    const units = Uint16Array.from(`\ufeff${text}`, (unit) => unit.charCodeAt(0)); // little-endian
    await Deno.writeFile(file, new Uint8Array(units.buffer));
  }
  assertEquals(await loadCredentials(files, undefined, names), made);
  await Deno.writeFile(files.certFile, Uint8Array.of(0x30, 0x82, 0xff)); // DER, not PEM
  await assertRejects(
    () => loadCredentials(files, undefined, names),
    ConfigurationError,
    `Cannot read the certificate ${files.certFile}: it is not text in UTF-8`,
  );
});
