/**
 * Serves one connection, from the moment it is accepted to its end: lets the peer in, passes its
 * messages on, and records what became of it.
 *
 * @module
 */

import { Attempts, type Judge } from "./login_throttle.ts";
import type { Authentication } from "./authentication.ts";
import { Connection, describeEnd } from "../net/connection.ts";
import type { ConnectionsTable, Origin } from "./database/connections_table.ts";
import { Entrance, type Place } from "./admission_limiter.ts";
import { ConnectionAbortedError, NameError, PermissionError } from "../errors.ts";
import { handshake } from "./handshake.ts";
import type { Host, Hosts } from "./hosts.ts";
import type { Limits } from "../limits.ts";
import { LongLine } from "../wire/line.ts";
import type { Socket } from "../net/listener.ts";
import { Keepalive, type Watched } from "../net/keepalive.ts";
import { logger } from "../base/log.ts";
import {
  BEAT,
  encodeError,
  encodeProbe,
  encodeReply,
  EXTENSIONS,
  READY,
  type Welcome,
} from "../wire/message.ts";
import type { Passage } from "./cut_through.ts";
import { Watch } from "../base/pause.ts";
import { keepsOthersOut, type Peer } from "./peer.ts";
import type { Router, Seat } from "./router.ts";
import type { Statistics } from "./statistics.ts";

/** What a peer is let in by, and what it is let in to. */
export interface ReceptionOptions {
  /** The network name of the Manager. */
  manager: string;
  /** Whether connections are encrypted. */
  tls: boolean;
  limits: Limits;
  hosts: Hosts;
  authentication: Authentication;
  router: Router<Connection>;
  passage: Passage<Connection>;
  /** Where it is recorded what becomes of connections. */
  records: ConnectionsTable;
  statistics: Statistics;
  /** Called when an administrator logs in, with the address. */
  onAdministrator: (address: string) => void;
}

/** How long peers that have always something to say may keep others waiting, in milliseconds. */
const SLICE = 2;
/** After how many of their lines it is asked whether they do. */
const LINES = 64;

type ConnectedPeer = Peer<Seat<Connection>>;

const log = logger("manager");

