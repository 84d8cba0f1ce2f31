/**
 * The same as `caller.ts` without all that reads or writes a message: a client that writes a line and
 * waits for another one, over the sockets of our devices, and a service that answers each line with
 * another one, behind `relay.ts` or as the server itself. They find only the ends of lines. The lines
 * are as long as those of `caller.ts`.
 *
 * @module
 */

import { dial } from "../net/dial.ts";
import { listen } from "../net/listener.ts";
import type { Credentials } from "../net/credentials.ts";
import type { Transport } from "../net/transport.ts";
import { encodeReply, encodeRequest } from "../wire/message.ts";
import { commands, options, report, run } from "./commands.ts";
import { call } from "./workers.ts";
import { line, writeAll } from "./wire.ts";

/** The options of the program. */
export type LineCallerOptions =
  | { role: "client" | "service"; port: number; certFile?: string; disableTls?: boolean }
  | { role: "server"; credentials?: Credentials };

const NEWLINE = 0x0a;
const READ_SIZE = 4 * 1024;
const TIMEOUT = 10_000;

const request = encodeRequest({
  service: "Adder",
  attribute: "add",
  args: [12345, 0.5],
  kwargs: {},
  uid: "0123456789ab",
});
const REQUEST = line(`${request.slice(0, -1)},"parts":1}`);
const REPLY = line(encodeReply("Client[localhost:54321]", "0123456789ab", 12345.5));

/** Reads up to the end of a line. Gives the number of bytes; `undefined` at the end of the stream. */
async function readLine(socket: Transport, buffer: Uint8Array): Promise<number | undefined> {
  let length = 0;
  do {
    const size = await socket.read(buffer.subarray(length));
    if (size === null) return undefined;
    length += size;
  } while (buffer.lastIndexOf(NEWLINE, length - 1) === -1);
  return length;
}

/** Answers every line. */
async function answer(socket: Transport): Promise<void> {
  const buffer = new Uint8Array(READ_SIZE);
  while (await readLine(socket, buffer) !== undefined) await writeAll(socket, REPLY);
}

async function main(): Promise<void> {
  const caller = options<LineCallerOptions>();
  if (caller.role === "server") {
    const [listener] = listen(["127.0.0.1"], 0, caller.credentials);
    (async () => {
      for await (const socket of listener) answer(socket).catch(() => {}); // a peer that has left
    })();
    report({ port: listener.port });
  } else {
    const prompt = { text: refuse, secret: refuse, confirm: refuse };
    const socket = await dial({ host: "localhost", timeout: TIMEOUT, prompt, ...caller });
    report({ connected: true });
    if (caller.role === "client") return await exchange(socket);
    answer(socket).catch((error) => report({ failure: error.message }));
  }
  for await (const _command of commands()) {
    // Waits for the end of the input.
  }
}

function exchange(socket: Transport): Promise<void> {
  const buffer = new Uint8Array(READ_SIZE);
  return call(
    async () => {
      await writeAll(socket, REQUEST);
      return await readLine(socket, buffer);
    },
    () => REPLY.length,
  );
}

function refuse(): never {
  throw new Error("nothing can be asked in a benchmark");
}

if (import.meta.main) run(main);
