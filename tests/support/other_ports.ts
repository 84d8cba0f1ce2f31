/**
 * Loaded before each program of a page of the documentation: every port that the page names is
 * replaced by a free one, so that the program runs unchanged, and beside others. The programs of a
 * page find each other's ports in a folder, which has a file for each.
 */

import net from "node:net";
import { join } from "node:path";

const { connect, listen } = Deno;
const folder = Deno.env.get("OTHER_PORTS")!;

Deno.listen = ((options: Deno.ListenOptions & Deno.TcpListenOptions) => {
  if (!options.port) return listen(options);
  const file = join(folder, String(options.port));
  // A program that listens on several addresses, or is started again, has the same port for all.
  const listener = listen({ ...options, port: replaced(options.port) ?? 0 });
  Deno.writeTextFileSync(file, String(listener.addr.port));
  return listener;
}) as typeof Deno.listen;

Deno.connect =
  ((options: Deno.ConnectOptions) =>
    connect({ ...options, port: replaced(options.port) ?? options.port })) as typeof connect;

// The client of NATS connects with the sockets of Node.
const { createConnection } = net;
net.createConnection =
  ((port: number, ...others: unknown[]) =>
    Reflect.apply(createConnection, net, [
      replaced(port) ?? port,
      ...others,
    ])) as typeof createConnection;

/** The port in the place of one that a page names, once a program listens on it. */
function replaced(port: number): number | undefined {
  try {
    return Number(Deno.readTextFileSync(join(folder, String(port))));
  } catch {
    return undefined; // no program of this page listens on it
  }
}
