/**
 * Loaded before a program of the documentation: replaces the default port by a free one, so that the
 * program runs unchanged, and does not disturb a Manager at the default port.
 */

import { DEFAULT_PORT } from "../../wire/protocol.ts";

const { connect, listen } = Deno;
const another = Number(Deno.env.get("ANOTHER_PORT") ?? 0);

Deno.listen =
  ((options: Deno.ListenOptions & Deno.TcpListenOptions) =>
    listen(redirect(options))) as typeof Deno.listen;
Deno.connect = ((options: Deno.ConnectOptions) => connect(redirect(options))) as typeof connect;

function redirect<Options extends { port?: number }>(options: Options): Options {
  return options.port === DEFAULT_PORT ? { ...options, port: another } : options;
}
