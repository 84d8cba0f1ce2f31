/**
 * The limits of a Manager and of its log files as options of a command line, and back.
 *
 * @module
 */

import {
  LIMITS,
  type Limits,
  LOG_LIMITS,
  type LogLimits,
  resolveLimits,
  resolveLogLimits,
} from "../limits.ts";
import {
  COUNT,
  DURATION,
  formatOption,
  keyOf,
  type NumberOption,
  numberOption,
  type OptionSpec,
  SIZE,
} from "./option.ts";

/** The limits that have an option on the command line. The others follow from these. */
export type LimitsByOption = Omit<
  Limits,
  "longLine" | "maxServiceRequests" | "queueLow" | "queueLimit"
>;

const LIMIT_TABLE: { readonly [Name in keyof LimitsByOption]: NumberOption } = {
  handshakeTimeout: {
    flag: "--handshake-timeout",
    notation: DURATION,
    description: "how long a peer has for TLS, and for its identity",
  },
  loginTimeout: {
    flag: "--login-timeout",
    notation: DURATION,
    description: "how long a peer has for a username or a password",
  },
  handshakeSize: {
    flag: "--handshake-size",
    notation: SIZE,
    description:
      "the longest line of a peer that is not identified yet, except for its identity, " +
      "or to the Manager itself",
  },
  maxIdentity: {
    flag: "--max-identity",
    notation: SIZE,
    description: "the longest identity of a service",
  },
  maxPending: {
    flag: "--max-pending",
    notation: COUNT,
    description: "how many connections at once may not be identified yet",
  },
  freeLogins: {
    flag: "--free-logins",
    notation: COUNT,
    description: "how often a computer or a user may fail to log in before it has to wait",
  },
  loginPenalty: {
    flag: "--login-penalty",
    notation: DURATION,
    description: "how much longer it waits after each further failure",
  },
  loginMemory: {
    flag: "--login-memory",
    notation: DURATION,
    description: "when its failures are forgotten",
  },
  maxHashes: {
    flag: "--max-hashes",
    notation: COUNT,
    description: "how many passwords are checked at once",
  },
  maxMessageSize: {
    flag: "--max-message-size",
    notation: SIZE,
    description: "the longest message",
  },
  maxHeld: {
    flag: "--max-held",
    notation: SIZE,
    description: "how much of long messages is held at once; 0 for half of the memory",
  },
  minLineRate: {
    flag: "--min-line-rate",
    notation: SIZE,
    description: "how much of a long message a peer has to send, or to read, in a minute",
  },
  maxDepth: {
    flag: "--max-depth",
    notation: COUNT,
    description: "the deepest nesting of arrays and objects in a message",
  },
  maxWebMessage: {
    flag: "--max-web-message",
    notation: SIZE,
    description: "the longest message of a WebSocket, of which a line may have several",
  },
  maxRequests: {
    flag: "--max-requests",
    notation: COUNT,
    description: "how many requests of a client may be pending; to a service, ten times as many",
  },
  maxNodeSessions: {
    flag: "--max-node-sessions",
    notation: COUNT,
    description: "how many clients of one other node may have sessions here",
  },
  maxNameLength: {
    flag: "--max-name-length",
    notation: COUNT,
    description: "the longest name and the longest uid, in characters",
  },
  maxAttributes: {
    flag: "--max-attributes",
    notation: COUNT,
    description: "how many attributes the identity of a service may list",
  },
  maxCountedServices: {
    flag: "--max-counted-services",
    notation: COUNT,
    description: "how many services have counters of their own in the metrics",
  },
  queueHigh: {
    flag: "--queue-size",
    notation: SIZE,
    description: "how much may be queued for a peer before its senders have to wait",
  },
  maxQueued: {
    flag: "--max-queued",
    notation: SIZE,
    description: "how much may be queued for all peers before the slowest one is disconnected",
  },
  stallTimeout: {
    flag: "--stall-timeout",
    notation: DURATION,
    description: "when a peer that does not read is disconnected",
  },
  silenceTimeout: {
    flag: "--silence-timeout",
    notation: DURATION,
    description:
      "how long a peer with keepalive may be silent before it is disconnected; 0 for no limit",
  },
  grace: {
    flag: "--grace",
    notation: DURATION,
    description: "how long running requests have when the Manager shuts down",
  },
};

const LOG_LIMIT_TABLE: { readonly [Name in keyof LogLimits]: NumberOption } = {
  logSize: {
    flag: "--log-size",
    notation: SIZE,
    description: "the size beyond which a log file does not grow, but is rotated; 0 for any",
  },
  logAge: {
    flag: "--log-age",
    notation: DURATION,
    description: "how old a log file may be before it is rotated; 0 for any",
  },
  logFiles: {
    flag: "--log-files",
    notation: COUNT,
    description: "how many old log files are kept",
  },
  logRecent: {
    flag: "--log-recent",
    notation: SIZE,
    description: "how much of the log is held in memory for administrators; 0 for nothing",
  },
};

const OPTIONS: readonly (readonly [keyof LimitsByOption, OptionSpec])[] = namesOf(LIMIT_TABLE).map(
  (name) => {
    const check = (value: number) => resolveLimits({ [name]: value });
    return [name, numberOption(LIMIT_TABLE[name], LIMITS[name], check)];
  },
);

/** An option for each limit of a Manager. */
export const LIMIT_OPTIONS: readonly OptionSpec[] = OPTIONS.map(([_, spec]) => spec);

/** An option for each limit of a log. Its key is the name of the limit. */
export const LOG_LIMIT_OPTIONS: readonly OptionSpec[] = namesOf(LOG_LIMIT_TABLE).map((name) => {
  const check = (value: number) => resolveLogLimits({ [name]: value });
  return numberOption(LOG_LIMIT_TABLE[name], LOG_LIMITS[name], check);
});

/** Moves the limits among parsed options into one object, `limits`, if there are any. */
export function collectLimits<T extends object>(
  parsed: T,
): T & { limits?: Partial<LimitsByOption> } {
  const options: Record<string, unknown> = Object.fromEntries(Object.entries(parsed));
  const limits: Record<string, unknown> = {};
  for (const [name, spec] of OPTIONS) {
    const key = keyOf(spec);
    if (options[key] !== undefined) limits[name] = options[key];
    delete options[key];
  }
  return (Object.keys(limits).length > 0 ? { ...options, limits } : options) as T;
}

/** Limits of a Manager as options of a command line, each with its value in one word. */
export function formatLimits(limits: Partial<LimitsByOption>): string[] {
  return OPTIONS.flatMap(([name, spec]) => formatOption(spec, limits[name]));
}

function namesOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
