/** A Manager as a process, with a home folder that outlives it. */

import { parseReadyLine, type ReadyLine } from "../../program/ready_line.ts";
import { command } from "./command_line.ts";
import { Process } from "./process.ts";

/** A Manager on this computer that is ready. */
export class ManagerProcess extends Process {
  #host = "";
  #ready: ReadyLine | undefined;

  /**
   * Starts one over plain TCP, by default on a free port of 127.0.0.1, and
   * waits until it is ready.
   */
  static start(home: string, ...args: string[]): Promise<ManagerProcess> {
    return ManagerProcess.startSecure(home, "--disable-tls", ...args);
  }

  /** The same with TLS. */
  static startSecure(home: string, ...args: string[]): Promise<ManagerProcess> {
    return ManagerProcess.of(command(home, "--host=127.0.0.1", "--port=0", ...args), "127.0.0.1");
  }

  /** Starts a command that runs a Manager, and waits until it is ready. */
  static async of(command: Deno.Command, host = "localhost"): Promise<ManagerProcess> {
    const manager = new ManagerProcess(command);
    try {
      manager.#ready = parseReadyLine(
        await manager.stdout.next((line) => parseReadyLine(line) !== undefined),
      );
      manager.#host = host;
      return manager;
    } catch (error) {
      await manager[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The port of its web pages. */
  get webPort(): number {
    return this.#ready!.webPort!;
  }

  /** The connect options for a device. */
  get connectOptions(): { host: string; port: number; disableTls: boolean } {
    const { port, tls } = this.#ready!;
    return { host: this.#host, port, disableTls: !tls };
  }
}
