/**
 * Managers that are joined in the memory of a process: each with its own port for devices, and with
 * channels between them that a test breaks.
 */

import type { Channels } from "../../cluster/channels.ts";
import { HomeSessions } from "../../cluster/home_sessions.ts";
import { parseJoinAllow } from "../../cluster/join_allow.ts";
import { type Join, JOIN_WITH, type JoinWith, type ManagerParts } from "../../cluster/joined.ts";
import type { JoinOptions } from "../../cluster/join_options.ts";
import type { KnownNodes, NodeState } from "../../cluster/known_nodes.ts";
import { RemoteSessions } from "../../cluster/remote_sessions.ts";
import { ConnectionAbortedError } from "../../errors.ts";
import type { AnnouncedService } from "../../manager/remote_services.ts";
import type { ManagerOptions } from "../../manager.ts";
import type { Transport } from "../../net/transport.ts";
import { TestManager } from "../../testing.ts";
import type { JsonObject } from "../../wire/message.ts";
import { memoryPair } from "./memory_transport.ts";

/** A channel, as both of its sides see it. */
interface Channel {
  /** The node that opened it, and the other one. */
  readonly from: string;
  readonly to: string;
  /** Ends it at both sides, with this reason. */
  break(reason: string): void;
}

/** One node: the Manager, and what others know of it. */
interface Member {
  state: NodeState;
  announced: () => AnnouncedService[];
  accept: (node: string, header: JsonObject, transport: Transport) => void;
  appeared: (node: string) => void;
  parts: ManagerParts;
}

/** A network of nodes in memory. */
export class MemoryNodes {
  readonly #members = new Map<string, Member>();
  readonly #channels = new Set<Channel>();
  /** The headers of the channels that were opened. */
  readonly headers: JsonObject[] = [];

  /** Starts a Manager that is a node of the network. */
  async start(
    node: string,
    { allow = [], ...options }: ManagerOptions & { allow?: readonly string[] } = {},
  ): Promise<TestManager> {
    const join: JoinOptions & JoinWith = {
      node,
      servers: ["nats://127.0.0.1:1"],
      [JOIN_WITH]: this.#join(node, allow),
    };
    return await TestManager.start({ disableTls: true, ...options, join });
  }

  /** How many channels are open. */
  get channels(): number {
    return this.#channels.size;
  }

  /** A node is gone for all others, at once. */
  lose(node: string): void {
    const member = this.#members.get(node)!;
    member.state = { isHere: false, since: Date.now() };
    for (const channel of this.#channels) {
      if (channel.from === node || channel.to === node) channel.break(`the node '${node}' is gone`);
    }
  }

  /** A node that was gone is back. */
  restore(node: string): void {
    this.#members.get(node)!.state = { isHere: true, since: Date.now() };
  }

  /** Breaks all channels, as when a message was lost. Both nodes stay. */
  breakChannels(reason = "a message was lost"): void {
    for (const channel of this.#channels) channel.break(reason);
  }

  /** The parts of a node's Manager. */
  parts(node: string): ManagerParts {
    return this.#members.get(node)!.parts;
  }

  /** Takes the next channel that is opened to a node, in its place. */
  intercept(node: string): Promise<Transport> {
    const member = this.#members.get(node)!;
    const { accept } = member;
    const { promise, resolve } = Promise.withResolvers<Transport>();
    member.accept = (_from, _header, transport) => {
      member.accept = accept;
      resolve(transport);
    };
    return promise;
  }

  /** Opens a channel as a node would that breaks every rule. */
  open(from: string, to: string, header: JsonObject): Transport {
    return this.#open(from, to, header);
  }

  #join(node: string, allow: readonly string[]): Join {
    return (parts) => {
      const channels: Channels = {
        open: (to, header) => this.#open(node, to, header),
        onChannel: () => {},
      };
      const sessions = new RemoteSessions({
        ...parts,
        node,
        nodes: this.#known(node),
        channels,
        mayUse: parseJoinAllow(allow, node),
      });
      const home = new HomeSessions({
        manager: parts.manager,
        limits: parts.limits,
        connect: (transport) => parts.connectionHandler.connect(transport),
        serve: (...client) => parts.connectionHandler.serveRemote(...client),
      });
      const others = [...this.#members];
      this.#members.set(node, {
        state: { isHere: true, since: Date.now() },
        announced: () => parts.handlers.listing.announced(),
        accept: (from, header, transport) => parts.track(home.accept(from, header, transport)),
        appeared: (other) => sessions.nodeAppeared(other),
        parts,
      });
      for (const [, other] of others) other.appeared(node);
      return {
        sessions,
        status: () => ({
          node: {
            name: node,
            network: "memory",
            is_connected: true,
            since: "",
            problem: null,
            servers: [],
          },
          nodes: Object.fromEntries(
            [...this.#members].filter(([name]) => name !== node).map(([name, member]) => [name, {
              address: member.parts.address,
              is_here: member.state.isHere,
              since: new Date(member.state.since).toISOString(),
              services: member.announced().map((service) => service.name),
              round_trip_ms: null,
              sessions_out: sessions.count(name),
              sessions_in: home.count(name),
              bytes_in: 0,
              bytes_out: 0,
            }]),
          ),
        }),
        close: () => {
          this.lose(node);
          return Promise.resolve();
        },
      };
    };
  }

  /** What one node knows of the others. */
  #known(own: string): KnownNodes {
    const others = () => [...this.#members].filter(([name]) => name !== own);
    const here = () => others().filter(([, { state }]) => state.isHere);
    const services = (node: string) => {
      const member = this.#members.get(node);
      return node !== own && member?.state.isHere ? member.announced() : [];
    };
    return {
      node: (name) => name === own ? undefined : this.#members.get(name)?.state,
      nodes: () => here().map(([name]) => name),
      services,
      service: (node, name) => [...services(node)].find((one) => one.name === name),
      nodesWith: (service) =>
        here().map(([name]) => name)
          .filter((name) => services(name).some((one) => one.name === service)),
    };
  }

  #open(from: string, to: string, header: JsonObject): Transport {
    const member = this.#members.get(to);
    if (!member?.state.isHere) throw new ConnectionAbortedError(`the node '${to}' is gone`);
    this.headers.push(header);
    const pair = memoryPair();
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => {});
    const channel: Channel = {
      from,
      to,
      break: (reason) => {
        this.#channels.delete(channel);
        broken.reject(new ConnectionAbortedError(reason));
        pair.near.close();
      },
    };
    this.#channels.add(channel);
    const side = (transport: Transport): Transport => ({
      read: (buffer) => Promise.race([broken.promise, transport.read(buffer)]),
      write: (bytes) => Promise.race([broken.promise, transport.write(bytes)]),
      close: () => {
        this.#channels.delete(channel);
        return transport.close();
      },
    });
    member.accept(from, header, side(pair.far));
    return side(pair.near);
  }
}
