/**
 * Every limit of the package and its default, in one place. Sizes are in bytes, times in
 * milliseconds. The module that enforces a limit names it in the error message, with its value and
 * the option that changes it.
 *
 * @module
 */

/**
 * The limits of a Manager and of its connections. A Manager takes them in its option `limits`, and on
 * the command line. {@linkcode LIMITS} has the defaults.
 *
 * @example
 * ```ts ignore it starts a Manager
 * import { type Limits, Manager } from "@msl/network";
 *
 * const limits: Partial<Limits> = { maxMessageSize: 64 * 1024 * 1024, silenceTimeout: 60_000 };
 * await using _manager = await Manager.start({ limits });
 * ```
 */
export interface Limits {
  /**
   * The time that a peer has for the TLS handshake, and then for its identity, in milliseconds.
   * Default: 10,000. After it, the connection is closed, with a `TimeoutError` if TLS is complete.
   * Command line: `--handshake-timeout`.
   */
  readonly handshakeTimeout: number;
  /**
   * The time that a peer has for a username or a password, which a person may be typing, in
   * milliseconds. Default: 60,000. After it, the connection is closed with a `TimeoutError`. A login
   * that would have to wait longer than this for its turn is rejected, see `loginPenalty`.
   * Command line: `--login-timeout`.
   */
  readonly loginTimeout: number;
  /**
   * The longest line that the Manager reads as a whole, except for an identity, in bytes. Default:
   * 64 KiB. A longer one from a peer that is not identified yet is rejected with a `ValueError`, and
   * the connection is closed; later, a longer answer to a prompt or request to the Manager itself is
   * answered with one.
   * Command line: `--handshake-size`.
   */
  readonly handshakeSize: number;
  /**
   * The longest identity, in bytes. Default: 4 MiB. A longer one is rejected with a `ValueError` that
   * names its largest attributes. It is read after the password, where one is asked for, and what is
   * above `handshakeSize` counts against `maxHeld`. Command line: `--max-identity`.
   */
  readonly maxIdentity: number;
  /**
   * The number of connections that may be unidentified at the same time. Default: 256. With one more,
   * the address that has most of them loses its oldest one; if that is the address of the new
   * connection itself, the new one is rejected with a `PermissionError`. Addresses from which a device
   * was let in before come first, and an IPv6 network of 64 bits is one address. Command line:
   * `--max-pending`.
   */
  readonly maxPending: number;
  /**
   * The number of failed logins of a computer, or of a user, after which each further attempt is
   * delayed. Default: 5; 0 delays every attempt. Command line: `--free-logins`.
   */
  readonly freeLogins: number;
  /**
   * The time by which each further attempt is delayed longer than the one before, in milliseconds.
   * Default: 1,000; 0 for no delay. An attempt that would have to wait longer than `loginTimeout` is
   * rejected with a `PermissionError`. Command line: `--login-penalty`.
   */
  readonly loginPenalty: number;
  /**
   * The time without a failure after which the failed logins of a computer are forgotten, in
   * milliseconds. Default: 300,000. Command line: `--login-memory`.
   */
  readonly loginMemory: number;
  /**
   * The number of passwords that are checked at the same time; each takes a processor for about
   * 30 ms. Default: 4. Further ones wait, and users who have logged in from the same address before
   * come first. Command line: `--max-hashes`.
   */
  readonly maxHashes: number;
  /**
   * The longest line that a connection receives without a share of `maxHeld`, in bytes. Default:
   * 1 MiB. It has no option of the command line.
   */
  readonly longLine: number;
  /**
   * The longest line that is accepted, in bytes. Default: 1 GiB. A longer one is read, dropped and
   * answered with a `ValueError`. With less than 528 KiB devices send no value in pieces, so it is also
   * the limit of a value. Command line: `--max-message-size`.
   */
  readonly maxMessageSize: number;
  /**
   * How many bytes of long lines all peers of a Manager together may have in its memory. Default: 0,
   * which stands for half of the computer's memory, at least 256 MiB and at most 4 GiB. A peer may
   * have no more of it than is left for the others, which is half of it if no other peer has
   * anything: of the line that it sends, and of those that wait for it to read them. All peers of a
   * user, or of an address where nobody logs in, may have three times what is left. A line for which
   * there is no share left is dropped and answered with a `ValueError`. Command line: `--max-held`.
   */
  readonly maxHeld: number;
  /**
   * How many bytes of a long line a peer has to send in a minute, or to read. Default: 1 MiB. A slower
   * peer is disconnected, since it holds a share of `maxHeld`. A reader is checked once in
   * `stallTimeout`. Command line: `--min-line-rate`.
   */
  readonly minLineRate: number;
  /**
   * The deepest nesting of arrays and objects in a message. Default: 512. A message that is nested
   * deeper is rejected with a `JSONDecodeError`. Command line: `--max-depth`.
   */
  readonly maxDepth: number;
  /**
   * The longest message of a WebSocket, in bytes. Default: 1 MiB. Its boundaries mean nothing: a longer
   * line is in several messages. The connection of a peer that sends a longer one is closed with the
   * code 1009. Command line: `--max-web-message`.
   */
  readonly maxWebMessage: number;
  /**
   * The number of requests of a client that may be pending: sent, and not answered yet. Default:
   * 10,000. A further one is answered with a `PermissionError`, and the connection goes on. Each costs
   * the Manager about 150 bytes, and 350 with the longest `uid`. Command line: `--max-requests`.
   */
  readonly maxRequests: number;
  /**
   * The number of requests to a service that may be pending. Default: 10 times `maxRequests`. A
   * further one is answered with a `PermissionError`. It has no option of the command line.
   */
  readonly maxServiceRequests: number;
  /**
   * The number of clients of one other node that may have sessions with this Manager, where Managers
   * are joined. Default: 10,000. The session of a further one is refused with a `PermissionError`. Each
   * costs as much memory as a connected client. Command line: `--max-node-sessions`.
   */
  readonly maxNodeSessions: number;
  /**
   * The longest `uid`, and the longest name of a service, a client, an attribute or a user, in UTF-16
   * code units; also the longest `language` and `os` in an identity. Default: 256. A message with a
   * longer one is answered with a `ValueError`, and an identity is rejected with one. Command line:
   * `--max-name-length`.
   */
  readonly maxNameLength: number;
  /**
   * The number of attributes of a service that its identity may list, and that of extensions and
   * streams. Default: 10,000. An identity with more of them is rejected with a `ValueError`. Command
   * line: `--max-attributes`.
   */
  readonly maxAttributes: number;
  /**
   * The number of services that have counters of their own in the metrics, from their first connection
   * on to the end of the Manager. Default: 200. Further ones are counted together, as the service
   * `other`. Command line: `--max-counted-services`.
   */
  readonly maxCountedServices: number;
  /**
   * The size of a send queue above which the senders wait: their connections are not read until the
   * queue is below `queueLow`. In bytes; default: 8 MiB. Command line: `--queue-size`.
   */
  readonly queueHigh: number;
  /**
   * The size of a send queue below which its senders are read again, in bytes. Default: a quarter of
   * `queueHigh`. It has no option of the command line.
   */
  readonly queueLow: number;
  /**
   * The size of a send queue above which its connection is closed as a slow consumer, in bytes.
   * Default: 8 times `queueHigh`. Only notifications, which do not wait, exceed `queueHigh` by much.
   * It has no option of the command line.
   */
  readonly queueLimit: number;
  /**
   * The number of bytes that may wait for all peers of a Manager together. Default: 512 MiB. Above
   * it, the slowest consumers are closed: those that have read nothing for the longest time. The
   * first 64 KiB that wait for a peer do not count. Command line: `--max-queued`.
   */
  readonly maxQueued: number;
  /**
   * The time after which a connection is closed whose queue is above `queueHigh` and that has taken
   * no byte, in milliseconds. Default: 30,000. Command line: `--stall-timeout`.
   */
  readonly stallTimeout: number;
  /**
   * The idle time-out: a peer is disconnected when nothing was received from it for so long, although
   * it sends keepalives or was probed. In milliseconds; default: 300,000; 0 for never. A fifth of it
   * is the keepalive interval. Command line: `--silence-timeout`.
   */
  readonly silenceTimeout: number;
  /**
   * The time that pending requests have to finish when the Manager shuts down, in milliseconds.
   * Default: 5,000; 0 for none. The requests that are pending after it fail with a
   * `ConnectionAbortedError`. Command line: `--grace`.
   */
  readonly grace: number;
}

