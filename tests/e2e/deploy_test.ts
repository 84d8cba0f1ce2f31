/** The systemd units and the Dockerfile of docs/deploy: their command lines are run, or parsed. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../deno.json" with { type: "json" };
import { LIMITS } from "../../limits.ts";
import { DEFAULT_PORT, DEFAULT_WEB_PORT } from "../../wire/protocol.ts";
import { blocksOf } from "../../docs/site/blocks.ts";
import { connect } from "../../mod.ts";
import { parseStartOptions } from "../../program/start_options.ts";
import { parseDuration } from "../../base/units.ts";
import { output } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { posixTest } from "../support/posix.ts";
import { denoCommand, Process, run, succeed } from "../support/process.ts";
import { ROOT } from "../support/source_tree.ts";

/** The units, by the names of their files. */
const UNITS = ["msl-network.service", "lab-thermometer.service"];

const [unitText, serviceText] = await Promise.all(
  UNITS.map((name) => Deno.readTextFile(join(ROOT, "docs", "deploy", name))),
);
const dockerText = await Deno.readTextFile(join(ROOT, "docs", "deploy", "Dockerfile"));

/** The folders of the package, in the order of their layers. */
const FOLDERS = manifest.publish.include
  .map((path) => path.split("/"))
  .flatMap(([folder, file]) => file === undefined ? [] : [folder]);

/** The settings of a unit, by their section and name: `Service.User`. */
function parseUnit(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  let section = "";
  for (const line of text.replaceAll("\\\n", "").split("\n")) {
    const [, heading] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, name, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    else if (name !== undefined) settings.set(`${section}.${name}`, value);
    else assertMatch(line, /^(#.*)?$/);
  }
  return settings;
}

const managerUnit = parseUnit(unitText);
const serviceUnit = parseUnit(serviceText);

/** A unit's command line and environment, with the folders that systemd would make. */
function parseStart(
  folder: string,
  unit = managerUnit,
): { words: string[]; env: Record<string, string> } {
  const resolve = (text: string) =>
    text.replaceAll("%S", join(folder, "state")).replaceAll("%L", join(folder, "logs"))
      .replaceAll("%d", join(folder, "credentials"));
  const [words, environment] = ["ExecStart", "Environment"].map((name) =>
    resolve(unit.get(`Service.${name}`)!).split(/ +/)
  );
  return { words, env: Object.fromEntries(environment.map((one) => one.split("="))) };
}

/** The words of the Dockerfile's instructions that are JSON lists. */
function listOf(instruction: RegExp): string[] {
  const [, list] = new RegExp(`^${instruction.source} (\\[.*\\])$`, "m").exec(dockerText)!;
  return JSON.parse(list);
}

/** The value of an instruction of the Dockerfile. */
function valueOf(instruction: string): string | undefined {
  return new RegExp(`^${instruction} (.*)$`, "m").exec(dockerText)?.[1];
}

/** The arguments for the command line of this package, out of those of a process. */
function ours(words: readonly string[]): string[] {
  return words.slice(words.indexOf("manager.ts") + 1);
}

/** A Deno process with the environment of another user and the module cache of this computer. */
function process([_, ...args]: readonly string[], env: Record<string, string>): Deno.Command {
  const { DENO_DIR: _theirs, ...others } = env;
  return denoCommand(args, { cwd: ROOT, env: others });
}

/** Starts a Manager with web pages on free ports, opens a page of its own folder, and uses it. */
async function serves(
  words: readonly string[],
  env: Record<string, string>,
  use: (options: { host: string; port: number; certFile: string }) => Promise<void>,
): Promise<void> {
  const pages = join(env.MSL_NETWORK_HOME, "web");
  await Deno.mkdir(pages, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(join(pages, "index.html"), "<title>own</title>");
  const options = ["--host", "localhost", "--port", "0", "--web", "0"];
  const start = process([...words, ...options], env);
  await using manager = await ManagerProcess.of(start);
  const certFile = join(env.MSL_NETWORK_HOME, "certs", "localhost.crt");
  const { host, port } = manager.connectOptions;
  using http = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(certFile)] });
  const page = await fetch(`https://localhost:${manager.webPort}/lab/`, { client: http });
  assertEquals(await page.text(), "<title>own</title>");
  await use({ host, port, certFile });
  manager.kill();
  const { stderr } = await manager.succeeded();
  for (const line of stderr.trimEnd().split("\n")) JSON.parse(line);
}

