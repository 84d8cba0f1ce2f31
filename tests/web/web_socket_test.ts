/** The WebSocket of a browser as a stream of bytes, without a browser. */

import { assertEquals, assertRejects } from "@std/assert";
import { mock } from "node:test";
import { ConnectError } from "../../errors.ts";
import type { Transport } from "../../net/transport.ts";
import { SUBPROTOCOL } from "../../web/subprotocol.ts";
import { openWebSocket, type WebSocketClass } from "../../web/web_socket.ts";
import { withTimeout } from "../../base/with_timeout.ts";
import { until } from "../support/until.ts";

/** What a test does with the WebSocket that is being opened. */
class FakeWebSocket extends EventTarget {
  static latest: FakeWebSocket;
  readonly url: string;
  readonly offered: string;
  protocol = SUBPROTOCOL;
  binaryType = "blob";
  bufferedAmount = 0;
  readyState = 1;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: Uint8Array[] = [];
  readonly closings: unknown[][] = [];

  constructor(url: string, offered: string) {
    super();
    this.url = url;
    this.offered = offered;
    FakeWebSocket.latest = this;
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  close(...args: unknown[]): void {
    this.closings.push(args);
    this.readyState = 2;
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  ended(code: number, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
    this.dispatchEvent(new CloseEvent("close", { code, reason }));
  }
}

const Class = FakeWebSocket as unknown as WebSocketClass;
const URL = "wss://lab-pc:1876/ws";

/** Begins to open one. */
function opening(timeout = Infinity): { socket: FakeWebSocket; opened: Promise<Transport> } {
  const opened = openWebSocket(URL, Class, { timeout });
  return { socket: FakeWebSocket.latest, opened };
}

async function open(): Promise<{ socket: FakeWebSocket; transport: Transport }> {
  const { socket, opened } = opening();
  socket.onopen!();
  return { socket, transport: await opened };
}

async function read(transport: Transport): Promise<number[] | null> {
  const buffer = new Uint8Array(10);
  const size = await transport.read(buffer);
  return size === null ? null : [...buffer.subarray(0, size)];
}

Deno.test("the subprotocol is offered, and has to be the answer", async () => {
  const { socket, opened } = opening();
  assertEquals([socket.url, socket.offered, socket.binaryType], [URL, SUBPROTOCOL, "arraybuffer"]);
  socket.protocol = "";
  socket.onopen!();
  const error = await assertRejects(() => opened, ConnectError);
  assertEquals(error.message, `Cannot connect to ${URL}: no Manager answers at that address`);
  assertEquals(socket.closings.length, 1);
});

Deno.test("a WebSocket that cannot be opened is an error, with the reason where there is one", async () => {
  for (
    const [end, reason] of [
      [(socket: FakeWebSocket) => socket.ended(1006), "Is the Manager running there, with --web?"],
      [(socket: FakeWebSocket) => socket.onerror!(), "Is the Manager running there, with --web?"],
      [(socket: FakeWebSocket) => {
        socket.onerror!();
        socket.ended(1013, "Come back later");
      }, `${URL}: Come back later`],
    ] as const
  ) {
    const { socket, opened } = opening();
    end(socket);
    await assertRejects(() => opened, ConnectError, reason);
  }
  const Broken = function () {
    throw new SyntaxError("no such port");
  } as unknown as WebSocketClass;
  await assertRejects(
    () => openWebSocket(URL, Broken, { timeout: 1 }),
    ConnectError,
    "no such port",
  );
});

Deno.test("messages that come with the opening are read, whatever their sizes", async () => {
  const { socket, opened } = opening();
  socket.onopen!();
  socket.receive(Uint8Array.of(1, 2).buffer);
  socket.receive(new ArrayBuffer(0));
  socket.receive(Uint8Array.of(3).buffer);
  const transport = await opened;
  assertEquals(transport.hasMore, true);
  assertEquals(await read(transport), [1, 2, 3]);
  assertEquals(transport.hasMore, false);
});

Deno.test("a WebSocket that is closed in order is the end, another one an error", async () => {
  for (const code of [1000, 1001]) {
    const { socket, transport } = await open();
    socket.receive(Uint8Array.of(1).buffer);
    socket.ended(code, "bye");
    assertEquals([await read(transport), await read(transport)], [[1], null]);
  }
  for (
    const [code, reason, message] of [
      [1006, "", "the WebSocket was closed with the code 1006"],
      [1009, "Max payload size exceeded", "Max payload size exceeded"],
    ] as const
  ) {
    const { socket, transport } = await open();
    socket.ended(code, reason);
    await assertRejects(() => read(transport), Error, message);
    await assertRejects(() => transport.write(new Uint8Array(1)), Error, message);
  }
});

Deno.test("a message of text ends the stream, and closes the WebSocket", async () => {
  const { socket, transport } = await open();
  socket.receive("text");
  await assertRejects(() => read(transport), Error, "a message of text");
  assertEquals(socket.closings, [[1000]]);
});

Deno.test("a write is complete when less waits to be sent, or the WebSocket is closed", async () => {
  const { socket, transport } = await open();
  assertEquals(await transport.write(new Uint8Array(3)), 3);
  for (const end of ["sent", "closed"]) {
    socket.bufferedAmount = 10_000_000;
    const written = transport.write(new Uint8Array(4));
    assertEquals(await withTimeout(written, 20, () => "waits"), "waits");
    if (end === "sent") {
      socket.bufferedAmount = 1_000;
      assertEquals(await written, 4);
    } else {
      socket.ended(1000);
      await assertRejects(() => written, Error, "closed");
    }
  }
  assertEquals(socket.sent.map(({ length }) => length), [3, 4, 4]);
});

Deno.test("nothing is written to a WebSocket that is about to close: a browser would complain", async () => {
  const { socket, transport } = await open();
  socket.readyState = 2; // the Manager closes it
  const written = transport.write(new Uint8Array(4));
  socket.ended(1000);
  await assertRejects(() => Promise.resolve(written), Error, "closed");
  assertEquals(socket.sent, []);
});

Deno.test("closing waits for the Manager, and not for ever", async () => {
  const { socket, transport } = await open();
  const closed = transport.close();
  assertEquals(socket.closings, [[1000]]);
  assertEquals(await withTimeout(Promise.resolve(closed), 20, () => "waits"), "waits");
  socket.ended(1000);
  await closed;
  assertEquals(await read(transport), null);

  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const silent = await open();
    let isClosed = false;
    Promise.resolve(silent.transport.close()).then(() => isClosed = true);
    mock.timers.tick(1_000);
    mock.timers.reset();
    await until("the end", () => isClosed);
    assertEquals(await read(silent.transport), null);
  } finally {
    mock.timers.reset();
  }
});
