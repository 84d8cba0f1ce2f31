/** Whose certificates a device believes: those of its file, and nobody else's. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { terminalPrompt } from "../../base/prompt.ts";
import { CertificateError, connect, TimeoutError } from "../../mod.ts";
import { dial } from "../../net/dial.ts";
import { selfSign } from "../../net/certificate_maker.ts";
import { listen } from "../../net/listener.ts";
import { firstSocket } from "../support/sockets.ts";
import { TestManager } from "../../testing.ts";
import { posixTest } from "../support/posix.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, run, tool } from "../support/process.ts";
import { CONFIG, MODULE } from "../support/source_tree.ts";
import { until } from "../support/until.ts";

const PROGRAM = `
import { connect } from ${MODULE};
try {
  await using cxn = await connect(JSON.parse(Deno.args[0]));
  console.log(cxn.isConnected());
} catch (error) {
  console.log(error.name + ": " + error.message);
}
`;

/** An authority of a site, and a certificate that it has signed for `localhost`. */
async function makeAuthority(folder: string, own: "authority" | "version 1" | "no authority") {
  const path = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => tool("openssl", ...words);
  const [caKey, caFile, keyFile, certFile] = ["ca.key", "ca.crt", "m.key", "m.crt"].map(path);
  await openssl("genrsa", "-out", caKey, "2048");
  await openssl("genrsa", "-out", keyFile, "2048");
  await Deno.chmod(keyFile, 0o600);
  await openssl("req", "-new", "-key", caKey, "-subj", "/CN=Site", "-out", path("ca.csr"));
  const extensions = {
    "authority": "basicConstraints=critical,CA:TRUE\n",
    "version 1": undefined,
    "no authority": "basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:site\n",
  }[own];
  if (extensions !== undefined) await Deno.writeTextFile(path("extensions"), extensions);
  await openssl(
    ...["x509", "-req", "-in", path("ca.csr"), "-signkey", caKey, "-days", "2", "-out", caFile],
    ...(extensions === undefined ? [] : ["-extfile", path("extensions")]),
  );
  await openssl("req", "-new", "-key", keyFile, "-subj", "/CN=localhost", "-out", path("m.csr"));
  await Deno.writeTextFile(path("names"), "subjectAltName=DNS:localhost\n");
  await openssl(
    ...["x509", "-req", "-in", path("m.csr"), "-CA", caFile, "-CAkey", caKey, "-CAcreateserial"],
    ...["-days", "2", "-extfile", path("names"), "-out", certFile],
  );
  return { caFile, keyFile, certFile };
}

posixTest(
  "an authority of the runtime is not believed, and one that the user puts into the file is",
  async () => {
    await using folder = await temporaryFolder();
    const { caFile, keyFile, certFile } = await makeAuthority(folder.path, "authority");
    await Deno.writeTextFile(join(folder.path, "client.ts"), PROGRAM);
    await using kept = await TestManager.start(); // its certificate is the one that the device keeps
    await using shown = await TestManager.start({ certFile, keyFile });
    const { port } = shown.connectOptions;
    const roots = { DENO_CERT: caFile, NODE_EXTRA_CA_CERTS: caFile };
    const connectWith = async (options: unknown, env: Record<string, string>) => {
      const words = ["--config", CONFIG, join(folder.path, "client.ts"), JSON.stringify(options)];
      const command = denoCommand(["run", "-A", ...words], { home: folder.path, env });
      return (await run(command)).stdout;
    };
    for (
      const env of [
        ...Object.entries(roots).map(([name, value]) => ({ [name]: value })),
        { ...roots, DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: caFile },
      ]
    ) {
      for (const assertHostname of [true, false]) {
        const host = assertHostname ? "localhost" : "127.0.0.1";
        const trusted = kept.connectOptions.certFile;
        const output = await connectWith({ host, port, certFile: trusted, assertHostname }, env);
        assertStringIncludes(output, "CertificateError: The certificate of", JSON.stringify(env));
      }
    }
    // Nothing was sent: no connection has asked to be let in.
    assertEquals(Object.keys(shown.manager.identities().clients), []);
    assertEquals(await connectWith({ host: "localhost", port, certFile: caFile }, {}), "true\n");
    // The certificate itself can be kept too, without that of its authority.
    assertEquals(await connectWith({ host: "localhost", port, certFile }, {}), "true\n");
  },
);

posixTest(
  "a certificate in the file has signed others only if it is that of an authority",
  async () => {
    for (
      const [own, isBelieved] of [
        ["authority", true],
        ["version 1", true],
        ["no authority", false], // as that of one of two Managers in a file, which speaks for itself
      ] as const
    ) {
      await using folder = await temporaryFolder();
      const { caFile, keyFile, certFile } = await makeAuthority(folder.path, own);
      await using kept = await TestManager.start();
      const both = join(folder.path, "both.crt");
      await Deno.writeTextFile(
        both,
        await Deno.readTextFile(caFile) + await Deno.readTextFile(kept.connectOptions.certFile!),
      );
      await using shown = await TestManager.start({ certFile, keyFile });
      for (const file of [caFile, both]) {
        const connecting = connect({ ...shown.connectOptions, certFile: file });
        if (isBelieved) await (await connecting).disconnect();
        else await assertRejects(() => connecting, CertificateError, "nor signed by one that is");
      }
    }
  },
);

