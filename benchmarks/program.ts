/**
 * Programs of the benchmarks as processes of their own. They receive commands and send reports as
 * lines of JSON on their standard input and output, and end with their input (`commands.ts`).
 *
 * @module
 */

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** A command to a program, or a report of one. */
export type Message = Record<string, unknown>;

/** How long a program may take to end by itself, in milliseconds. */
const END_TIMEOUT = 3_000;
/** The clock ticks of Linux in one second, in which it counts CPU time. */
const TICKS = 100;
/** The interpreter of the Python programs. */
const PYTHON = Deno.build.os === "windows" ? "python" : "python3";

const running = new Set<Deno.ChildProcess>();

/** A running program. Disposing of it ends it. */
export class Program implements AsyncDisposable {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  /** Whether it ends with its input. */
  readonly #isOurs: boolean;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;

  private constructor(name: string, child: Deno.ChildProcess, isOurs: boolean) {
    this.#name = name;
    this.#isOurs = isOurs;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#lines = createInterface({ input: Readable.fromWeb(child.stdout) })
      [Symbol.asyncIterator]();
    running.add(child);
  }

  /**
   * Starts a module of this folder.
   *
   * @param options The only argument of the module, as JSON.
   * @param flags Options of the runtime, e.g. `--cpu-prof`.
   * @param within The command that runs it, e.g. in a network namespace.
   */
  static start(
    module: string,
    options: unknown,
    flags: readonly string[] = [],
    within: readonly string[] = [],
  ): Program {
    const args = ["run", "-A", ...flags, import.meta.resolve(`./${module}`)];
    const [program, ...before] = [...within, Deno.execPath()];
    const child = spawn(program, [...before, ...args, JSON.stringify(options)], "inherit");
    return new Program(module, child, true);
  }

  /**
   * Starts a Python program of this folder, which needs only the standard library.
   *
   * @param options Its only argument, as JSON.
   */
  static startPython(script: string, options: unknown): Program {
    const path = fileURLToPath(import.meta.resolve(`./${script}`));
    const child = spawn(PYTHON, [path, JSON.stringify(options)], "inherit");
    return new Program(script, child, true);
  }

  /** Starts a program that is not ours and sends no reports. */
  static startForeign(command: string, args: readonly string[]): Program {
    return new Program(command, spawn(command, args, "null"), false);
  }

  /** Sends a command to the program. */
  async send(command: Message): Promise<void> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(command) + "\n"));
  }

  /**
   * The next report of the program.
   *
   * @param timeout How long it may take, in milliseconds.
   * @throws {Error} If there is no report in time, or the program has failed or ended.
   */
  async receive<R = Message>(timeout = 20_000): Promise<R> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.#name} sent no report for ${timeout / 1_000} s`)),
        timeout,
      );
    });
    try {
      const { value, done } = await Promise.race([this.#lines.next(), silence]);
      if (done) throw new Error(`${this.#name} has ended`);
      const report = JSON.parse(value);
      if (report.failure !== undefined) throw new Error(`${this.#name}: ${report.failure}`);
      return report;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The id of its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Ends it at once, and waits until it has ended. */
  async kill(): Promise<void> {
    kill(this.#child, "SIGKILL");
    await this[Symbol.asyncDispose]();
  }

  /** The CPU time that it has used, of all its threads, in seconds. Linux only. */
  cpu(): number | undefined {
    // The name of the program, which may contain spaces, ends with the last parenthesis.
    const fields = this.#proc("stat")?.split(") ").at(-1)?.split(" ");
    return fields && (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** Its resident memory, in bytes. Linux only. */
  memory(): number | undefined {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(this.#proc("status") ?? "");
    return found ? Number(found[1]) * 1_024 : undefined;
  }

  /**
   * Pins all threads of the program to some cores, e.g. `"0"` or `"0-3"`. Does nothing if the
   * computer has no `taskset`.
   */
  async pinTo(cores: string): Promise<void> {
    const args = ["--all-tasks", "--cpu-list", "--pid", cores, String(this.#child.pid)];
    try {
      await new Deno.Command("taskset", { args, stdout: "null", stderr: "null" }).output();
    } catch {
      // There is no `taskset`.
    }
  }

  /**
   * Lets all other programs go first where the cores are short. Does nothing if the computer has no
   * `renice`.
   */
  async giveWay(): Promise<void> {
    try {
      const threads = [...Deno.readDirSync(`/proc/${this.pid}/task`)].map(({ name }) => name);
      const args = ["-n", "10", "-p", ...threads];
      await new Deno.Command("renice", { args, stdout: "null", stderr: "null" }).output();
    } catch {
      // There is no `renice`, or no `/proc`.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => kill(this.#child, "SIGKILL"), END_TIMEOUT);
    if (!this.#isOurs) kill(this.#child, "SIGTERM");
    try {
      await this.#input.close();
    } catch {
      // It has ended by itself.
    }
    this.#lines.return?.();
    await this.#child.status;
    clearTimeout(timer);
    running.delete(this.#child);
  }

  #proc(file: string): string | undefined {
    if (Deno.build.os !== "linux") return undefined;
    try {
      return Deno.readTextFileSync(`/proc/${this.#child.pid}/${file}`);
    } catch {
      return undefined; // it has ended
    }
  }
}

/** Kills every running program, for a benchmark that is interrupted. */
export function killAll(): void {
  for (const child of running) kill(child, "SIGKILL");
}

function spawn(
  command: string,
  args: readonly string[],
  stderr: "inherit" | "null",
): Deno.ChildProcess {
  return new Deno.Command(command, { args: [...args], stdin: "piped", stdout: "piped", stderr })
    .spawn();
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended.
  }
}
