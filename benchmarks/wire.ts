/**
 * Sockets of peers that write their own bytes: connected, identified, and linked.
 *
 * @module
 */

import { upgrade } from "./web_wire.ts";
import { decodeObject, encodeReply, encodeRequest, type JsonObject } from "../wire/message.ts";

/** The address of a server. */
export interface Address {
  /** The port on this computer. */
  port: number;
  /** The certificate to trust, in PEM; without it plain TCP. */
  cert?: string;
  /** Whether it is a Manager, with a handshake, or a relay. */
  isManager: boolean;
  /** Whether it is the gateway of a Manager, to which one connects with a WebSocket. */
  isWeb?: boolean;
}

/** A connection to a server. */
export type Wire = Pick<Deno.Conn, "read" | "write" | "close">;

const NEWLINE = 0x0a;

/** Connects, and sends the identity if the server is a Manager. */
export async function open(address: Address, identity: JsonObject): Promise<Wire> {
  const { port, cert, isManager, isWeb } = address;
  const tcp = await Deno.connect({ hostname: "localhost", port });
  tcp.setNoDelay(true);
  const stream = cert === undefined
    ? tcp
    : await Deno.startTls(tcp, { hostname: "localhost", caCerts: [cert] });
  if (cert !== undefined) await (stream as Deno.TlsConn).handshake();
  const socket = isWeb ? await upgrade(stream) : stream;
  if (isManager) {
    await readLine(socket);
    const described = { language: "", os: "", extensions: ["ready"], ...identity };
    await writeAll(socket, line(encodeReply(null, "", described)));
    await readReply(socket);
  }
  return socket;
}

/** Links a client with a service. */
export async function link(socket: Wire, service: string): Promise<void> {
  await writeAll(
    socket,
    line(encodeRequest({
      service: "Manager",
      attribute: "link",
      args: [service],
      kwargs: {},
      uid: "link",
    })),
  );
  await readReply(socket);
}

/** Text as a line. */
export function line(text: string): Uint8Array {
  return new TextEncoder().encode(text + "\r\n");
}

/** Writes all of the bytes. */
export async function writeAll(socket: Wire, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await socket.write(rest));
}

/**
 * The next line, with its end.
 *
 * @throws {Error} If more than the line has arrived.
 */
export async function readLine(socket: Wire): Promise<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  let length = 0;
  while (buffer[length - 1] !== NEWLINE) {
    const size = await socket.read(buffer.subarray(length));
    if (size === null) throw new Error("the connection has ended");
    length += size;
  }
  if (buffer.indexOf(NEWLINE) !== length - 1) throw new Error("more than one line has arrived");
  return buffer.slice(0, length);
}

/**
 * The next line, which must be a reply without an error.
 *
 * @throws {Error} If it is an error.
 */
export async function readReply(socket: Wire): Promise<Uint8Array> {
  const bytes = await readLine(socket);
  const { error, message } = decodeObject(bytes);
  if (error !== false) throw new Error(`the Manager answered: ${message}`);
  return bytes;
}
