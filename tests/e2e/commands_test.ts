/** The commands as processes; keys and certificates are compared with OpenSSL. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { program } from "../../cli/program.ts";
import { readKey } from "../../net/key.ts";
import { LIMIT_OPTIONS } from "../../program/limit_options.ts";
import { command, output, refusal } from "../support/command_line.ts";
import { modeOf, temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { run, tool } from "../support/process.ts";
import { posixTest } from "../support/posix.ts";

const KEY = ["keys", "localhost.key"];
const CERTIFICATE = ["certs", "localhost.crt"];

/** Starts a Manager on a free port and connects to it with TLS. */
async function servesTls(home: string, certFile: string, ...args: string[]): Promise<boolean> {
  const start = command(home, "start", "-H", "localhost", "-p", "0", ...args);
  await using manager = await ManagerProcess.of(start);
  const { port } = manager.connectOptions;
  const caCerts = [await Deno.readTextFile(certFile)];
  using socket = await Deno.connectTls({ hostname: "localhost", port, caCerts });
  await socket.handshake();
  return true;
}

/** The help text of a command, or of all of them. To start a process for each takes much longer. */
async function helpOf(name?: string): Promise<string> {
  const whole = await program();
  const one = name === undefined ? whole : whole.commands.find((one) => one.name() === name)!;
  let help = "";
  one.configureOutput({ writeOut: (text) => help += text, getOutHelpWidth: () => 80 });
  one.outputHelp();
  return help;
}

Deno.test("--help prints the help text of all commands, or of one", async () => {
  await using home = await temporaryFolder();
  assertEquals(await output(home.path, "--help"), await helpOf());
  assertEquals(await output(home.path, "start", "--help"), await helpOf("start"));
  assertEquals([...Deno.readDirSync(home.path)], []);
});

