/** Trust on first use, in a process with a home folder of its own. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { CertificateError, connect, Service } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { entriesOf, temporaryFolder } from "../support/folder.ts";
import { denoCommand, run, tool } from "../support/process.ts";
import { CONFIG, MODULE } from "../support/source_tree.ts";
import { posixTest } from "../support/posix.ts";

const program = `
import { connect } from ${MODULE};
await using cxn = await connect(JSON.parse(Deno.args[0]));
console.log(cxn.isConnected());
`;

/** Runs the program. Returns its output, or its error. */
async function connectWith(
  home: string,
  options: unknown,
): Promise<{ ok: boolean; output: string }> {
  const words = ["--config", CONFIG, join(home, "client.ts"), JSON.stringify(options)];
  const { code, stdout, stderr } = await run(denoCommand(["run", "-A", ...words], { home }));
  return { ok: code === 0, output: code === 0 ? stdout : stderr };
}

Deno.test("an unknown certificate is saved with autoSave, and only that one is trusted afterwards", async () => {
  await using folder = await temporaryFolder();
  const home = folder.path;
  await Deno.writeTextFile(join(home, "client.ts"), program);
  await using manager = await TestManager.start();
  const { host, port } = manager.connectOptions;

  const untrusting = await connectWith(home, { host, port });
  assertEquals(untrusting.ok, false);
  assert(untrusting.output.includes("fingerprint"), untrusting.output);

  const saving = await connectWith(home, { host, port, autoSave: true });
  assertEquals(saving, { ok: true, output: "true\n" });
  const saved = await Deno.readTextFile(join(home, "certs", "localhost.crt"));
  const shown = await Deno.readTextFile(manager.connectOptions.certFile!);
  assertEquals(saved.trim(), shown.trim());
  assertEquals(await connectWith(home, { host, port }), { ok: true, output: "true\n" });

  await using other = await TestManager.start();
  const changed = await connectWith(home, {
    host,
    port: other.connectOptions.port,
    autoSave: true,
  });
  assertEquals(changed.ok, false);
  assert(changed.output.includes("Perhaps the Network Manager is using a new certificate"));
  assert(changed.output.includes(join(home, "certs", "localhost.crt")), changed.output);
});

Deno.test("a certificate that another program keeps while a person is asked is the one that is trusted", async () => {
  await using folder = await temporaryFolder();
  const home = folder.path;
  await using manager = await TestManager.start();
  await using other = await TestManager.start();
  const otherFile = other.connectOptions.certFile;
  await Deno.writeTextFile(
    join(home, "client.ts"),
    `import { connect } from ${MODULE};
    const [options, otherFile, file] = JSON.parse(Deno.args[0]);
    const confirm = () => {
            Deno.copyFileSync(otherFile, file);
      return true;
    };
    const prompt = { confirm, text: () => "", secret: () => "" };
    console.log(await connect({ ...options, prompt }).then(String, (error) => error.message));`,
  );
  const file = join(home, "certs", "localhost.crt");
  await Deno.mkdir(join(home, "certs"));
  const { host, port } = manager.connectOptions;
  const { output } = await connectWith(home, [{ host, port }, otherFile, file]);
  assert(output.includes("cannot be verified (neither is it in the file"), output);
  assertEquals(await Deno.readTextFile(file), await Deno.readTextFile(otherFile!));
  assertEquals(entriesOf(join(home, "certs")), ["localhost.crt"]);
});

/** Certificates that OpenSSL makes: one of an authority, and one of version 1. */
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
  posixTest(`a certificate ${kind} that OpenSSL made can be trusted`, async () => {
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

Deno.test("a file that is no certificate is an error that says so", async () => {
  const certFile = new URL(import.meta.url).pathname;
  await assertRejects(
    () => connect({ port: 1, certFile }),
    CertificateError,
    `Cannot use ${certFile}: not a certificate in PEM`,
  );
});