/**
 * The longest name of a service in the metrics, in UTF-16 code units: a name may have 256, and 1,500 when
 * all of them are escaped, which would make 9 MB of metrics.
 */
export const LONGEST_LABEL = 128;

/**
 * The longest `tracestate` of a request that is read, in characters; a longer one is dropped. W3C
 * Trace Context asks for 512 at least.
 */
export const LONGEST_TRACESTATE = 512;

/** How many events a span has at most: values of a stream, and pieces. OpenTelemetry's own default. */
export const MOST_SPAN_EVENTS = 128;

/** How many notifications a Link keeps until its user sets a handler for them. */
export const KEPT_NOTIFICATIONS = 64;

/** How large they may be together, as JSON in characters, unless it is only one. */
export const KEPT_NOTIFICATIONS_SIZE = 1024 * 1024;

/**
 * The number of requests that a Service runs at once: those whose method has not finished, or whose
 * stream has not ended. A further one fails with a `PermissionError`. The option `maxRunning` of a
 * Service changes it.
 */
export const MAX_RUNNING = 10_000;

/**
 * The number of records of connections that the database keeps, the newest ones: about 150 MB. The
 * option `keepConnections` of a Manager changes it. Command line: `--keep-connections`.
 */
export const KEPT_CONNECTIONS = 1_000_000;

