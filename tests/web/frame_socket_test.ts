/** A WebSocket of a peer as a connection, with a WebSocket in memory. */

import { assertEquals, assertRejects } from "@std/assert";
import { EventEmitter } from "node:events";
import { mock } from "node:test";
import { frameSocket } from "../../web/frame_socket.ts";
import type { ServerWebSocket } from "../../web/web_socket_server.ts";
import { until } from "../support/until.ts";

/** What the gateway uses of a WebSocket, and what it was told. */
class FakeWebSocket extends EventEmitter {
  readonly CLOSED = 3;
  readyState = 1;
  readonly calls: unknown[] = [];
  sent: ((error?: Error) => void)[] = [];

  send(_bytes: Uint8Array, sent: (error?: Error) => void): void {
    this.sent.push(sent);
  }

  pong(): void {}

  pause(): void {
    this.calls.push("pause");
  }

  resume(): void {
    this.calls.push("resume");
  }

  close(...args: unknown[]): void {
    this.calls.push(["close", ...args]);
  }

  terminate(): void {
    this.calls.push("terminate");
    this.emit("close");
  }
}

const REMOTE = { hostname: "192.0.2.7", port: 7 };

function open() {
  const webSocket = new FakeWebSocket();
  return { webSocket, socket: frameSocket(webSocket as unknown as ServerWebSocket, REMOTE) };
}

async function read(socket: ReturnType<typeof open>["socket"]): Promise<number[] | null> {
  const buffer = new Uint8Array(10);
  const size = await socket.read(buffer);
  return size === null ? null : [...buffer.subarray(0, size)];
}

Deno.test("a peer is not read while bytes of it wait, and is when a read does", async () => {
  const { webSocket, socket } = open();
  assertEquals(socket.remote, REMOTE);
  await socket.secure();
  webSocket.emit("message", Uint8Array.of(1), true);
  assertEquals([webSocket.calls.splice(0), socket.hasMore], [["pause"], true]);
  assertEquals(await read(socket), [1]);
  assertEquals([webSocket.calls.splice(0), socket.hasMore], [[], false]);
  const pending = read(socket);
  assertEquals(webSocket.calls.splice(0), ["resume"]);
  webSocket.emit("message", Uint8Array.of(2, 3), true);
  assertEquals(await pending, [2, 3]);
});

Deno.test("a message of text is refused with a code, and the connection has failed", async () => {
  const { webSocket, socket } = open();
  webSocket.emit("message", Uint8Array.of(1), false);
  assertEquals(webSocket.calls, [["close", 1003, "Send binary messages, not text"]]);
  await assertRejects(() => read(socket), Error, "Send binary messages");
});

Deno.test("an error of the WebSocket is that of the connection, its end the end", async () => {
  const failed = open();
  failed.webSocket.emit("error", new Error("Max payload size exceeded"));
  failed.webSocket.emit("close");
  await assertRejects(() => read(failed.socket), Error, "Max payload size exceeded");
  const left = open();
  left.webSocket.emit("message", Uint8Array.of(1), true);
  left.webSocket.emit("close");
  assertEquals([await read(left.socket), await read(left.socket)], [[1], null]);
});

Deno.test("a write is complete when the WebSocket has sent it", async () => {
  const { webSocket, socket } = open();
  let written = 0;
  const writes = [new Uint8Array(3), new Uint8Array(4)].map((bytes) =>
    socket.write(bytes).then((size) => written = size)
  );
  await Promise.resolve();
  assertEquals(written, 0);
  webSocket.sent[0]();
  assertEquals(await writes[0], 3);
  webSocket.sent[1](new Error("gone"));
  await assertRejects(() => writes[1], Error, "gone");
});

Deno.test("closing says goodbye, reads on for the answer, and drops what comes", async () => {
  const { webSocket, socket } = open();
  webSocket.emit("message", Uint8Array.of(1), true);
  webSocket.calls.length = 0;
  let isClosed = false;
  const closed = Promise.resolve(socket.close()).then(() => isClosed = true);
  assertEquals(webSocket.calls, ["resume", ["close", 1000]]);
  webSocket.emit("message", Uint8Array.of(2), true);
  assertEquals(webSocket.calls.length, 2, "it is not paused");
  assertEquals(isClosed, false);
  webSocket.emit("close");
  await closed;
  assertEquals([await read(socket), await read(socket)], [[1], null]);
  webSocket.readyState = webSocket.CLOSED;
  webSocket.calls.length = 0;
  await socket.close();
  assertEquals(webSocket.calls, []);
});

Deno.test("a peer that does not answer a goodbye is cut off", async () => {
  const { webSocket, socket } = open();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let isClosed = false;
    Promise.resolve(socket.close()).then(() => isClosed = true);
    mock.timers.tick(999);
    assertEquals(webSocket.calls.at(-1), ["close", 1000]);
    mock.timers.tick(1);
    assertEquals(webSocket.calls.at(-1), "terminate");
    mock.timers.reset();
    await until("the end", () => isClosed);
  } finally {
    mock.timers.reset();
  }
});