posixTest("a certificate that is shown without its key is not believed", async () => {
  await using folder = await temporaryFolder();
  const [keyFile, certFile] = ["k.pem", "c.pem"].map((name) => join(folder.path, name));
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await Deno.writeTextFile(certFile, await selfSign(privateKey, ["localhost", "127.0.0.1"]));
  const der = (key = privateKey) => new Uint8Array(key.export({ type: "sec1", format: "der" }));
  const forged = der(); // the public key of the certificate, with another private one
  forged.set(der(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey).slice(7, 39), 7);
  const lines = [
    "-----BEGIN EC PRIVATE KEY-----",
    forged.toBase64(),
    "-----END EC PRIVATE KEY-----",
  ];
  await Deno.writeTextFile(keyFile, `${lines.join("\n").replaceAll(/.{64}/g, "$&\n")}\n`);
  for (const version of ["tls1_2", "tls1_3"]) {
    const words = ["-accept", "127.0.0.1:0", `-${version}`, "-key", keyFile, "-cert", certFile];
    const child = new Deno.Command("openssl", {
      args: ["s_server", ...words],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      let output = "";
      while (!/^ACCEPT \S+:\d+$/m.test(output)) output += (await reader.read()).value;
      const port = Number(/^ACCEPT \S+:(\d+)$/m.exec(output)![1]);
      await assertRejects(
        () => connect({ host: "127.0.0.1", port, certFile }),
        CertificateError,
        "does not prove that it has the key",
      );
    } finally {
      child.kill();
      await child.stdin.close().catch(() => {}); // it has ended
      while (!(await reader.read()).done);
      await child.status;
    }
  }
});

/** Waits until a number has grown, and then stays the same at 200 looks, a millisecond apart. */
async function unchanged(count: () => number): Promise<void> {
  let [before, looks] = [0, 0];
  await until("it grows no more", () => {
    looks = count() === before && before > 0 ? looks + 1 : 0;
    before = count();
    return looks === 200;
  });
}

Deno.test("a client that does not read slows the Manager's side down, and holds little memory", async () => {
  await using folder = await temporaryFolder();
  const certFile = join(folder.path, "c.pem");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = await selfSign(privateKey, ["localhost", "127.0.0.1"]);
  await Deno.writeTextFile(certFile, cert);
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const [listener] = listen(["127.0.0.1"], 0, { cert, key });
  const accepted = (async () => {
    const socket = await firstSocket(listener);
    await socket.secure();
    return socket;
  })();
  const prompt = terminalPrompt;
  const { port } = listener;
  const device = await dial({ host: "localhost", port, certFile, timeout: 10_000, prompt });
  const server = await accepted;
  const piece = new Uint8Array(64 * 1024);
  const total = 100 * 1024 ** 2;
  let sent = 0;
  const flood = (async () => {
    while (sent < total) sent += await server.write(piece);
  })();
  // What the operating system queues may be written, and then no more is.
  await unchanged(() => sent);
  assert(sent < total / 4, `${sent} bytes were taken by a client that reads nothing`);
  const buffer = new Uint8Array(64 * 1024);
  for (let size = 0; size < total;) size += (await device.read(buffer))!;
  await flood;
  // The same in the other direction.
  let written = 0;
  const upload = (async () => {
    while (written < total) written += await device.write(piece);
  })();
  await unchanged(() => written);
  assert(written < total / 4, `${written} bytes were written to a Manager that reads nothing`);
  for (let size = 0; size < total;) size += (await server.read(buffer))!;
  await upload;
  await device.close();
  await server.close();
  listener.close();
});

Deno.test("an attempt that is aborted in the TLS handshake releases its socket at once", async () => {
  await using folder = await temporaryFolder();
  const certFile = join(folder.path, "c.pem");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await Deno.writeTextFile(certFile, await selfSign(privateKey, ["localhost"]));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const abort = new AbortController();
  const { port } = listener.addr as Deno.NetAddr;
  const signal = abort.signal;
  const attempt = connect({ host: "127.0.0.1", port, certFile, signal, timeout: 60_000 });
  const failure = assertRejects(() => attempt, Error, "enough");
  using socket = await listener.accept();
  const buffer = new Uint8Array(16 * 1024);
  assert(await socket.read(buffer)); // the first message of the handshake
  abort.abort(new Error("enough"));
  await failure;
  const rest = async () => {
    while (await socket.read(buffer) !== null);
  };
  await deadline(rest(), 5_000);

  const slow = connect({ host: "127.0.0.1", port, certFile, timeout: 50 });
  using silent = await listener.accept();
  await assertRejects(() => slow, TimeoutError, "did not answer within 50 ms");
  while (await silent.read(buffer) !== null);
});
