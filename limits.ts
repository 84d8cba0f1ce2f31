/**
 * Every limit of the package and its default, in one place.
 * Sizes are in bytes, times in milliseconds. Whoever enforces a limit names it in the error
 * message, with its value and the way to change it.
 *
 * @module
 */

/** The limits that one connection, and the Manager as a whole, keep. */
export interface Limits {
  /** Time that a peer has for TLS, and for its identity, in milliseconds. */
  readonly handshakeTimeout: number;
  /** Time that a peer has for a username or a password, which a person may be typing, in milliseconds. */
  readonly loginTimeout: number;
  /** Longest line accepted from a peer that is not identified yet, in bytes. */
  readonly handshakeSize: number;
  /** How many connections at once may be on their way to an identity. */
  readonly maxPending: number;
  /** How often a computer may fail to log in before each further attempt has to wait. */
  readonly freeLogins: number;
  /** How much longer than the one before each further attempt has to wait, in milliseconds. */
  readonly loginPenalty: number;
  /** Time after which the failures of a computer are forgotten, in milliseconds. */
  readonly loginMemory: number;
  /**
   * Longest line that is checked as a whole before it is passed on, in bytes. A longer one is
   * passed on in pieces as they come.
   */
  readonly longLine: number;
  /** Longest line that is collected in memory, in bytes. */
  readonly maxMessageSize: number;
  /** Deepest nesting of arrays and objects in a message. */
  readonly maxDepth: number;
  /** Bytes waiting for one destination above which its sources stop being read. */
  readonly queueHigh: number;
  /** Bytes waiting for one destination below which its sources are read again. */
  readonly queueLow: number;
  /**
   * Bytes waiting for one destination above which it is closed. Only notifications, which wait for
   * nobody, go beyond `queueHigh` by much.
   */
  readonly queueLimit: number;
  /** Time after which a congested destination that takes nothing is closed, in milliseconds. */
  readonly stallTimeout: number;
  /**
   * Time after which a peer that is silent, though it keeps the beat or was asked, is taken for
   * unplugged, in milliseconds; 0 for never.
   */
  readonly silenceTimeout: number;
  /** Time that running requests have when the Manager shuts down, in milliseconds. */
  readonly grace: number;
}

/** When a log file is rotated, and how many old ones there are. */
export interface LogLimits {
  /** Size that a log file does not grow beyond, in bytes; 0 for any. */
  readonly logSize: number;
  /** Time since its first record after which a log file is rotated, in milliseconds; 0 for never. */
  readonly logAge: number;
  /** How many old log files are kept. */
  readonly logFiles: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** The default of every limit. */
export const LIMITS: Limits = {
  handshakeTimeout: 10_000,
  loginTimeout: 60_000,
  handshakeSize: 64 * KiB,
  maxPending: 256,
  freeLogins: 5,
  loginPenalty: 1_000,
  loginMemory: 5 * 60_000,
  longLine: 2 * MiB,
  maxMessageSize: 256 * MiB,
  maxDepth: 512,
  queueHigh: 8 * MiB,
  queueLow: 2 * MiB,
  queueLimit: 64 * MiB,
  stallTimeout: 30_000,
  silenceTimeout: 5 * 60_000,
  grace: 5_000,
};

/** The default of every limit of a log file. */
export const LOG_LIMITS: LogLimits = {
  logSize: 10 * MiB,
  logAge: 7 * 24 * 60 * 60_000,
  logFiles: 10,
};

/** The limits that may be 0. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set<keyof Limits>([
  "freeLogins",
  "loginPenalty",
  "silenceTimeout",
  "grace",
]);

/**
 * The longest time of a limit, in milliseconds: a timer of the runtime that is set to more goes off
 * at once.
 */
export const LONGEST_TIME = 2 ** 31 - 1;

/**
 * Fills in the defaults. The other two limits of a queue follow `queueHigh` where they are not
 * given.
 *
 * @throws {RangeError} If a limit is out of its range.
 */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  const queueHigh = given.queueHigh ?? LIMITS.queueHigh;
  const scale = queueHigh / LIMITS.queueHigh;
  const limits = {
    ...LIMITS,
    queueLow: Math.floor(LIMITS.queueLow * scale),
    queueLimit: Math.ceil(LIMITS.queueLimit * scale),
    ...given,
  };
  for (const [name, value] of Object.entries(limits)) {
    const least = MAY_BE_ZERO.has(name) ? 0 : 1;
    const most = /Timeout|grace/.test(name) ? LONGEST_TIME : Number.MAX_SAFE_INTEGER;
    check(name, value, least, most);
  }
  return limits;
}

/**
 * Fills in the defaults of the limits of a log file.
 *
 * @throws {RangeError} If a limit is out of its range.
 */
export function resolveLogLimits(given: Partial<LogLimits> = {}): LogLimits {
  const limits = {
    logSize: given.logSize ?? LOG_LIMITS.logSize,
    logAge: given.logAge ?? LOG_LIMITS.logAge,
    logFiles: given.logFiles ?? LOG_LIMITS.logFiles,
  };
  for (const [name, value] of Object.entries(limits)) {
    check(name, value, 0, Number.MAX_SAFE_INTEGER);
  }
  return limits;
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isFinite(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot use the limit ${name}: it must be a number from ${least} to ${most}, got ${value}`,
  );
}
