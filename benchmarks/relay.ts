/**
 * The reference of the Manager: it forwards bytes between two sockets, and finds only the ends of
 * lines. The connections are paired in the order in which they are accepted.
 *
 * @module
 */

import { listen, type Socket } from "../net/listener.ts";
import { commands, options, report, run } from "./commands.ts";

/** The options of the program. */
export interface RelayOptions {
  /** The certificate and its key, in PEM; TCP without. */
  credentials?: { cert: string; key: string };
  /** The TLS implementation: `own`, that of the Manager's listener, or `deno`, `Deno.listenTls`. */
  tls: "own" | "deno";
  /** Forward whole lines, or bytes as they arrive. */
  unit: "lines" | "bytes";
}

const NEWLINE = 0x0a;
const READ_SIZE = 256 * 1024;

/** Forwards the bytes of one socket to the other. */
async function pump(from: Socket, to: Socket, unit: RelayOptions["unit"]): Promise<void> {
  let buffer = new Uint8Array(READ_SIZE);
  let kept = 0; // the beginning of a line that has not ended
  for (let size; (size = await from.read(buffer.subarray(kept))) !== null;) {
    const filled = buffer.subarray(0, kept + size);
    const whole = unit === "bytes" ? filled.length : endOfLines(filled, kept);
    for (let sent = 0; sent < whole;) sent += await to.write(filled.subarray(sent, whole));
    kept = filled.length - whole;
    if (kept === buffer.length) buffer = new Uint8Array(kept * 2);
    if (whole < filled.length) buffer.set(filled.subarray(whole));
  }
}

/** Where the last line ends. It searches for every newline, as any forwarder of lines must. */
function endOfLines(bytes: Uint8Array, start: number): number {
  let end = 0;
  for (let at = start; (at = bytes.indexOf(NEWLINE, at)) !== -1;) end = ++at;
  return end;
}

/** The accepted sockets, and the port. */
function accept({ credentials, tls }: RelayOptions): [AsyncIterable<Socket>, number] {
  if (credentials === undefined || tls === "own") {
    const [listener] = listen(["127.0.0.1"], 0, credentials);
    return [listener, listener.port];
  }
  const listener = Deno.listenTls({ hostname: "localhost", port: 0, ...credentials });
  const sockets = async function* () {
    for await (const socket of listener) {
      yield {
        remote: socket.remoteAddr as Deno.NetAddr,
        read: (buffer: Uint8Array) => socket.read(buffer),
        write: (bytes: Uint8Array) => socket.write(bytes),
        close: () => socket.close(),
        secure: async () => void await socket.handshake(),
      };
    }
  };
  return [sockets(), listener.addr.port];
}

if (import.meta.main) {
  run(async () => {
    const relay = options<RelayOptions>();
    const [sockets, port] = accept(relay);
    (async () => {
      let other: Socket | undefined;
      for await (const socket of sockets) {
        await socket.secure();
        if (other !== undefined) {
          for (const [from, to] of [[socket, other], [other, socket]]) {
            pump(from, to, relay.unit).catch(() => {}); // a peer that has left
          }
        }
        other = other === undefined ? socket : undefined;
      }
    })();
    report({ port });
    for await (const _command of commands()) {
      // Waits for the end of the input.
    }
  });
}
