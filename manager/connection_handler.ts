/**
 * Handles each accepted connection until it ends: TLS, handshake, registration, forwarding, keepalive
 * and the records of the `connections` table.
 *
 * It leaves the handshake to `handshake.ts`, routing to the router, long lines to `long_lines.ts`,
 * how many connections may be unidentified at once to `admission_limiter.ts`, and whether a peer is still
 * there to `peer_keepalive.ts`.
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
import type { Socket } from "../net/listener.ts";
import type { Transport } from "../net/transport.ts";
import { QueueBudget } from "../net/queue_budget.ts";
import { blockOf, KnownOrigins } from "./known_origins.ts";
import { Keepalive } from "../net/keepalive.ts";
import { logger } from "../base/log.ts";
import { encodeError, encodeReply } from "../wire/message.ts";
import { READY, type ReadyResult } from "../wire/protocol.ts";
import { extensionsWithin } from "./known_extensions.ts";
import { REFUSED_LOGIN } from "./refused_logins.ts";
import { type LineReceiver, readLines } from "./read_loop.ts";
import type { LongLines } from "./long_lines.ts";
import { Yielder } from "../base/pause.ts";
import { Turns } from "../base/turns.ts";
import type { SessionUser } from "./database/users_table.ts";
import { Origins } from "./origins.ts";
import {
  networkNameOf,
  type Peer,
  type PeerIdentity,
  type RemoteUser,
  type Service,
} from "./peer.ts";
import { keepaliveOf } from "./peer_keepalive.ts";
import type { Router } from "./router.ts";
import type { Session } from "./session.ts";
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
  /** All sessions of a node may end at once, by node. */
  readonly #ends = new Turns(SLICE);
  readonly #onRead = () => this.#options.statistics.calls.tick();
  readonly #connections = new Set<PeerConnection>();
  /** The clients of other nodes by network name. */
  readonly #remote = new Map<string, ConnectedPeer>();

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

  /** Attempts of a peer that is no connection of this handler, throttled with all others. */
  attemptLogin(address: string): LoginAttempt {
    return (check, username) => this.#loginThrottle.attempt(address, check, username);
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
    const connection = this.connect(socket);
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

  /**
   * Serves a client of another node, which has authenticated and identified it, until its session
   * ends. Never rejects.
   *
   * @param transport The session, as a stream of the client's bytes.
   */
  async serveRemote(
    transport: Transport,
    identity: PeerIdentity & { kind: "client"; node: string },
    user: RemoteUser | undefined,
  ): Promise<void> {
    const { statistics, limits } = this.#options;
    const connection = this.connect(transport);
    statistics.connections++;
    this.#connections.add(connection);
    const { holder, leave } = this.#origins.enterNode(identity.node);
    connection.holder = holder;
    connection.wholeLineLimit = Math.min(limits.longLine, limits.maxMessageSize);
    try {
      await this.#serveRemoteClient(connection, identity, user);
    } finally {
      await this.#close(connection);
      leave();
    }
  }

  async #serveRemoteClient(
    connection: PeerConnection,
    identity: PeerIdentity & { kind: "client"; node: string },
    user: RemoteUser | undefined,
  ): Promise<void> {
    const { manager, router, statistics } = this.#options;
    const name = networkNameOf(identity);
    // Its node has opened a new session, so it has ended this one; its end may be still to be read.
    const before = this.#remote.get(name);
    if (before !== undefined) {
      router.sessions.unregister(before);
      before.session.sink.abort();
    }
    let peer: ConnectedPeer;
    try {
      peer = router.sessions.register(identity, connection, { attemptLogin: refuseLogin, user });
    } catch (error) {
      statistics.addRefusal(rejectionReason(error));
      log.warn("{client} was rejected: {reason}", {
        client: name,
        reason: (error as Error).message,
      });
      connection.sendText(encodeError(manager, "", error));
      return;
    }
    this.#remote.set(name, peer);
    log.info("{client} opened a session", { client: name });
    try {
      await this.#forward(peer, connection);
    } finally {
      await this.#ends.take(identity.node);
      router.sessions.unregister(peer);
      if (this.#remote.get(name) === peer) this.#remote.delete(name);
    }
    const { message, properties } = contentOfEnd(await connection.ended);
    log.info(`The session of {client} ended: ${message}`, { client: name, ...properties });
  }

  /** A connection over a byte stream, with the limits of all. */
  connect(transport: Transport): PeerConnection {
    return new PeerConnection(transport, this.#options.limits, this.#queues);
  }

  /** Reads a connection to another node, as that of a peer is read, until it has ended. */
  readLines(connection: PeerConnection, receiver: LineReceiver): Promise<void> {
    return readLines(connection, receiver, this.#watch, this.#onRead);
  }

  /** A connection to a node as a holder of held lines. Call `leave` when it has ended. */
  enterNode(node: string): ReturnType<Origins["enterNode"]> {
    return this.#origins.enterNode(node);
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
    const attemptLogin = this.attemptLogin(host.address);
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
        statistics.addRefusal(REFUSED_LOGIN.administratorLogin);
        log.warn("{address} failed to log in as an administrator", { address });
      }
      return isRight;
    };
    let peer: ConnectedPeer;
    try {
      peer = await retryWhileLocked(() =>
        router.sessions.register(outcome.identity, connection, {
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
    if (peer.kind === "service") this.#count(peer, connection);
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
      router.sessions.unregister(peer);
    }
    const { message, properties } = contentOfEnd(await connection.ended);
    log.info(`{peer} disconnected: ${message}`, { peer: peer.networkName, ...properties });
    return "disconnected";
  }

  /** Counts the calls and the bytes of a service by its name, until its connection has ended. */
  #count({ name, calls }: Service<Session<PeerConnection>>, connection: PeerConnection): void {
    const { statistics } = this.#options;
    const { hasOther } = statistics.calls;
    const series = calls.series = statistics.calls.enter(name, connection);
    connection.ended.then(() => series.leave(connection));
    if (hasOther || !statistics.calls.hasOther) return;
    log.warn(
      "{limit} services have counters of their own in the metrics; further ones are counted together " +
        "(--max-counted-services)",
      { limit: this.#options.limits.maxCountedServices },
    );
  }

  /** Routes a peer's messages for as long as it is connected. */
  #forward(peer: ConnectedPeer, connection: PeerConnection): Promise<void> {
    const { router, longLines } = this.#options;
    const receiver: LineReceiver = {
      receive: (line) => router.receive(peer, line),
      receiveLong: (line) => longLines.receive(peer, line),
    };
    return this.readLines(connection, receiver);
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

/** Nobody logs in as an administrator from another node. */
const refuseLogin: LoginAttempt = () => Promise.resolve(false);

/** Why the registry rejected a device, for the statistics. */
function rejectionReason(error: unknown): string {
  if (error instanceof NameError) return "name taken";
  if (error instanceof PermissionError) return "may not offer";
  if (error instanceof ConfigurationError) return "failure";
  return error instanceof ConnectionAbortedError ? "shutting down" : "invalid identity";
}
