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

Deno.test("the connection is read only as far as the stream is, and no more when it is stopped", async () => {
  let reads = 0;
  const socket = fake(1_000);
  const { read } = socket;
  socket.read = (buffer) => {
    reads++;
    return read(buffer);
  };
  const stream = socketStream(socket, new Yielder(1_000));
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(reads, 0);
  await new Promise((resolve) => stream.once("readable", resolve));
  await new Promise((resolve) => setTimeout(resolve));
  const filled = reads;
  assert(filled < 100, `${filled} reads for a stream that nobody reads`);
  while (reads === filled) {
    stream.read();
    await new Promise((resolve) => setTimeout(resolve));
  }
  stream.stopReading();
  const before = reads;
  while (stream.read() !== null);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(reads, before);
  await inTime("a write", new Promise((resolve) => stream.write(new Uint8Array(3), resolve)));
  assertEquals(socket.written.map(({ length }) => length), [3]);
});

Deno.test("the end and the destruction of the stream close the connection, once it is written", async () => {
  for (const end of ["end", "destroy"] as const) {
    const done: string[] = [];
    const socket = fake(0);
    const { write } = socket;
    socket.write = async (bytes) => {
      await Promise.resolve();
      done.push("written");
      return await write(bytes);
    };
    const closed = Promise.withResolvers<void>();
    socket.read = () => new Promise(() => {}); // the peer is still there
    socket.close = () => {
      done.push("closed");
      closed.resolve();
      throw new Error("it was closed before"); // the stream does not mind
    };
    const stream = socketStream(socket, new Yielder(1));
    if (end === "end") stream.end(new Uint8Array(3));
    else stream.destroy();
    await inTime("the end", closed.promise);
    assertEquals(done.slice(0, 2), end === "end" ? ["written", "closed"] : ["closed"]);
  }
});

Deno.test("a peer that is gone ends its stream, and nothing else", async () => {
  for (const side of ["read", "write"] as const) {
    const socket = fake(1);
    const gone = (): Promise<never> => Promise.reject(new Error("connection reset"));
    socket[side] = gone;
    const stream = socketStream(socket, new Yielder(1));
    const closed = new Promise((resolve) => stream.once("close", resolve));
    if (side === "read") stream.resume();
    else stream.write(new Uint8Array(1));
    await inTime("the end", closed);
    assertEquals([stream.destroyed, stream.errored?.message], [true, "connection reset"]);
  }
});
