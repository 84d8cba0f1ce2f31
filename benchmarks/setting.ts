/**
 * What every part of the benchmark has in common: how long it may take, the certificate, and the
 * servers that peers connect to.
 *
 * @module
 */

import { join } from "node:path";
import { loadCredentials } from "../net/credentials.ts";
import { Hosts } from "../manager/hosts.ts";
import type { ManagerOptions } from "../manager.ts";
import { Program } from "./program.ts";
import type { RelayOptions } from "./relay.ts";
import type { Place } from "./wire.ts";

/** How a benchmark is run. */
export interface Setting extends AsyncDisposable {
  /** Whether a rough idea is enough. */
  quick: boolean;
  /** Where the Managers write their CPU profiles. */
  profile?: string;
  /** Everything that is written is in here. */
  folder: string;
  /** The files of the certificate and its key. */
  certFile: string;
  keyFile: string;
  /** What they hold, in PEM. */
  credentials: { cert: string; key: string };
}

/** A server, and where peers find it. */
export interface Server extends AsyncDisposable {
  program: Program;
  place: Place;
}

/** What can be measured: a Manager, or something simpler in its place. */
export type Contender = "manager" | Omit<RelayOptions, "credentials">;

/** Makes the certificate, in a folder that is removed when the setting is disposed of. */
export async function prepare(options: { quick: boolean; profile?: string }): Promise<Setting> {
  const folder = await Deno.makeTempDir({ prefix: "msl-network-bench-" });
  Deno.env.set("MSL_NETWORK_HOME", folder); // also that of every program that is started
  const [certFile, keyFile] = [join(folder, "bench.crt"), join(folder, "bench.key")];
  return {
    ...options,
    folder,
    certFile,
    keyFile,
    credentials: await loadCredentials({ certFile, keyFile }, new Hosts().aliases()),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/**
 * Starts a server, with TLS unless it is not wanted.
 *
 * @param options What a Manager is started with besides.
 */
export async function startServer(
  setting: Setting,
  contender: Contender,
  { secure = true, ...options }: { secure?: boolean } & Pick<ManagerOptions, "limits"> = {},
): Promise<Server> {
  const { certFile, keyFile, credentials, profile } = setting;
  const isManager = contender === "manager";
  const flags = isManager && profile ? ["--cpu-prof", `--cpu-prof-dir=${profile}`] : [];
  const program = isManager
    ? Program.start(
      "start_manager.ts",
      { certFile, keyFile, disableTls: !secure, ...options },
      flags,
    )
    : Program.start("relay.ts", { ...contender, credentials: secure ? credentials : undefined });
  try {
    const { port } = await program.hear<{ port: number }>();
    return {
      program,
      place: { port, isManager, cert: secure ? credentials.cert : undefined },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}
