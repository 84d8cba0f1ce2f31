/**
 * The `describe` command: makes a `static about` of the documentation comments of a Service.
 *
 * @module
 */

import { dirname, extname, resolve } from "node:path";
import { ConfigurationError } from "../../errors.ts";
import { readFile } from "../../base/files.ts";
import { printable } from "../../base/printable.ts";
import { printLine } from "../../program/print.ts";
import type { Insertion } from "../about_source.ts";
import type { CommandSpec } from "../command_spec.ts";
import { runDeno } from "../deno_program.ts";

/** The `describe` command. */
export const DESCRIBE: CommandSpec = {
  options: [{
    flag: "--write",
    short: "-w",
    description: "insert it into the files, instead of printing it",
  }],
  run: describeFiles,
};

/**
 * @throws {ConfigurationError} If a file cannot be read or written, has nothing to describe, or a
 * part of what it says was left out. The other files are described.
 */
async function describeFiles(
  files: readonly string[],
  { write = false }: { write?: boolean },
): Promise<void> {
  const problems: string[] = [];
  for (const file of files) {
    try {
      problems.push(...await describeFile(file, write));
    } catch (error) {
      if (files.length === 1 || !(error instanceof Error)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems.join("\n"));
}

/** @returns What was left out, as sentences. */
async function describeFile(file: string, write: boolean): Promise<string[]> {
  const { documentedFile } = await import("../documented_classes.ts"); // which loads the Service
  const { insertAbout } = await import("../about_source.ts");
  const path = resolve(file);
  const source = readFile(path, "the Service");
  const found = await documentedFile(path, source);
  if (found.classes.length === 0) {
    throw new ConfigurationError(`${file}: there is no class that extends Service`);
  }
  const kept = found.classes.filter(({ hasAbout }) => hasAbout);
  const described = found.classes.filter(({ hasAbout, description, attributes }) =>
    !hasAbout && (description !== "" || attributes.size > 0)
  );
  const problems = [
    ...kept.map(({ name }) => `${name} has a \`static about\` already, which is kept`),
    ...found.classes.filter(({ hasAbout }) => !hasAbout).flatMap(({ problems }) => problems),
  ];
  if (described.length > 0) {
    const isTyped = /^\.[cm]?tsx?$/.test(extname(path));
    const insertion = insertAbout(source, found, described, isTyped);
    if (write) {
      await writeSource(path, source, insertion.source);
      printLine(`Described ${described.map(({ name }) => name).join(", ")} in ${file}`);
    } else printInsertion(insertion);
  } else if (kept.length === 0) {
    problems.push("no class that extends Service has a documentation comment");
  }
  return problems.map((problem) => `${file}: ${printable(problem)}`);
}

function printInsertion({ importLine, declarations }: Insertion): void {
  if (importLine !== undefined) printLine(`${importLine}\n`);
  const texts = declarations.map(({ className, text }) => `// class ${className}\n${text}`);
  printLine(texts.join("\n\n"));
}

/**
 * Replaces the text of a file at once, and keeps its mode. A file that was formatted before is
 * formatted, by the settings of its project.
 *
 * @throws {ConfigurationError} If it cannot be written, or would not be TypeScript any more.
 */
async function writeSource(file: string, old: string, text: string): Promise<void> {
  const target = Deno.realPathSync(file);
  const formatted = await format(target, text); // which parses it, too
  const isFormatted = await format(target, old) === old;
  const complete = `${target}.${crypto.randomUUID()}`;
  try {
    const { mode } = Deno.statSync(target);
    Deno.writeTextFileSync(complete, isFormatted ? formatted : text, { createNew: true });
    if (mode !== null && Deno.build.os !== "windows") Deno.chmodSync(complete, mode & 0o777);
    if (readFile(target, "the Service") !== old) throw new Error("it was changed meanwhile");
    Deno.renameSync(complete, target);
  } catch (cause) {
    throw new ConfigurationError(`Cannot write ${file}: ${(cause as Error).message}`, { cause });
  } finally {
    try {
      Deno.removeSync(complete);
    } catch {
      // It has its final name, or was never made.
    }
  }
}

/** The text as `deno fmt` formats it. */
function format(file: string, text: string): Promise<string> {
  const args = ["fmt", `--ext=${extname(file).slice(1)}`, "-"];
  return runDeno(args, dirname(file), text, `Cannot insert a description into ${file}`);
}
