/**
 * Handles each accepted connection until it ends: TLS, handshake, registration, forwarding, keepalive
 * and the records of the `connections` table.
 *
 * It leaves the handshake to `handshake.ts`, routing to the router, long lines to `long_lines.ts`,
 * and how many connections may be unidentified at once to `admission_limiter.ts`.
 *
 * @module
 */

import { retryWhileLocked } from "../base/database_lock.ts";
import { startTimer } from "../base/timer.ts";
import { type LoginAttempt, LoginThrottle } from "./login_throttle.ts";
import type { Authentication } from "./authentication.ts";
import { PeerConnection } from "../net/peer_connection.ts";
import { contentOfEnd } from "../net/connection_end.ts";
import type { ConnectionRecords } from "./connection_records.ts";
import type { Origin } from "./database/connections_table.ts";
import { AdmissionLimiter, type Slot } from "./admission_limiter.ts";
import {
  ConfigurationError,
  ConnectionAbortedError,
  NameError,
  PermissionError,
} from "../errors.ts";
import { failure, handshake, type Outcome } from "./handshake.ts";
import type { Host, Hosts } from "./hosts.ts";
import type { Limits } from "../limits.ts";
import { LongLine } from "../wire/line.ts";
import type { Socket } from "../net/listener.ts";
import { QueueBudget } from "../net/queue_budget.ts";
import { blockOf, KnownOrigins } from "./known_origins.ts";
import { Keepalive, type KeepalivePeer } from "../net/keepalive.ts";
import { logger } from "../base/log.ts";
import { encodeError, encodeNotification, encodeProbe, encodeReply } from "../wire/message.ts";
import type { ReadyResult } from "../wire/protocol.ts";
import { PIECE_SIZE } from "../wire/parts.ts";
import { BEAT, EXTENSIONS, MANAGER, PARTS, READY } from "../wire/protocol.ts";
import type { LongLines } from "./long_lines.ts";
import { Yielder } from "../base/pause.ts";
import type { SessionUser } from "./database/users_table.ts";
import { Origins } from "./origins.ts";
import { blocksOthers, type Peer } from "./peer.ts";
import type { Router, Session } from "./router.ts";
import type { Statistics } from "./statistics.ts";

/** What the connection handler works with. */
export interface ConnectionHandlerOptions {
  /** The network name of the Manager. */
  manager: string;
  /** Whether connections are encrypted. */
  tls: boolean;
  limits: Limits;
  hosts: Hosts;
  authentication: Authentication;
  router: Router<PeerConnection>;
  longLines: LongLines<PeerConnection>;
  /** Records the state changes of connections. */
  records: ConnectionRecords;
  statistics: Statistics;
  /** Called with the address before the password of an administrator is checked. */
  onAdministratorLogin: (address: string) => void;
}

/** How long the peers that send without a break are served between two pauses, in milliseconds. */
const SLICE = 2;
/**
 * After how many lines of one read, or how many bytes of them, the handler checks whether a pause is
 * due. Lines take time by their number and by their length: one that is typed or malformed takes
 * longer than a message.
 */
const LINES = 64;
const BYTES = 16 * 1024;
/**
 * After how many lines it checks that in the beginning of a read, and after a pause: all peers that have
 * waited for the pause go on at the same time, and there may be hundreds of them.
 */
const FEW = 2;
/** Before a line of more bytes than this it checks that too: one alone may take some milliseconds. */
const LONG = 32 * 1024;

/** The longest line with a piece of a value, in bytes: a text of quotes is written with backslashes. */
const LONGEST_PIECE = 2 * PIECE_SIZE + 16 * 1024;

type ConnectedPeer = Peer<Session<PeerConnection>>;

const log = logger("manager");

/** Handles connections. */
export class ConnectionHandler implements Disposable {
  readonly #options: ConnectionHandlerOptions;
  readonly #admissionLimiter: AdmissionLimiter;
  readonly #loginThrottle: LoginThrottle;
  readonly #known = new KnownOrigins();
  readonly #origins = new Origins();
  readonly #keepalive: Keepalive;
  /** What may wait for all peers together. */
  readonly #queues: QueueBudget;
  readonly #watch = new Yielder(SLICE);
  readonly #connections = new Set<PeerConnection>();

  constructor(options: ConnectionHandlerOptions) {
    this.#options = options;
    this.#admissionLimiter = new AdmissionLimiter(options.limits.maxPending);
    this.#queues = new QueueBudget(options.limits.maxQueued);
    this.#loginThrottle = new LoginThrottle(options.limits, this.#known);
    this.#keepalive = new Keepalive(options.limits.silenceTimeout);
  }

  /** The connections that are open. */
  get connections(): ReadonlySet<PeerConnection> {
    return this.#connections;
  }

  /** How many connections are not identified yet. */
  get unidentified(): number {
    return this.#admissionLimiter.used;
  }

  /** Rejects logins from now on, also those that wait for the throttle. */
  close(): void {
    this.#loginThrottle[Symbol.dispose]();
  }

