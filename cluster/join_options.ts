/**
 * How a Manager joins others: its options, checked, with their defaults.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { networkNameOf, nodeNameOf } from "../wire/node_name.ts";

/** The network of Managers that a Manager joins if no other is named. */
export const DEFAULT_NETWORK = "lab";

/** How often a node tells the others that it is there, in milliseconds. */
export const DEFAULT_BEAT = 1_000;

/** The shortest and the longest time between two beats, in milliseconds. */
export const BEAT_RANGE = [100, 60_000] as const;

/** The port of NATS, if an address has none. */
const NATS_PORT = 4222;

/**
 * How a Manager joins others, so that the clients of each one use the services of all. The Managers
 * of one network find each other at a NATS server.
 *
 * @example
 * ```ts ignore it needs a NATS server
 * import { Manager } from "@msl/network";
 *
 * const join = { node: "a", servers: ["nats://nats.example.org:4222"] };
 * await using _manager = await Manager.start({ join });
 * ```
 */
export interface JoinOptions {
  /**
   * The name of this Manager among those that are joined: 1 to 32 letters, digits, `-` and `_`; not
   * `all`. Each needs another name. Command line: `--node`.
   */
  readonly node: string;
  /**
   * The addresses of NATS servers, `nats://HOST:PORT`, or `tls://HOST:PORT` for those that must use
   * TLS. The port is 4222 unless it is given. Another one is used if one fails. Command line: `--join`.
   */
  readonly servers: readonly string[];
  /**
   * The name of the network, where several use one NATS server: letters, digits, `-` and `_`. Default:
   * `"lab"`. Command line: `--join-name`.
   */
  readonly network?: string;
  /**
   * How often this Manager tells the others that it is there, in milliseconds, from 100 to 60,000. One
   * of which five are missed is gone. All Managers of a network should have the same. Default: 1,000.
   * Command line: `--join-beat`.
   */
  readonly beat?: number;
  /**
   * The other nodes whose clients may use services of this one: `"b"` for every service, or
   * `"b:DMM,Heater"` for some. Default: all nodes, and every service. Command line: `--join-allow`.
   */
  readonly allow?: readonly string[];
  /**
   * The file with what this Manager logs in with at NATS: one that NATS tools made (`.creds`), the seed
   * of an nkey, `user:password`, or a token. Default: none. Command line: `--join-credentials`.
   */
  readonly credentialsFile?: string;
  /**
   * The file of the certificates, in PEM, that sign those of the NATS servers. Default: the
   * authorities of the runtime. Command line: `--join-ca`.
   */
  readonly caFile?: string;
}

/** Options that are checked, with their defaults. The files are not read yet. */
export interface ResolvedJoin {
  readonly node: string;
  readonly network: string;
  readonly servers: readonly string[];
  readonly beat: number;
  readonly allow: readonly string[];
  readonly credentialsFile: string | undefined;
  readonly caFile: string | undefined;
}

/**
 * Checks options, and adds the defaults.
 *
 * @throws {ValueError} If a name or an address is none.
 * @throws {RangeError} If `beat` is out of its range.
 */
export function resolveJoin(options: JoinOptions): ResolvedJoin {
  const { node, servers, network = DEFAULT_NETWORK, beat = DEFAULT_BEAT, allow = [] } = options;
  if (servers.length === 0) throw new ValueError("Cannot join other Managers: no server is given");
  return {
    node: nodeNameOf(node),
    network: networkNameOf(network),
    servers: servers.map(natsServerOf),
    beat: beatOf(beat),
    allow,
    credentialsFile: options.credentialsFile,
    caFile: options.caFile,
  };
}

/**
 * The address of a NATS server, with its scheme and its port.
 *
 * @throws {ValueError} If a text is none, or has a password: everybody who sees the command line of a
 * program could read that.
 */
export function natsServerOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isAddress = url !== undefined && /^(nats|tls):$/.test(url.protocol) &&
    url.hostname !== "" &&
    /^\/?$/.test(url.pathname) && url.search === "" && url.hash === "";
  if (url !== undefined && (url.username !== "" || url.password !== "")) {
    throw new ValueError(
      "An address of a NATS server has no user and no password: everybody on this computer could " +
        "read them. Put them into a file (--join-credentials)",
    );
  }
  if (isAddress) return `${url.protocol}//${url.hostname}:${url.port || NATS_PORT}`;
  throw new ValueError(
    `An address of a NATS server is nats://HOST:PORT or tls://HOST:PORT, got ${text}`,
  );
}

/**
 * The time between two beats, in milliseconds.
 *
 * @throws {RangeError} If it is out of its range.
 */
export function beatOf(beat: number): number {
  const [shortest, longest] = BEAT_RANGE;
  if (beat >= shortest && beat <= longest) return beat;
  throw new RangeError(`The beat must be from ${shortest} to ${longest} ms, got ${beat}`);
}
