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
  /** Settles when there are bytes to read, or the stream has ended. */
  #arrival: PromiseWithResolvers<void> | undefined;
  #isSecured = false;
  #wantsBytes = false;
  #isReading = false;
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
      write: (bytes: Uint8Array, _encoding, done) => {
        this.#writeWire(bytes).then(() => done(), done);
      },
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
      this.#arrival?.resolve();
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

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#plain.length === 0) {
      if (this.#state.state === "ended") return null;
      if (this.#state.state === "failed") throw this.#state.cause;
      this.#arrival = Promise.withResolvers();
      this.#readWire();
      await this.#arrival.promise;
      this.#arrival = undefined;
    }
    let size = 0;
    while (this.#plain.length > 0 && size < buffer.length) {
      const [bytes] = this.#plain;
      const taken = bytes.subarray(0, buffer.length - size);
      buffer.set(taken, size);
      size += taken.length;
      if (taken.length === bytes.length) release(this.#plain.shift()!);
      else this.#plain[0] = bytes.subarray(taken.length);
    }
    return size;
  }

  /** Writes all of the bytes. They must not change until the promise is settled. */
  write(bytes: Uint8Array): Promise<number> {
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
    this.#arrival?.resolve();
  }

  /** Reads the socket once, if the engine wants bytes and a read or the handshake is pending. */
  async #readWire(): Promise<void> {
    const isAwaited = !this.#isSecured || this.#arrival !== undefined;
    if (this.#isReading || !this.#wantsBytes || !isAwaited) return;
    this.#isReading = true;
    this.#wantsBytes = false;
    const buffer = this.#buffer;
    try {
      const size = await this.#socket.read(buffer);
      this.#wire.push(size === null ? null : buffer.subarray(0, size));
      const isKept = this.#wire.readableLength > 0; // the engine has not read it yet
      this.#buffer = isKept
        ? new Uint8Array(buffer.length)
        : nextReadBuffer(buffer, size ?? 0, LARGEST_READ);
      this.#isReading = false;
      this.#readWire(); // the engine may have wanted bytes while the buffer was in use
    } catch (cause) {
      this.#end({ state: "failed", cause: cause as Error });
      this.#tls.destroy();
    }
  }

  async #writeWire(bytes: Uint8Array): Promise<void> {
    this.#isWriting = true;
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#socket.write(rest));
    this.#isWriting = false;
    release(bytes);
  }
}

/**
 * Frees the memory of bytes that are not needed any more at once. V8 waits until there are 64 MB of
 * it.
 */
function release({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
