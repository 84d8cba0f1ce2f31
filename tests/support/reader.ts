/** Follows a page of the documentation word for word, in a clean copy of the package. */

import { assertMatch } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Block } from "../../docs/site/blocks.ts";
import { DEFAULT_PORT } from "../../wire/protocol.ts";
import { temporaryFolder } from "./folder.ts";
import { ROOT, sourceFiles } from "./source_tree.ts";

/** The Manager that is started if the page does not start one. */
const MANAGER: Omit<Block, "path" | "line"> = {
  language: "sh",
  words: ["start"],
  before: "",
  code: "deno run -A manager.ts",
};

/**
 * A program that prints the command of a task: the task runner of Deno would run it with another
 * `deno` than that of the reader, which replaces the port.
 */
const TASK =
  "console.log(JSON.parse(Deno.readTextFileSync(`deno.json`)).tasks[Deno.args[0]] ?? ``)";

/** A program that runs in the background. */
interface Running {
  child: Deno.ChildProcess;
  output: ReadableStreamDefaultReader<string>;
  errors: Promise<string>;
}

/** Runs the blocks of one page in order. Returns how many were run. */
export async function follow(blocks: readonly Block[]): Promise<number> {
  await using reader = await Reader.begin();
  const [{ path }] = blocks;
  const startsManager = blocks.some(({ words, code }) =>
    words.includes("start") && /manager\.ts|task manager$/.test(code)
  );
  if (!startsManager) await reader.start({ ...MANAGER, path, line: 0 }, undefined);
  let count = 0;
  for (const [index, block] of blocks.entries()) {
    const next = blocks[index + 1];
    const expected = next?.words.includes("output") ? next.code : undefined;
    if (block.file !== undefined) await reader.save(block.file, block);
    if (block.words.includes("start")) await reader.start(block, expected);
    else if (block.words.includes("run")) await reader.run(block, expected);
    else continue;
    count++;
  }
  return count;
}

class Reader implements AsyncDisposable {
  readonly #folder: Awaited<ReturnType<typeof temporaryFolder>>;
  readonly #running: Running[] = [];
  /** The folder that the reader's terminal is in, which a block may change. */
  #current: string;
  /** The port of the Manager, once it is running. */
  #port: string | undefined;

  private constructor(folder: Awaited<ReturnType<typeof temporaryFolder>>) {
    this.#folder = folder;
    this.#current = this.#project;
  }

  /** A clean copy of the package, and a `deno` that replaces the default port. */
  static async begin(): Promise<Reader> {
    const folder = await temporaryFolder();
    const reader = new Reader(folder);
    for (const file of [...sourceFiles(), ...filesOf(""), ...filesOf("examples/")]) {
      const to = join(reader.#project, file);
      await Deno.mkdir(dirname(to), { recursive: true });
      await Deno.copyFile(join(ROOT, file), to);
    }
    const bin = join(folder.path, "bin");
    await Deno.mkdir(bin);
    const preload = fileURLToPath(import.meta.resolve("./another_port.ts"));
    const script = `#!/bin/sh
deno='${Deno.execPath()}'
if [ "$1" = run ]; then shift; exec "$deno" run '--preload=${preload}' "$@"; fi
if [ "$1" = task ] && task=$("$deno" eval '${TASK}' "$2") && [ -n "$task" ]; then
  shift 2
  eval "exec $task \"\$@\""
fi
exec "$deno" "$@"
`;
    await Deno.writeTextFile(join(bin, "deno"), script, { mode: 0o755 });
    return reader;
  }

  get #project(): string {
    return join(this.#folder.path, "network");
  }

  /** Saves a block as a file of the folder that the reader is in, or of one beside it. */
  async save(file: string, { before, code }: Block): Promise<void> {
    const text = before === "" ? `${code}\n` : `${before}\n${code}\n`;
    const path = join(this.#current, file);
    // A page must not replace a file of the package.
    const createNew = path.startsWith(join(this.#project, "/"));
    await Deno.writeTextFile(path, text, { createNew });
  }

  /** Runs a block, and compares its output with the page. */
  async run(block: Block, expected: string | undefined): Promise<void> {
    const end = join(this.#folder.path, "current");
    const child = this.#command(`${await this.#scriptOf(block)}\npwd >'${end}'`).spawn();
    const [printed, errors, { success }] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.status,
    ]);
    const where = `${block.path}:${block.line}`;
    if (!success) throw new Error(`${where}: it failed\n${printed}${errors}`);
    this.#current = (await Deno.readTextFile(end)).trimEnd();
    if (expected !== undefined) {
      assertMatch(this.#inWords(printed).trim(), patternOf(expected, "whole"), where);
    }
  }

  /** Starts a block in the background, and waits for the output that the page shows. */
  async start(block: Block, expected: string | undefined): Promise<void> {
    const child = this.#command(`exec ${await this.#scriptOf(block)}`).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const errors = new Response(child.stderr).text();
    this.#running.push({ child, output, errors });
    const pattern = patternOf(expected ?? "...", "beginning");
    for (let printed = ""; !pattern.test(this.#inWords(printed)) || printed === "";) {
      const { value, done } = await output.read();
      if (done) {
        throw new Error(`${block.path}:${block.line}: it ended\n${printed}${await errors}`);
      }
      printed += value;
      this.#port ??= /Manager running on \S+:(\d+) /.exec(printed)?.[1];
    }
  }

  /** Ends the running programs, the last one first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child, output, errors } of this.#running.reverse()) {
      try {
        child.kill();
      } catch {
        // It has ended.
      }
      await child.status;
      await errors;
      await output.cancel();
    }
    await this.#folder[Symbol.asyncDispose]();
  }

  async #scriptOf(block: Block): Promise<string> {
    if (block.language === "sh") return block.code;
    const [extension, program] = block.language === "python"
      ? ["py", "python3"]
      : ["ts", "deno run -A"];
    const file = block.file ?? `line_${block.line}.${extension}`;
    if (block.file === undefined) await this.save(file, block);
    return `${program} ${file}`;
  }

  #command(script: string): Deno.Command {
    return new Deno.Command("sh", {
      args: ["-e", "-c", script],
      cwd: this.#current,
      env: {
        PATH: `${join(this.#folder.path, "bin")}:${Deno.env.get("PATH")}`,
        MSL_NETWORK_HOME: join(this.#folder.path, "home"),
        NO_COLOR: "1",
        ...(this.#port === undefined
          ? {}
          : { ANOTHER_PORT: this.#port, MSL_NETWORK_PORT: this.#port }),
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  /** The output, with the port that the page has. */
  #inWords(printed: string): string {
    return this.#port === undefined
      ? printed
      : printed.replaceAll(new RegExp(`\\b${this.#port}\\b`, "g"), String(DEFAULT_PORT));
  }
}

/** The pattern of the output on a page; `...` matches any text. */
function patternOf(expected: string, part: "whole" | "beginning"): RegExp {
  const text = expected.trim().split("...")
    .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[^]*?");
  return new RegExp(`^${text}${part === "whole" ? "$" : ""}`);
}

/** The files of one folder of the repository, without those of the folders in it. */
function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))]
    .flatMap(({ name, isFile }) => isFile ? folder + name : []);
}
