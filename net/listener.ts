/**
 * Listens, and accepts connections over TCP or TLS. `secure_socket.ts` does the TLS.
 *
 * @module
 */

import { createSecureContext, type SecureContext } from "node:tls";
import type { Credentials } from "./credentials.ts";
import { ConfigurationError } from "../errors.ts";
import { OLDEST_TLS, SecureSocket } from "./secure_socket.ts";
import type { Transport } from "./transport.ts";

/** An accepted connection. */
export interface Socket extends Transport {
  /** The address and port that the peer connects from. */
  readonly remote: { hostname: string; port: number };
  /** Completes the TLS handshake, if there is one. */
  secure(): Promise<void>;
}

/** A listening socket. Iterating gives the accepted connections until it is closed. */
export interface Listener extends AsyncIterable<Socket> {
  /** The port. */
  readonly port: number;
  /** Stops accepting. Connections that were accepted stay open. */
  close(): void;
}

/**
 * Listens on a host, or on every interface: `::` accepts IPv4 too where the system allows it. Where
 * it does not, IPv4 gets a listener of its own.
 *
 * @param host The host name or address. Default: every interface, IPv4 and IPv6.
 * @param port The port; 0 for a free one.
 * @param credentials The certificate and key for TLS; plain TCP without.
 * @throws {ConfigurationError} If the port is in use, or the host is not one of this computer.
 */
export function listen(
  host: string | undefined,
  port: number,
  credentials: Credentials | undefined,
): Listener[] {
  const context = credentials &&
    createSecureContext({ ...credentials, minVersion: OLDEST_TLS });
  const open = (hostname: string, port: number): Listener =>
    wrap(Deno.listen({ hostname, port }), context);
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
      ? "the port is already in use, perhaps by another Manager. Choose another one with --port"
      : (cause as Error).message;
    throw new ConfigurationError(`Cannot listen on ${host ?? "*"}:${port}: ${reason}`, { cause });
  }
}

function wrap(listener: Deno.TcpListener, context: SecureContext | undefined): Listener {
  return {
    port: (listener.addr as Deno.NetAddr).port,
    close: () => listener.close(),
    async *[Symbol.asyncIterator]() {
      for await (const socket of listener) {
        socket.setNoDelay(true);
        socket.setKeepAlive(true);
        yield context ? secureSocket(socket, context) : plainSocket(socket);
      }
    },
  };
}

function plainSocket(socket: Deno.TcpConn): Socket {
  return {
    remote: remoteOf(socket),
    read: (buffer) => socket.read(buffer),
    write: (bytes) => socket.write(bytes),
    close: () => socket.close(),
    secure: () => Promise.resolve(),
  };
}

function secureSocket(socket: Deno.TcpConn, context: SecureContext): Socket {
  const secure = SecureSocket.accept(socket, context);
  return {
    remote: remoteOf(socket),
    read: (buffer) => secure.read(buffer),
    write: (bytes) => secure.write(bytes),
    get hasMore() {
      return secure.hasMore;
    },
    close: () => secure.close(),
    secure: () => secure.secure(),
  };
}

function remoteOf(socket: Deno.TcpConn): { hostname: string; port: number } {
  const { hostname, port } = socket.remoteAddr as Deno.NetAddr;
  return { hostname, port };
}
