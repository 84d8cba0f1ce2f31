/**
 * A WebSocket as the stream of bytes of a connection: binary messages whose boundaries mean nothing.
 * It needs a browser, or another runtime with the class `WebSocket` of browsers.
 *
 * @module
 */

import { ConnectError } from "../errors.ts";
import { deadline } from "../base/timer.ts";
import type { Transport } from "../net/transport.ts";
import { ByteReader } from "./byte_reader.ts";
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
  // The event `close` follows at once, and has the reason; in Node 22 it never comes if the connection
  // cannot be opened.
  let unexplained: ReturnType<typeof setTimeout> | undefined;
  socket.onerror = () => {
    unexplained = setTimeout(() => opened.reject(new Error(UNKNOWN_REASON)));
  };
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
    clearTimeout(unexplained);
    socket.onopen = null;
    socket.onclose = null;
    socket.onerror = null;
  }
}

const UNKNOWN_REASON =
  "the browser does not say why. Is the Manager running there, with --web? Does this computer trust " +
  "its certificate? May a page of this address connect (--web-origin)?";

/** The `readyState` of a socket that can send. */
const OPEN = 1;

class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #reader = new ByteReader();
  readonly #closed = Promise.withResolvers<void>();
  #failure: Error | undefined;
  #isClosed = false;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (data instanceof ArrayBuffer) return this.#reader.push(new Uint8Array(data));
      this.#fail(new Error("the Manager sent a message of text over the WebSocket"));
      socket.close(1000);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (!IN_ORDER.has(code)) {
        this.#fail(new Error(reason || `the WebSocket was closed with the code ${code}`));
      }
      this.#end();
    });
  }

  get hasMore(): boolean {
    return this.#reader.hasMore;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#reader.read(buffer);
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    // A socket that is about to close would drop it, and write to the console of the browser.
    if (this.#socket.readyState === OPEN) this.#socket.send(bytes); // it copies them
    else await this.#closed.promise;
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
    this.#end();
  }

  #fail(cause: Error): void {
    this.#failure ??= cause;
    this.#reader.end({ state: "failed", cause });
  }

  #end(): void {
    this.#isClosed = true;
    this.#closed.resolve();
    this.#reader.end({ state: "ended" });
  }
}
