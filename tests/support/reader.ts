/**
 * Follows a page of the documentation word for word, in a clean copy of the repository: it saves the
 * files that the page shows, and runs its commands. It does nothing that a reader does not see.
 */

import { assertMatch } from "@std/assert";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContext } from "playwright-core";
import type { Block } from "../../docs/site/blocks.ts";
import { DEFAULT_PORT } from "../../wire/protocol.ts";
import { natsProgram } from "./nats_server.ts";
import { noBrowser, openPage, startBrowser } from "./browser.ts";
import { temporaryFolder } from "./folder.ts";
import { type Cell, type CellOutput, runCells } from "./notebook.ts";
import { repositoryFiles, ROOT } from "./source_tree.ts";

/**
 * A program that prints the command of a task: the task runner of Deno would run it with another
 * `deno` than that of the reader, which replaces the ports.
 */
const TASK =
  "console.log(JSON.parse(Deno.readTextFileSync(`deno.json`)).tasks[Deno.args[0]] ?? ``)";

/** The module that replaces the ports of the pages. */
const OTHER_PORTS = import.meta.resolve("./other_ports.ts");

/** A `nats-server` on a free port in the place of that of the page, which `--port` ends with. */
function natsScript(program: string): string {
  return `#!/bin/sh
for last; do :; done
'${program}' --addr 127.0.0.1 --port -1 --ports_file_dir "$OTHER_PORTS/.." &
trap "kill $!" INT TERM
file="$OTHER_PORTS/../nats-server_$!.ports"
until port=$(sed -n 's|.*"nats://127.0.0.1:\\([0-9]*\\)".*|\\1|p' "$file" 2>/dev/null) && [ -n "$port" ]; do
  sleep 0.01
done
echo "$port" > "$OTHER_PORTS/$last"
wait
`;
}

/** A program that runs in the background, in a terminal of its own. */
interface Running {
  command: string;
  child: Deno.ChildProcess;
  output: ReadableStreamDefaultReader<string>;
  errors: Promise<string>;
  /** What it has printed, and the page has not shown yet. */
  printed: string;
}

/** Someone who follows a page, with a folder that has a clone of the repository. */
export class Reader implements AsyncDisposable {
  readonly #folder: Awaited<ReturnType<typeof temporaryFolder>>;
  readonly #running: Running[] = [];
  #browser: (BrowserContext & AsyncDisposable) | undefined;
  /** The folder that the reader's terminals are in, which a block may change. */
  #current: string;

  private constructor(folder: Awaited<ReturnType<typeof temporaryFolder>>) {
    this.#folder = folder;
    this.#current = this.project;
  }

