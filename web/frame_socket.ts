/**
 * A WebSocket of a peer as an accepted connection: the stream of bytes that any other device sends over
 * TCP, in binary messages whose boundaries mean nothing.
 *
 * @module
 */

import type { Socket } from "../net/listener.ts";
import { ByteReader } from "./byte_reader.ts";
import type { ServerWebSocket } from "./web_socket_server.ts";

/** The closing codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;
/** How long closing waits for the peer, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;

/** Wraps a WebSocket, whose peer connects from `remote`. */
export function frameSocket(webSocket: ServerWebSocket, remote: Socket["remote"]): Socket {
  const socket = new FrameSocket(webSocket);
  return {
    remote,
    secure: () => Promise.resolve(),
    read: (buffer) => socket.read(buffer),
    get hasMore() {
      return socket.hasMore;
    },
    write: (bytes) => socket.write(bytes),
    close: () => socket.close(),
  };
}

/** Reads and writes a WebSocket as a connection does it with a socket. */
class FrameSocket {
  readonly #webSocket: ServerWebSocket;
  /** The peer is slowed down while bytes of it are not read. */
  readonly #reader = new ByteReader();

  constructor(webSocket: ServerWebSocket) {
    this.#webSocket = webSocket;
    webSocket.on("message", (bytes, isBinary) => {
      if (!isBinary) {
        webSocket.close(UNSUPPORTED_DATA, "Send binary messages, not text");
        const cause = new Error("it sent a message of text");
        return this.#reader.end({ state: "failed", cause });
      }
      this.#reader.push(bytes);
      if (!this.#reader.isPending) webSocket.pause();
    });
    webSocket.on("error", (cause) => this.#reader.end({ state: "failed", cause }));
    webSocket.on("close", () => this.#reader.end({ state: "ended" }));
  }

  get hasMore(): boolean {
    return this.#reader.hasMore;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const read = this.#reader.read(buffer);
    if (this.#reader.isPending) this.#webSocket.resume();
    return read;
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#webSocket.send(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  /** Says goodbye. A peer that does not answer is cut off. */
  close(): Promise<void> {
    const webSocket = this.#webSocket;
    this.#reader.end({ state: "ended" });
    if (webSocket.readyState === webSocket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => webSocket.terminate(), CLOSE_TIMEOUT);
      webSocket.on("close", () => {
        clearTimeout(timer);
        resolve();
      });
      webSocket.resume(); // else its answer waits behind what nobody reads
      webSocket.close(NORMAL);
    });
  }
}
