/**
 * Accepts connections: plain TCP, or TLS.
 *
 * TLS is `Deno.listenTls`. Its connections have no `setNoDelay`, so a burst of writes may wait up
 * to 40 ms for the peer's acknowledgement. `node:tls` has it, but does not hold a peer back that
 * sends more than is read, and loses the end of a connection that is paused (Deno 2.9): a Manager
 * needs both more than it needs the 40 ms.
 *
 * @module
 */

import type { Credentials } from "./certificate.ts";
import type { Transport } from "./connection.ts";
import { ConfigurationError } from "./errors.ts";

/** An accepted connection. */
export interface Socket extends Transport {
  /** The address and port that the peer connects from. */
  readonly remote: { hostname: string; port: number };
  /** Completes the TLS handshake, if there is one. */
  secure(): Promise<void>;
}

/** Where connections are accepted. Iterating gives them as they come, until it is closed. */
export interface Listener extends AsyncIterable<Socket> {
  /** The port. */
  readonly port: number;
  /** Stops accepting. Connections that were accepted go on. */
  close(): void;
}

/**
 * Listens on a host, or on every interface: `::` takes IPv4 too where the system allows it; where
 * it does not, IPv4 gets a listener of its own.
 *
 * @param host The host name or address; every interface, IPv4 and IPv6, if it is not given.
 * @param port The port; 0 takes a free one.
 * @param credentials Speak TLS with these, or plain TCP without.
 * @throws {ConfigurationError} If the port is in use, or the host is not one of this computer.
 */
export function listen(
  host: string | undefined,
  port: number,
  credentials: Credentials | undefined,
): Listener[] {
  const open = (hostname: string, port: number): Listener =>
    credentials
      ? wrap(Deno.listenTls({ hostname, port, ...credentials }))
      : wrap(Deno.listen({ hostname, port }));
  try {
    if (host !== undefined) return [open(host, port)];
    let everywhere: Listener;
    try {
      everywhere = open("::", port);
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) throw error;
      return [open("0.0.0.0", port)]; // this computer has no IPv6
    }
    try {
      return [everywhere, open("0.0.0.0", everywhere.port)];
    } catch {
      return [everywhere];
    }
  } catch (cause) {
    const reason = cause instanceof Deno.errors.AddrInUse
      ? "the port is already in use"
      : (cause as Error).message;
    throw new ConfigurationError(`Cannot listen on ${host ?? "*"}:${port}: ${reason}`, { cause });
  }
}

function wrap(listener: Deno.Listener<Deno.TcpConn> | Deno.TlsListener): Listener {
  return {
    port: (listener.addr as Deno.NetAddr).port,
    close: () => listener.close(),
    async *[Symbol.asyncIterator]() {
      for await (const socket of listener) {
        if ("setNoDelay" in socket) socket.setNoDelay(true);
        yield asSocket(socket);
      }
    },
  };
}

function asSocket(socket: Deno.TcpConn | Deno.TlsConn): Socket {
  const { hostname, port } = socket.remoteAddr as Deno.NetAddr;
  return {
    remote: { hostname, port },
    read: (buffer) => socket.read(buffer),
    write: (bytes) => socket.write(bytes),
    close: () => socket.close(),
    async secure() {
      if ("handshake" in socket) await socket.handshake();
    },
  };
}
