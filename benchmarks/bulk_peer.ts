/**
 * A service that answers with one very long reply, or the client that requests it.
 *
 * @module
 */

import { decodeObject, encodeReply, encodeRequest } from "../wire/message.ts";
import { commands, options, report, run } from "./commands.ts";
import { type Address, line, link, open, readLine, writeAll } from "./wire.ts";

/** The options of the program. */
export interface BulkPeerOptions extends Address {
  role: "client" | "service";
  /** The length of the reply, in bytes. */
  size: number;
}

const CHUNK_SIZE = 1024 * 1024;
const SERVICE = "Bulk";

/** Answers every request with a string of that size. */
async function serve({ size, ...address }: BulkPeerOptions): Promise<void> {
  const identity = { type: "service", name: SERVICE, attributes: {}, max_clients: -1 };
  const socket = await open(address, identity);
  report({ connected: true });
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

/** Requests the reply for each command, and reports how long it took. */
async function request({ size, ...address }: BulkPeerOptions): Promise<void> {
  const socket = await open(address, { type: "client", name: "Bulk" });
  if (address.isManager) await link(socket, SERVICE);
  report({ connected: true });
  const buffer = new Uint8Array(CHUNK_SIZE);
  for await (const _command of commands()) {
    const [args, kwargs] = [[], {}];
    const start = performance.now();
    await writeAll(
      socket,
      line(encodeRequest({ service: SERVICE, attribute: "all", args, kwargs, uid: "1" })),
    );
    let received = 0;
    let isWhole = false;
    while (!isWhole) {
      const count = await socket.read(buffer);
      if (count === null) throw new Error(`the connection ended after ${received} bytes`);
      received += count;
      isWhole = buffer[count - 1] === 0x0a;
      if (isWhole && received < size) {
        throw new Error(`the answer was ${new TextDecoder().decode(buffer.subarray(0, count))}`);
      }
    }
    report({ bytes: received, time: performance.now() - start });
  }
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
