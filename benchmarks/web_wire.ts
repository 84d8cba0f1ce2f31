/**
 * The WebSocket of a peer that writes its own bytes: each write is a message, and what is read has no
 * heads of messages. It costs the peer little, so that the server is measured.
 *
 * @module
 */

import { SOCKET_PATH, SUBPROTOCOL } from "../web/subprotocol.ts";
import type { Wire } from "./wire.ts";

/** The first byte of a whole binary message, and the bit of a mask. */
const [BINARY, MASKED] = [0x82, 0x80];
/** The longest length of a message in its second byte, and in the two after it, in bytes. */
const [SHORT, MEDIUM] = [125, 65_535];
const READ_SIZE = 16 * 1024;

/** Asks for a WebSocket, and gives its bytes. */
export async function upgrade(stream: Wire): Promise<Wire> {
  const request = [
    `GET ${SOCKET_PATH} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
  ];
  await writeAll(stream, new TextEncoder().encode(request.join("\r\n") + "\r\n\r\n"));
  const socket = new WebWire(stream);
  await socket.readAnswer();
  return socket;
}

class WebWire implements Wire {
  readonly #stream: Wire;
  readonly #buffer = new Uint8Array(READ_SIZE);
  /** What was read and is not given yet, in the buffer. */
  #bytes = this.#buffer.subarray(0, 0);
  /** How much of the content of a message is still to come. */
  #left = 0;

  constructor(stream: Wire) {
    this.#stream = stream;
  }

  /** Reads the answer to the request. */
  async readAnswer(): Promise<void> {
    let end = -1;
    let text = "";
    while ((end = (text = new TextDecoder("latin1").decode(this.#bytes)).indexOf("\r\n\r\n")) < 0) {
      if (!await this.#fill()) throw new Error("the connection has ended");
    }
    if (!text.startsWith("HTTP/1.1 101 ")) throw new Error(`no WebSocket: ${text}`);
    this.#bytes = this.#bytes.subarray(end + 4);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    for (;;) {
      const size = this.#take(buffer);
      if (size > 0) return size;
      if (!await this.#fill()) return null;
    }
  }

  /** Writes one message, with a mask of zeros. */
  async write(bytes: Uint8Array): Promise<number> {
    const { length } = bytes;
    const head = [BINARY];
    if (length <= SHORT) head.push(MASKED | length);
    else if (length <= MEDIUM) head.push(MASKED | 126, length >> 8, length & 255);
    else head.push(MASKED | 127, 0, 0, 0, 0, length >>> 24, length >> 16, length >> 8, length);
    const message = new Uint8Array(head.length + 4 + length);
    message.set(head);
    message.set(bytes, head.length + 4);
    await writeAll(this.#stream, message);
    return length;
  }

  close(): void {
    this.#stream.close();
  }

  async #fill(): Promise<boolean> {
    const rest = this.#bytes;
    this.#buffer.set(rest); // at most the head of a message
    const size = await this.#stream.read(this.#buffer.subarray(rest.length));
    if (size === null) return false;
    this.#bytes = this.#buffer.subarray(0, rest.length + size);
    return true;
  }

  /** Copies what has come of the contents of messages. */
  #take(buffer: Uint8Array): number {
    let size = 0;
    while (size < buffer.length) {
      if (this.#left === 0 && !this.#takeHead()) break;
      const part = this.#bytes.subarray(0, Math.min(this.#left, buffer.length - size));
      if (part.length === 0) break;
      buffer.set(part, size);
      size += part.length;
      this.#left -= part.length;
      this.#bytes = this.#bytes.subarray(part.length);
    }
    return size;
  }

  /** Takes the head of a message. False if it has not come. */
  #takeHead(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const extended = bytes[1] === 126 ? 2 : bytes[1] === 127 ? 8 : 0;
    if (bytes.length < 2 + extended) return false;
    this.#left = extended === 0
      ? bytes[1]
      : bytes.subarray(2, 2 + extended).reduce((sum, byte) => sum * 256 + byte, 0);
    this.#bytes = bytes.subarray(2 + extended);
    return true;
  }
}

async function writeAll(stream: Wire, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await stream.write(rest));
}
