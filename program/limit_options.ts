/**
 * The limits of a Manager as options of a command line, and back.
 *
 * @module
 */

import { LIMITS, type Limits, resolveLimits } from "../limits.ts";
import {
  COUNT,
  DURATION,
  formatNumberOption,
  keyOf,
  type NumberOption,
  numberOption,
  type OptionSpec,
  SIZE,
} from "./option.ts";

/** The limits that a command line has options for. What is missing follows one of these. */
export type LimitsByOption = Omit<Limits, "longLine" | "queueLow" | "queueLimit">;

const OPTIONS: { readonly [Name in keyof LimitsByOption]: NumberOption } = {
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
    description: "the longest line of a peer that has not said who it is",
  },
  maxPending: {
    flag: "--max-pending",
    notation: COUNT,
    description: "how many peers at once may not have said who they are",
  },
  freeLogins: {
    flag: "--free-logins",
    notation: COUNT,
    description: "how often a computer may fail to log in before it has to wait",
  },
  loginPenalty: {
    flag: "--login-penalty",
    notation: DURATION,
    description: "how much longer it waits for each further attempt",
  },
  loginMemory: {
    flag: "--login-memory",
    notation: DURATION,
    description: "when its failures are forgotten",
  },
  maxMessageSize: {
    flag: "--max-message-size",
    notation: SIZE,
    description: "the longest message that is held in memory",
  },
  maxDepth: {
    flag: "--max-depth",
    notation: COUNT,
    description: "the deepest nesting of arrays and objects in a message",
  },
  queueHigh: {
    flag: "--queue-size",
    notation: SIZE,
    description: "how much waits for a peer before its senders wait",
  },
  stallTimeout: {
    flag: "--stall-timeout",
    notation: DURATION,
    description: "when a peer that takes nothing is disconnected",
  },
  silenceTimeout: {
    flag: "--silence-timeout",
    notation: DURATION,
    description: "when a peer that should say something and does not is disconnected; 0 for never",
  },
  grace: {
    flag: "--grace",
    notation: DURATION,
    description: "how long running requests have when the Manager shuts down",
  },
};

const NAMES = Object.keys(OPTIONS) as (keyof LimitsByOption)[];

/** An option for each limit. */
export const LIMIT_OPTIONS: readonly OptionSpec[] = NAMES.map((name) =>
  numberOption(OPTIONS[name], LIMITS[name], (value) => resolveLimits({ [name]: value }))
);

/** Puts the limits among parsed options into one object, where any are given. */
export function collectLimits<T extends object>(
  parsed: T,
): T & { limits?: Partial<LimitsByOption> } {
  const options: Record<string, unknown> = Object.fromEntries(Object.entries(parsed));
  const limits: Partial<Record<keyof LimitsByOption, number>> = {};
  for (const name of NAMES) {
    const key = keyOf(OPTIONS[name]);
    if (options[key] !== undefined) limits[name] = options[key] as number;
    delete options[key];
  }
  return (Object.keys(limits).length > 0 ? { ...options, limits } : options) as T;
}

/** Limits as options of a command line, each with its value in one word. */
export function formatLimits(limits: Partial<LimitsByOption>): string[] {
  return NAMES.flatMap((name) => formatNumberOption(OPTIONS[name], limits[name]));
}
