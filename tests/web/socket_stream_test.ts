/** The stream of an accepted connection, over a connection in memory. */

import { assert, assertEquals } from "@std/assert";
import { Yielder } from "../../base/pause.ts";
import type { Socket } from "../../net/listener.ts";
import { socketStream } from "../../web/socket_stream.ts";
import { inTime } from "../support/until.ts";

/** A connection whose reads and writes never have to wait. */
function fake(reads: number): Socket & { written: Uint8Array[] } {
  const written: Uint8Array[] = [];
  return {
    written,
    remote: { hostname: "127.0.0.1", port: 1 },
    secure: () => Promise.resolve(),
    read: (buffer) => Promise.resolve(reads-- > 0 ? buffer.length : null),
    write: (bytes) => {
      written.push(bytes.slice(0, 100_000));
      return Promise.resolve(Math.min(bytes.length, 100_000));
    },
    close: () => {},
  };
}

Deno.test("a peer that sends without a break keeps nobody from the event loop", async () => {
  const stream = socketStream(fake(50_000), new Yielder(1));
  let size = 0;
  let served = Infinity;
  setTimeout(() => served = size, 0);
  const ended = new Promise<void>((resolve) => stream.on("end", resolve));
  stream.on("data", (bytes: Uint8Array) => {
    size += bytes.length;
    const end = performance.now() + 0.01; // somebody reads them
    while (performance.now() < end);
  });
  await inTime("the end", ended);
  assert(served < size / 2, `others waited for ${served} of ${size} bytes`);
});

Deno.test("the head of a message and its content are one write, long contents are not copied", async () => {
  const socket = fake(0);
  const stream = socketStream(socket, new Yielder(1));
  const write = (...sizes: number[]) =>
    new Promise((resolve) => {
      stream.cork();
      for (const size of sizes.slice(1)) stream.write(new Uint8Array(size));
      stream.write(new Uint8Array(sizes[0]), resolve);
      stream.uncork();
    });
  await write(4, 10);
  assertEquals(socket.written.splice(0).map(({ length }) => length), [14]);
  await write(150_000, 10, 0);
  assertEquals(socket.written.splice(0).map(({ length }) => length), [10, 100_000, 50_000]);
  await inTime("nothing", new Promise((resolve) => stream.write(new Uint8Array(0), resolve)));
  assertEquals(socket.written, []);
});
