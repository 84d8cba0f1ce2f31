/**
 * The limits of a Manager as options of a command line, and back.
 *
 * @module
 */

import { type Command, InvalidArgumentError, Option } from "commander";
import { ValueError } from "./errors.ts";
import { LIMITS, type Limits, resolveLimits } from "./limits.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

/** The limits that a command line has options for. What is missing follows one of these. */
export type LimitsByOption = Omit<Limits, "longLine" | "queueLow" | "queueLimit">;

/** How a number is written. */
export interface Notation {
  /** What the help shows in its place. */
  readonly placeholder: string;
  /** Reads it. Throws a `ValueError` for what is none. */
  readonly parse: (text: string) => number;
  /** Writes it so that `parse` reads it. */
  readonly format: (value: number) => string;
}

/** An option with a number. */
export interface NumberOption {
  /** Its name, e.g. `"--grace"`. */
  readonly flag: string;
  /** How its number is written. */
  readonly notation: Notation;
  /** What the help says of it. */
  readonly description: string;
}

/** Milliseconds as `10s` or `5min`. */
export const DURATION: Notation = {
  placeholder: "<duration>",
  parse: parseDuration,
  format: formatDuration,
};
/** Bytes as `64KiB` or `1GB`. */
export const SIZE: Notation = { placeholder: "<size>", parse: parseSize, format: formatSize };
/** A whole number. */
export const COUNT: Notation = { placeholder: "<number>", parse: parseCount, format: String };

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

/** Gives a command an option for each limit. */
export function addLimitOptions(command: Command): Command {
  command.optionsGroup("Limits (durations as 500ms, 10s or 5min, sizes as 64KiB or 1GB):");
  for (const name of NAMES) command.addOption(optionOf(name));
  return command;
}

/** Puts the limits among parsed options into one object, where any are given. */
export function collectLimits<T extends object>(
  parsed: T,
): T & { limits?: Partial<LimitsByOption> } {
  const options: Record<string, unknown> = Object.fromEntries(Object.entries(parsed));
  const limits: Partial<Record<keyof LimitsByOption, number>> = {};
  for (const name of NAMES) {
    const key = optionOf(name).attributeName();
    if (options[key] !== undefined) limits[name] = options[key] as number;
    delete options[key];
  }
  return (Object.keys(limits).length > 0 ? { ...options, limits } : options) as T;
}

/** Limits as options of a command line, each with its value in one word. */
export function formatLimits(limits: Partial<LimitsByOption>): string[] {
  return NAMES.flatMap((name) => formatNumberOption(OPTIONS[name], limits[name]));
}

/**
 * An option with a number, for the help and the parser.
 *
 * @param check Throws an error that says what is wrong with a value.
 */
export function numberOption(
  { flag, notation, description }: NumberOption,
  byDefault: number,
  check: (value: number) => unknown,
): Option {
  const ofDefault = `(default: ${notation.format(byDefault)})`;
  return new Option(`${flag} ${notation.placeholder}`, `${description} ${ofDefault}`)
    .argParser((text) => {
      try {
        const value = notation.parse(text);
        check(value);
        return value;
      } catch (error) {
        throw new InvalidArgumentError((error as Error).message);
      }
    });
}

/** The option on a command line, with its value in one word; nothing if it has none. */
export function formatNumberOption(option: NumberOption, value: number | undefined): string[] {
  return value === undefined ? [] : [`${option.flag}=${option.notation.format(value)}`];
}

function optionOf(name: keyof LimitsByOption): Option {
  return numberOption(
    OPTIONS[name],
    LIMITS[name],
    (value) => resolveLimits({ [name]: value }),
  );
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new ValueError(`Expected a whole number, got ${JSON.stringify(text)}`);
}
