/**
 * An accepted connection as a stream of Node, for its HTTP server. The stream reads the connection
 * only when it is asked to, so that a peer whose messages wait is slowed down. The sockets of
 * `node:tls` do not do that in Deno 2.9: they take everything.
 *
 * @module
 */

import { Duplex } from "node:stream";
import type { Socket } from "../net/listener.ts";

/** The largest read, in bytes. */
const READ_SIZE = 64 * 1024;

/** Wraps a connection. Ending or destroying the stream closes it. */
export function socketStream(socket: Socket): Duplex {
  const buffer = new Uint8Array(READ_SIZE);
  const close = async () => {
    try {
      await socket.close();
    } catch {
      // It may be closed already.
    }
  };
  const stream = new Duplex({
    async read() {
      try {
        const size = await socket.read(buffer);
        stream.push(size === null ? null : buffer.slice(0, size));
      } catch (error) {
        stream.destroy(error as Error);
      }
    },
    async write(bytes: Uint8Array, _encoding, done) {
      try {
        let written = await socket.write(bytes);
        while (written < bytes.length) written += await socket.write(bytes.subarray(written));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    // After the last byte nothing of the peer is read any more: HTTP has one answer, and a WebSocket
    // has said goodbye.
    final: (done) => close().then(() => done()),
    destroy: (error, done) => close().then(() => done(error)),
  });
  stream.on("error", () => {}); // a peer that is gone ends its request, and nothing else
  return stream;
}
