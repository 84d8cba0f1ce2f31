/**
 * Makes a program of the Manager that needs no Deno, for each system, in the folder `programs`:
 * `deno task compile [--target NAME]...`. For each system Deno downloads its own base once.
 *
 * Only modules have to be embedded: `deno.json`, which has the version, is imported as a module, and
 * keys, certificates and the database are made in the home folder.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The systems, by Deno's names for them. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The command that makes the program for one system. */
export function compileCommand(target: string, folder: string): string[] {
  return [
    "compile",
    "--allow-all",
    "--no-check", // 'deno task check' does
    "--exclude-unused-npm",
    "--frozen",
    `--target=${target}`,
    `--output=${join(folder, `msl-network-${target}`)}`,
    join(root, "manager.ts"),
  ];
}

if (import.meta.main) {
  const { target: named }: { target: string[] } = parseArgs(Deno.args, {
    string: ["target"],
    collect: ["target"],
  });
  for (const target of named.length > 0 ? named : TARGETS) {
    console.log(target);
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: compileCommand(target, join(root, "programs")),
      stdout: "null",
    }).spawn().status;
    if (code !== 0) Deno.exit(code);
  }
}
