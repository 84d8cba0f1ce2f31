/** The versions of TLS, tested with OpenSSL. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { selfSign } from "../../net/certificate_maker.ts";
import { dial } from "../../net/dial.ts";
import { type ManagerOptions, TlsMismatchError } from "../../mod.ts";
import { terminalPrompt } from "../../base/prompt.ts";
import { fetchCertificate } from "../../net/trust.ts";
import { temporaryFolder } from "../support/folder.ts";
import { Laboratory } from "../support/laboratory.ts";
import { PYTHON_USER } from "../support/python_users.ts";
import { posixTest } from "../support/posix.ts";

/** The options with which OpenSSL speaks versions that it disables by default. */
const ANYTHING = ["-cipher", "ALL:@SECLEVEL=0"];

/** The version that a handshake negotiates, or `(NONE)`, and how many bytes the client sent. */
async function offer(port: number, version: string): Promise<{ agreed: string; sent: number }> {
  const { stdout } = await new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${port}`, `-${version}`, ...ANYTHING],
    stdin: "null",
    stderr: "null",
  }).output();
  const output = new TextDecoder().decode(stdout);
  const agreed = /^New, ([^,]+),/m.exec(output)?.[1] ?? output;
  return { agreed, sent: Number(/written (\d+) bytes/.exec(output)?.[1]) };
}

const AUTHENTICATIONS: Record<string, ManagerOptions> = {
  "without authentication": {},
  "with a password": { authPassword: "a secret" },
  "with logins": { authLogin: true },
};

for (const [which, options] of Object.entries(AUTHENTICATIONS)) {
  posixTest(`a Manager ${which} speaks TLS 1.2 and 1.3, and rejects TLS 1.0 and 1.1`, async () => {
    await using laboratory = await Laboratory.open(options, PYTHON_USER);
    const { port } = laboratory.manager.connectOptions;
    for (const [version, agreed] of [["tls1_2", "TLSv1.2"], ["tls1_3", "TLSv1.3"]]) {
      assertEquals((await offer(port, version)).agreed, agreed);
    }
    for (const version of ["tls1", "tls1_1"]) {
      const { agreed, sent } = await offer(port, version);
      assertEquals(agreed, "(NONE)", version);
      assert(sent > 0, "OpenSSL did not offer it at all");
    }
  });
}

/** A server of OpenSSL that speaks one version alone. */
async function serve(
  folder: string,
  version: string,
): Promise<
  AsyncDisposable & { port: number; certFile: string; hears: (text: string) => Promise<void> }
> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [keyFile, certFile] = [join(folder, "server.key"), join(folder, "server.crt")];
  const pem = privateKey.export({ type: "sec1", format: "pem" }).toString();
  await Deno.writeTextFile(keyFile, pem, { mode: 0o600 });
  await Deno.writeTextFile(certFile, await selfSign(privateKey, ["localhost", "127.0.0.1"]));
  const files = ["-key", keyFile, "-cert", certFile];
  const child = new Deno.Command("openssl", {
    args: ["s_server", "-accept", "127.0.0.1:0", `-${version}`, ...ANYTHING, ...files],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let output = "";
  const readUntil = async (pattern: RegExp) => {
    while (!pattern.test(output)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`openssl s_server ended: ${output}`);
      output += value;
    }
  };
  await readUntil(/^ACCEPT .*\n/m);
  return {
    /** Waits until it has printed a decrypted text. */
    hears: (text) => readUntil(new RegExp(`^${text}$`, "m")),
    port: Number(/^ACCEPT \S+:(\d+)$/m.exec(output)![1]),
    certFile,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.stdin.close().catch(() => {}); // it has ended
      while (!(await reader.read()).done);
      await child.status;
    },
  };
}

for (
  const [version, isSpoken] of [["tls1_1", false], ["tls1_2", true], ["tls1_3", true]] as const
) {
  posixTest(`a device ${isSpoken ? "speaks" : "refuses"} ${version}`, async () => {
    await using folder = await temporaryFolder();
    await using server = await serve(folder.path, version);
    const { port, certFile } = server;
    const options = {
      host: "127.0.0.1",
      port,
      certFile,
      timeout: 10_000,
      prompt: terminalPrompt,
    };
    const look = () => fetchCertificate({ host: "127.0.0.1", port, timeout: 10_000 });
    if (!isSpoken) {
      await assertRejects(() => dial(options), TlsMismatchError);
      await assertRejects(look, TlsMismatchError);
      return;
    }
    assertMatch(await look(), /^-----BEGIN CERTIFICATE-----/);
    const transport = await dial(options);
    await transport.write(new TextEncoder().encode(`hello over ${version}\n`));
    await server.hears(`hello over ${version}`);
    await transport.close();
  });
}