posixTest("what the unit starts is a Manager, with the permissions that it is given", async () => {
  await using folder = await temporaryFolder();
  const { words, env } = parseStart(folder.path);
  const home = env.MSL_NETWORK_HOME;
  await output(home, "user", "add", "alice", "-p", "wonderland");
  await serves(words, env, async (options) => {
    await using client = await connect({ ...options, username: "alice", password: "wonderland" });
    assertEquals((await client.identities()).port, options.port);
  });
  const { logFile } = parseStartOptions(ours(words).slice(1));
  assertMatch(await Deno.readTextFile(logFile!), /connected as a client/);
  assertEquals(existsSync(join(home, "keys", "localhost.key")), true);
});

Deno.test("the unit has its sections, a user of its own, and a stop time-out above --grace", () => {
  const { words } = parseStart("/");
  assertEquals([ours(words)[0], words[0].startsWith("/")], ["start", true]);
  const { limits } = parseStartOptions(ours(words).slice(1));
  const timeout = parseDuration(managerUnit.get("Service.TimeoutStopSec")!);
  assert(timeout > (limits?.grace ?? LIMITS.grace) + 10_000, "it would be killed");
  assertEquals(managerUnit.get("Service.User"), "msl-network");
  assertEquals(managerUnit.get("Service.Restart"), "on-failure");
  assertEquals(managerUnit.get("Install.WantedBy"), "multi-user.target");
  for (const unit of [managerUnit, serviceUnit]) {
    assertEquals([...unit.keys()].filter((key) => !/^(Unit|Service|Install)\./.test(key)), []);
  }
});

