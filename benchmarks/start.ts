/**
 * The time of a command from nothing to its output, compared with a program that does nothing. Each run
 * is a process of its own, and the contenders alternate.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "./program.ts";
import { type Figure, median, type Section } from "./report.ts";
import { type Setting, startServer } from "./setting.ts";

/** The time in which a command should be done, in milliseconds. */
const GOAL = 100;

/** What a command that connects is called here. */
const COMMANDS = /call|ping|status/;

/** Lets Deno read only the modules that are loaded. */
const LAZY = "--unstable-lazy-dynamic-imports";

/** A program to measure: its name, and the words after `deno run -A`. */
type Contender = readonly [name: string, words: readonly string[]];

/** Measures this part. */
export async function measureStart(setting: Setting): Promise<Section> {
  await using plain = await startServer(setting, "manager", { secure: false });
  await using secure = await startServer(setting, "manager");
  const { certFile, folder } = setting;
  const [plainPort, securePort] = [plain.address.port, secure.address.port];
  await using toPlain = adder({ port: plainPort, disableTls: true });
  await using toSecure = adder({ port: securePort, certFile });
  await Promise.all([toPlain, toSecure].map((program) => program.receive()));

  const programs: [string, string][] = [
    ["nothing", ""],
    ["node:tls and node:crypto", 'import "node:tls";\nimport "node:crypto";\n'],
  ];
  const contenders: Contender[] = [];
  for (const [name, code] of programs) {
    const file = join(folder, `start_${contenders.length}.ts`);
    await Deno.writeTextFile(file, code);
    contenders.push([name, [file]]);
  }
  const manager = fileURLToPath(new URL("../manager.ts", import.meta.url));
  const plainly = ["-p", String(plainPort), "--disable-tls"];
  const securely = ["-p", String(securePort), "--cert-file", certFile];
  const call = (options: string[]) => [manager, "call", ...options, "Adder", "add", "1", "2"];
  contenders.push(
    ["--version", [manager, "--version"]],
    ["--help", [manager, "--help"]],
    ["call, TCP", call(plainly)],
    ["call, TLS", call(securely)],
    ["call, TLS, lazy imports", [LAZY, ...call(securely)]],
    ["ping, TLS", [manager, "ping", ...securely, "--count", "1"]],
    ["status, TLS", [manager, "status", ...securely, "--interval", "0"]],
  );
  const times = new Map(contenders.map(([name]) => [name, [] as number[]]));
  for (let round = -1; round < (setting.quick ? 5 : 15); round++) {
    for (const [name, words] of contenders) {
      const time = await timeOf(words);
      if (round >= 0) times.get(name)!.push(time); // the first one fills the caches
    }
  }
  const [nothing, ...others] = contenders.map(([name]): Figure => ({
    name: `start: ${name}`,
    value: median(times.get(name)!),
    unit: "ms",
  }));
  return {
    title: "Start of a command",
    figures: [
      nothing,
      ...others.map((figure): Figure => ({
        ...figure,
        reference: { name: "nothing", value: nothing.value },
        ...COMMANDS.test(figure.name)
          ? { goal: { of: "value", bound: "at most", limit: GOAL } }
          : {},
      })),
    ],
    notes: [],
  };
}

/** Starts the Service of the calls. */
function adder(address: { port: number; disableTls?: boolean; certFile?: string }): Program {
  return Program.start("caller.ts", { ...address, role: "service" });
}

/** How long a program takes from its start to its end, in milliseconds. */
async function timeOf(words: readonly string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...words],
    stdout: "null",
    stderr: "piped",
  });
  const start = performance.now();
  const { success, stderr } = await command.output();
  const time = performance.now() - start;
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return time;
}
