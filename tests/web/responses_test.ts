/** Answers over HTTP, with files that change while they are sent. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { Yielder } from "../../base/pause.ts";
import { send, sendFile, textContent } from "../../web/responses.ts";
import type { StaticFile } from "../../web/static_files.ts";
import { inTime } from "../support/until.ts";

/** A file that says that it has so many bytes, and has others. */
function fileOf(size: number, bytes: number): StaticFile & { isClosed: boolean } {
  let left = bytes;
  return {
    state: "file",
    type: "text/plain",
    size,
    isClosed: false,
    read(buffer) {
      const count = Math.min(left, buffer.length);
      buffer.fill(0x78, 0, count);
      left -= count;
      return Promise.resolve(count === 0 ? null : count);
    },
    [Symbol.dispose]() {
      this.isClosed = true;
    },
  };
}

/** The whole answer to one request, as it came. */
async function answered(
  answer: (response: ServerResponse) => Promise<void>,
  method = "GET",
): Promise<string> {
  const done = Promise.withResolvers<void>();
  const server = createServer((_request, response) => done.resolve(answer(response)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    using socket = await Deno.connect({ hostname: "127.0.0.1", port });
    await socket.write(new TextEncoder().encode(`${method} / HTTP/1.1\r\nHost: x\r\n\r\n`));
    const text = await inTime("the answer", readAll(socket));
    await inTime("the end of the answer", done.promise);
    return text;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function readAll(socket: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(100_000);
  try {
    for (let size; (size = await socket.read(buffer)) !== null;) {
      text += new TextDecoder().decode(buffer.subarray(0, size));
    }
  } catch {
    // It was cut off.
  }
  return text;
}

/** The length of the content that came, and the one that was said. */
function lengths(answer: string): [came: number, said: number] {
  const [head, content] = [answer.slice(0, answer.indexOf("\r\n\r\n")), answer];
  return [
    content.length - head.length - 4,
    Number(/^content-length: (\d+)/im.exec(head)?.[1]),
  ];
}

Deno.test("a file is sent whole, in pieces, and a HEAD request gets its length alone", async () => {
  const all = await answered((response) =>
    sendFile(response, 60_000, fileOf(300_000, 300_000), new Yielder(1))
  );
  assertEquals(lengths(all), [300_000, 300_000]);
  const head = await answered(
    (response) => sendFile(response, 60_000, fileOf(300_000, 300_000), new Yielder(1)),
    "HEAD",
  );
  assertEquals(lengths(head), [0, 300_000]);
});

Deno.test("a file that has grown is sent as it was, one that has shrunk is cut off", async () => {
  const grown = await answered((response) =>
    sendFile(response, 60_000, fileOf(100_000, 200_000), new Yielder(1))
  );
  assertEquals(lengths(grown), [100_000, 100_000]);
  const shrunk = await answered((response) =>
    sendFile(response, 60_000, fileOf(200_000, 70_000), new Yielder(1))
  );
  assertEquals(lengths(shrunk)[0] <= 70_000, true);
});

Deno.test("what a browser has already is said without a content", async () => {
  const content = { ...textContent("ok"), headers: { etag: '"1"' } };
  const unchanged = await answered((response) => send(response, 60_000, 304, content));
  assertMatch(unchanged, /^HTTP\/1\.1 304 /);
  assertMatch(unchanged, /\r\netag: "1"\r\n/i);
  assertEquals(lengths(unchanged), [0, NaN]);
});

Deno.test("a fast reader of a large file keeps nobody from the event loop", async () => {
  const SIZE = 1_000_000_000;
  let sent = 0;
  let served = Infinity;
  const response = new Writable({
    highWaterMark: SIZE * 2,
    write: (bytes: Uint8Array, _encoding, done) => {
      sent += bytes.length;
      done();
    },
  });
  const head: unknown[] = [];
  Object.assign(response, {
    writeHead: (...given: unknown[]) => head.push(...given),
    req: { method: "GET", socket: new PassThrough() },
  });
  const file: StaticFile = {
    state: "file",
    type: "application/octet-stream",
    size: SIZE,
    read: (buffer) => Promise.resolve(buffer.length),
    [Symbol.dispose]: () => {},
  };
  setTimeout(() => served = sent, 0);
  const sending = sendFile(response as unknown as ServerResponse, 60_000, file, new Yielder(1));
  await inTime("the file", sending);
  assertEquals([head[0], sent], [200, SIZE]);
  assert(served < SIZE / 2, `others waited for ${served} bytes`);
});
