/** The published package, and the workflows that publish it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../deno.json" with { type: "json" };
import * as mod from "../mod.ts";
import { exportLists } from "./support/export_lists.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

/** The parts of a workflow that these tests read. */
interface Workflow {
  on: Record<string, unknown>;
  jobs: Record<string, {
    uses?: string;
    needs?: string;
    permissions?: Record<string, string>;
    steps?: { run?: string; uses?: string; with?: Record<string, unknown> }[];
  }>;
}

function readWorkflow(name: string): Workflow {
  return parse(Deno.readTextFileSync(join(root, ".github", "workflows", name))) as Workflow;
}

Deno.test("the entry points are the modules that export public names only", async () => {
  const { names: isPublic, modules } = exportLists("mod.ts");
  const entries: string[] = Object.values(manifest.exports);
  const open: string[] = [];
  for (const module of [...modules].filter((module) => !module.includes("/"))) {
    const names = Object.keys(await import(`../${module}`));
    if (names.length > 0 && names.every((name) => isPublic.has(name))) open.push(`./${module}`);
  }
  // The entry for browsers has the names of mod.ts too, but a `connect` of its own.
  const apart = ["./mod.ts", "./testing.ts", "./web/mod.ts"];
  assertEquals(entries.sort(), [...apart, ...open].sort());
});

Deno.test("every name can be imported by the name of the package", async () => {
  assertEquals(Object.keys(await import("@msl/network")), Object.keys(mod));
  for (const [entry, file] of Object.entries(manifest.exports)) {
    const found = await import(`@msl/network${entry.slice(1)}`);
    assertEquals(found, await import(`../${file}`), entry);
  }
});

Deno.test("the documentation comments of every entry point are checked", () => {
  for (const file of Object.values(manifest.exports)) {
    const words = manifest.tasks.check.command.split("deno doc --lint ")[1].split(/[ &]+/);
    assert(words.includes(file.slice("./".length)), `${file} is not in deno task check`);
  }
});

Deno.test("the workflow that publishes runs the gate, on a tag, and needs no token", () => {
  const { on, jobs } = readWorkflow("publish.yml");
  assertEquals(on, { push: { tags: ["v*"] } });
  assertEquals(jobs.publish.needs, "gate");
  assertEquals(jobs.gate.uses, "./.github/workflows/ci.yml");
  assertEquals(jobs.publish.permissions, { contents: "read", "id-token": "write" });
  assert(jobs.publish.steps?.some(({ run }) => run === "deno publish"));
  assert(!Deno.readTextFileSync(join(root, ".github/workflows/publish.yml")).includes("secrets."));
});

Deno.test("the workflow that tests runs .ci/run, and what it runs exists", () => {
  const { on, jobs } = readWorkflow("ci.yml");
  assert("workflow_call" in on && "pull_request" in on);
  const runs = Object.values(jobs).flatMap(({ steps = [] }) =>
    steps.flatMap(({ run }) => run ?? [])
  );
  assert(runs.includes(".ci/run") && existsSync(join(root, ".ci/run")));
  for (const run of runs) {
    const [, task] = /deno task (\S+)/.exec(run) ?? [];
    assert(task === undefined || task in manifest.tasks, run);
  }
});

Deno.test("every workflow has the version of Deno that .ci/run has", () => {
  const [, version] = /deno@([\d.]+)/.exec(Deno.readTextFileSync(join(root, ".ci/run"))) ?? [];
  for (const name of ["ci.yml", "publish.yml"]) {
    const steps = Object.values(readWorkflow(name).jobs).flatMap(({ steps = [] }) => steps);
    const versions = steps.flatMap((step) =>
      step.uses?.startsWith("denoland/setup-deno@") ? step.with?.["deno-version"] : []
    );
    assertEquals(new Set(versions), new Set([version]), name);
  }
  assertStringIncludes(Deno.readTextFileSync(join(root, "docs/tutorial.md")), `deno@${version}`);
});
