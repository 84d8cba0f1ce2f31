/**
 * Listens, and accepts connections over TCP or TLS. `secure_socket.ts` does the TLS.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { Yielder } from "../base/pause.ts";
import { createSecureContext, type SecureContext } from "node:tls";
import { logger } from "../base/log.ts";
import type { Credentials } from "./credentials.ts";
import { ConfigurationError } from "../errors.ts";
import { OLDEST_TLS, SecureSocket } from "./secure_socket.ts";
import type { Transport } from "./transport.ts";

const log = logger("manager");

/** An accepted connection. */
export interface Socket extends Transport {
  /** The address and port that the peer connects from. */
  readonly remote: { hostname: string; port: number };
  /** Completes the TLS handshake, if there is one. It begins with this, or the first read or write. */
  secure(): Promise<void>;
}

/**
 * A listening socket. Iterating gives the accepted connections until it is closed. Connections that
 * have ended before they could be accepted are left out; if none can be accepted for now, e.g. because
 * there are no free descriptors, it is logged, and iterating goes on. It throws if the socket is lost.
 */
export interface Listener extends AsyncIterable<Socket> {
  /** The port. */
  readonly port: number;
  /** Stops accepting. Connections that were accepted stay open. */
  close(): void;
}

/** What the system does; tests replace it. */
export type Bind = (address: { hostname: string; port: number }) => Deno.TcpListener;

/** The time after a failure to accept a connection until the next attempt, in milliseconds. */
const ACCEPT_PAUSE = 100;

/** How long connections are accepted between two pauses, in milliseconds. */
const SLICE = 2;

/** How often other free ports are tried for a name with several addresses. */
const FREE_PORT_ATTEMPTS = 20;

/**
 * Listens on every address, all on one port.
 *
 * An address that this computer does not have is left out if there is another one: a name may have an
 * IPv6 address on a computer without IPv6.
 *
 * @param addresses Numeric ones. Default: every interface, IPv4 and IPv6.
 * @param port The port; 0 for a free one.
 * @param credentials The certificate and key for TLS; plain TCP without.
 * @param settings The option that chooses another port, for the error, and what opens a socket.
 * @throws {ConfigurationError} If the port is in use on one of the addresses, or none of them is one
 * of this computer.
 */
export function listen(
  addresses: readonly string[] | undefined,
  port: number,
  credentials: Credentials | undefined,
  { option = "--port", bind = Deno.listen }: { option?: string; bind?: Bind } = {},
): Listener[] {
  const context = credentials &&
    createSecureContext({ ...credentials, minVersion: OLDEST_TLS });
  return bindAll(addresses ?? everyInterface(bind), port, option, bind)
    .map((listener) => wrap(listener, context));
}

/** `::`, which accepts IPv4 too on most systems; `0.0.0.0` as well where it does not. */
function everyInterface(bind: Bind): string[] {
  try {
    using six = bind({ hostname: "::", port: 0 });
    using _four = bind({ hostname: "0.0.0.0", port: portOf(six) });
  } catch (error) {
    // The port of IPv4 is taken too; or the program may listen on its own port alone.
    const { AddrInUse, NotCapable } = Deno.errors;
    if (error instanceof AddrInUse || error instanceof NotCapable) return ["::"];
    return ["0.0.0.0"]; // this computer has no IPv6
  }
  return ["::", "0.0.0.0"];
}

function bindAll(
  addresses: readonly string[],
  port: number,
  option: string,
  bind: Bind,
): Deno.TcpListener[] {
  for (let attempt = 1;; attempt++) {
    const listeners: Deno.TcpListener[] = [];
    let missing: Error | undefined;
    try {
      for (const hostname of addresses) {
        try {
          listeners.push(
            bind({ hostname, port: listeners.length > 0 ? portOf(listeners[0]) : port }),
          );
        } catch (cause) {
          if (!isMissingAddress(cause)) throw failure(hostname, port, option, cause as Error);
          missing = failure(hostname, port, option, cause as Error);
        }
      }
      if (missing !== undefined && listeners.length === 0) throw missing;
      return listeners;
    } catch (error) {
      for (const listener of listeners) listener.close();
      // A port that is free on one address may be taken on the next one.
      const isTaken = error instanceof Error && error.cause instanceof Deno.errors.AddrInUse;
      if (port !== 0 || !isTaken || attempt === FREE_PORT_ATTEMPTS) throw error;
    }
  }
}

function isMissingAddress(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable ||
    /EAFNOSUPPORT|not supported/i.test((error as Error).message);
}

function failure(hostname: string, port: number, option: string, cause: Error): ConfigurationError {
  const reason = cause instanceof Deno.errors.AddrInUse
    ? `the port is already in use, perhaps by another Manager. Choose another one with ${option}`
    : cause.message;
  const where = hostname === "::" || hostname === "0.0.0.0" ? "*" : hostname;
  return new ConfigurationError(`Cannot listen on ${where}:${port}: ${reason}`, { cause });
}

/** Whether an error of `accept()` means that the listener can accept nothing any more. */
export function isListenerLost(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.NotSupported ||
    /EBADF|EINVAL|ENOTSOCK/.test(String((error as { code?: unknown }).code));
}

function wrap(listener: Deno.TcpListener, context: SecureContext | undefined): Listener {
  let isClosed = false;
  const yielder = new Yielder(SLICE);
  return {
    port: portOf(listener),
    close() {
      isClosed = true;
      listener.close();
    },
    async *[Symbol.asyncIterator]() {
      while (!isClosed) {
        try {
          // The iterator of the runtime would close the listener after an error in its body.
          const socket = prepare(await listener.accept(), context);
          if (socket !== undefined) yield socket;
          // Of thousands at once none has to wait, and the loop would serve nobody meanwhile.
          if (yielder.isDue) await yielder.pause();
        } catch (error) {
          if (isClosed) return;
          if (isPeerGone(error)) continue;
          if (isListenerLost(error)) throw error;
          log.error("Cannot accept a connection: {error}", { error: (error as Error).message });
          await delay(ACCEPT_PAUSE); // open connections go on, and new ones wait
        }
      }
    },
  };
}

/** Prepares an accepted connection; `undefined` if it has ended already. */
function prepare(
  socket: Deno.TcpConn,
  context: SecureContext | undefined,
): Socket | undefined {
  try {
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    return context ? secureSocket(socket, context) : plainSocket(socket);
  } catch {
    socket.close();
    return undefined;
  }
}

/** Whether accepting failed because the peer has disconnected before it was accepted. */
function isPeerGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

function portOf(listener: Deno.TcpListener): number {
  return (listener.addr as Deno.NetAddr).port;
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

/** The TLS engine is made when it is needed: most connections of a flood are rejected before. */
function secureSocket(socket: Deno.TcpConn, context: SecureContext): Socket {
  let secure: SecureSocket | undefined;
  const secured = () => secure ??= SecureSocket.accept(socket, context);
  return {
    remote: remoteOf(socket),
    read: (buffer) => secured().read(buffer),
    write: (bytes) => secured().write(bytes),
    get hasMore() {
      return secured().hasMore;
    },
    close: () => secure === undefined ? socket.close() : secure.close(),
    secure: () => secured().secure(),
  };
}

function remoteOf(socket: Deno.TcpConn): { hostname: string; port: number } {
  const { hostname, port } = socket.remoteAddr as Deno.NetAddr;
  return { hostname, port };
}
