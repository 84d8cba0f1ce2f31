/**
 * The table of permissions in docs/security.md: each program works with those of its row, and with
 * none of them left out.
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConnectOptions } from "../../mod.ts";
import { openTarget } from "../../record/open_target.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { posixTest } from "../support/posix.ts";
import { denoCommand, Process, run } from "../support/process.ts";
import { CONFIG, MODULE, ROOT } from "../support/source_tree.ts";

const MANAGER = join(ROOT, "manager.ts");
const ALWAYS = ["run", "--no-prompt", "--ignore-env", "--allow-env=MSL_NETWORK_HOME"];
const SERVICE = fileURLToPath(import.meta.resolve("../support/programs/meter.ts"));
const CLIENT = fileURLToPath(import.meta.resolve("../support/programs/meter_reader.ts"));

/** The rows of the table: the programs, and their permissions. */
async function rows(): Promise<{ programs: string[]; permissions: string[] }[]> {
  const text = await Deno.readTextFile(join(ROOT, "docs", "security.md"));
  const [, section] = text.split("\n## Permissions of Deno\n");
  return [...section.split("\n## ")[0].matchAll(/^\| (.*?) +\| `(--.*?)` +\|$/gm)].map(
    ([, programs, permissions]) => ({
      programs: programs.split(", ").map((program) => program.replaceAll("`", "")),
      permissions: permissions.split(" "),
    }),
  );
}

/** A Manager with a Service, a home folder that has the certificate, and where they are. */
interface Laboratory {
  home: string;
  address: string[];
  at: string;
  options: ConnectOptions;
}

type Attempt = (lab: Laboratory, permissions: string[]) => Promise<boolean>;

/** Runs a command of this package to its end. */
function command(...args: string[]): Attempt {
  return ({ home }, permissions) => ends(home, [...permissions, MANAGER, ...args]);
}

/** The same, which connects to the Manager. */
function remote(name: string, ...args: string[]): Attempt {
  return ({ home, address }, permissions) =>
    ends(home, [...permissions, MANAGER, name, ...address, ...args]);
}

/** Runs a program that is given the address of the Manager. */
function device(program: string): Attempt {
  return ({ home, options }, permissions) =>
    ends(home, [...permissions, `--config=${CONFIG}`, program, JSON.stringify(options)]);
}

async function ends(home: string, args: string[]): Promise<boolean> {
  const { code, stdout } = await run(denoCommand([...ALWAYS, ...args], { home }));
  return code === 0 && !stdout.includes("NotCapable");
}

/** Starts a Manager, uses it, and ends it. */
async function starts(
  { home }: Laboratory,
  permissions: string[],
  use: (manager: ManagerProcess) => Promise<void>,
  ...options: string[]
): Promise<boolean> {
  const args = [...ALWAYS, ...permissions, MANAGER, "start", "--port=0", ...options];
  try {
    await using manager = await ManagerProcess.of(denoCommand(args, { home }));
    await use(manager);
    manager.kill();
    await manager.succeeded();
    return true;
  } catch {
    return false;
  }
}

/** How each program of the table is tried. A file that it needs is in the home folder. */
const ATTEMPTS: Record<string, Attempt> = {
  start: (lab, permissions) => starts(lab, permissions, async () => {}),
  "start --web": (lab, permissions) =>
    starts(lab, permissions, async ({ webPort }) => {
      const caCerts = [await Deno.readTextFile(join(lab.home, "certs", "localhost.crt"))];
      using client = Deno.createHttpClient({ caCerts });
      for (const path of ["/", "/client.js", "/metrics", "/readyz"]) {
        const answer = await fetch(`https://localhost:${webPort}${path}`, { client });
        await answer.body?.cancel();
        assertEquals(answer.status, 200);
      }
    }, "--web=0"),
  "start --join": (lab, permissions) =>
    starts(lab, permissions, async () => {}, "--node=a", "--join=nats://127.0.0.1:1"),
  ls: remote("ls"),
  status: remote("status"),
  top: remote("top", "--interval=100ms"),
  ping: remote("ping", "--count=1"),
  call: remote("call", "Meter", "read"),
  watch: remote("watch", "--count=1", "Meter"),
  record: (lab, permissions) =>
    remote(
      "record",
      "--for=300ms",
      "--every=100ms",
      `--to=${join(lab.home, "lab.sqlite")}`,
      "Meter.read",
    )(lab, permissions),
  history: async (lab, permissions) => {
    const file = join(lab.home, "recording.sqlite");
    const target = await openTarget(file);
    target.source({ service: "Meter", attribute: "read", arguments: "", unit: "" });
    await target.close();
    return await command("history", file)(lab, permissions);
  },
  types: remote("types", "Meter"),
  console: remote("console"),
  user: command("user", "list"),
  hostname: command("hostname", "add", "scope"),
  access: command("access", "list"),
  certgen: (lab, permissions) =>
    command("certgen", join(lab.home, "certs", "other.crt"))(lab, permissions),
  keygen: command("keygen"),
  delete: async (lab, permissions) => {
    await Deno.mkdir(join(lab.home, "logs"), { recursive: true });
    await Deno.writeTextFile(join(lab.home, "logs", "old.log"), "");
    return await command("delete", "--yes", "--logs")(lab, permissions);
  },
  certdump: (lab, permissions) =>
    command("certdump", join(lab.home, "certs", "localhost.crt"))(lab, permissions),
  describe: async (lab, permissions) => {
    const file = join(lab.home, "service.ts");
    const text = `import { Service } from ${MODULE};\n/** It. */\nclass It extends Service {}\n`;
    await Deno.writeTextFile(file, text);
    return await command("describe", file)(lab, permissions);
  },
  "a Client": device(CLIENT),
  "a Service": device(SERVICE),
};

posixTest("each program works with the permissions of its row, and not with one less", async () => {
  await using folder = await temporaryFolder();
  const start = ["run", "-A", MANAGER, "start", "--host=localhost", "--port=0"];
  await using manager = await ManagerProcess.of(denoCommand(start, { home: folder.path }));
  const { host, port } = manager.connectOptions;
  const lab: Laboratory = {
    home: folder.path,
    at: `${host}:${port}`,
    address: ["-H", host, "-p", String(port)],
    options: { host, port },
  };
  await using meter = new Process(
    denoCommand(
      ["run", "-A", `--config=${CONFIG}`, SERVICE, JSON.stringify(lab.options), "--forever"],
      { home: folder.path },
    ),
  );
  await meter.stdout.next((line) => line === "connected");

  const table = await rows();
  const programs = table.flatMap(({ programs }) => programs);
  assertEquals(programs.toSorted(), Object.keys(ATTEMPTS).toSorted());
  const fill = (permission: string) =>
    permission.replace("HOME", lab.home).replace("HOST:PORT", lab.at);
  for (const { programs, permissions } of table) {
    const given = permissions.map(fill);
    for (const program of programs) {
      assert(await ATTEMPTS[program](lab, given), `${program} with ${permissions.join(" ")}`);
    }
    const [one] = programs;
    for (const missing of given) {
      const fewer = given.filter((permission) => permission !== missing);
      assertEquals(await ATTEMPTS[one](lab, fewer), false, `${one} does not need ${missing}`);
    }
  }
});
