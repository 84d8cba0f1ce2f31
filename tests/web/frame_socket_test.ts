/** A WebSocket as a connection, with a WebSocket that the test plays. */

import { assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import { frameSocket } from "../../web/frame_socket.ts";
import type { ServerWebSocket } from "../../web/web_socket_server.ts";
import { inTime } from "../support/until.ts";

/** A WebSocket that remembers whether it is paused, and how it was closed. */
class PlayedWebSocket extends EventEmitter {
  readonly readyState = 1;
  readonly CLOSED = 3;
  isPaused = false;
  readonly closed: unknown[] = [];

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(...given: unknown[]): void {
    this.closed.push(given);
  }

  terminate(): void {
    this.closed.push("terminated");
  }
}

Deno.test("a peer is read while somebody waits for its bytes, and while it is told the end", async () => {
  const played = new PlayedWebSocket();
  const socket = frameSocket(played as unknown as ServerWebSocket, { hostname: "x", port: 1 });
  played.emit("message", Uint8Array.of(1), true);
  assertEquals(played.isPaused, true);
  const buffer = new Uint8Array(4);
  assertEquals(await socket.read(buffer), 1);
  const read = socket.read(buffer);
  assertEquals(played.isPaused, false);
  played.emit("message", Uint8Array.of(2, 3), true);
  assertEquals(await read, 2);
  played.emit("message", Uint8Array.of(4), true);
  assertEquals(played.isPaused, true);
  const closing = socket.close();
  played.emit("message", Uint8Array.of(5), true); // its answer to the end comes behind this
  assertEquals(played.isPaused, false);
  played.emit("close");
  await inTime("the end", Promise.resolve(closing));
  assertEquals(played.closed, [[1000]]);
});
