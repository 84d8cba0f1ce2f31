/**
 * How a Manager joins others, as options of a command line, and back.
 *
 * @module
 */

import {
  beatOf,
  DEFAULT_BEAT,
  DEFAULT_NETWORK,
  type JoinOptions,
  natsServerOf,
} from "../cluster/join_options.ts";
import { ConfigurationError } from "../errors.ts";
import { networkNameOf, nodeNameOf } from "../wire/node_name.ts";
import { DURATION, keyOf, numberOption, type OptionSpec } from "./option.ts";

/** The values of the options. */
export interface JoinValues {
  node?: string;
  join?: readonly string[];
  joinName?: string;
  joinBeat?: number;
  joinAllow?: readonly string[];
  joinCredentials?: string;
  joinCa?: string;
}

/** An option for each way to join. */
export const JOIN_OPTIONS: readonly OptionSpec[] = [
  {
    flag: "--node",
    placeholder: "<name>",
    description: "the name of this Manager among those that it joins",
    parse: nodeNameOf,
  },
  {
    flag: "--join",
    placeholder: "<servers>",
    description: "join other Managers over NATS, as nats://host:4222 or tls://host:4222; " +
      "several with commas, or several times",
    isRepeated: true,
    parse: (text) => text.split(",").map(natsServerOf),
  },
  {
    flag: "--join-name",
    placeholder: "<name>",
    description: "the name of the network, where a NATS server has several " +
      `(default: ${DEFAULT_NETWORK})`,
    parse: networkNameOf,
  },
  numberOption(
    {
      flag: "--join-beat",
      notation: DURATION,
      description: "how often the others are told that this one is there",
    },
    DEFAULT_BEAT,
    beatOf,
  ),
  {
    flag: "--join-allow",
    placeholder: "<node>",
    description: "another node that may use the services here, or some: b:DMM,Heater; " +
      "several times for several nodes (default: every node)",
    isRepeated: true,
    parse: (text) => text,
  },
  {
    flag: "--join-credentials",
    placeholder: "<file>",
    description: "a file with what NATS asks for: .creds, an nkey seed, user:password or a token",
  },
  {
    flag: "--join-ca",
    placeholder: "<file>",
    description: "the authorities of the NATS servers in PEM (default: those of the system)",
  },
];

/** The names of the options, and those of a {@linkcode JoinOptions}. */
const NAMES: { readonly [Value in keyof JoinValues]-?: keyof JoinOptions } = {
  node: "node",
  join: "servers",
  joinName: "network",
  joinBeat: "beat",
  joinAllow: "allow",
  joinCredentials: "credentialsFile",
  joinCa: "caFile",
};

/**
 * Moves the options of joining among parsed options into one object, `join`, if there are any.
 *
 * @throws {ConfigurationError} If `--node` or `--join` is missing.
 */
export function collectJoin<T extends JoinValues>(
  parsed: T,
): Omit<T, keyof JoinValues> & { join?: JoinOptions } {
  const options: Record<string, unknown> = Object.fromEntries(Object.entries(parsed));
  const join: Record<string, unknown> = {};
  for (const [key, name] of Object.entries(NAMES)) {
    if (options[key] !== undefined) join[name] = options[key];
    delete options[key];
  }
  const given = JOIN_OPTIONS.filter((spec) =>
    parsed[keyOf(spec) as keyof JoinValues] !== undefined
  );
  if (given.length === 0) return options as Omit<T, keyof JoinValues>;
  const missing = ["--node", "--join"].find((flag) => !given.some((spec) => spec.flag === flag));
  if (missing !== undefined) {
    throw new ConfigurationError(
      `Cannot join other Managers: ${given[0].flag} is given, and ${missing} is not`,
    );
  }
  return { ...options, join } as unknown as Omit<T, keyof JoinValues> & { join: JoinOptions };
}

/** The values of the options that stand for a way to join. */
export function joinValues(join: JoinOptions | undefined): JoinValues {
  const values = Object.entries(NAMES).map(([key, name]) => [key, join?.[name]]);
  return Object.fromEntries(values);
}
