/**
 * A WebSocket of a peer as an accepted connection: a stream of bytes in binary messages, as any other
 * device sends it over TCP.
 *
 * @module
 */

import type { Duplex } from "node:stream";
// @ts-types="npm:@types/ws@^8.18.1"
import { createWebSocketStream, type WebSocket } from "ws";
import type { Socket } from "../net/listener.ts";

/** The closing code for a message of the wrong kind. */
const UNSUPPORTED = 1003;
/** The closing code of a connection that has ended in order. */
const NORMAL = 1000;
/** How long closing waits for the peer, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;

/** Wraps a WebSocket, whose peer connects from `remote`. */
export function frameSocket(webSocket: WebSocket, remote: Socket["remote"]): Socket {
  webSocket.on("message", (_bytes, isBinary) => {
    if (!isBinary) webSocket.close(UNSUPPORTED, "Send binary messages, not text");
  });
  const stream = createWebSocketStream(webSocket);
  const reader = new StreamReader(stream);
  return {
    remote,
    secure: () => Promise.resolve(),
    read: (buffer) => reader.read(buffer),
    get hasMore() {
      return stream.readableLength > 0;
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        // It is a copy: the caller uses the memory again, and a socket that fails still has it.
        stream.write(bytes.slice(), (error) => error ? reject(error) : resolve(bytes.length));
      }),
    close: () => closeWebSocket(webSocket),
  };
}

/** Says goodbye. A peer that does not answer is cut off. */
function closeWebSocket(webSocket: WebSocket): Promise<void> {
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

/** Reads a stream of Node as a connection reads a socket. */
class StreamReader {
  readonly #stream: Duplex;
  #end: { state: "open" } | { state: "ended" } | { state: "failed"; cause: Error } = {
    state: "open",
  };
  #pending: { buffer: Uint8Array; settle: (size: number | null | Promise<never>) => void } | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("readable", () => this.#settle());
    stream.on("end", () => this.#finish({ state: "ended" }));
    stream.on("close", () => this.#finish({ state: "ended" }));
    stream.on("error", (cause) => this.#finish({ state: "failed", cause }));
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return new Promise((settle) => {
      this.#pending = { buffer, settle };
      this.#settle();
    });
  }

  #finish(end: { state: "ended" } | { state: "failed"; cause: Error }): void {
    if (this.#end.state === "open") this.#end = end;
    this.#settle();
  }

  #settle(): void {
    if (this.#pending === undefined) return;
    const { buffer, settle } = this.#pending;
    const waiting = this.#stream.readableLength;
    const bytes: Uint8Array | null = this.#stream.read(Math.min(waiting, buffer.length) || undefined);
    if (bytes !== null) {
      buffer.set(bytes);
      settle(bytes.length);
    } else if (this.#end.state === "ended") settle(null);
    else if (this.#end.state === "failed") settle(Promise.reject(this.#end.cause));
    else return;
    this.#pending = undefined;
  }
}
