/**
 * What a Manager and its part of a network of Managers know of each other.
 *
 * @module
 */

import type { Limits } from "../limits.ts";
import type { ConnectionHandler } from "../manager/connection_handler.ts";
import type { LongLines } from "../manager/long_lines.ts";
import type { Registry } from "../manager/registry.ts";
import type { RequestSpans } from "../manager/request_spans.ts";
import type { RequestHandlers } from "../manager/request_handlers.ts";
import type { Router } from "../manager/router.ts";
import type { Session } from "../manager/session.ts";
import type { Statistics } from "../manager/statistics.ts";
import type { PeerConnection } from "../net/peer_connection.ts";
import type { NodeStatus, OtherNodeStatus } from "../wire/status.ts";
import type { RemoteSessions } from "./remote_sessions.ts";

/** The parts of a Manager that joins others. */
export interface ManagerParts {
  /** Its network name. */
  readonly manager: string;
  /** Where it listens, `host:port`. */
  readonly address: string;
  readonly limits: Limits;
  readonly registry: Registry<Session<PeerConnection>>;
  readonly router: Router<PeerConnection>;
  readonly handlers: RequestHandlers<Session<PeerConnection>>;
  readonly connectionHandler: ConnectionHandler;
  readonly longLines: LongLines<PeerConnection>;
  readonly statistics: Statistics;
  /** `undefined` if the Manager is not traced. */
  readonly spans: RequestSpans | undefined;
  /** Keeps a task until it ends, so that a shutdown waits for it. */
  readonly track: (task: Promise<void>) => void;
}

/** A Manager that is joined to others, or tries to be. */
export interface Joined {
  readonly sessions: RemoteSessions;
  /** This node and the others, for the status. */
  status(): { node: NodeStatus; nodes: Record<string, OtherNodeStatus> };
  /**
   * Leaves the network: the sessions have ended by then. Called at the end of a shutdown; never
   * rejects.
   */
  close(): Promise<void>;
}

/** Joins a Manager to others. */
export type Join = (parts: ManagerParts) => Joined;

/** An option of tests: how a Manager joins others without NATS. */
export const JOIN_WITH: unique symbol = Symbol("join with");

/** The option {@linkcode JOIN_WITH}. */
export interface JoinWith {
  [JOIN_WITH]?: Join;
}
