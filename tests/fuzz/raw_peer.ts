/**
 * A device that is nothing but a socket: it writes its bytes in whatever pieces, reads when it likes,
 * and goes in the middle of whatever it is doing.
 */

import { Buffer } from "node:buffer";
import type { JsonObject } from "../../wire/message.ts";
import { pieces } from "./hostile_input.ts";

/** Where a Manager is. */
export interface Place {
  host: string;
  port: number;
  disableTls?: boolean;
  certFile?: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const READ_SIZE = 64 * 1024;
const NEWLINE = 0x0a;

/** A device that is nothing but a socket. */
export class RawPeer {
  /** How the Manager calls it. */
  readonly networkName: string;
  /** Settles when nothing can be read any more. */
  readonly ended: Promise<void>;
  /** Whether that is so. */
  hasEnded = false;
  #isAborted = false;
  readonly #socket: Deno.Conn;
  #written: Promise<void> = Promise.resolve();
  #resumed: PromiseWithResolvers<void> | undefined;

  private constructor(
    socket: Deno.Conn,
    networkName: string,
    rest: AsyncGenerator<string>,
    receive: (line: string) => void,
  ) {
    this.#socket = socket;
    this.networkName = networkName;
    this.ended = this.#receiveAll(rest, receive);
  }

  /**
   * Connects and says who it is.
   *
   * @param receive Is given every line that comes.
   * @throws {Error} If it is turned away.
   */
  static async connect(
    place: Place,
    identity: JsonObject,
    receive: (line: string, peer: RawPeer) => void,
  ): Promise<RawPeer> {
    const socket = await open(place);
    let peer: RawPeer | undefined = undefined;
    const lines = linesOf(socket, () => peer?.mayRead());
    try {
      await lines.next(); // who are you?
      const answer = { result: { ...identity, extensions: ["ready"] }, uid: "", error: false };
      await writeAll(socket, encoder.encode(`${JSON.stringify(answer)}\n`));
      const { value, done } = await lines.next();
      if (done) throw new Error("The connection has ended");
      const { error, message, requester } = JSON.parse(value);
      if (error) throw new Error(message);
      return peer = new RawPeer(socket, requester, lines, (line) => receive(line, peer!));
    } catch (error) {
      close(socket);
      throw error;
    }
  }

  /** Sends an object, or text, as one line. */
  send(line: JsonObject | string, sizes?: readonly number[]): Promise<void> {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    return this.sendBytes(encoder.encode(`${text}\r\n`), sizes);
  }

  /** Sends bytes, in pieces of these sizes, after what it is still sending. Never rejects. */
  sendBytes(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): Promise<void> {
    return this.#written = this.#written.then(async () => {
      for (const piece of pieces(bytes, sizes)) await writeAll(this.#socket, piece);
    }).catch(() => {}); // nobody takes it any more
  }

  /** Reads nothing until it is told to. */
  pause(): void {
    this.#resumed ??= Promise.withResolvers();
  }

  /** Reads again. */
  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  /** Settles when it reads. */
  mayRead(): Promise<void> | undefined {
    return this.#resumed?.promise;
  }

  /** Sends nothing more, and reads on. */
  async halfClose(): Promise<void> {
    await this.#written;
    await this.#socket.closeWrite().catch(() => {});
  }

  /** Goes, whatever it is doing, and without a word. It is given no more lines. */
  async abort(): Promise<void> {
    this.#isAborted = true;
    close(this.#socket);
    this.resume();
    await Promise.all([this.ended, this.#written]);
  }

  async #receiveAll(rest: AsyncGenerator<string>, receive: (line: string) => void): Promise<void> {
    for await (const line of rest) if (!this.#isAborted) receive(line);
    this.hasEnded = true;
  }
}

async function open({ host: hostname, port, disableTls, certFile }: Place): Promise<Deno.Conn> {
  const socket = await Deno.connect({ hostname, port });
  socket.setNoDelay(true);
  if (disableTls) return socket;
  const caCerts = certFile === undefined ? [] : [await Deno.readTextFile(certFile)];
  return await Deno.startTls(socket, { hostname, caCerts });
}

/** The lines that come, without their terminators, until the connection has ended. */
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
