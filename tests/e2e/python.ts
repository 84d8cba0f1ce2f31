/** Starts `peer.py`, a device that is written in Python with nothing but its standard library. */

import { fileURLToPath } from "node:url";
import type { TestManager } from "../../testing.ts";

/** Starts the peer. The environment says who it logs in as and where it connects from. */
export function python(
  role: "client" | "service" | "visitor" | "administrator",
  { connectOptions }: TestManager,
  env: Record<string, string> = {},
): Deno.ChildProcess {
  const { host, port, disableTls, certFile } = connectOptions;
  const script = fileURLToPath(import.meta.resolve("./peer.py"));
  const tls = disableTls ? [] : [certFile!];
  return new Deno.Command("python3", {
    args: [script, role, host, String(port), ...tls],
    env,
    stdout: "piped",
    stderr: "piped",
    stdin: "null",
  }).spawn();
}

/** What a visitor printed: how it is called on the network, or why it was turned away. */
export async function visit(manager: TestManager, env?: Record<string, string>): Promise<string> {
  const { stdout, stderr } = await python("visitor", manager, env).output();
  const decoder = new TextDecoder();
  return (decoder.decode(stdout) + decoder.decode(stderr)).trim();
}
