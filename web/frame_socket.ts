/**
 * A WebSocket of a peer as an accepted connection: the stream of bytes that any other device sends over
 * TCP, in binary messages whose boundaries mean nothing.
 *
 * @module
 */

import type { Socket } from "../net/listener.ts";
import { WEB_CONTROL_BURST, WEB_CONTROL_RATE } from "../limits.ts";
import { ByteReader } from "./byte_reader.ts";
import type { ServerWebSocket } from "./web_socket_server.ts";

/** The closing codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;
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
  readonly #control = new ControlAllowance();
  /** Whether this side has begun to close: what comes is dropped, up to the answer of the peer. */
  #isEnding = false;
  /** The content of the last ping, while the answer to one before it is written. */
  #nextPong: Uint8Array | undefined;
  #isPonging = false;

  constructor(webSocket: ServerWebSocket) {
    this.#webSocket = webSocket;
    webSocket.on("message", (bytes, isBinary) => {
      if (!isBinary) return this.#refuse(UNSUPPORTED_DATA, "Send binary messages, not text");
      if (bytes.length === 0) return this.#count();
      this.#reader.push(bytes);
      if (!this.#reader.isPending && !this.#isEnding) webSocket.pause();
    });
    webSocket.on("ping", (content) => this.#count() && this.#pong(content));
    webSocket.on("pong", () => this.#count());
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

  /**
   * Counts a frame without content: it takes time, and nothing slows its sender down. False if it was
   * one too many.
   */
  #count(): boolean {
    const isAllowed = this.#control.take();
    if (!isAllowed) {
      this.#refuse(POLICY_VIOLATION, "Too many pings, pongs or empty messages at once");
    }
    return isAllowed;
  }

  /**
   * Answers a ping, one at a time: for those that come meanwhile, the last one alone is answered
   * (RFC 6455, section 5.5.3). So no more than two wait for a peer that does not read.
   */
  #pong(content: Uint8Array): void {
    if (this.#isPonging) return void (this.#nextPong = content.slice());
    this.#isPonging = true;
    this.#webSocket.pong(content, false, (error) => {
      this.#isPonging = false;
      const next = this.#nextPong;
      this.#nextPong = undefined;
      if (next !== undefined && !error) this.#pong(next);
    });
  }

  /** Closes the WebSocket of a peer that sends what it must not. */
  #refuse(code: number, reason: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#webSocket.close(code, reason);
    this.#reader.end({ state: "failed", cause: new Error(`it was closed: ${reason}`) });
  }

  /** Says goodbye. A peer that does not answer is cut off. */
  close(): Promise<void> {
    const webSocket = this.#webSocket;
    this.#isEnding = true;
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

/** How many frames without content a peer may send: some at once, and a few in each second. */
class ControlAllowance {
  #left = WEB_CONTROL_BURST;
  #counted = performance.now();

  /** Takes one. False if none is left. */
  take(): boolean {
    const now = performance.now();
    const earned = (now - this.#counted) * WEB_CONTROL_RATE / 1_000;
    this.#left = Math.min(this.#left + earned, WEB_CONTROL_BURST) - 1;
    this.#counted = now;
    return this.#left >= 0;
  }
}
