/**
 * An accepted connection as a stream of Node, for its HTTP server. The stream reads the connection
 * only when it is asked to, so that a peer whose messages wait is slowed down. The sockets of
 * `node:tls` do not do that in Deno 2.9: they take everything.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { MIN_READ_SIZE, nextReadBuffer } from "../base/buffer.ts";
import type { Yielder } from "../base/pause.ts";
import type { Socket } from "../net/listener.ts";

/** The largest read, in bytes. */
const LARGEST_READ = 64 * 1024;
/** The largest size of pieces that are copied to be written at once, in bytes. */
const JOINED_SIZE = 64 * 1024;

/** A connection as a stream. */
export interface SocketStream extends Duplex {
  /** Reads no more, whatever the HTTP server wants. What is written still arrives. */
  stopReading(): void;
}

/**
 * Wraps a connection. Ending or destroying the stream closes it.
 *
 * @param yielder Says when the connections that share it have to yield: a peer that sends without a
 * break would else keep the event loop from all others.
 */
export function socketStream(socket: Socket, yielder: Yielder): SocketStream {
  let buffer = new Uint8Array(MIN_READ_SIZE);
  let hasMore = false;
  let isStopped = false;
  const close = async () => {
    try {
      await socket.close();
    } catch {
      // It may be closed already.
    }
  };
  const writeAll = async (bytes: Uint8Array) => {
    for (let written = 0; written < bytes.length;) {
      written += await socket.write(bytes.subarray(written));
    }
  };
  const writePieces = async (pieces: readonly Uint8Array[]) => {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    const all = size > JOINED_SIZE ? pieces : [Buffer.concat(pieces, size)];
    for (const bytes of all) await writeAll(bytes);
  };
  const stream = new Duplex({
    async read() {
      if (isStopped) return;
      try {
        if (hasMore && yielder.isDue) await yielder.pause();
        const size = await socket.read(buffer);
        if (size === null) return void stream.push(null);
        hasMore = socket.hasMore ?? size === buffer.length;
        const bytes = buffer.slice(0, size);
        buffer = nextReadBuffer(buffer, size, LARGEST_READ);
        stream.push(bytes);
      } catch (error) {
        stream.destroy(error as Error);
      }
    },
    write(bytes: Uint8Array, _encoding, done) {
      writeAll(bytes).then(() => done(), done);
    },
    // The head of a message and a short content are one write, and one record of TLS.
    writev(pieces: { chunk: Uint8Array }[], done) {
      writePieces(pieces.map(({ chunk }) => chunk)).then(() => done(), done);
    },
    // After the last byte nothing of the peer is read any more: HTTP has one answer, and a WebSocket
    // has said goodbye.
    final: (done) => close().then(() => done()),
    destroy: (error, done) => close().then(() => done(error)),
  });
  stream.on("error", () => {}); // a peer that is gone ends its request, and nothing else
  return Object.assign(stream, {
    stopReading() {
      isStopped = true;
    },
  });
}
