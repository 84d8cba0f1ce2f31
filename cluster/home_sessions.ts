/**
 * The sessions that other nodes open here, each for one of their clients. Such a client is one of the
 * registry like any other, so that links, locks, limits and access lists are judged here, by the same
 * rules. This module checks what the other node says of it, and how many there are.
 *
 * @module
 */

import { logger } from "../base/log.ts";
import { Turns } from "../base/turns.ts";
import { PermissionError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { Connection } from "../net/connection.ts";
import type { Transport } from "../net/transport.ts";
import { encodeError, type JsonObject } from "../wire/message.ts";
import { readHeader, type RemoteClient } from "./session_header.ts";

/** What the sessions depend on. */
export interface HomeSessionsOptions {
  /** The network name of the Manager. */
  manager: string;
  limits: Pick<Limits, "maxNameLength" | "maxAttributes" | "maxNodeSessions">;
  /** A connection over a channel. */
  connect: (transport: Transport) => Connection;
  /** Serves a client until its session ends. Never rejects. */
  serve: (
    transport: Transport,
    identity: RemoteClient["identity"],
    user: RemoteClient["user"],
  ) => Promise<void>;
}

/** How long sessions are opened before others are served, in milliseconds. */
const SLICE = 2;

const log = logger("cluster");

/** The sessions of the clients of other nodes. */
export class HomeSessions {
  readonly #options: HomeSessionsOptions;
  /** How many are open, by node. */
  readonly #counts = new Map<string, number>();
  /** A node may open thousands at once. */
  readonly #turns = new Turns(SLICE);

  constructor(options: HomeSessionsOptions) {
    this.#options = options;
  }

  /** How many sessions a node has opened. */
  count(node: string): number {
    return this.#counts.get(node) ?? 0;
  }

  /** Accepts the channel of a session. Fulfilled when the session has ended; never rejects. */
  async accept(node: string, header: JsonObject, transport: Transport): Promise<void> {
    const { limits, serve } = this.#options;
    await this.#turns.take(node);
    const count = this.count(node) + 1;
    this.#counts.set(node, count);
    try {
      if (count > limits.maxNodeSessions) {
        throw new PermissionError(
          `Too many clients of the node have sessions here, the limit is ${limits.maxNodeSessions} ` +
            `(--max-node-sessions)`,
        );
      }
      const { identity, user } = readHeader(node, header, limits);
      await serve(transport, identity, user);
    } catch (error) {
      await this.#refuse(node, transport, error as Error);
    } finally {
      const left = this.count(node) - 1;
      if (left > 0) this.#counts.set(node, left);
      else this.#counts.delete(node);
    }
  }

  /** Says why, and closes the channel. A node that does not read it is not waited for long. */
  async #refuse(node: string, transport: Transport, error: Error): Promise<void> {
    log.warn("A session of the node {node} was rejected: {reason}", {
      node,
      reason: error.message,
    });
    const connection = this.#options.connect(transport);
    connection.sendText(encodeError(this.#options.manager, "", error));
    await connection.close();
  }
}
