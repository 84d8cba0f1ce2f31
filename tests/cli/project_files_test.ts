/** The files of a new project. */

import { assert, assertEquals } from "@std/assert";
import { projectFiles } from "../../cli/project_files.ts";
import { VERSION } from "../../version.ts";

function settingsOf(options: { link?: string; hasPackageJson?: boolean }) {
  const files = projectFiles({ title: "lab", version: VERSION, ...options });
  return JSON.parse(files["deno.json"]);
}

Deno.test("a project takes the package from JSR, in its version, unless there is a clone", () => {
  const { imports, tasks, ...others } = settingsOf({});
  assertEquals(imports, { "@msl/network": `jsr:@msl/network@^${VERSION}` });
  assertEquals(Object.keys(tasks), ["manager", "service", "client", "test"]);
  assertEquals(others, {});
  assertEquals(settingsOf({ link: "../network" }).links, ["../network"]);
  assertEquals(settingsOf({ hasPackageJson: true }).nodeModulesDir, "auto");
});

Deno.test("the README of a project names its tasks and files", () => {
  const { "README.md": readme, ...files } = projectFiles({ title: "My lab", version: VERSION });
  assert(readme.startsWith("# My lab\n"), readme);
  for (const name of Object.keys(settingsOf({}).tasks)) {
    assert(readme.includes(`\`deno task ${name}\``), name);
  }
  for (const name of ["thermometer.ts", "read_thermometer.ts"]) {
    assert(name in files && readme.includes(name), name);
  }
});