  /** Makes the copy, and a `deno` that replaces the ports of the pages. */
  static async begin(): Promise<Reader> {
    const folder = await temporaryFolder();
    const reader = new Reader(folder);
    for (const file of repositoryFiles()) {
      const to = join(reader.project, file);
      await Deno.mkdir(dirname(to), { recursive: true });
      await Deno.copyFile(join(ROOT, file), to);
    }
    await Deno.mkdir(reader.#ports);
    const bin = join(folder.path, "bin");
    await Deno.mkdir(bin);
    const preload = fileURLToPath(OTHER_PORTS);
    const script = `#!/bin/sh
deno='${Deno.execPath()}'
if [ "$1" = run ]; then shift; exec "$deno" run '--preload=${preload}' "$@"; fi
if [ "$1" = task ] && task=$("$deno" eval '${TASK}' "$2") && [ -n "$task" ]; then
  shift 2
  eval "exec $task \\"\\$@\\""
fi
exec "$deno" "$@"
`;
    await Deno.writeTextFile(join(bin, "deno"), script, { mode: 0o755 });
    if (natsProgram !== undefined) {
      await Deno.writeTextFile(join(bin, "nats-server"), natsScript(natsProgram), { mode: 0o755 });
    }
    return reader;
  }

  /** The clone. */
  get project(): string {
    return join(this.#folder.path, "network");
  }

  /** Does what the blocks of one page say, in their order. Returns how many commands were run. */
  async follow(blocks: readonly Block[]): Promise<number> {
    const outputs = new Map<Block, CellOutput>();
    let count = 0;
    for (const [index, block] of blocks.entries()) {
      const next = blocks[index + 1];
      const expected = next?.words.includes("output") && next.of === undefined ? next : undefined;
      if (block.file !== undefined) await this.#save(block.file, block.code);
      if (block.of?.startsWith("https:")) await this.#shows(block.of, block);
      else if (block.of !== undefined) await this.#prints(this.#programOf(block), block);
      if (block.words.includes("start")) await this.#start(block, expected);
      else if (block.words.includes("run")) await this.#run(block, expected);
      else if (block.words.includes("cell")) {
        if (outputs.size === 0) await this.#runNotebook(blocks, outputs);
        const { printed, failed } = outputs.get(block)!;
        if (failed.length > 0) throw new Error(`${block.path}:${block.line}: ${failed}`);
        this.#compare(printed, expected);
      } else continue;
      count++;
    }
    return count;
  }

  /** Ends the running programs, the last one first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser?.[Symbol.asyncDispose]();
    for (const program of this.#running.reverse()) await end(program);
    await this.#folder[Symbol.asyncDispose]();
  }

  /** Saves a block as a file of the folder that the reader is in, or of one beside it. */
  async #save(file: string, code: string): Promise<void> {
    const path = join(this.#current, file);
    // A page must not replace a file of the package.
    const createNew = path.startsWith(join(this.project, "/"));
    await Deno.writeTextFile(path, `${code}\n`, { createNew });
  }

  /** Runs a block, and compares its output with the page. */
  async #run(block: Block, expected: Block | undefined): Promise<void> {
    const current = join(this.#folder.path, "current");
    const child = this.#command(`${block.code}\npwd >'${current}'`).spawn();
    const [printed, errors, { success }] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.status,
    ]);
    const where = `${block.path}:${block.line}`;
    if (!success) throw new Error(`${where}: it failed\n${printed}${errors}`);
    this.#current = (await Deno.readTextFile(current)).trimEnd();
    this.#compare(printed, expected);
  }

  /** Compares an output with the page, if it shows one. */
  #compare(printed: string, expected: Block | undefined): void {
    if (expected === undefined) return;
    const where = `${expected.path}:${expected.line}`;
    assertMatch(this.#asOnPage(printed).trim(), patternOf(expected.code, "whole"), where);
  }

  /** Runs the cells of a page in one notebook. */
  async #runNotebook(blocks: readonly Block[], outputs: Map<Block, CellOutput>): Promise<void> {
    const cells = blocks.filter(({ words }) => words.includes("cell"));
    const ports: Cell = { code: `await import(${JSON.stringify(OTHER_PORTS)});`, shows: false };
    const shows = (cell: Block) => blocks[blocks.indexOf(cell) + 1]?.words.includes("output");
    const [_ports, ...results] = await runCells(
      [ports, ...cells.map((cell) => ({ code: cell.code, shows: shows(cell) ?? false }))],
      { cwd: this.#current, env: this.#environment() },
    );
    for (const [index, cell] of cells.entries()) outputs.set(cell, results[index]);
  }

