/** Answers to a reader that takes everything at once. */

import { assert, assertEquals } from "@std/assert";
import type { ServerResponse } from "node:http";
import { PassThrough, Writable } from "node:stream";
import { Yielder } from "../../base/pause.ts";
import { sendFile } from "../../web/responses.ts";
import type { StaticFile } from "../../web/static_files.ts";
import { inTime } from "../support/until.ts";

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
