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
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** The default of every limit. */
export const LIMITS: Limits = {
  handshakeTimeout: 10_000,
  loginTimeout: 60_000,
  handshakeSize: 64 * KiB,
  longLine: 2 * MiB,
  maxMessageSize: 256 * MiB,
  maxDepth: 512,
  queueHigh: 8 * MiB,
  queueLow: 2 * MiB,
  queueLimit: 64 * MiB,
  stallTimeout: 30_000,
};
