/**
 * Connects a Client over TCP or TLS. A program imports `../client.ts`, which loads the log, too.
 *
 * @module
 */

import { type ConnectOptions, resolveOptions } from "../device/connect_options.ts";
import { type Client, type CommonClientOptions, openClient } from "./client.ts";
import { traceRequest } from "./request_span.ts";

/** How a Client connects. */
export interface ClientOptions extends ConnectOptions, CommonClientOptions {}

/**
 * Connects to a Manager.
 *
 * @throws {RangeError} If an option is out of its range.
 * @throws {ConfigurationError} If a username or password is missing and there is no terminal to ask
 * at, or the file of the certificate cannot be read or written.
 * @throws {ConnectError} If the Manager cannot be reached: nothing listens at that host and port.
 * @throws {TlsMismatchError} If one side uses TLS and the other does not.
 * @throws {CertificateError} If the certificate of the Manager is not trusted.
 * @throws {RemoteError} If the Manager rejects the Client, e.g. for a wrong password.
 * @throws {ConnectionAbortedError} If the Manager closes the connection during the handshake.
 * @throws {JSONDecodeError | ValueError} If the other side is not a Manager: it sends what cannot be
 * read.
 * @throws {TimeoutError} If a step takes longer than `timeout`.
 * @throws {CancelledError} If the person at the terminal interrupts the question for a password.
 * @throws The reason of `signal`, if that is aborted.
 *
 * @example
 * ```ts ignore it needs a Manager
 * import { connect } from "@msl/network";
 *
 * await using cxn = await connect({ host: "lab-pc" });
 * const bm = await cxn.link("BasicMath");
 * console.log(await bm.add(1, 2));
 * ```
 */
export function connect(options: ClientOptions = {}): Promise<Client> {
  return openClient(options, () => {
    const resolved = resolveOptions(options);
    return { ...resolved, trace: (request) => traceRequest(request, resolved) };
  });
}