  /**
   * Starts a block in the background, and waits for the output that the page shows. If it is running
   * already, maybe with other options, it is ended first, as with Ctrl+C. Nothing is waited for if it is
   * silent.
   */
  async #start(block: Block, expected: Block | undefined): Promise<void> {
    const programOf = (command: string) =>
      // two nodes are two programs
      command.replace(/ start\b.*/, "") + (/ --node \S+/.exec(command) ?? "");
    const before = this.#running.findIndex(({ command }) =>
      programOf(command) === programOf(block.code)
    );
    if (before !== -1) await end(this.#running.splice(before, 1)[0]);
    const child = this.#command(`exec ${block.code}`).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const errors = new Response(child.stderr).text();
    const program: Running = { command: block.code, child, output, errors, printed: "" };
    this.#running.push(program);
    if (block.words.includes("silent")) return;
    await this.#prints(program, expected ?? { ...block, code: "..." });
  }

  /** The running program whose output a block shows. */
  #programOf({ of, path, line }: Block): Running {
    const program = this.#running.find(({ command }) => command.includes(of!));
    if (program === undefined) throw new Error(`${path}:${line}: ${of} is not running`);
    return program;
  }

  /** Waits until a program prints what a block shows. */
  async #prints(program: Running, { code, path, line }: Block): Promise<void> {
    const pattern = patternOf(code, "beginning");
    for (;;) {
      const text = this.#asOnPage(program.printed);
      const [found] = text === "" ? [] : pattern.exec(text) ?? [];
      if (found !== undefined) {
        program.printed = text.slice(found.length).trimStart();
        return;
      }
      const { value, done } = await program.output.read();
      if (done) {
        throw new Error(`${path}:${line}: it ended\n${program.printed}${await program.errors}`);
      }
      program.printed += value;
    }
  }

  /** Opens a page in a browser, if there is one, and waits until it shows what a block has. */
  async #shows(address: string, { code, path, line }: Block): Promise<void> {
    if (noBrowser) return;
    this.#browser ??= await startBrowser();
    let own = address;
    for (const [port, other] of this.#replaced()) own = own.replace(`:${port}/`, `:${other}/`);
    const { page, lines } = await openPage(this.#browser, own);
    const pattern = patternOf(code, "beginning");
    try {
      await page.waitForFunction(
        (source) => new RegExp(source).test(document.body.innerText.trim()),
        pattern.source,
      );
    } catch (cause) {
      const shown = await page.locator("body").innerText();
      throw new Error(`${path}:${line}: it shows\n${shown}\n${lines.join("\n")}`, { cause });
    }
    await page.close();
  }

  #command(script: string): Deno.Command {
    return new Deno.Command("sh", {
      args: ["-e", "-c", script],
      cwd: this.#current,
      env: this.#environment(),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  #environment(): Record<string, string> {
    const manager = this.#replaced().get(DEFAULT_PORT);
    return {
      PATH: `${join(this.#folder.path, "bin")}:${Deno.env.get("PATH")}`,
      MSL_NETWORK_HOME: join(this.#folder.path, "home"),
      XDG_DATA_HOME: join(this.#folder.path, "data"), // of Jupyter
      NO_COLOR: "1",
      OTHER_PORTS: this.#ports,
      // For programs that are not Deno's.
      ...(manager === undefined ? {} : { MSL_NETWORK_PORT: String(manager) }),
    };
  }

  get #ports(): string {
    return join(this.#folder.path, "ports");
  }

  /** The ports of the page, and those in their place. */
  #replaced(): Map<number, number> {
    return new Map(Array.from(Deno.readDirSync(this.#ports), ({ name }) => {
      const port = Deno.readTextFileSync(join(this.#ports, name));
      return [Number(name), Number(port)];
    }));
  }

  /** The output, with the ports that the page has. */
  #asOnPage(printed: string): string {
    let text = printed;
    for (const [port, other] of this.#replaced()) {
      text = text.replaceAll(new RegExp(`\\b${other}\\b`, "g"), String(port));
    }
    return text;
  }
}

/** Ends a program as Ctrl+C does, unless it has ended. */
async function end({ child, output, errors }: Running): Promise<void> {
  try {
    child.kill("SIGINT");
  } catch {
    // It has ended.
  }
  await child.status;
  await errors;
  await output.cancel();
}

/** The pattern of the output on a page; `...` matches any text. */
function patternOf(expected: string, part: "whole" | "beginning"): RegExp {
  const text = expected.trim().split("...")
    .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[^]*?");
  return new RegExp(`^${text}${part === "whole" ? "$" : ""}`);
}
