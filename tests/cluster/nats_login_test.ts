/** Each way to log in at a real NATS server, from the file of `--join-credentials`, and TLS. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { readCredentials } from "../../cluster/credentials.ts";
import { NatsBus } from "../../cluster/nats_bus.ts";
import { ConfigurationError } from "../../errors.ts";
import { Manager } from "../../mod.ts";
import { selfSign } from "../../net/certificate_maker.ts";
import { temporaryFolder } from "../support/folder.ts";
import { NatsAccounts, natsKey } from "../support/nats_accounts.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";
import { until } from "../support/until.ts";

/** Connects with a file that has this text; fulfilled with the first problem, or `undefined`. */
async function problemWith(
  server: string,
  { credentials, caFile }: { credentials?: string; caFile?: string },
): Promise<string | undefined> {
  await using folder = await temporaryFolder();
  const file = folder.join("credentials");
  if (credentials !== undefined) Deno.writeTextFileSync(file, credentials, { mode: 0o600 });
  const problems: string[] = [];
  const bus = new NatsBus({
    servers: [server],
    name: "test",
    answers: "msl.lab.a.a.answers.x",
    login: credentials === undefined ? undefined : readCredentials(file),
    caFile,
    onProblem: ({ message }) => problems.push(message),
  });
  try {
    await until("an answer of the server", () => bus.isConnected || problems.length > 0);
    return bus.isConnected ? undefined : problems[0];
  } finally {
    await bus.close();
  }
}

natsTest(
  "a node logs in with a user and a password, a token, an nkey and a .creds file",
  async () => {
    const [key, otherKey] = [natsKey(), natsKey()];
    const [accounts, otherAccounts] = [new NatsAccounts(), new NatsAccounts()];
    const ways: [config: string, right: string, wrong: string][] = [
      [`authorization { user: lab, password: "a:b" }`, "lab:a:b\n", "lab:other"],
      [`authorization { token: "s3cret" }`, "s3cret\n", "other"],
      [`authorization { users: [{ nkey: ${key.publicKey} }] }`, `${key.seed}\n`, otherKey.seed],
      [accounts.config, accounts.creds("a"), otherAccounts.creds("a")],
    ];
    for (const [config, right, wrong] of ways) {
      await using server = await NatsServer.start({ config });
      assertEquals(await problemWith(server.url, { credentials: right }), undefined, config);
      for (const credentials of [wrong, undefined]) {
        const problem = await problemWith(server.url, { credentials });
        assert(problem !== undefined && /authorization/i.test(problem), `${config}: ${problem}`);
        const advice = credentials === undefined
          ? "it wants credentials (--join-credentials)"
          : "it does not accept those of --join-credentials";
        assertStringIncludes(problem, `NATS refuses the login: ${advice}`);
      }
    }
  },
);

natsTest(
  "with tls:// a node believes the authorities of its file alone, and never goes on without TLS",
  async () => {
    await using folder = await temporaryFolder();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const [certFile, keyFile, otherFile] = ["nats.crt", "nats.key", "other.crt"].map((name) =>
      folder.join(name)
    );
    Deno.writeTextFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    const names = ["localhost", "127.0.0.1"];
    Deno.writeTextFileSync(certFile, await selfSign(privateKey, names));
    const { privateKey: other } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    Deno.writeTextFileSync(otherFile, await selfSign(other, names));
    const config = `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`;
    await using server = await NatsServer.start({ config });
    await using plain = await NatsServer.start();
    const secure = server.url.replace("nats:", "tls:");
    assertEquals(await problemWith(secure, { caFile: certFile }), undefined);
    for (const caFile of [undefined, otherFile]) {
      const problem = await problemWith(secure, { caFile });
      assert(problem !== undefined && /certificate|self.signed/i.test(problem), problem);
    }
    const problem = await problemWith(plain.url.replace("nats:", "tls:"), { caFile: certFile });
    assert(problem !== undefined && /tls/i.test(problem), problem);
  },
);

Deno.test("a Manager does not start with a file of credentials or authorities that cannot be used", async () => {
  await using folder = await temporaryFolder();
  const join = { node: "a", servers: ["nats://127.0.0.1:1"] };
  for (const option of ["credentialsFile", "caFile"]) {
    const file = folder.join("missing");
    const started = Manager.start({ port: 0, disableTls: true, join: { ...join, [option]: file } });
    await assertRejects(() => started, ConfigurationError, file);
  }
});
