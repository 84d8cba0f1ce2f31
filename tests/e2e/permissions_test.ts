/** The table of the least permissions in docs/security.md: each row is started with them. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { join } from "node:path";
import { Service } from "../../mod.ts";
import { output } from "../support/command_line.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { denoCommand, type Outcome, Process, shellCommand } from "../support/process.ts";
import { ROOT } from "../support/source_tree.ts";

const page = await Deno.readTextFile(join(ROOT, "docs", "security.md"));
const [, section] = /^## The least permissions$(.*?)^## /ms.exec(page)!;
const [environment] = /--allow-env=\S+/.exec(section)!;
const rows = [...section.matchAll(/^\| (?!program|-)(.*?) *\|(.*)\|$/gm)].map((
  [_, program, cells],
) => ({
  program,
  cells: cells.split("|").map((cell) => cell.trim()),
}));
const KINDS = ["net", "sys", "read", "write"];

class Echo extends Service {
  constructor() {
    super();
    this.addTasks((signal) => {
      const timer = setInterval(() => this.emitNotification(1), 10);
      signal.addEventListener("abort", () => clearInterval(timer));
    });
  }

  echo(value: unknown): unknown {
    return value;
  }
}

/** The flags of a row, without one kind of permission. */
function flagsOf(cells: string[], home: string, manager: string, without?: string): string[] {
  return KINDS.flatMap((kind, index) => {
    const cell = cells[index];
    if (cell === "none" || kind === without) return [];
    if (cell === "everything") return [`--allow-${kind}`];
    const value = cell.replace("home folder", home).replace("the Manager", manager).replaceAll(
      "`",
      "",
    );
    return [`--allow-${kind}=${value}`];
  });
}

/** The words after the flags: a program and its arguments. */
function wordsOf(program: string, folder: string, home: string, at: string[]): string[] {
  if (!program.startsWith("`manager.ts")) {
    const file = join(folder, program.startsWith("a Client") ? "client.ts" : "service.ts");
    return ["--config", join(ROOT, "deno.json"), file];
  }
  const [name, command, ...args] = program.replaceAll("`", "").split(" ");
  const connects = ["status", "ls", "call", "ping", "watch", "console", "types"].includes(command);
  const words = [command, ...args].map((word) => word.replace("certs/", `${home}/certs/`));
  const start = ["--port=0", "--host=127.0.0.1"];
  return [join(ROOT, name), ...words, ...(command === "start" ? start : connects ? at : [])];
}

Deno.test("each program of the table works with the permissions of its row, and not with fewer", async () => {
  await using folder = await temporaryFolder();
  const home = join(folder.path, "home");
  await output(home, "user", "add", "me", "--password", "secret");
  await using manager = await ManagerProcess.startSecure(home);
  const { host, port } = manager.connectOptions;
  const certFile = join(home, "certs", "localhost.crt");
  await using echo = new Echo();
  await echo.start({ host, port, certFile });
  const options = JSON.stringify({ host, port, certFile });
  const module = (name: string) => JSON.stringify(new URL(`../../${name}`, import.meta.url).href);
  Deno.writeTextFileSync(
    join(folder.path, "client.ts"),
    `import { connect } from ${module("client.ts")};
    await using cxn = await connect(${options});
    if (await (await cxn.link("Echo")).request("echo", { args: [1] }) !== 1) Deno.exit(2);`,
  );
  Deno.writeTextFileSync(
    join(folder.path, "service.ts"),
    `import { Service } from ${module("service.ts")};
    const service = new Service({ name: "Other" });
    await service.start(${options});
    await service.shutdown();`,
  );
  const at = ["-H", host, "-p", String(port)];
  const start = async (program: string, flags: string[]): Promise<Outcome> => {
    if (program.includes("delete")) Deno.writeTextFileSync(join(home, "keys", "old.key"), "");
    const env = program.startsWith("`") ? [environment] : [];
    const words = wordsOf(program, folder.path, home, at);
    const args = ["run", "--no-prompt", "--cached-only", ...env, ...flags, ...words];
    if (program.includes(" start`")) {
      await using started = new Process(denoCommand(args, { home }));
      try {
        await started.stdout.next((line) => line.includes("running on"));
        started.kill();
      } catch {
        // It has ended.
      }
      return await started.end();
    }
    const line = program.includes("user add") ? `secret` : "ls";
    await using running = new Process(
      shellCommand(`echo ${line} | "$@"`, [Deno.execPath(), ...args], { home }),
    );
    return await running.end();
  };
  assert(rows.length >= 18, `${rows.length} rows`);
  let number = 0;
  for (const { program, cells } of rows) {
    const named = program.replace("NAME", `user${number++}`);
    const { code, stderr } = await start(named, flagsOf(cells, home, `${host}:${port}`));
    assertEquals(code, 0, `${program}: ${stderr}`);
    for (const [index, kind] of KINDS.entries()) {
      if (cells[index] === "none") continue;
      const fewer = await start(
        program.replace("NAME", `user${number++}`),
        flagsOf(cells, home, `${host}:${port}`, kind),
      );
      assertNotEquals(fewer.code, 0, `${program} works without --allow-${kind}`);
    }
  }
});
