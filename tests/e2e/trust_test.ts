/** Trust on first use, in a process with a home folder of its own. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { CertificateError, connect, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { tool } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";

const program = `
import { connect } from ${JSON.stringify(import.meta.resolve("../../mod.ts"))};
await using cxn = await connect(JSON.parse(Deno.args[0]));
console.log(cxn.isConnected());
`;

async function run(home: string, options: unknown): Promise<{ ok: boolean; said: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", configFile, join(home, "client.ts"), JSON.stringify(options)],
    env: { MSL_NETWORK_HOME: home, NO_COLOR: "1" },
    stdin: "null",
  });
  const { code, stdout, stderr } = await child.output();
  return { ok: code === 0, said: new TextDecoder().decode(code === 0 ? stdout : stderr) };
}

const configFile = new URL("../../deno.json", import.meta.url).pathname;

Deno.test("an unknown certificate is kept with autoSave, trusted afterwards, and only that one", async () => {
  const home = await Deno.makeTempDir({ prefix: "msl-network-" });
  try {
    await Deno.writeTextFile(join(home, "client.ts"), program);
    await using manager = await TestManager.start();
    const { host, port } = manager.connectOptions;

    const nobody = await run(home, { host, port });
    assertEquals(nobody.ok, false);
    assert(nobody.said.includes("fingerprint"), nobody.said);

    const saving = await run(home, { host, port, autoSave: true });
    assertEquals(saving, { ok: true, said: "true\n" });
    const saved = await Deno.readTextFile(join(home, "certs", "localhost.crt"));
    const shown = await Deno.readTextFile(manager.connectOptions.certFile!);
    assertEquals(saved.trim(), shown.trim());
    assertEquals(await run(home, { host, port }), { ok: true, said: "true\n" });

    await using other = await TestManager.start();
    const changed = await run(home, { host, port: other.connectOptions.port, autoSave: true });
    assertEquals(changed.ok, false);
    assert(changed.said.includes("Perhaps the Network Manager is using a new certificate"));
    assert(changed.said.includes(join(home, "certs", "localhost.crt")), changed.said);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

/** How people make a certificate with OpenSSL: that of an authority, and one of version 1. */
const MAKERS: Record<string, (key: string, request: string, cert: string) => string[]> = {
  "of an authority": (key, _, cert) => [
    ...["req", "-x509", "-key", key, "-subj", "/CN=localhost", "-days", "2", "-out", cert],
    ...["-addext", "subjectAltName=DNS:localhost"],
  ],
  "of version 1": (key, request, cert) => [
    ...["x509", "-req", "-in", request, "-signkey", key, "-days", "2", "-out", cert],
  ],
};

for (const [kind, make] of Object.entries(MAKERS)) {
  Deno.test(`a certificate ${kind}, as OpenSSL makes them, is trusted as what it is`, async () => {
    await using folder = await temporaryFolder();
    const path = (name: string) => join(folder.path, name);
    const [keyFile, request] = [path("a.key"), path("a.csr")];
    await tool("openssl", "genrsa", "-traditional", "-out", keyFile, "2048");
    await tool(
      "openssl",
      "req",
      "-new",
      "-key",
      keyFile,
      "-subj",
      "/CN=localhost",
      "-out",
      request,
    );
    for (const cert of ["a.crt", "b.crt"]) {
      await tool("openssl", ...make(keyFile, request, path(cert)));
    }
    await using manager = await TestManager.start({ certFile: path("a.crt"), keyFile });
    const options = manager.connectOptions;
    await using service = new Service({ name: "Lab" });
    await service.start(options);
    await using cxn = await connect(options);
    assertEquals((await cxn.link("Lab")).serviceName, "Lab");

    await assertRejects(
      () => connect({ ...options, certFile: path("b.crt") }),
      CertificateError,
      "Perhaps the Network Manager is using a new certificate",
    );
    const elsewhere = { ...options, host: "127.0.0.1" };
    await assertRejects(() => connect(elsewhere), CertificateError, "set assert_hostname=False");
    await using _cxn = await connect({ ...elsewhere, assertHostname: false });
  });
}

Deno.test("a file that is no certificate says so", async () => {
  const certFile = new URL(import.meta.url).pathname;
  await assertRejects(
    () => connect({ port: 1, certFile }),
    CertificateError,
    `Cannot use ${certFile}: not a certificate in PEM`,
  );
});