/** Whether a program is installed. */
function isInstalled(name: string): boolean {
  try {
    return new Deno.Command(name, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

for (const name of UNITS) {
  Deno.test({
    name: `systemd-analyze accepts ${name}`,
    ignore: !isInstalled("systemd-analyze"),
    fn: async () => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, name);
      const text = await Deno.readTextFile(join(ROOT, "docs", "deploy", name));
      // systemd-analyze checks that the program exists.
      await Deno.writeTextFile(file, text.replace("/usr/local/bin/deno", Deno.execPath()));
      const verify = new Deno.Command("systemd-analyze", { args: ["verify", "--man=no", file] });
      const { code, stdout, stderr } = await run(verify);
      const lines = `${stdout}\n${stderr}`.split("\n");
      assertEquals(lines.filter((line) => line.includes(name)), []);
      assertEquals(code, 0, stderr);
    },
  });
}

posixTest(
  "what the unit of a Service starts logs in, and serves, in a folder as on the page",
  async () => {
    await using folder = await temporaryFolder();
    const { words, env } = parseStart(folder.path, serviceUnit);
    const home = env.MSL_NETWORK_HOME;
    await output(home, "user", "add", "thermometer", "-p", "wonderland");
    const start = ["run", "-A", join(ROOT, "manager.ts"), "--port=0", "--auth-login"];
    await using manager = await ManagerProcess.of(denoCommand(start, { home }));
    const { port } = manager.connectOptions;

    const lab = join(folder.path, "lab");
    const ports = join(folder.path, "ports");
    const credentials = join(folder.path, "credentials");
    for (const path of [lab, ports, credentials]) await Deno.mkdir(path);
    await Deno.writeTextFile(join(ports, String(DEFAULT_PORT)), String(port));
    await Deno.writeTextFile(join(credentials, "password"), "wonderland\n");
    const page = await Deno.readTextFile(join(ROOT, "docs", "how-to", "service-at-boot.md"));
    const blocks = blocksOf("service-at-boot.md", page);
    const program = blocks.find(({ file }) => file === "lab_thermometer.ts")!;
    const config = blocks.find(({ language }) => language === "json")!;
    await Deno.writeTextFile(join(lab, program.file!), program.code);
    const links = config.code.replace("/opt/msl-network", ROOT);
    await Deno.writeTextFile(join(lab, "deno.json"), links);
    await succeed(denoCommand(["install", "--entrypoint", program.file!], { cwd: lab }));

    const [deno, command, ...args] = words.map((word) => word === "lab-pc" ? "localhost" : word);
    assertEquals([deno, command], ["/usr/local/bin/deno", "run"]);
    const preload = import.meta.resolve("../support/other_ports.ts");
    const process = denoCommand([command, `--preload=${preload}`, ...args], {
      cwd: lab,
      home,
      env: { OTHER_PORTS: ports },
    });
    await using service = new Process(process);
    await service.stdout.next((line) => line === "LabThermometer is running");
    const certFile = join(home, "certs", "localhost.crt");
    const login = { username: "thermometer", password: "wonderland" };
    await using client = await connect({ host: "localhost", port, certFile, ...login });
    const thermometer = await client.link("LabThermometer");
    assertEquals(await thermometer.temperature(), 20.1);

    service.kill();
    await service.succeeded();
  },
);

posixTest(
  "what the image starts is a Manager, and its health check asks it, with their permissions",
  async () => {
    await using folder = await temporaryFolder();
    const env = { MSL_NETWORK_HOME: folder.path };
    const words = [...listOf(/ENTRYPOINT/), ...listOf(/CMD/)];
    const here = words.map((word) => word.replace(valueOf("VOLUME")!, folder.path));
    const check = listOf(/HEALTHCHECK .* CMD/);
    await serves(here, env, async ({ port }) => {
      const there = check.map((word) =>
        word.replace(String(DEFAULT_PORT), String(port)).replace(valueOf("VOLUME")!, folder.path)
      );
      assertEquals(JSON.parse(await succeed(process(there, env))).tls, true);
    });
    assert(ours(check).includes(String(DEFAULT_PORT)));
  },
);

Deno.test("an installation copies every folder of the package", async () => {
  for (const page of ["docs/deploy.md", "docs/how-to/service-at-boot.md"]) {
    const text = await Deno.readTextFile(join(ROOT, page));
    const [, words] = /^sudo cp -R \*\.ts (.*) \/opt\/msl-network$/m.exec(text)!;
    assertEquals(words.split(" ").filter((word) => word !== "deno.json"), FOLDERS, page);
  }
});

Deno.test("the image has the version of the README, a volume, and a user that is not root", async () => {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const [, version] = /deno@(\d+\.\d+\.\d+)/.exec(readme)!;
  assertEquals(valueOf("FROM"), "${DENO}");
  assertEquals(valueOf("ARG"), `DENO=denoland/deno:debian-${version}`);
  assertMatch(valueOf("ENV")!, new RegExp(`^MSL_NETWORK_HOME=${valueOf("VOLUME")} `));
  assertEquals(valueOf("STOPSIGNAL"), "SIGTERM");
  assertEquals(valueOf("USER"), "deno");
  assertEquals(valueOf("EXPOSE"), `${DEFAULT_PORT} ${DEFAULT_WEB_PORT}`);
  const [, copied] = /^COPY (.*) \.\/$/m.exec(dockerText)!;
  assertEquals(copied, "deno.json deno.lock *.ts");
  assertEquals(
    Array.from(dockerText.matchAll(/^COPY (\w+) \.\/\1$/gm), ([_, name]) => name),
    FOLDERS,
  );
  const command = listOf(/CMD/);
  assertEquals([command[0], parseStartOptions(command.slice(1)).logFormat], ["start", "json"]);
});