Deno.test("every command has a help text, and docs/cli.md lists every option", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/cli.md", import.meta.url));
  const commands = (await program()).commands.map((one) => one.name());
  for (const name of commands) {
    const help = await helpOf(name);
    assert(help.includes(`Usage: msl-network ${name} `), help);
    const section = text.split(/^## /m).find((section) => section.startsWith(`${name}\n`));
    const documented = [...section!.matchAll(/^\| [^|]*`(--[a-z-]+)/gm)].map(([_, option]) =>
      option
    );
    const options = [...help.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([_, option]) => option);
    assertEquals(documented.toSorted(), options.filter((one) => one !== "--help").toSorted());
  }
});

/** The arguments and options of each Python command, with their choices and short forms. */
const OF_PYTHON: Record<string, { arguments: string[]; options: string[] }> = {
  start: {
    arguments: [],
    options: [
      "--auth-hostname",
      "--auth-login",
      "-P, --auth-password",
      "-c, --cert-file",
      "-d, --database",
      "--disable-tls",
      "-H, --host",
      "-k, --key-file",
      "-D, --key-file-password",
      "-p, --port",
      "-G, --log-level",
      "-l, --log-file",
    ],
  },
  user: {
    arguments: ["add|insert|remove|delete|update|list", "[username]"],
    options: ["-a, --admin", "-d, --database", "-p, --password"],
  },
  hostname: {
    arguments: ["add|insert|remove|delete|list", "[names...]"],
    options: ["-d, --database"],
  },
  keygen: {
    arguments: ["[rsa|ecc|dsa]"],
    options: ["-c, --curve", "-p, --password", "-o, --out", "-s, --size"],
  },
  certgen: {
    arguments: ["[out]"],
    options: [
      "-a, --algorithm",
      "-k, --key-file",
      "-p, --key-file-password",
      "-y, --years-valid",
      "--show",
    ],
  },
  certdump: { arguments: ["certfile"], options: ["-o, --out"] },
  delete: {
    arguments: [],
    options: [
      "-a, --all",
      "-c, --certs",
      "-d, --database",
      "-k, --keys",
      "-l, --logs",
      "-r, --root",
      "-q, --quiet",
      "-y, --yes",
    ],
  },
};

/** What a help text lists under this heading: the first word, or the names of an option. */
function listedIn(help: string, heading: string): string[] {
  const section = help.split(/\n(?=\S)/).find((it) => it.startsWith(`${heading}:`)) ?? "";
  return Array.from(section.matchAll(/^ {2}((?:-\w, )?[\w-]+)/gm), ([, name]) => name);
}

/** The long form of an option. */
const longOf = (option: string) => option.split(", ").at(-1)!;

Deno.test("docs/cli.md lists every command and option that Python does not have, and we have all of Python's", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/cli.md", import.meta.url));
  const section = text.split(/^## /m).find((it) => it.startsWith("Beside the Python"))!;
  const found = Object.fromEntries(
    Array.from(section.matchAll(/^\| `([\w-]+)` +\| (.*)\|$/gm), ([_, name, cell]) => [
      name,
      cell.startsWith("the command")
        ? "the command"
        : Array.from(cell.matchAll(/`(--[a-z-]+)`/g), ([_, option]) => option).toSorted(),
    ]),
  );
  const helps = new Map([["msl-network", await helpOf()]]);
  const names = listedIn(helps.get("msl-network")!, "Commands").filter((name) => name !== "help");
  for (const name of names) helps.set(name, await helpOf(name));

  const limits = new Set<string>(LIMIT_OPTIONS.map(({ flag }) => flag));
  const expected: Record<string, string[] | "the command"> = { help: "the command" };
  for (const [name, help] of helps) {
    const python = name === "msl-network" ? { arguments: [], options: [] } : OF_PYTHON[name];
    if (python === undefined) {
      expected[name] = "the command";
      continue;
    }
    const options = listedIn(help, "Options").filter((option) => longOf(option) !== "--help");
    assertEquals(python.options.filter((option) => !options.includes(option)), [], name);
    const ours = options.filter((it) => !python.options.includes(it) && !limits.has(longOf(it)));
    if (ours.length > 0) expected[name] = ours.map(longOf).toSorted();

    const { commands } = await program();
    const taken = commands.find((one) => one.name() === name)?.registeredArguments ?? [];
    assertEquals(taken.length, python.arguments.length, name);
    for (const [index, argument] of taken.entries()) {
      const form = python.arguments[index];
      const isRequired = !form.startsWith("[") && !section.includes(`\`${form}\` is optional`);
      assertEquals(argument.required, isRequired, name);
      assertEquals(argument.variadic, form.includes("..."), name);
      const choices = form.includes("|") ? form.replace(/[[\]]/g, "").split("|") : [];
      for (const choice of choices) assert(help.includes(choice), `${name} ${choice}`);
    }
  }
  assertEquals(found, expected);
});

Deno.test("options that are unknown or not valid are rejected", async () => {
  await using home = await temporaryFolder();
  const refused: [reason: string, ...args: string[]][] = [
    ["unknown option '--nothing'", "keygen", "--nothing"],
    ["It must be rsa, ecc or dsa", "keygen", "ed25519"],
    ["can serve TLS are SECP256R1 (P-256), SECP384R1", "keygen", "ecc", "-c", "SECP256K1"],
    ["has 2048 to 8192 bits", "keygen", "-s", "1024"],
    ["cannot serve TLS in any current stack", "keygen", "dsa"],
    ["Cannot make an rsa key on a curve", "keygen", "-c", "P-256"],
    ["Cannot make an ecc key of a size", "keygen", "ecc", "-s", "2048"],
    ["Cannot use an empty password", "keygen", "ecc", "-p", ""],
    ["takes are SHA256, SHA384, SHA512", "certgen", "-a", "MD5"],
    ["a positive number", "certgen", "-y", "0"],
    ["missing required argument 'service'", "call"],
    ["localhost.crt", "certdump"], // the Manager has not made one
    ["Allowed choices are text, json", "start", "--log-format", "xml"],
    ["Expected a size such as 4096", "start", "--log-size", "large"],
    ["Expected a duration such as 10", "start", "--log-age", "week"],
    ["Expected a whole number", "start", "--log-files=-1"],
    ["It must be an integer from 1 to 65535", "status", "-p", "0"],
    ["Expected a duration", "status", "--timeout", "soon"],
    ["It must be at least 1ms", "status", "--timeout", "0"],
  ];
  await Promise.all(refused.map(async ([reason, ...args]) => {
    const { code, stderr: text } = await run(command(home.path, ...args));
    const isUsage = text.includes("Add --help");
    assert(code === (isUsage ? 2 : 1) && text.includes(reason), text);
  }));
  assertEquals([...Deno.readDirSync(home.path)], []);
});

