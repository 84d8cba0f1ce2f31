/** Starts Python programs. They import a stand-in for the MSL-Network package, from `msl/`. */

import { fileURLToPath } from "node:url";
import type { TestManager } from "../../testing.ts";
import { run } from "./process.ts";
import type { ManagerAddress } from "./raw_peer.ts";

/** The command that runs Python 3. */
export const PYTHON = Deno.build.os === "windows" ? "python" : "python3";

/** A program in Python, `script` relative to this folder. */
export function pythonProgram(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Deno.Command {
  const PYTHONPATH = fileURLToPath(import.meta.resolve("./"));
  return new Deno.Command(PYTHON, {
    args: [fileURLToPath(import.meta.resolve(script)), ...args],
    env: { PYTHONPATH, PYTHONDONTWRITEBYTECODE: "1", ...env },
    stdout: "piped",
    stderr: "piped",
    stdin: "null",
  });
}

/** The stand-in for the Manager of the MSL-Network package, with the options of its `start`. */
export function pythonManager(home: string, ...args: string[]): Deno.Command {
  return pythonProgram("./msl/manager.py", args, { MSL_NETWORK_HOME: home });
}

/** `peer.py` in a role. The environment has its login details and its source address. */
export function pythonPeer(
  role:
    | "client"
    | "service"
    | "multimeter"
    | "visitor"
    | "administrator"
    | "caller"
    | "historian"
    | "holder"
    | "listener",
  { connectOptions }: { connectOptions: ManagerAddress },
  env: Record<string, string> = {},
): Deno.Command {
  const { host, port, disableTls, certFile } = connectOptions;
  const tls = disableTls ? [] : [certFile!];
  return pythonProgram("./peer.py", [role, host, String(port), ...tls], env);
}

/** A Python client that makes these calls, each after the answer before, or all at once. */
export function pythonCaller(
  manager: { connectOptions: ManagerAddress },
  calls: [service: string, attribute: string, args: unknown[]][],
  options: { atOnce?: boolean } = {},
): Deno.Command {
  const env = { CALLS: JSON.stringify(calls), ...(options.atOnce ? { AT_ONCE: "1" } : {}) };
  return pythonPeer("caller", manager, env);
}

/** The answers that a Python client has printed: an error or a result each. */
export function answersOf(stdout: string): [error: string | null, result: unknown][] {
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** Connects a Python client. Returns its name on the network, or the error that rejected it. */
export async function connectPythonClient(
  manager: TestManager,
  env?: Record<string, string>,
): Promise<string> {
  const { stdout, stderr } = await run(pythonPeer("visitor", manager, env));
  return (stdout + stderr).trim();
}
