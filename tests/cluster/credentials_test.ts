import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseCredentials, readCredentials } from "../../cluster/credentials.ts";
import { ConfigurationError } from "../../errors.ts";
import { temporaryFolder } from "../support/folder.ts";
import { recordLogs } from "../support/logs.ts";
import { posixTest } from "../support/posix.ts";

const SEED = `SU${"A".repeat(56)}`;

Deno.test("credentials are told apart by what they are", () => {
  const creds = "-----BEGIN NATS USER JWT-----\neyJ0\n------END NATS USER JWT------\n";
  assertEquals(parseCredentials(creds), { kind: "creds", text: creds });
  assertEquals(parseCredentials(`${SEED}\n`), { kind: "seed", seed: SEED });
  assertEquals(parseCredentials("s3cret\r\n"), { kind: "token", token: "s3cret" });
  assertEquals(parseCredentials("bob: a:b"), { kind: "password", user: "bob", password: " a:b" });
  assertEquals(parseCredentials(SEED.toLowerCase()).kind, "token");
});

Deno.test("a file that has no credentials is rejected, and its content is not shown", async () => {
  await using folder = await temporaryFolder();
  const file = folder.join("node.txt");
  assertThrows(() => readCredentials(file), ConfigurationError, file);
  for (const text of ["", " \n", "secret\nsecret2"]) {
    Deno.writeTextFileSync(file, text, { mode: 0o600 });
    const { message } = assertThrows(() => readCredentials(file), ConfigurationError, file);
    assertEquals(message.includes("secret"), false, message);
  }
});

posixTest("a file that others can read is used, with a warning", async () => {
  await using folder = await temporaryFolder();
  await using logs = await recordLogs(["msl", "network", "cluster"]);
  const file = folder.join("node.txt");
  Deno.writeTextFileSync(file, "bob:secret");
  Deno.chmodSync(file, 0o644);
  assertEquals(readCredentials(file).kind, "password");
  assertStringIncludes(String(logs.records[0].rawMessage), `chmod 600 ${file}`);
  Deno.chmodSync(file, 0o600);
  readCredentials(file);
  assertEquals(logs.records.length, 1);
});
