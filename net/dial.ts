/**
 * Dials a Manager: opens a connection over TCP, or over TLS. `device/` sends the identity.
 *
 * @module
 */

import { TlsMismatchError } from "../errors.ts";
import { openSocket } from "./open_socket.ts";
import type { SecureDialOptions } from "./secure_dial.ts";
import type { Transport } from "./transport.ts";

/** The options of `ConnectOptions` that dialling needs, with the defaults filled in. */
export interface DialOptions extends SecureDialOptions {
  disableTls?: boolean;
}

/** A stream to a Manager, which knows the address that it has here. */
export type DialledTransport = Transport & Pick<Deno.Conn, "localAddr">;

/**
 * Opens a connection to a Manager. Over TLS nothing is sent before its certificate is verified.
 *
 * @throws {ConnectError} If nothing listens there, or it does not accept within the time-out.
 * @throws The other errors of `dialSecurely`, if TLS is not disabled.
 */
export async function dial(options: DialOptions): Promise<DialledTransport> {
  if (options.disableTls) return await openSocket(options);
  const attempt = new AbortController();
  const signals = [attempt.signal, options.signal].filter((signal) => signal !== undefined);
  const socket = openSocket({ ...options, signal: AbortSignal.any(signals) });
  socket.catch(() => {}); // `dialSecurely` awaits it later
  // The TLS of Node takes 10 ms to load. Meanwhile the name of the computer is looked up.
  const { dialSecurely } = await import("./secure_dial.ts");
  return await dialSecurely(socket, () => attempt.abort(), options);
}

/**
 * The error of a Manager that has sent nothing: without TLS, one with TLS waits as this side does, and
 * the one that has waited longer closes the connection.
 */
export function explainSilence(
  { disableTls }: Pick<DialOptions, "disableTls">,
  error: Error,
): Error {
  if (!disableTls) return error;
  return new TlsMismatchError(
    `${error.message}. You have TLS disabled. Perhaps the Manager is using TLS for the connection.`,
    error.cause === undefined ? undefined : { cause: error.cause },
  );
}