posixTest("keygen makes keys that OpenSSL reads, and does not replace existing ones", async () => {
  await using home = await temporaryFolder();
  const file = join(home.path, ...KEY);
  assertEquals(await output(home.path, "keygen"), `Wrote the private key to ${file}\n`);
  assert((await Deno.readTextFile(file)).startsWith("-----BEGIN RSA PRIVATE KEY-----\n"));
  assert((await tool("openssl", "rsa", "-in", file, "-check", "-noout", "-text")).includes("2048"));
  assertEquals(modeOf(file), 0o600);
  assertEquals(modeOf(join(home.path, "keys")), 0o700);
  const rsa = await readKey(file);

  const password = join(home.path, "password.txt");
  await Deno.writeTextFile(password, "two words\nand another line\n", { mode: 0o600 });
  const again = await output(home.path, "keygen", "ecc", "-c", "prime256v1", "-p", password);
  const old = `${file}.old`;
  assertEquals(again, `Kept the old private key as ${old}\nWrote the private key to ${file}\n`);
  assert((await readKey(old)).equals(rsa));
  assertEquals(modeOf(old), 0o600);
  assert((await Deno.readTextFile(file)).includes("Proc-Type: 4,ENCRYPTED"));
  const read = ["-in", file, "-passin", "pass:two words", "-noout", "-text"];
  assert((await tool("openssl", "ec", ...read)).includes("prime256v1"));
});

Deno.test("--quiet prints results and errors only", async () => {
  await using home = await temporaryFolder();
  const certificate = join(home.path, ...CERTIFICATE);
  const quiet: string[][] = [
    ["keygen", "ecc", "-q"],
    ["keygen", "ecc", "--quiet"], // the existing key is kept
    ["certgen", "-q"],
    ["certdump", certificate, "-o", join(home.path, "text"), "-q"],
    ["user", "add", "alice", "-q", "-p", "wonderland"],
    ["access", "allow", "DMM", "alice", "-q"],
    ["hostname", "add", "lab", "-q"],
  ];
  for (const args of quiet) {
    const outcome = await run(command(home.path, ...args));
    assertEquals(outcome, { code: 0, stdout: "", stderr: "" }, args.join(" "));
  }
  assertEquals(await output(home.path, "user", "list", "-q"), "alice  user\n");
  assertEquals(await output(home.path, "access", "list", "-q"), "DMM  alice\n");
  assert((await output(home.path, "hostname", "list", "-q")).includes("lab\n"));
  assert((await refusal(home.path, "user", "add", "alice", "-q", "-p", "x")).includes("alice"));
});

posixTest("certgen uses a key or makes a missing one, and start uses the certificate", async () => {
  await using home = await temporaryFolder();
  const certificate = join(home.path, ...CERTIFICATE);
  await output(home.path, "keygen", "ecc", "-p", "two", "words");
  const years = ["-y", "0.5"];
  const made = await output(home.path, "certgen", "-a", "sha-384", ...years, "-p", "two", "words");
  assertEquals(made, `Wrote the certificate to ${certificate}\n`);
  const text = await tool("openssl", "x509", "-in", certificate, "-noout", "-text");
  assert(text.includes("Signature Algorithm: ecdsa-with-SHA384"), text);
  assert(text.includes(`CN = ${Deno.hostname()}`), text);
  const halfYear = String(183 * 24 * 3600);
  const check = ["x509", "-in", certificate, "-noout", "-checkend", halfYear];
  const { code } = await new Deno.Command("openssl", { args: check, stdout: "null" }).output();
  assertEquals(code, 1, "it is valid for longer than half a year");
  assert(await servesTls(home.path, certificate, "-D", "two", "words"));

  const encrypted = await refusal(home.path, "certgen");
  assert(encrypted.includes("it is encrypted, give its password with --key-file-password"));

  const [newKey, newCertificate] = [join(home.path, "new.key"), join(home.path, "new.crt")];
  const shown = await output(home.path, "certgen", newCertificate, "-k", newKey, "--show");
  const dump = await output(home.path, "certdump", newCertificate);
  assertEquals(
    shown,
    `Wrote a new private key to ${newKey}\nWrote the certificate to ${newCertificate}\n${dump}`,
  );
  assertEquals(
    await output(home.path, "certdump"),
    await output(home.path, "certdump", certificate),
    "without a name it is that of the Manager",
  );
  const again = await output(home.path, "certgen", "-k", newKey);
  assert(again.startsWith(`Kept the old certificate as ${certificate}.old\n`), again);
  assert((await refusal(home.path, "-p", "0", "-D", "two", "words")).includes("certgen"));
});

