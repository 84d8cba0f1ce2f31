/**
 * Connections with NATS whose sockets end no program. The client of NATS removes all listeners of a
 * socket before it closes it, and then Deno may still report an error of that (a server that refuses a
 * login resets the connection): without a listener that is an uncaught error.
 *
 * @module
 */

import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from "@nats-io/transport-node";
import { nodeResolveHost, NodeTransport } from "@nats-io/transport-node/node-transport";
import type { Socket } from "node:net";

/**
 * Connects, as `connect` of the client does.
 *
 * @throws What the client throws.
 */
export function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new GuardedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

/** A transport whose sockets have a listener for errors, always. */
class GuardedTransport extends NodeTransport {
  /** Closes the socket too if the server has not greeted yet, which the client leaves open. */
  override async close(error?: Error): Promise<void> {
    await super.close(error);
    if (!this.isClosed) this.discard();
  }

  override async dial(address: Parameters<NodeTransport["dial"]>[0]): Promise<Socket> {
    return guard(await super.dial(address));
  }

  override async startTLS(): ReturnType<NodeTransport["startTLS"]> {
    return guard(await super.startTLS());
  }
}

/** The client has listeners of its own while it uses the socket. */
function guard<S extends Socket>(socket: S): S {
  const ignore = () => {};
  const removeAll = socket.removeAllListeners.bind(socket);
  socket.removeAllListeners = (...events) => {
    removeAll(...events);
    return socket.on("error", ignore);
  };
  socket.on("error", ignore);
  return socket;
}
