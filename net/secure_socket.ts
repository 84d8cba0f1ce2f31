/**
 * TLS over a TCP connection, with the engine of `node:tls`, since the TLS of Deno lacks two things:
 * - `Deno.listenTls` gives connections without `setNoDelay`, so a reply can wait 40 ms for the
 *   acknowledgement of the one before it;
 * - `Deno.startTls` believes every authority of the runtime beside those that it is given, and does
 *   not give the certificate of a server.
 *
 * The engine reads its bytes from a stream of our own, which reads the socket only when a read is
 * pending. So a peer that is not read cannot send more (backpressure), and nothing is lost at the end
 * of the stream.
 *
 * @module
 */

import { isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect, type SecureContext, TLSSocket } from "node:tls";
import { MIN_READ_SIZE, nextReadBuffer } from "../base/buffer.ts";
import { serverName } from "./server_name.ts";
import type { Transport } from "./transport.ts";

/** The oldest version of TLS that a server or a client of this package accepts. */
export const OLDEST_TLS = "TLSv1.2";

/** The largest read of the socket, in bytes: four records of TLS. */
const LARGEST_READ = 64 * 1024;
/** So many bytes are left to the garbage collector. */
const SMALL = 1024;
/** How long sending the end of the TLS stream may take, in milliseconds. */
const CLOSE_TIMEOUT = 1_000;