/**
 * The number of records of connections that wait to be written, e.g. because another program keeps the
 * database locked. Further ones are dropped, and counted in the log. It has no option.
 */
export const MAX_QUEUED_RECORDS = 10_000;

/**
 * The longest headers of a request to the web pages, with its address, in bytes. A longer request is
 * answered with the status 431. It has no option.
 */
export const MAX_REQUEST_HEADERS: number = 16 * 1024;

/**
 * The number of frames in which a message of a WebSocket may come, and the number of packets. Each
 * costs memory of its own until the message is complete. The connection of a peer that sends more is
 * closed with the code 1008. It has no option.
 */
export const MAX_WEB_FRAGMENTS = 8_192;

/**
 * The number of frames without content that a WebSocket may send at once: pings, pongs and empty
 * messages. The connection of a peer that sends more is closed with the code 1008. It has no option.
 */
export const WEB_CONTROL_BURST = 256;

/** How many of those it may send in each second after that. It has no option. */
export const WEB_CONTROL_RATE = 16;

/**
 * The shortest keepalive interval that a device agrees to with a Manager, in milliseconds, which is the
 * shortest that a Manager of this package asks for. A device agrees to none that is shorter: it would
 * do nothing but send. It has no option.
 */
export const MIN_KEEPALIVE_INTERVAL = 1;

/**
 * The number of look-ups of names and addresses that a Manager makes at the same time. A further one
 * waits; after 2 seconds the numeric address is used. It has no option.
 */
export const MAX_LOOKUPS = 8;

/**
 * The number of addresses, and of pairs of an address and a user, from which a device was let in that
 * a Manager remembers. The one that was used longest ago is forgotten. It has no option.
 */
export const MAX_ORIGINS = 10_000;

/**
 * The number of addresses, and of users, whose failed logins a Manager remembers. The oldest is
 * forgotten. It has no option.
 */
export const MAX_FAILURES = 10_000;

/**
 * The longest text that a record of the log has from a peer or from an error, in UTF-16 code units.
 * The rest is left out.
 */
export const LONGEST_LOG_TEXT = 256;

/** The longest object that a record of the log has, as text, in UTF-16 code units. */
export const LONGEST_LOG_VALUE = 4_096;