  /** Stops the timers. Call it when all connections have ended. */
  [Symbol.dispose](): void {
    this.close();
    this.#keepalive[Symbol.dispose]();
  }

  /** Handles one connection until it ends. Never rejects. */
  async serve(socket: Socket): Promise<void> {
    const { remote } = socket;
    const { records } = this.#options;
    const connection = new PeerConnection(socket, this.#options.limits, this.#queues);
    this.#options.statistics.connections++;
    this.#connections.add(connection);
    const isKnown = this.#known.has(remote.hostname);
    const slot = this.#admissionLimiter.acquire(
      isKnown ? remote.hostname : blockOf(remote.hostname),
      () => this.#rejectUnidentified(remote, connection),
      isKnown,
    );
    if (slot === undefined) {
      this.#rejectUnidentified(remote, connection);
      return await this.#close(connection);
    }
    let origin: Origin | undefined;
    let record = "connection closed prematurely";
    try {
      socket.secure().catch(() => {}); // TLS begins while the name is looked up
      const host = await this.#options.hosts.find(remote.hostname, isKnown);
      origin = { address: host.address, domain: host.domain, port: remote.port };
      records.add(origin, "new connection request");
      await this.#secure(socket, connection);
      record = await this.#serveSecured(connection, slot, host, origin);
    } catch (error) {
      // An error of this connection alone, e.g. of a peer that does not trust the certificate.
      log.info("The connection from {address} failed: {error}", {
        address: origin?.address ?? remote.hostname,
        error: (error as Error).message,
      });
    } finally {
      await this.#close(connection);
      slot.release();
      if (origin !== undefined) records.add(origin, record);
    }
  }

