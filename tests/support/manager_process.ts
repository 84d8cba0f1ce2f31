/** A Manager as a process, with a home folder that outlives it. */

import { assert } from "@std/assert";
import { parseReadyLine, type ReadyLine } from "../../program/ready_line.ts";
import { command } from "./command_line.ts";

/** A Manager on 127.0.0.1. */
export class ManagerProcess implements AsyncDisposable {
  /** What a device connects with. */
  readonly connectOptions: { host: string; port: number; disableTls: boolean };
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #errors: Promise<string>;

  private constructor(
    child: Deno.ChildProcess,
    output: ReadableStreamDefaultReader<string>,
    { port, tls }: ReadyLine,
  ) {
    this.#child = child;
    this.#output = output;
    this.#errors = new Response(child.stderr).text();
    this.connectOptions = { host: "127.0.0.1", port, disableTls: !tls };
  }

  /**
   * Starts one that speaks plain TCP, on a free port unless `args` say another, and waits until it
   * is ready.
   */
  static start(home: string, ...args: string[]): Promise<ManagerProcess> {
    return ManagerProcess.startSecure(home, "--disable-tls", ...args);
  }

  /** The same with TLS. */
  static async startSecure(home: string, ...args: string[]): Promise<ManagerProcess> {
    const child = command(home, "--host=127.0.0.1", "--port=0", ...args).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await output.read();
    const ready = parseReadyLine(value?.trim() ?? "");
    if (ready === undefined) {
      throw new Error(`It did not start: ${await new Response(child.stderr).text()}`);
    }
    return new ManagerProcess(child, output, ready);
  }

  /** The id of the process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** How it ended, and what it wrote to standard error. */
  async end(): Promise<{ code: number; signal: Deno.Signal | null; errors: string }> {
    const { code, signal } = await this.#child.status;
    return { code, signal, errors: await this.#errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      assert(error instanceof TypeError || error instanceof Deno.errors.NotFound); // it has ended
    }
    await this.end();
    await this.#output.cancel();
  }
}
