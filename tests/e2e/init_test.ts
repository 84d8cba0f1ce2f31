/** The `init` command: a folder for one's own programs, which run at once, as processes. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectFiles } from "../../cli/project_files.ts";
import { command, output, refusal } from "../support/command_line.ts";
import { entriesOf, temporaryFolder } from "../support/folder.ts";
import { denoCommand, Process, run, succeed } from "../support/process.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { posixTest } from "../support/posix.ts";
import { ROOT } from "../support/source_tree.ts";

const PRELOAD = fileURLToPath(import.meta.resolve("../support/other_ports.ts"));
const FILES = Object.keys(projectFiles({ title: "", version: "0.1.0" }));

/** A task of a project as a process. Its programs use a free port in the place of the default one. */
async function task(project: string, name: string, home: string): Promise<Deno.Command> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(project, "deno.json")));
  const [deno, run, ...args] = tasks[name].split(" ");
  assertEquals([deno, run], ["deno", "run"]);
  const env = { OTHER_PORTS: home };
  return denoCommand(["run", `--preload=${PRELOAD}`, ...args], { cwd: project, home, env });
}

Deno.test("the Manager, the Service, the Client and the test of a new folder run at once", async () => {
  await using folder = await temporaryFolder();
  const home = folder.join("home");
  const lab = folder.join("my lab");
  const printed = await output(home, "init", lab);
  for (const file of FILES) {
    assert(printed.includes(`Wrote ${join(lab, file)}\n`), printed);
    assert(existsSync(join(lab, file)), file);
  }
  assertMatch(printed, /\n {2}cd ".*my lab"\n {2}deno task manager\n/);
  assertEquals((await Deno.readTextFile(join(lab, "README.md"))).split("\n").length - 1, 10);

  await using _manager = await ManagerProcess.of(await task(lab, "manager", home));
  await using service = new Process(await task(lab, "service", home));
  assertEquals(await service.stdout.next(), "Thermometer is running");
  const readings = await succeed(await task(lab, "client", home));
  assertMatch(readings, /^(21\.[56]\d °C\n){3}$/);

  const inLab = (...args: string[]) => succeed(denoCommand(args, { cwd: lab, home }));
  await inLab("check", ".");
  // What was checked takes the compiler as long again.
  assertMatch(await inLab("task", "test", "--no-check"), /ok \| 1 passed \| 0 failed/);
  assertMatch(await inLab("task", "manager", "certdump", "--help"), /^Usage: msl-network certdump/);
  await inLab("fmt", "--check");
  await inLab("lint");
});

Deno.test("init --web writes a page too, and says how it is opened", async () => {
  await using folder = await temporaryFolder();
  const home = folder.join("home");
  const lab = folder.join("lab");
  await output(home, "init", lab);
  const printed = await output(home, "init", lab, "--web");
  assertMatch(printed, /Kept .*deno\.json, [^]*Wrote .*index\.html\n[^]*Then open https:/);
  await Deno.remove(lab, { recursive: true });
  assertMatch(
    await output(home, "init", lab, "--web"),
    /\n {2}deno task manager start --web --web-root web\n.*\nThen open https:\/\/localhost:1876\/lab\/ /,
  );
  assertMatch(await Deno.readTextFile(join(lab, "README.md")), /start --web --web-root web/);
  await succeed(denoCommand(["fmt", "--check"], { cwd: lab, home }));
});

posixTest("init never replaces a file, and says what the settings have to contain", async () => {
  await using folder = await temporaryFolder();
  const mine = { "deno.jsonc": "{} // mine", "thermometer.ts": "// mine", "package.json": "{}" };
  for (const [name, text] of Object.entries(mine)) {
    await Deno.writeTextFile(folder.join(name), text);
  }
  await Deno.symlink(folder.join("nowhere"), folder.join("README.md"));
  const { stdout } = await run(denoCommand(
    ["run", "-A", join(ROOT, "manager.ts"), "init"],
    { cwd: folder.path, home: folder.path },
  ));
  for (const name of ["deno.jsonc", "thermometer.ts", "README.md"]) {
    assert(stdout.includes(`Kept ${name}, which is there already`), stdout);
  }
  for (const [name, text] of Object.entries(mine)) {
    assertEquals(await Deno.readTextFile(folder.join(name)), text);
  }
  assert(!existsSync(folder.join("nowhere")), "a symbolic link was followed");
  assert(!existsSync(folder.join("deno.json")), "it would have hidden deno.jsonc");
  const [, settings] = /^The settings of Deno have to contain (.*)$/m.exec(stdout) ?? [];
  const { imports, links, nodeModulesDir } = JSON.parse(`{${settings}}`);
  assertEquals([Object.keys(imports), nodeModulesDir], [["@msl/network"], "auto"]);
  assertEquals(await Deno.realPath(folder.join(links[0])), await Deno.realPath(ROOT));
  assertEquals(/cd |deno task/.test(stdout), false, stdout);

  // With these settings the rest runs.
  await Deno.writeTextFile(folder.join("deno.jsonc"), `{${settings}}`);
  await Deno.remove(folder.join("thermometer.ts"));
  assertMatch(await output(folder.path, "init", folder.path), /^Wrote .*thermometer\.ts$/m);
  assertEquals(
    (await output(folder.path, "init", folder.path)).includes("have to contain"),
    false,
  );
  const test = await succeed(
    denoCommand(["test", "-A", "--no-check"], { cwd: folder.path, home: folder.path }),
  );
  assertMatch(test, /1 passed/);
});

posixTest(
  "init rejects a folder of the package, a file, and a folder that cannot be written",
  async () => {
    await using home = await temporaryFolder();
    const inside = await refusal(home.path, "init", join(ROOT, "lab"));
    assertMatch(inside, /^Cannot make a project in .*: this is a folder of the package itself/);
    await Deno.symlink(ROOT, home.join("clone"));
    const linked = await refusal(home.path, "init", home.join("clone", "lab", "deeper"));
    assertMatch(linked, /this is a folder of the package itself/);
    assert(!existsSync(join(ROOT, "lab")), "it was made nevertheless");

    await Deno.writeTextFile(home.join("file"), "");
    for (const path of [home.join("file"), home.join("file", "lab")]) {
      assertMatch(await refusal(home.path, "init", path), /^Cannot (make|read|write) .*file/);
    }
    await Deno.mkdir(home.join("lab"));
    await Deno.writeTextFile(home.join("lab", ".vscode"), "");
    assertMatch(await refusal(home.path, "init", home.join("lab")), /^Cannot .*settings\.json/);
    assertEquals((await run(command(home.path, "init", "a", "b"))).code, 2);
    assertEquals(entriesOf(home.path), ["clone", "file", "lab"]);
  },
);

Deno.test("init --quiet prints nothing", async () => {
  await using home = await temporaryFolder();
  assertEquals(await output(home.path, "init", home.join("lab"), "--quiet"), "");
  assert(existsSync(home.join("lab", ".vscode", "settings.json")));
});