  /** Closes a connection, and adds its traffic to the statistics. */
  async #close(connection: PeerConnection): Promise<void> {
    await connection.close();
    const end = await connection.ended;
    this.#connections.delete(connection);
    this.#options.statistics.addEnd(end, connection.traffic);
  }

  /** From the handshake to the end of a connection. Returns its last record. */
  async #serveSecured(
    connection: PeerConnection,
    slot: Slot,
    host: Host,
    origin: Origin,
  ): Promise<string> {
    const { manager, limits } = this.#options;
    const address = `${host.name}:${origin.port}`;
    const attemptLogin: LoginAttempt = (check, username) =>
      this.#loginThrottle.attempt(host.address, check, username);
    let leave = () => {};
    const holderOf = (user: SessionUser | undefined) => {
      const entry = this.#origins.enter(host.address, user);
      leave = entry.leave;
      return connection.holder = entry.holder;
    };
    const outcome = await handshake(connection, {
      manager,
      host,
      address,
      authentication: this.#options.authentication,
      attemptLogin,
      yielder: this.#watch,
      limits,
      memory: this.#options.longLines.memory,
      holderOf,
    });
    try {
      return await this.#serveIdentified(connection, slot, outcome, address, origin, attemptLogin);
    } finally {
      if (outcome.state === "identified") {
        this.#options.longLines.memory.giveBackOf(connection.holder, outcome.share);
      }
      leave();
    }
  }

  /** From the end of the handshake to that of a connection. Returns its last record. */
  async #serveIdentified(
    connection: PeerConnection,
    slot: Slot,
    outcome: Outcome,
    address: string,
    origin: Origin,
    attemptLogin: LoginAttempt,
  ): Promise<string> {
    const { manager, limits, statistics, router, records } = this.#options;
    if (outcome.state === "left") return outcome.record;
    if (outcome.state === "rejected") {
      statistics.addRefusal(outcome.record.replace("rejected: ", ""));
      log.warn("{address} was rejected: {reason}", { address, reason: outcome.reason.message });
      return outcome.record;
    }
    slot.release();
    const attemptAdministrator: LoginAttempt = async (check, username) => {
      this.#options.onAdministratorLogin(address);
      const isRight = await attemptLogin(check, username);
      if (!isRight) {
        statistics.addRefusal("wrong administrator login");
        log.warn("{address} failed to log in as an administrator", { address });
      }
      return isRight;
    };
    let peer: ConnectedPeer;
    try {
      peer = await retryWhileLocked(() =>
        router.register(outcome.identity, connection, {
          ...outcome,
          attemptLogin: attemptAdministrator,
        })
      );
    } catch (error) {
      statistics.addRefusal(rejectionReason(error));
      const { reason, record } = error instanceof ConfigurationError
        ? failure(error)
        : { reason: error as Error, record: "invalid identity" };
      log.warn("{address} was rejected: {reason}", { address, reason: reason.message });
      connection.sendText(encodeError(manager, "", reason));
      return `rejected: ${record}`;
    }
    this.#known.add(origin.address, outcome.user?.username);
    try {
      records.add(origin, `connected as a ${peer.kind}`);
      log.info("{peer} connected as a {kind}", { peer: peer.networkName, kind: peer.kind });
      if (peer.extensions.includes(READY)) {
        const welcome: ReadyResult = {
          beat: this.#keepalive.interval,
          extensions: extensionsWithin(limits),
        };
        connection.sendText(encodeReply(peer.networkName, READY, welcome));
      }
      using _watched = this.#keepalive.watch(keepaliveOf(peer, manager));
      await this.#forward(peer, connection);
    } finally {
      router.unregister(peer);
    }
    const { message, properties } = contentOfEnd(await connection.ended);
    log.info(`{peer} disconnected: ${message}`, { peer: peer.networkName, ...properties });
    return "disconnected";
  }

  /** Routes a peer's messages for as long as it is connected. */
  async #forward(peer: ConnectedPeer, connection: PeerConnection): Promise<void> {
    for await (const lines of connection) {
      let rest = FEW; // lines until the next check
      let bytes = 0;
      for (const line of lines) {
        if (!connection.isOpen) break; // the peer has requested to be disconnected
        const isLong = line instanceof Uint8Array && line.length > LONG;
        if (rest-- === 0 || bytes > BYTES || isLong) {
          bytes = 0;
          rest = LINES;
          if (this.#watch.isDue) {
            do await this.#watch.pause(); while (isLong && this.#watch.isDue);
            rest = FEW;
          }
        }
        let sink: PeerConnection | undefined;
        if (line instanceof LongLine) {
          sink = await this.#options.longLines.receive(peer, line);
        } else {
          bytes += line.length;
          sink = this.#options.router.receive(peer, line);
        }
        // Backpressure: the peer is slowed down by not being read. At once, not after all lines of the
        // read: there may be 1,500 requests in it whose replies have some MB each.
        if (sink?.congested) await sink.drained();
      }
      // A read that has to wait is a pause too.
      if (connection.hasMore && this.#watch.isDue) await this.#watch.pause();
    }
  }

  /** Closes a connection that has no slot, or has lost it. */
  #rejectUnidentified(remote: Socket["remote"], connection: PeerConnection): void {
    this.#options.statistics.addRefusal("too many pending");
    const error = new PermissionError(
      `Too many connections have not said who they are, the limit is ${this.#options.limits.maxPending} ` +
        `(--max-pending)`,
    );
    log.warn("{address}:{port} was rejected: {reason}", {
      address: remote.hostname,
      port: remote.port,
      reason: error.message,
    });
    // Over TLS nothing can be sent before the handshake is complete.
    if (this.#options.tls) return connection.abort();
    connection.sendText(encodeError(this.#options.manager, "", error));
    connection.close();
  }

  /** Completes the TLS handshake, within `handshakeTimeout`. */
  async #secure(socket: Socket, connection: PeerConnection): Promise<void> {
    const timer = startTimer(() => {
      this.#options.statistics.addRefusal("no TLS in time");
      connection.abort();
    }, this.#options.limits.handshakeTimeout);
    try {
      await socket.secure();
    } catch (error) {
      if (connection.isOpen) this.#options.statistics.addRefusal("no TLS");
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * How the keepalive finds out whether a peer is still connected, without a message that the peer
 * might not know:
 * - a device of this package has agreed to send something in every interval;
 * - any other service is probed with a request for an attribute that every service has. After it has
 *   answered a probe once, the idle time-out holds for it too. While it owes an answer it is not
 *   probed, and its silence does not count: a Python service would take the probe for the request
 *   that its method is working on, and it ignores no line;
 * - any other client has nothing to answer. A client that blocks others from a service is sent a
 *   notification that it ignores, so that the operating system finds out. It is never sent less than
 *   a line: the reader of a Python client dies of a space at the end of its connection.
 *
 * @param manager The network name of the Manager.
 */
export function keepaliveOf(peer: Peer<Session<PeerConnection>>, manager: string): KeepalivePeer {
  const { extensions, session: { sink: connection } } = peer;
  const sendSpace = () => connection.sendSpace();
  if (extensions.includes(BEAT)) {
    return {
      connection,
      keepsInterval: () => true,
      onWriteIdle: sendSpace,
    };
  }
  if (peer.kind === "service") {
    return {
      connection,
      keepsInterval: () => peer.session.probe.isAnswered,
      isBusy: () => peer.session.probe.owed > 0,
      onReadIdle: () => connection.sendText(encodeProbe(manager, peer.name)),
    };
  }
  return {
    connection,
    keepsInterval: () => false,
    onWriteIdle: () => {
      if (blocksOthers(peer) && connection.queued === 0) connection.sendText(IGNORED);
    },
  };
}

/** A notification of the Manager, with which no client is linked: no service can have its name. */
const IGNORED = encodeNotification(MANAGER, [], {});

/**
 * The extensions that the Manager offers. If it accepts no line as long as a piece of a value, devices
 * send each value in one line, which is refused with the limit if it is too long.
 */
function extensionsWithin({ maxMessageSize }: Limits): string[] {
  return EXTENSIONS.filter((one) => one !== PARTS || maxMessageSize >= LONGEST_PIECE);
}

/** Why the registry rejected a device, for the statistics. */
function rejectionReason(error: unknown): string {
  if (error instanceof NameError) return "name taken";
  if (error instanceof PermissionError) return "may not offer";
  if (error instanceof ConfigurationError) return "failure";
  return error instanceof ConnectionAbortedError ? "shutting down" : "invalid identity";
}