/** An encrypted connection. */
export class SecureSocket implements Transport {
  readonly #socket: Deno.TcpConn;
  /** The stream that the TLS engine uses as its socket. */
  readonly #wire: Duplex;
  readonly #tls: TLSSocket;
  readonly #secured = Promise.withResolvers<void>();
  #state: { state: "open" } | { state: "ended" } | { state: "failed"; cause: Error } = {
    state: "open",
  };
  /** The buffer for reads of the socket. */
  #buffer = new Uint8Array(MIN_READ_SIZE);
  /** Decrypted bytes that have not been read. */
  readonly #plain: Uint8Array[] = [];
  /** The read that waits for bytes or for the end of the stream. */
  #pendingRead:
    | { buffer: Uint8Array; settle: (size: number | null | Promise<never>) => void }
    | undefined;
  /** Whether the last read of the socket has filled its buffer. */
  #wasFilled = false;
  #isSecured = false;
  #wantsBytes = false;
  #isReading = false;
  /** Whether the engine is reading bytes of the socket. It gives one record after the other. */
  #isDecrypting = false;
  #isWriting = false;
  #closed: Promise<void> | undefined;

  private constructor(socket: Deno.TcpConn, start: (wire: Duplex) => TLSSocket) {
    this.#socket = socket;
    this.#secured.promise.catch(() => {}); // `secure()` gives the error to its caller
    this.#wire = new Duplex({
      read: () => {
        this.#wantsBytes = true;
        this.#readWire();
      },
      write: (bytes: Uint8Array, _encoding, done) => this.#writeWire(bytes, done),
    });
    this.#tls = start(this.#wire);
    for (const event of ["secure", "secureConnect"]) { // of a server and of a client
      this.#tls.on(event, () => {
        this.#isSecured = true;
        this.#secured.resolve();
      });
    }
    this.#tls.on("data", (bytes: Uint8Array) => {
      this.#plain.push(bytes);
      if (!this.#isDecrypting) this.#settleRead();
    });
    this.#tls.on("error", (cause: Error) => this.#end({ state: "failed", cause }));
    this.#tls.on("end", () => this.#end({ state: "ended" }));
    this.#tls.on("close", () => this.#end({ state: "ended" }));
  }

  /** Uses TLS on a socket that was accepted. The handshake begins at once. */
  static accept(socket: Deno.TcpConn, secureContext: SecureContext): SecureSocket {
    return new SecureSocket(
      socket,
      (wire) => new TLSSocket(wire, { isServer: true, secureContext }),
    );
  }

  /**
   * Uses TLS on a socket to a server. Any certificate is accepted whose key the server has: the
   * caller must check what was `shown` before it sends anything.
   *
   * @param host The name of the server.
   * @param authorities The certificates that may have signed that of the server, in PEM; no others
   * count.
   */
  static connect(
    socket: Deno.TcpConn,
    host: string,
    authorities: readonly string[],
  ): SecureSocket {
    const name = serverName(host);
    return new SecureSocket(
      socket,
      (wire) =>
        connect({
          socket: wire,
          servername: isIP(name) ? "" : name,
          ca: [...authorities],
          rejectUnauthorized: false,
          checkServerIdentity: () => undefined, // the caller compares the name
          minVersion: OLDEST_TLS,
        }),
    );
  }

  /** What the server has shown, once the handshake is complete. */
  get shown(): { certificate: Uint8Array; isSigned: boolean } {
    return {
      certificate: this.#tls.getPeerCertificate().raw,
      isSigned: this.#tls.authorized,
    };
  }

  /**
   * Settles when the handshake is complete.
   *
   * @throws {Error} If it fails, or the peer closes the connection.
   */
  secure(): Promise<void> {
    return this.#secured.promise;
  }

  /** The address of the socket on this computer. */
  get localAddr(): Deno.Addr {
    return this.#socket.localAddr;
  }

  /** Whether bytes for the next read may be there already. */
  get hasMore(): boolean {
    return this.#plain.length > 0 || this.#wasFilled;
  }

  /** As in {@linkcode Transport}. One read at a time. */
  read(buffer: Uint8Array): Promise<number | null> {
    // No asynchronous function: it would cost three more objects for each message.
    return new Promise((settle) => {
      this.#pendingRead = { buffer, settle };
      this.#settleRead();
      if (this.#pendingRead !== undefined) this.#readWire();
    });
  }

  /** Completes the pending read if there are bytes, or no more will come. */
  #settleRead(): void {
    if (this.#pendingRead === undefined) return;
    const { buffer, settle } = this.#pendingRead;
    if (this.#plain.length > 0) settle(this.#take(buffer));
    else if (this.#state.state === "ended") settle(null);
    else if (this.#state.state === "failed") settle(Promise.reject(this.#state.cause));
    else return;
    this.#pendingRead = undefined;
  }

  /** Moves decrypted bytes into a buffer. Returns how many. */
  #take(buffer: Uint8Array): number {
    let size = 0;
    while (this.#plain.length > 0 && size < buffer.length) {
      const bytes = this.#plain[0];
      const room = buffer.length - size;
      if (bytes.length > room) {
        buffer.set(bytes.subarray(0, room), size);
        this.#plain[0] = bytes.subarray(room);
        return buffer.length;
      }
      buffer.set(bytes, size);
      size += bytes.length;
      release(bytes);
      this.#plain.shift();
    }
    return size;
  }

  /** Writes all of the bytes. They must not change until the promise is settled. */
  write(bytes: Uint8Array): Promise<number> {
    if (bytes.length === 0) return Promise.resolve(0); // the engine would never call back (Deno 2.9)
    return new Promise((resolve, reject) => {
      this.#tls.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  /**
   * Closes the socket. Sends the end of the TLS stream first, unless a write is pending or the
   * handshake is not complete.
   */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    if (this.#isSecured && !this.#isWriting && this.#state.state !== "failed") {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSE_TIMEOUT);
        this.#tls.end(() => resolve());
      });
      clearTimeout(timer);
    }
    this.#tls.destroy();
    this.#socket.close();
  }

  #end(state: { state: "ended" } | { state: "failed"; cause: Error }): void {
    if (this.#state.state === "open") this.#state = state;
    this.#secured.reject(
      state.state === "failed" ? state.cause : new Error("the peer left during the TLS handshake"),
    );
    this.#settleRead();
  }

  /**
   * Reads the socket once, if the engine wants bytes and a read or the handshake is pending. Neither
   * this nor the write below is an asynchronous function: each would cost 0.3 to 0.5 KB a message.
   */
  #readWire(): void {
    const isAwaited = !this.#isSecured || this.#pendingRead !== undefined;
    if (this.#isReading || !this.#wantsBytes || !isAwaited) return;
    this.#isReading = true;
    this.#socket.read(this.#buffer).then(this.#decrypt, this.#fail);
  }

  /** Bytes of the socket have come, or its end. */
  readonly #decrypt = (size: number | null): void => {
    const buffer = this.#buffer;
    try {
      this.#wasFilled = size === buffer.length;
      this.#isDecrypting = true;
      this.#pass(size === null ? null : buffer.subarray(0, size));
      this.#isDecrypting = false;
      this.#settleRead();
      const isKept = this.#wire.readableLength > 0; // the engine has not read it yet
      this.#buffer = isKept
        ? new Uint8Array(buffer.length)
        : nextReadBuffer(buffer, size ?? 0, LARGEST_READ);
      this.#isReading = false;
      this.#readWire(); // the engine may have wanted bytes while the buffer was in use
    } catch (cause) {
      this.#fail(cause);
    }
  };

  readonly #fail = (cause: unknown): void => {
    this.#end({ state: "failed", cause: cause as Error });
    this.#tls.destroy();
  };

  /** Passes bytes of the socket to the engine, or the end. */
  #pass(bytes: Uint8Array | null): void {
    if (bytes !== null && this.#wire.readableFlowing && this.#wire.readableLength === 0) {
      // What `push()` does in the end. It would cost six more objects, and the next read a turn.
      this.#wire.emit("data", bytes);
    } else {
      this.#wantsBytes = false; // until the stream wants to read again
      this.#wire.push(bytes);
    }
  }

  /** Writes bytes of the engine to the socket, from an index on. */
  #writeWire(bytes: Uint8Array, done: (error?: Error) => void, start = 0): void {
    this.#isWriting = true;
    this.#socket.write(start === 0 ? bytes : bytes.subarray(start)).then((size) => {
      if (start + size < bytes.length) return this.#writeWire(bytes, done, start + size);
      this.#isWriting = false;
      release(bytes);
      done();
    }, done);
  }
}

/**
 * Frees the memory of bytes that are not needed any more at once. V8 waits until there are 64 MB of
 * it. It does not have to for small ones: to give and to take a message leaves more objects than
 * that, with which V8 collects them.
 */
function release({ buffer, length }: Uint8Array): void {
  if (length > SMALL && buffer instanceof ArrayBuffer && buffer.byteLength === length) {
    buffer.transfer(0);
  }
}