/** How many bytes of records of one message the log accepts at once, in a program without a pause. */
export const LOG_BURST: number = 64 * 1024;

/** How many bytes of records of one message the log accepts in each second after that. */
export const LOG_RATE = 256;

/**
 * When a log file is rotated, how many rotated files are kept, and how much of the log is in memory.
 *
 * @example
 * ```ts
 * import type { LogLimits } from "@msl/network";
 *
 * const limits: Partial<LogLimits> = { logSize: 1024 * 1024, logAge: 24 * 60 * 60_000 };
 * ```
 */
export interface LogLimits {
  /**
   * The size beyond which a log file does not grow: a record that would exceed it is written to a
   * new one. In bytes; default: 10 MiB; 0 for any size. Command line: `--log-size`.
   */
  readonly logSize: number;
  /**
   * The time since its first record after which a log file is rotated, in milliseconds. Default: 7
   * days; 0 for never. Command line: `--log-age`.
   */
  readonly logAge: number;
  /**
   * The number of rotated files that are kept; older ones are deleted. Default: 10; 0 keeps none.
   * Command line: `--log-files`.
   */
  readonly logFiles: number;
  /**
   * The memory that the last records take, for the administrators who request them from a Manager, in
   * bytes, about. Default: 256 KiB; at most 16 MiB; 0 keeps none. Command line: `--log-recent`.
   */
  readonly logRecent: number;
}

/**
 * The limits of what a Service says of itself, `static about`. A Service whose description exceeds one
 * does not start. A Manager and a Client leave out what exceeds one in the description of a service
 * that they are sent, and cut a text. They have no option; the description is a part of the identity,
 * so `maxIdentity` bounds all of it.
 */
export const ABOUT_LIMITS = {
  /** The longest description of one thing, in UTF-16 code units. */
  text: 4_096,
  /** The longest name of a parameter, of a value in notifications and of a role, and the longest unit. */
  name: 256,
  /** The number of attributes that are described. */
  attributes: 10_000,
  /** The number of parameters of a method that are described. */
  parameters: 256,
  /** The number of values in notifications that are described. */
  notifications: 1_000,
  /** The number of roles. */
  roles: 64,
  /** The longest JSON Schema, and the longest default of a parameter, as JSON in UTF-16 code units. */
  schema: 65_536,
  /** How deep those are nested. */
  depth: 64,
} as const;

/** The limits of what a recorder gives of its history. They have no option. */
export const HISTORY_LIMITS = {
  /** The most buckets of one history. */
  points: 10_000,
  /** The buckets of a history, if their number is not given. */
  defaultPoints: 1_000,
  /** The most sources whose latest readings one request names. */
  sources: 1_000,
  /** The number of requests that wait for the worker that reads the file. One more is rejected. */
  waiting: 100,
} as const;

/** The limits of the alarms of a recorder. They have no option. */
export const ALARM_LIMITS = {
  /** How long the program of `record --on-alarm` may run for one alarm, in milliseconds. */
  programTimeout: 30_000,
  /** The number of alarms that wait for the program. With one more, the oldest is dropped. */
  queuedAlarms: 100,
  /** The longest text in the environment of the program, in UTF-16 code units. The rest is cut. */
  text: 1_000,
} as const;

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * How much a recorder holds while its file cannot be written, because the disk is full or another
 * program has locked it. After that it reads no more: streams wait, and what else comes lies in a gap.
 */
export const RECORD_LIMITS = {
  /** The number of readings and gaps that wait for the file. */
  queued: 100_000,
  /** Their size as JSON in characters, unless it is only one. */
  queuedSize: 64 * MiB,
  /** The number of readings and gaps that are written at once. Others wait until events were handled. */
  batch: 5_000,
  /**
   * The number of different keys in the notifications of one service that are recorded. Others are
   * reported once.
   */
  keys: 1_000,
  /**
   * The number of series of one recorder: each key, and each unit with which a service has come back,
   * is one. Others are reported once, and not recorded.
   */
  series: 10_000,
} as const;

