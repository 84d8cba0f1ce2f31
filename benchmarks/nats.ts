/**
 * A NATS server, if it is installed on this computer.
 *
 * @module
 */

import { join } from "node:path";
import { Program } from "./program.ts";
import type { Setting } from "./setting.ts";

/** How long it may take to listen, in milliseconds. */
const TIMEOUT = 10_000;

/** A running NATS server. */
export interface NatsServer extends AsyncDisposable {
  program: Program;
  port: number;
}

/** Starts it, with TLS unless `secure` is false; `undefined` if it is not installed. */
export async function startNats(
  setting: Setting,
  { secure = true }: { secure?: boolean } = {},
): Promise<NatsServer | undefined> {
  const { certFile, keyFile, folder } = setting;
  const tls = secure ? ["--tls", "--tlscert", certFile, "--tlskey", keyFile] : [];
  let program: Program;
  try {
    // Port -1 is a free one, which the server writes to a file.
    program = Program.startForeign("nats-server", [
      "-a",
      "localhost",
      "-p",
      "-1",
      ...tls,
      "--ports_file_dir",
      folder,
    ]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const dispose = () => program[Symbol.asyncDispose]();
  try {
    const file = join(folder, `nats-server_${program.pid}.ports`);
    return { program, port: await readPort(file), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function readPort(file: string): Promise<number> {
  const deadline = performance.now() + TIMEOUT;
  for (;;) {
    try {
      const { nats } = JSON.parse(Deno.readTextFileSync(file));
      return Number(new URL(nats[0]).port);
    } catch (cause) {
      if (performance.now() > deadline) throw new Error("nats-server does not listen", { cause });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
