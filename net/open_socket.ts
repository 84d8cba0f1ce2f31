/**
 * Opens a TCP connection to a Manager, within a time-out. `secure_socket.ts` adds TLS.
 *
 * @module
 */

import { startTimer } from "../base/timer.ts";
import { ConnectError } from "../errors.ts";

/** Where a Manager is, and how long an attempt may take. */
export interface SocketOptions {
  host: string;
  port: number;
  /** In milliseconds. */
  timeout: number;
  /** Cancels the attempt when it is aborted. */
  signal?: AbortSignal;
}

/**
 * Opens a TCP connection.
 *
 * @throws {ConnectError} If nothing listens there, or it does not accept within the time-out.
 */
export async function openSocket(
  { host, port, timeout, signal }: SocketOptions,
): Promise<Deno.TcpConn> {
  const expiry = new AbortController();
  const timer = startTimer(() => expiry.abort(), timeout);
  try {
    const either = signal ? AbortSignal.any([signal, expiry.signal]) : expiry.signal;
    const socket = await Deno.connect({ hostname: host, port, signal: either });
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    return socket;
  } catch (cause) {
    const reason = expiry.signal.aborted
      ? `it did not answer within ${timeout} ms`
      : reasonOf(cause as Error);
    throw new ConnectError(`Cannot connect to ${host}:${port}: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The same text on every operating system. */
function reasonOf({ message }: Error): string {
  if (/refused/i.test(message)) {
    return "Connection refused. Is the Manager running, at that port?";
  }
  return /lookup address/.test(message) ? "no computer of that name is known" : message;
}
