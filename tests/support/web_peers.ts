/** Peers of a gateway: raw connections, requests and frames of a WebSocket that a test writes itself. */

import { assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { WebSocket as NodeWebSocket } from "ws";
import type { TestManager } from "../../testing.ts";
import { SUBPROTOCOL } from "../../web/subprotocol.ts";
import { inTime, until } from "./until.ts";

/** A raw connection to the gateway. */
export class Raw implements Disposable {
  readonly #socket: Deno.Conn;
  #text = "";
  #paused: PromiseWithResolvers<void> | undefined;
  readonly ended: Promise<string>;

  private constructor(socket: Deno.Conn) {
    this.#socket = socket;
    this.ended = this.#read();
  }

  /** Connects, over TLS if the Manager uses it. */
  static async open(
    { manager, connectOptions }: TestManager,
    port: number = manager.webPort!,
  ): Promise<Raw> {
    const socket = await Deno.connect({ hostname: "localhost", port });
    if (!manager.tls) return new Raw(socket);
    const caCerts = [await Deno.readTextFile(connectOptions.certFile!)];
    const secure = await Deno.startTls(socket, { hostname: "localhost", caCerts });
    await secure.handshake();
    return new Raw(secure);
  }

  /** Reads nothing until `resume()`, but for what a read that has begun receives. */
  pause(): void {
    this.#paused = Promise.withResolvers<void>();
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
  }

  /** Everything that was received so far, each byte as a character. */
  get text(): string {
    return this.#text;
  }

  async send(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    for (let sent = 0; sent < bytes.length;) sent += await this.#socket.write(bytes.subarray(sent));
  }

  [Symbol.dispose](): void {
    this.resume();
    try {
      this.#socket.close();
    } catch {
      // The gateway has closed it.
    }
  }

  async #read(): Promise<string> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let size; (size = await this.#socket.read(buffer)) !== null;) {
        this.#text += Buffer.from(buffer.subarray(0, size)).toString("latin1");
        await this.#paused?.promise;
      }
    } catch {
      // It was closed.
    }
    return this.#text;
  }
}

/** Sends one request, and gives the whole answer. */
export async function ask(manager: TestManager, request: string, port?: number): Promise<string> {
  using raw = await Raw.open(manager, port);
  await raw.send(request);
  return await inTime("an answer", raw.ended);
}

/** A WebSocket, and what it was told at its end. */
export function webSocket(
  { manager }: TestManager,
  headers: Record<string, string> = {},
  subprotocol: string | string[] = SUBPROTOCOL,
) {
  const socket = new NodeWebSocket(`ws://localhost:${manager.webPort}/ws`, subprotocol, {
    headers,
  });
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  const received: Uint8Array[] = [];
  socket.on("open", () => opened.resolve());
  socket.on("message", (bytes: Uint8Array) => received.push(bytes));
  socket.on("error", (error: Error) => opened.reject(error));
  socket.on("close", (code: number, reason: Uint8Array) => {
    opened.reject(new Error(`closed: ${code}`));
    closed.resolve({ code, reason: new TextDecoder().decode(reason) });
  });
  opened.promise.catch(() => {});
  return {
    socket,
    opened: opened.promise,
    closed: inTime("the end of the WebSocket", closed.promise),
    get text() {
      return received.map((bytes) => new TextDecoder().decode(bytes)).join("");
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
}

/** The frame of a client, with a mask of zeros. */
export function frame(
  opcode: number,
  length: number,
  isLast: boolean,
  bytes: Uint8Array = new Uint8Array(length),
) {
  const head = new DataView(new ArrayBuffer(14));
  head.setUint8(0, (isLast ? 0x80 : 0) | opcode);
  head.setUint8(1, 0x80 | 127);
  head.setBigUint64(2, BigInt(length));
  return new Uint8Array([...new Uint8Array(head.buffer), ...bytes]);
}

/** Upgrades a raw connection to a WebSocket. */
export async function upgraded(manager: TestManager): Promise<Raw> {
  const raw = await Raw.open(manager);
  await raw.send(
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n` +
      `Sec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`,
  );
  await until("the upgrade", () => raw.text.includes("\r\n\r\n"));
  assertMatch(raw.text, /^HTTP\/1.1 101 /);
  return raw;
}
