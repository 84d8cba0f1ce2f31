/** Starts programs in Python. They find a stand-in for the MSL-Network package, in `msl/`. */

import { fileURLToPath } from "node:url";
import type { TestManager } from "../../testing.ts";

/** A program in Python, `script` relative to this folder. */
export function pythonProgram(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Deno.Command {
  const PYTHONPATH = fileURLToPath(import.meta.resolve("./"));
  return new Deno.Command("python3", {
    args: [fileURLToPath(import.meta.resolve(script)), ...args],
    env: { PYTHONPATH, PYTHONDONTWRITEBYTECODE: "1", ...env },
    stdout: "piped",
    stderr: "piped",
    stdin: "null",
  });
}

/** Starts `peer.py`. The environment says who it logs in as and where it connects from. */
export function python(
  role: "client" | "service" | "multimeter" | "visitor" | "administrator",
  { connectOptions }: TestManager,
  env: Record<string, string> = {},
): Deno.ChildProcess {
  const { host, port, disableTls, certFile } = connectOptions;
  const tls = disableTls ? [] : [certFile!];
  return pythonProgram("./peer.py", [role, host, String(port), ...tls], env).spawn();
}

/** What a visitor printed: how it is called on the network, or why it was turned away. */
export async function visit(manager: TestManager, env?: Record<string, string>): Promise<string> {
  const { stdout, stderr } = await python("visitor", manager, env).output();
  const decoder = new TextDecoder();
  return (decoder.decode(stdout) + decoder.decode(stderr)).trim();
}