/** The limits of what a Manager knows of others that it is joined with. They have no option. */
export const CLUSTER_LIMITS = {
  /** The number of nodes. Further ones are ignored, with a warning. */
  nodes: 1_000,
  /** The number of services of a node. Further ones are not announced, with a warning. */
  services: 10_000,
  /**
   * The size of a service that is announced with its attributes, in bytes of JSON. A larger one is
   * announced with their names, and if these are larger too, without attributes.
   */
  serviceSize: 64 * KiB,
  /** The size of all services of a node, in bytes of JSON. Further ones are not announced. */
  nodeSize: 2 * MiB,
  /** The size of the services of all nodes, in bytes of JSON. Further ones are not known. */
  directorySize: 256 * MiB,
  /** The size of a message that announces services, in bytes. */
  messageSize: 256 * KiB,
  /** The number of messages in which all services of a node are sent. */
  snapshotParts: 1_024,
  /** The number of nodes that are asked for their services at once. */
  asked: 16,
  /**
   * The number of answers to tools of NATS in a second (`$SRV`), one for each service. A question without
   * an answer counts as one.
   */
  toolAnswers: 1_000,
} as const;

/**
 * The limits of what joins two Managers, their trunks, and of the channels on them, one for each client
 * that uses services of another node. They have no option.
 */
export const TRUNK_LIMITS = {
  /**
   * The number of channels on one trunk. One more client gets a `ConnectionAbortedError`. The limit of the
   * sessions of a node, `maxNodeSessions`, is lower, and is checked where they are accepted.
   */
  channels: 100_000,
  /**
   * How many channels a node opens to another one at once, and how many more in each beat. One more client
   * gets a `ConnectionAbortedError`.
   */
  openings: { atOnce: 15_000, perBeat: 500 },
  /** The same as the home node allows it: the trunk of a node that opens more has ended. */
  allowedOpenings: { atOnce: 20_000, perBeat: 1_000 },
  /** The longest header of a channel: what its home node is told of a client, in bytes. */
  header: 64 * KiB,
  /** The size up to which what is sent in one turn of the event loop is one message, in bytes. */
  message: 128 * KiB,
  /** So many beats without a message from the other end, and a trunk has ended. */
  missedBeats: 5,
  /** A trunk without channels is closed after so many beats. */
  idleBeats: 30,
  /** How many messages of trunks that are not known are answered in one beat. */
  answers: 100,
  /** The number of nodes of which a node remembers which trunks it has had, those that are gone too. */
  rememberedNodes: 10_000,
  /** The number of incarnations of one of them. */
  rememberedIncarnations: 8,
  /**
   * What is on its way to a node over one trunk, in bytes. NATS ends the connection of a node for which
   * 64 MiB wait.
   */
  trunkWindow: { initial: 64 * KiB, largest: 4 * MiB, total: 32 * MiB },
  /** What waits at one end of a channel until it is read, in bytes. */
  channelWindow: { initial: 32 * KiB, largest: MiB, total: 256 * MiB },
} as const;

/**
 * The longest notification of a Service, in bytes of its line. A longer one is rejected with a
 * `ValueError` when it is emitted. It has no option: a stream has no such limit.
 */
export const MAX_NOTIFICATION_SIZE = 16 * MiB;

/**
 * The longest value that is recorded, as JSON in UTF-16 code units, an array of numbers in bytes. In the
 * place of a longer one, the recording has a gap that says so. It has no option.
 */
export const MAX_RECORDED_VALUE = 64 * MiB;

/** The limits of one connection, a device's or one of a Manager. */
export type ConnectionLimits = Pick<
  Limits,
  | "longLine"
  | "maxMessageSize"
  | "minLineRate"
  | "queueHigh"
  | "queueLow"
  | "queueLimit"
  | "stallTimeout"
>;

/** The defaults of {@linkcode ConnectionLimits}. A Client needs no others. */
export const CONNECTION_LIMITS: ConnectionLimits = {
  longLine: MiB,
  maxMessageSize: 1024 * MiB,
  minLineRate: MiB,
  queueHigh: 8 * MiB,
  queueLow: 2 * MiB,
  queueLimit: 64 * MiB,
  stallTimeout: 30_000,
};