posixTest("certgen takes further names and addresses of the computer", async () => {
  await using home = await temporaryFolder();
  const names = ["pc.lab.org", "*.site.org", "10.1", "fe80::7%eth0", "2001:db8::1", "my_pc"];
  await output(home.path, "certgen", "-q", ...names.flatMap((name) => ["--name", name]));
  const certificate = join(home.path, ...CERTIFICATE);
  const text = await tool(
    "openssl",
    "x509",
    "-in",
    certificate,
    "-noout",
    "-ext",
    "subjectAltName",
  );
  const expected = [
    ...[Deno.hostname().toLowerCase(), "localhost", "pc.lab.org", "*.site.org", "my_pc"]
      .map((name) => `DNS:${name}`),
    ...["127.0.0.1", "10.0.0.1", "FE80:0:0:0:0:0:0:7", "2001:DB8:0:0:0:0:0:1"]
      .map((address) => `IP Address:${address}`),
  ];
  for (const name of expected) assert(text.includes(name), `${name} is not in ${text}`);
  for (const name of ["", "a b", "300.1.1.1", "-pc", "a..b", "a/b", "a,b"]) {
    const { code, stderr } = await run(command(home.path, "certgen", `--name=${name}`));
    assert(stderr.includes("It must be a host name or an IP address"), stderr);
    assertEquals(code, 2);
  }
});

posixTest(
  "start uses a key and a certificate that OpenSSL made, and certdump prints the certificate",
  async () => {
    await using home = await temporaryFolder();
    const [key, certificate] = [join(home.path, "python.key"), join(home.path, "python.crt")];
    const plain = join(home.path, "plain.key");
    await tool("openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", plain);
    const protection = ["-aes256", "-passout", "pass:two words"];
    await tool("openssl", "ec", "-in", plain, ...protection, "-out", key);
    assert((await Deno.readTextFile(key)).includes("Proc-Type: 4,ENCRYPTED"));
    const extensions = ["subjectAltName=DNS:localhost", "basicConstraints=critical,CA:FALSE"]
      .flatMap((extension) => ["-addext", extension]);
    const made = ["-x509", "-sha512", "-days", "10", "-subj", "/O=Lab/CN=localhost", ...extensions];
    await tool("openssl", "req", ...made, "-key", plain, "-out", certificate);
    const options = ["-k", key, "-c", certificate, "-D", "two", "words"];
    assert(await servesTls(home.path, certificate, ...options));

    const text = join(home.path, "certificate.txt");
    const stdout = await output(home.path, "certdump", certificate, "-o", text);
    assertEquals(stdout, `Wrote the description of ${certificate} to ${text}\n`);
    const description = await Deno.readTextFile(text);
    const ask = async (...what: string[]) => {
      const answer = await tool("openssl", "x509", "-in", certificate, "-noout", ...what);
      return answer.trim().split("=")[1];
    };
    const serial = (await ask("-serial")).toLowerCase();
    assert(description.replaceAll(/\s/g, "").includes(serial), description);
    assert(description.includes(`SHA-1: ${await ask("-fingerprint", "-sha1")}\n`), description);
    assert(description.includes(`SHA-256: ${await ask("-fingerprint", "-sha256")}\n`), description);
    assert(description.includes("Issuer: O=Lab, CN=localhost"), description);

    assertEquals(
      await refusal(home.path, "certdump", key),
      `Cannot use ${key}: not a certificate in PEM`,
    );
    const missing = await refusal(home.path, "certdump", `${certificate}.not`);
    assert(missing.startsWith("Cannot read the certificate"), missing);
  },
);
