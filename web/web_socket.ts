/**
 * A WebSocket as the stream of bytes of a connection: binary messages whose boundaries mean nothing.
 * It needs a browser, or another runtime with the class `WebSocket` of browsers.
 *
 * @module
 */

import { ConnectError } from "../errors.ts";
import { deadline } from "../base/timer.ts";
import type { Transport } from "../net/transport.ts";
import { SUBPROTOCOL } from "./subprotocol.ts";

/** What the transport uses of the class `WebSocket` of browsers. */
export type WebSocketClass = new (url: string, protocols: string) => WebSocket;

/** While more bytes than this wait to be sent, a write is not complete. */
const SEND_HIGH = 256 * 1024;
/** How often the transport looks how many wait, in milliseconds: a WebSocket does not tell. */
const SEND_INTERVAL = 4;
/** How long `close()` waits for the other side, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;
/** The closing codes for a stream that has ended in order: done, and going away. */
const IN_ORDER: ReadonlySet<number> = new Set([1000, 1001]);

/**
 * Opens a WebSocket.
 *
 * @param timeout In milliseconds.
 * @throws {ConnectError} If it cannot be opened within the time-out. Browsers give no reason.
 * @throws The reason of `signal`, if that is aborted.
 */
export async function openWebSocket(
  url: string,
  Class: WebSocketClass,
  { timeout, signal }: { timeout: number; signal?: AbortSignal },
): Promise<Transport> {
  let socket: WebSocket;
  try {
    socket = new Class(url, SUBPROTOCOL);
  } catch (cause) {
    throw new ConnectError(`Cannot connect to ${url}: ${(cause as Error).message}`, { cause });
  }
  socket.binaryType = "arraybuffer";
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onclose = ({ reason }) => opened.reject(new Error(reason || UNKNOWN_REASON));
  socket.onerror = () => {}; // the event `close` follows
  const transport = new WebSocketTransport(socket);
  try {
    await deadline(opened.promise, timeout, { signal });
    if (socket.protocol !== SUBPROTOCOL) throw new Error("no Manager answers at that address");
    return transport;
  } catch (cause) {
    socket.close();
    signal?.throwIfAborted();
    const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
    const reason = isLate ? `it did not answer within ${timeout} ms` : (cause as Error).message;
    throw new ConnectError(`Cannot connect to ${url}: ${reason}`, { cause });
  } finally {
    socket.onopen = null;
    socket.onclose = null;
  }
}

const UNKNOWN_REASON =
  "the browser does not say why. Is the Manager running there, with --web? Does this computer trust " +
  "its certificate? May a page of this address connect (--web-origin)?";

class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<void>();
  readonly #received: Uint8Array[] = [];
  #failure: Error | undefined;
  #isClosed = false;
  #pending:
    | { buffer: Uint8Array; settle: (size: number | null | Promise<never>) => void }
    | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) this.#received.push(new Uint8Array(data));
      else this.#fail(new Error("the Manager sent a message of text over the WebSocket"));
      this.#settleRead();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (!IN_ORDER.has(code)) {
        this.#failure ??= new Error(reason || `the WebSocket was closed with the code ${code}`);
      }
      this.#isClosed = true;
      this.#closed.resolve();
      this.#settleRead();
    });
  }

  get hasMore(): boolean {
    return this.#received.length > 0;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return new Promise((settle) => {
      this.#pending = { buffer, settle };
      this.#settleRead();
    });
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    this.#socket.send(bytes); // it copies them
    while (!this.#isClosed && this.#socket.bufferedAmount > SEND_HIGH) {
      await new Promise((resolve) => setTimeout(resolve, SEND_INTERVAL));
    }
    if (this.#isClosed) throw this.#failure ?? new Error("the WebSocket is closed");
    return bytes.length;
  }

  async close(): Promise<void> {
    this.#socket.close(1000);
    const timer = setTimeout(() => this.#closed.resolve(), CLOSE_TIMEOUT);
    await this.#closed.promise;
    clearTimeout(timer);
    this.#isClosed = true;
    this.#settleRead();
  }

  #fail(failure: Error): void {
    this.#failure = failure;
    this.#socket.close(1000);
  }

  #settleRead(): void {
    if (this.#pending === undefined) return;
    const { buffer, settle } = this.#pending;
    if (this.#received.length > 0) settle(this.#take(buffer));
    else if (this.#failure) settle(Promise.reject(this.#failure));
    else if (this.#isClosed) settle(null);
    else return;
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
