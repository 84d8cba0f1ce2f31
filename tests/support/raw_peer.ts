/**
 * A device that is a bare socket and uses no module of the package: it writes bytes in pieces
 * of any size, pauses its reading, and disconnects within a line.
 */

import { Buffer } from "node:buffer";
import type { JsonObject } from "../../wire/message.ts";
import { piecesOf } from "./pieces.ts";

/** The address of a Manager. */
export interface ManagerAddress {
  host: string;
  port: number;
  disableTls?: boolean;
  certFile?: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const READ_SIZE = 64 * 1024;
const NEWLINE = 0x0a;

/** A device that is a bare socket. */
export class RawPeer implements AsyncDisposable {
  /** Its name on the network, once the Manager has accepted it. */
  networkName = "";
  /** Is fulfilled when the connection has ended, for a peer with a `receive` callback. */
  ended: Promise<void> = Promise.resolve();
  /** Whether `ended` is fulfilled. */
  hasEnded = false;
  #isAborted = false;
  readonly #socket: Deno.Conn;
  readonly #lines: AsyncGenerator<string>;
  #written: Promise<void> = Promise.resolve();
  #resumed: PromiseWithResolvers<void> | undefined;

  private constructor(socket: Deno.Conn) {
    this.#socket = socket;
    this.#lines = linesOf(socket, () => this.#resumed?.promise);
  }

  /** Connects, and sends nothing. */
  static async open(address: ManagerAddress): Promise<RawPeer> {
    return new RawPeer(await open(address));
  }

  /** Connects, and sends a text in reply to the Manager's request for the identity. */
  static async introduce(address: ManagerAddress, text: string): Promise<RawPeer> {
    const peer = await RawPeer.open(address);
    try {
      const { attribute } = JSON.parse(await peer.read());
      if (attribute !== "identity") throw new Error(`The Manager asks for the ${attribute}`);
      await peer.write(text);
      return peer;
    } catch (error) {
      await peer.abort();
      throw error;
    }
  }

  /**
   * Connects, and waits until the Manager has accepted it.
   *
   * @param receive Is called with every received line.
   * @throws {Error} If the Manager rejects it.
   */
  static async connect(
    address: ManagerAddress,
    identity: JsonObject,
    receive: (line: string, peer: RawPeer) => void,
  ): Promise<RawPeer> {
    const answer = { result: { ...identity, extensions: ["ready"] }, uid: "", error: false };
    const peer = await RawPeer.introduce(address, `${JSON.stringify(answer)}\n`);
    try {
      const { error, message, requester } = JSON.parse(await peer.read());
      if (error) throw new Error(message);
      peer.networkName = requester;
      peer.ended = peer.#receiveAll(receive);
      return peer;
    } catch (error) {
      await peer.abort();
      throw error;
    }
  }

  /**
   * The text of the next line, without its terminator.
   *
   * @throws {Error} If the connection has ended.
   */
  async read(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("The connection has ended");
    return value;
  }

  /** Sends text as it is. Never rejects. */
  write(text: string): Promise<void> {
    return this.sendBytes(encoder.encode(text));
  }

  /** Sends an object, or text, as one line. */
  send(line: JsonObject | string, sizes?: readonly number[]): Promise<void> {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    return this.sendBytes(encoder.encode(`${text}\r\n`), sizes);
  }

  /** Sends bytes in pieces of these sizes, after earlier sends have finished. Never rejects. */
  sendBytes(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): Promise<void> {
    return this.#written = this.#written.then(async () => {
      for (const piece of piecesOf(bytes, sizes)) await writeAll(this.#socket, piece);
    }).catch(() => {}); // the connection has ended
  }

  /** Stops reading until `resume()`. */
  pause(): void {
    this.#resumed ??= Promise.withResolvers();
  }

  /** Reads again. */
  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  /** Sends nothing more, and reads on. */
  async halfClose(): Promise<void> {
    await this.#written;
    await this.#socket.closeWrite().catch(() => {});
  }

  /** Closes the socket at once. `receive` gets no more lines. */
  async abort(): Promise<void> {
    this.#isAborted = true;
    close(this.#socket);
    this.resume();
    await Promise.all([this.ended, this.#written]);
  }

  /** For `await using`: the same as {@linkcode RawPeer.abort}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  async #receiveAll(receive: (line: string, peer: RawPeer) => void): Promise<void> {
    for await (const line of this.#lines) if (!this.#isAborted) receive(line, this);
    this.hasEnded = true;
  }
}

async function open(
  { host: hostname, port, disableTls, certFile }: ManagerAddress,
): Promise<Deno.Conn> {
  const socket = await Deno.connect({ hostname, port });
  socket.setNoDelay(true);
  if (disableTls) return socket;
  if (certFile === undefined) throw new Error("Give the certificate of the Manager (certFile)");
  // The TLS of the runtime, and not ours, which is what is tested. It believes more certificates.
  const caCerts = [await Deno.readTextFile(certFile)];
  return await Deno.startTls(socket, { hostname, caCerts });
}

/** The received lines, without their terminators, until the connection has ended. */
async function* linesOf(
  socket: Deno.Conn,
  mayRead: () => Promise<void> | undefined,
): AsyncGenerator<string> {
  let held: Uint8Array[] = [];
  for (;;) {
    await mayRead();
    const buffer = new Uint8Array(READ_SIZE);
    const size = await socket.read(buffer).catch(() => null);
    if (size === null) return;
    let rest = buffer.subarray(0, size);
    for (let end; (end = rest.indexOf(NEWLINE)) !== -1; rest = rest.subarray(end + 1)) {
      const line = Buffer.concat([...held, rest.subarray(0, end)]);
      held = [];
      yield decoder.decode(line).replace(/\r$/, "");
    }
    if (rest.length > 0) held.push(rest);
  }
}

async function writeAll(socket: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await socket.write(rest));
}

function close(socket: Deno.Conn): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}