/** The default of the limit `grace`, and of the option of a Client and a Service. */
export const GRACE = 5_000;

/** The default of every limit. */
export const LIMITS: Limits = {
  ...CONNECTION_LIMITS,
  handshakeTimeout: 10_000,
  loginTimeout: 60_000,
  handshakeSize: 64 * KiB,
  maxIdentity: 4 * MiB,
  maxPending: 256,
  freeLogins: 5,
  loginPenalty: 1_000,
  loginMemory: 5 * 60_000,
  maxHashes: 4,
  maxHeld: 0,
  maxDepth: 512,
  maxWebMessage: MiB,
  maxRequests: 10_000,
  maxServiceRequests: 100_000,
  maxNodeSessions: 10_000,
  maxNameLength: 256,
  maxAttributes: 10_000,
  maxCountedServices: 200,
  maxQueued: 512 * MiB,
  silenceTimeout: 5 * 60_000,
  grace: GRACE,
};

/** The default of every limit of a log. */
export const LOG_LIMITS: LogLimits = {
  logSize: 10 * MiB,
  logAge: 7 * 24 * 60 * 60_000,
  logFiles: 10,
  logRecent: 256 * KiB,
};

/** How many clients may each have as many requests pending at one service as a client may have. */
const SERVICE_SCALE = 10;

/** The most that `logRecent` may be, in bytes: the records are one line when they are requested. */
const MAX_LOG_RECENT = 16 * MiB;

/** The limits that may be 0. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set<keyof Limits>([
  "freeLogins",
  "loginPenalty",
  "maxHeld",
  "silenceTimeout",
  "grace",
]);

/**
 * The longest time of the runtime's timers, in milliseconds: about 24 days. A longer one would expire
 * at once, so `base/timer.ts` takes it for no limit.
 */
export const LONGEST_TIME = 2 ** 31 - 1;

/**
 * Fills in the defaults. `queueLow` and `queueLimit` are in proportion to `queueHigh` if they are not
 * given, and `maxServiceRequests` to `maxRequests`.
 *
 * @throws {RangeError} When a limit is out of its range.
 */
export function resolveLimits(given: Partial<Limits> = {}): Limits {
  const queueHigh = given.queueHigh ?? LIMITS.queueHigh;
  const scale = queueHigh / LIMITS.queueHigh;
  const maxRequests = given.maxRequests ?? LIMITS.maxRequests;
  const limits = {
    ...LIMITS,
    queueLow: Math.floor(LIMITS.queueLow * scale),
    queueLimit: Math.ceil(LIMITS.queueLimit * scale),
    maxServiceRequests: SERVICE_SCALE * maxRequests,
    ...given,
  };
  for (const [name, value] of Object.entries(limits)) {
    const least = MAY_BE_ZERO.has(name) ? 0 : 1;
    const most = /Timeout|grace/.test(name) ? Infinity : Number.MAX_SAFE_INTEGER;
    check(name, value, least, most);
  }
  return limits;
}

/**
 * Fills in the defaults of the limits of a log.
 *
 * @throws {RangeError} When a limit is out of its range.
 */
export function resolveLogLimits(given: Partial<LogLimits> = {}): LogLimits {
  const limits = {
    logSize: given.logSize ?? LOG_LIMITS.logSize,
    logAge: given.logAge ?? LOG_LIMITS.logAge,
    logFiles: given.logFiles ?? LOG_LIMITS.logFiles,
    logRecent: given.logRecent ?? LOG_LIMITS.logRecent,
  };
  for (const [name, value] of Object.entries(limits)) {
    check(name, value, 0, name === "logRecent" ? MAX_LOG_RECENT : Number.MAX_SAFE_INTEGER);
  }
  return limits;
}

function check(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RangeError(
    `Cannot use the limit ${name}: it must be a number from ${least} to ${most}, got ${value}`,
  );
}
