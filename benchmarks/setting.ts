/**
 * The setting of every part of the benchmark: the options, the certificate, and the servers that
 * peers connect to.
 *
 * @module
 */

import { join } from "node:path";
import { loadCredentials } from "../net/credentials.ts";
import { Hosts } from "../manager/hosts.ts";
import type { ManagerOptions } from "../manager.ts";
import { Program } from "./program.ts";
import type { RelayOptions } from "./relay.ts";
import type { Address } from "./wire.ts";

/** The setting of a run. */
export interface Setting extends AsyncDisposable {
  /** Whether rough figures are enough. */
  quick: boolean;
  /** The folder in which the Managers write their CPU profiles. */
  profile?: string;
  /** The folder of all files of the run. */
  folder: string;
  /** The files of the certificate and its key. */
  certFile: string;
  keyFile: string;
  /** Their content, in PEM. */
  credentials: { cert: string; key: string };
}

/** A server, and its address. */
export interface Server extends AsyncDisposable {
  program: Program;
  address: Address;
  /** The address of the gateway of a Manager that has one. */
  web?: Address;
}

/** A server to measure: a Manager, or a relay as its reference, ours or one of Python's asyncio. */
export type Contender = "manager" | "asyncio" | Omit<RelayOptions, "credentials">;

/** Makes the certificate, in a folder that is removed when the setting is disposed of. */
export async function prepare(options: { quick: boolean; profile?: string }): Promise<Setting> {
  const folder = await Deno.makeTempDir({ prefix: "msl-network-bench-" });
  Deno.env.set("MSL_NETWORK_HOME", folder); // every program that is started inherits it
  const [certFile, keyFile] = [join(folder, "bench.crt"), join(folder, "bench.key")];
  return {
    ...options,
    folder,
    certFile,
    keyFile,
    credentials: await loadCredentials(
      { certFile, keyFile },
      undefined,
      () => new Hosts().certificateNames(),
    ),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/**
 * Starts a server, with TLS unless `secure` is false.
 *
 * @param options Further options of a Manager.
 */
export async function startServer(
  setting: Setting,
  contender: Contender,
  { secure = true, ...options }:
    & { secure?: boolean }
    & Pick<ManagerOptions, "limits" | "web" | "join"> = {},
): Promise<Server> {
  const { certFile, keyFile, credentials, profile } = setting;
  const isManager = contender === "manager";
  const flags = isManager && profile ? ["--cpu-prof", `--cpu-prof-dir=${profile}`] : [];
  let program: Program;
  if (isManager) {
    const started = { certFile, keyFile, disableTls: !secure, ...options };
    program = Program.start("start_manager.ts", started, flags);
  } else if (contender === "asyncio") {
    program = Program.startPython("asyncio_relay.py", secure ? { certFile, keyFile } : {});
  } else {
    program = Program.start("relay.ts", {
      ...contender,
      credentials: secure ? credentials : undefined,
    });
  }
  try {
    const { port, webPort } = await program.receive<{ port: number; webPort?: number }>();
    const address = { port, isManager, cert: secure ? credentials.cert : undefined };
    return {
      program,
      address,
      web: webPort === undefined ? undefined : { ...address, port: webPort, isWeb: true },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}
