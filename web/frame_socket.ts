/**
 * A WebSocket of a peer as an accepted connection: the stream of bytes that any other device sends over
 * TCP, in binary messages whose boundaries mean nothing.
 *
 * @module
 */

import type { Socket } from "../net/listener.ts";
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
  /** Bytes that were received, and not read. The peer is slowed down while there are some. */
  readonly #received: Uint8Array[] = [];
  #end: { state: "open" } | { state: "ended" } | { state: "failed"; cause: Error } = {
    state: "open",
  };
  #pending:
    | { buffer: Uint8Array; settle: (size: number | null | Promise<never>) => void }
    | undefined;

  constructor(webSocket: ServerWebSocket) {
    this.#webSocket = webSocket;
    webSocket.on("message", (bytes: Uint8Array, isBinary) => {
      if (this.#end.state !== "open") return;
      if (!isBinary) {
        webSocket.close(UNSUPPORTED_DATA, "Send binary messages, not text");
        return this.#finish({ state: "failed", cause: new Error("it sent a message of text") });
      }
      if (bytes.length === 0) return;
      this.#received.push(bytes);
      webSocket.pause();
      this.#settle();
    });
    webSocket.on("error", (cause) => this.#finish({ state: "failed", cause }));
    webSocket.on("close", () => this.#finish({ state: "ended" }));
  }

  get hasMore(): boolean {
    return this.#received.length > 0;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return new Promise((settle) => {
      this.#pending = { buffer, settle };
      this.#settle();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#webSocket.send(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  /** Says goodbye. A peer that does not answer is cut off. */
  close(): Promise<void> {
    const webSocket = this.#webSocket;
    this.#finish({ state: "ended" });
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

  #finish(end: { state: "ended" } | { state: "failed"; cause: Error }): void {
    if (this.#end.state === "open") this.#end = end;
    this.#settle();
  }

  #settle(): void {
    if (this.#pending === undefined) return;
    const { buffer, settle } = this.#pending;
    if (this.#received.length > 0) settle(this.#take(buffer));
    else if (this.#end.state === "ended") settle(null);
    else if (this.#end.state === "failed") settle(Promise.reject(this.#end.cause));
    else return this.#webSocket.resume();
    this.#pending = undefined;
  }

  /** Moves received bytes into a buffer. Returns how many. */
  #take(buffer: Uint8Array): number {
    let size = 0;
    while (this.#received.length > 0 && size < buffer.length) {
      const bytes = this.#received[0];
      const part = bytes.subarray(0, buffer.length - size);
      buffer.set(part, size);
      size += part.length;
      if (part.length < bytes.length) this.#received[0] = bytes.subarray(part.length);
      else this.#received.shift();
    }
    return size;
  }
}
