/**
 * A service that answers with one very long reply, in one line or in pieces, or the client that
 * requests it.
 *
 * @module
 */

import { Credit } from "../base/credit.ts";
import {
  decodeObject,
  encodeControl,
  encodeReply,
  encodeRequest,
  encodeResultPart,
  encodeSized,
  encodeTextPiece,
} from "../wire/message.ts";
import { PIECE_SIZE } from "../wire/parts.ts";
import { PARTS, READY, ROOM } from "../wire/protocol.ts";
import { commands, options, report, run } from "./commands.ts";
import { type Address, line, link, open, readLine, type Wire, writeAll } from "./wire.ts";

/** The options of the program. */
export interface BulkPeerOptions extends Address {
  role: "client" | "service";
  /** The length of the reply, or of the value that its pieces have together, in bytes. */
  size: number;
  /** Whether it is sent in pieces. */
  inPieces: boolean;
}

const CHUNK_SIZE = 1024 * 1024;
const NEWLINE = 0x0a;
const SERVICE = "Bulk";
const EXTENSIONS = [READY, PARTS];
const UID = "1";
/** The pieces that may be on their way, and how many have to come before there is room for more. */
const WINDOW = 8;
const MORE = 4;
/** What every line ends with that is the last one of a value in pieces. */
const ENDING = '"result":null}\r\n';

/** Answers every request. */
async function serve({ size, inPieces, ...address }: BulkPeerOptions): Promise<void> {
  const socket = await open(address, {
    type: "service",
    name: SERVICE,
    attributes: {},
    max_clients: -1,
    extensions: EXTENSIONS,
  });
  report({ connected: true });
  await (inPieces ? servePieces(socket, size) : serveLine(socket, size));
}

/** Answers every request with a string of that size, in one line. */
async function serveLine(socket: Wire, size: number): Promise<void> {
  const chunk = new Uint8Array(CHUNK_SIZE).fill("x".charCodeAt(0));
  for (;;) {
    const { requester, uid } = decodeObject(await readLine(socket));
    const reply = encodeReply(String(requester ?? "Client"), String(uid), "");
    const end = '"}'; // of the string, and of the reply
    await writeAll(socket, new TextEncoder().encode(reply.slice(0, -end.length)));
    for (let rest = size; rest > 0; rest -= CHUNK_SIZE) {
      await writeAll(socket, chunk.subarray(0, rest));
    }
    await writeAll(socket, line(end));
  }
}

/** Answers one request with the pieces of an array of numbers, as the client has room for them. */
async function servePieces(socket: Wire, size: number): Promise<void> {
  const { requester } = decodeObject(await readLine(socket));
  const credit = new Credit(1);
  (async () => {
    for (;;) {
      const text = new TextDecoder().decode(await readLines(socket));
      const rooms = text.trimEnd().split("\r\n").map((line) => decodeObject(line));
      for (const { args } of rooms) credit.add((args as number[])[0]);
    }
  })().catch((error) => report({ failure: error.message }));
  const client = String(requester ?? "Client");
  const text = "0.1234567890123456,".repeat(PIECE_SIZE / 19 + 1).slice(0, PIECE_SIZE);
  const count = Math.ceil(size / PIECE_SIZE);
  const piece = line(encodeResultPart(client, UID, encodeTextPiece([text]), undefined).join(""));
  for (let sent = 0; sent < count; sent++) {
    await credit.take();
    await writeAll(socket, piece);
  }
  await writeAll(socket, line(encodeSized(client, UID, count * PIECE_SIZE)));
}

/** Some whole short lines. */
async function readLines(socket: Wire): Promise<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_SIZE);
  let length = 0;
  do {
    const size = await socket.read(buffer.subarray(length));
    if (size === null) throw new Error("the connection has ended");
    length += size;
  } while (buffer[length - 1] !== NEWLINE);
  return buffer.subarray(0, length);
}

/** Requests the reply for each command, and reports how long it took. */
async function request({ size, inPieces, ...address }: BulkPeerOptions): Promise<void> {
  const socket = await open(address, { type: "client", name: "Bulk", extensions: EXTENSIONS });
  if (address.isManager) await link(socket, SERVICE);
  report({ connected: true });
  for await (const _command of commands()) {
    const [args, kwargs] = [[], {}];
    const start = performance.now();
    const request = encodeRequest({ service: SERVICE, attribute: "all", args, kwargs, uid: UID });
    await writeAll(socket, line(request));
    const bytes = await (inPieces ? receivePieces(socket) : receiveLine(socket, size));
    report({ bytes, time: performance.now() - start });
  }
}

/** Receives the reply in one line. */
async function receiveLine(socket: Wire, size: number): Promise<number> {
  const buffer = new Uint8Array(CHUNK_SIZE);
  let received = 0;
  for (let isWhole = false; !isWhole;) {
    const count = await socket.read(buffer);
    if (count === null) throw new Error(`the connection ended after ${received} bytes`);
    received += count;
    isWhole = buffer[count - 1] === NEWLINE;
    if (isWhole && received < size) {
      throw new Error(`the answer was ${new TextDecoder().decode(buffer.subarray(0, count))}`);
    }
  }
  return received;
}

/** Receives the pieces, which have the same length, and gives room for more. */
async function receivePieces(socket: Wire): Promise<number> {
  const buffer = new Uint8Array(CHUNK_SIZE);
  const decoder = new TextDecoder();
  let received = 0;
  let length: number | undefined; // of a line
  let room = 1;
  for (let tail = ""; !tail.endsWith(ENDING);) {
    const count = await socket.read(buffer);
    if (count === null) throw new Error(`the connection ended after ${received} bytes`);
    const end = buffer.subarray(0, count).indexOf(NEWLINE);
    if (end !== -1) length ??= received + end + 1;
    received += count;
    tail = tail.slice(-ENDING.length) +
      decoder.decode(buffer.subarray(Math.max(0, count - ENDING.length), count));
    const used = length === undefined ? 0 : Math.floor(received / length);
    if (room - used > WINDOW - MORE || used === 0) continue;
    const more = WINDOW - (room - used);
    room += more;
    await writeAll(socket, line(encodeControl({ service: SERVICE, uid: UID }, ROOM, more)));
  }
  return received;
}

if (import.meta.main) {
  run(async () => {
    const peer = options<BulkPeerOptions>();
    if (peer.role === "client") return await request(peer);
    serve(peer).catch((error) => report({ failure: error.message }));
    for await (const _command of commands()) {
      // Waits for the end of the input.
    }
  });
}