/** Serves connections. */
export class Reception implements Disposable {
  readonly #options: ReceptionOptions;
  readonly #entrance: Entrance;
  readonly #attempts: Attempts;
  readonly #keepalive: Keepalive;
  readonly #watch = new Watch(SLICE);
  readonly #connections = new Set<Connection>();

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#entrance = new Entrance(options.limits.maxPending);
    this.#attempts = new Attempts(options.limits);
    this.#keepalive = new Keepalive(options.limits.silenceTimeout);
  }

  /** The connections that are open. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** How many peers have not said who they are. */
  get unidentified(): number {
    return this.#entrance.taken;
  }

  /** Lets nobody log in any more. Whoever waits for that is told. */
  close(): void {
    this.#attempts[Symbol.dispose]();
  }

  /** Ends what goes on beside the connections, when there are none any more. */
  [Symbol.dispose](): void {
    this.close();
    this.#keepalive[Symbol.dispose]();
  }

  /** Serves one peer until it leaves. */
  async serve(socket: Socket): Promise<void> {
    const { remote } = socket;
    const connection = new Connection(socket, this.#options.limits);
    this.#options.statistics.connections++;
    this.#connections.add(connection);
    const place = this.#entrance.enter(remote.hostname, () => this.#turnAway(remote, connection));
    if (place === undefined) {
      this.#turnAway(remote, connection);
      return await this.#close(connection);
    }
    let origin: Origin | undefined;
    let record = "connection closed prematurely";
    try {
      const host = await this.#options.hosts.find(remote.hostname);
      origin = { address: host.address, domain: host.domain, port: remote.port };
      this.#record(origin, "new connection request");
      await this.#secure(socket, connection);
      record = await this.#welcome(connection, place, host, origin);
    } catch (error) {
      // It concerns this peer alone, e.g. one that does not trust the certificate.
      log.info("The connection from {address} failed: {error}", {
        address: origin?.address ?? remote.hostname,
        error: (error as Error).message,
      });
    } finally {
      await this.#close(connection);
      place.leave();
      if (origin !== undefined) this.#record(origin, record);
    }
  }

  /** Closes a connection, and remembers what has gone over it. */
  async #close(connection: Connection): Promise<void> {
    await connection.close();
    const end = await connection.ended;
    this.#connections.delete(connection);
    this.#options.statistics.addEnd(end, connection.traffic);
  }

  /** From the handshake to the end of a connection. Returns how it ended, for the records. */
  async #welcome(
    connection: Connection,
    place: Place,
    host: Host,
    origin: Origin,
  ): Promise<string> {
    const { manager, limits, statistics, router } = this.#options;
    const address = `${host.name}:${origin.port}`;
    const judge: Judge = (check) => this.#attempts.judge(host.address, check);
    const outcome = await handshake(connection, {
      manager,
      host,
      address,
      authentication: this.#options.authentication,
      judge,
      limits,
    });
    if (outcome.state === "left") return outcome.record;
    if (outcome.state === "rejected") {
      statistics.addRefusal(outcome.record.replace("rejected: ", ""));
      log.warn("{address} was rejected: {reason}", { address, reason: outcome.reason.message });
      return outcome.record;
    }
    place.leave();
    const judgeAdministrator: Judge = async (check) => {
      this.#options.onAdministrator(address);
      const isRight = await judge(check);
      if (!isRight) {
        statistics.addRefusal("wrong administrator login");
        log.warn("{address} failed to log in as an administrator", { address });
      }
      return isRight;
    };
    let peer: ConnectedPeer;
    try {
      peer = router.admit(outcome.newcomer, connection, {
        ...outcome,
        judge: judgeAdministrator,
      });
    } catch (error) {
      statistics.addRefusal(refusalOf(error));
      log.warn("{address} was rejected: {reason}", { address, reason: (error as Error).message });
      connection.sendText(encodeError(manager, "", error));
      return "rejected: invalid identity";
    }
    try {
      this.#record(origin, `connected as a ${peer.kind}`);
      log.info("{peer} connected as a {kind}", { peer: peer.networkName, kind: peer.kind });
      if (peer.extensions.includes(READY)) {
        const welcome: Welcome = {
          beat: this.#keepalive.interval,
          extensions: [...EXTENSIONS],
        };
        connection.sendText(encodeReply(peer.networkName, READY, welcome));
      }
      using _watched = this.#keepalive.watch(keepaliveOf(peer, manager));
      await this.#forward(peer, connection);
    } finally {
      router.dismiss(peer);
    }
    log.info("{peer} disconnected: {reason}", {
      peer: peer.networkName,
      reason: describeEnd(await connection.ended),
    });
    return "disconnected";
  }

  /** Passes a peer's messages on for as long as it is connected. */
  async #forward(peer: ConnectedPeer, connection: Connection): Promise<void> {
    for await (const lines of connection) {
      let congested: Connection | undefined;
      let count = 0;
      for (const line of lines) {
        if (!connection.isOpen) break; // it asked to be disconnected
        if (++count % LINES === 0 && this.#watch.isDue) {
          await congested?.drained();
          await this.#watch.pause();
        }
        if (line instanceof LongLine) {
          await this.#options.passage.pass(peer, line);
          continue;
        }
        const fed = this.#options.router.receive(peer, line);
        if (fed?.congested) congested = fed;
      }
      // Not reading on is what slows the peer down.
      if (congested !== undefined) await congested.drained();
      if (this.#watch.isDue) await this.#watch.pause();
    }
  }

  /** Closes a connection that has no place at the entrance. */
  #turnAway(remote: Socket["remote"], connection: Connection): void {
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
    // Over TLS nothing can be said to a peer that has not completed the handshake.
    if (this.#options.tls) return connection.abort();
    connection.sendText(encodeError(this.#options.manager, "", error));
    connection.close();
  }

  /** Completes the TLS handshake, within the time that any handshake has. */
  async #secure(socket: Socket, connection: Connection): Promise<void> {
    const timer = setTimeout(() => {
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

  /** A database that cannot be written is no reason to turn anybody away. */
  #record(origin: Origin, message: string): void {
    try {
      this.#options.records.record(origin, message);
    } catch (error) {
      log.error("Cannot record {message} of {address}: {error}", {
        message,
        address: origin.address,
        error: (error as Error).message,
      });
    }
  }
}

/**
 * How the keepalive finds out whether a peer is still there, without a message that the peer might
 * not know:
 * - a device of this package sends something in every interval, as it has offered;
 * - any other service is probed for an attribute that every service has. Once it has answered a
 *   probe, it is gone when it no longer does;
 * - any other client answers nothing. One that keeps others out of a service is sent spaces, so
 *   that the operating system finds out.
 *
 * @param manager The network name of the Manager.
 */
export function keepaliveOf(peer: Peer<Seat<Connection>>, manager: string): Watched {
  const { extensions, seat: { outlet: connection } } = peer;
  const sendSpace = () => connection.sendSpace();
  if (extensions.includes(BEAT)) return { connection, keepsBeat: () => true, onQuiet: sendSpace };
  if (peer.kind === "service") {
    return {
      connection,
      keepsBeat: () => peer.seat.probe.isAnswered,
      onSilent: () => connection.sendText(encodeProbe(manager, peer.name)),
    };
  }
  return {
    connection,
    keepsBeat: () => false,
    onQuiet: () => {
      if (keepsOthersOut(peer)) connection.sendSpace();
    },
  };
}

/** Why a device that has said who it is was not taken in, for the statistics. */
function refusalOf(error: unknown): string {
  if (error instanceof NameError) return "name taken";
  return error instanceof ConnectionAbortedError ? "shutting down" : "invalid identity";
}
