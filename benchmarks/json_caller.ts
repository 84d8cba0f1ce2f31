/**
 * The least that a client, a service and a server between them do with JSON, over the sockets of ours:
 * the client makes a request with a uid, keeps it in a map and awaits a promise, the server parses
 * each line, adds the requester or finds it again, and writes the line anew, the service parses a
 * request and calls its function. Nothing is checked, and nothing else can be requested.
 *
 * @module
 */

import { dial } from "../net/dial.ts";
import { listen } from "../net/listener.ts";
import type { Credentials } from "../net/credentials.ts";
import type { Transport } from "../net/transport.ts";
import { commands, options, report, run } from "./commands.ts";
import { call } from "./workers.ts";
import { writeAll } from "./wire.ts";

/** The options of the program. */
export type JsonCallerOptions =
  | { role: "client" | "service"; port: number; certFile?: string; disableTls?: boolean }
  | { role: "server"; credentials?: Credentials };

/** A message, of the form of ours. */
interface Message {
  error: boolean;
  service?: string;
  requester?: string;
  uid: string;
  attribute?: string;
  args?: number[];
  kwargs?: Record<string, unknown>;
  result?: unknown;
}

const NEWLINE = 0x0a;
const READ_SIZE = 4 * 1024;
const TIMEOUT = 10_000;
const SERVICE = "Adder";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Calls a function with each message that comes. No message is longer than the buffer. */
async function receive(socket: Transport, take: (message: Message) => void): Promise<void> {
  const buffer = new Uint8Array(READ_SIZE);
  let kept = 0;
  for (let size; (size = await socket.read(buffer.subarray(kept))) !== null;) {
    const filled = buffer.subarray(0, kept + size);
    let start = 0;
    for (let end; (end = filled.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
      take(JSON.parse(decoder.decode(filled.subarray(start, end))));
    }
    buffer.copyWithin(0, start, filled.length);
    kept = filled.length - start;
  }
}

/** Sends a message. There is one at a time. */
function send(socket: Transport, message: Message): void {
  writeAll(socket, encoder.encode(`${JSON.stringify(message)}\r\n`));
}

/** Sends requests to the service, and replies to their client. */
function serve(credentials: Credentials | undefined): number {
  const [listener] = listen(["127.0.0.1"], 0, credentials);
  let service: Transport | undefined;
  const pending = new Map<string, Transport>();
  (async () => {
    for await (const socket of listener) {
      const requester = `Client[localhost:${socket.remote.port}]`;
      receive(socket, (message) => {
        if (message.attribute === "identity") {
          service = socket;
        } else if (message.service === SERVICE) {
          message.requester = requester;
          pending.set(`${requester}:${message.uid}`, socket);
          send(service!, message);
        } else {
          const key = `${message.requester}:${message.uid}`;
          const client = pending.get(key)!;
          pending.delete(key);
          send(client, message);
        }
      }).catch(() => {}); // a peer that has left
    }
  })();
  return listener.port;
}

function answer(socket: Transport): void {
  const methods: Record<string, (...args: number[]) => unknown> = { add: (x, y) => x + y };
  receive(socket, ({ requester, uid, attribute, args }) => {
    const result = methods[attribute!](...args!);
    send(socket, { error: false, requester, uid, result });
  }).catch((error) => report({ failure: error.message }));
  send(socket, { error: false, uid: "", attribute: "identity" });
}

function caller(socket: Transport): (x: number, y: number) => Promise<unknown> {
  const pending = new Map<string, (result: unknown) => void>();
  receive(socket, ({ uid, result }) => {
    const resolve = pending.get(uid)!;
    pending.delete(uid);
    resolve(result);
  }).catch((error) => report({ failure: error.message }));
  let count = 100_000_000_000; // uids as long as ours
  return (x, y) => {
    const uid = `${count++}`;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    pending.set(uid, resolve);
    send(socket, {
      error: false,
      service: SERVICE,
      uid,
      attribute: "add",
      args: [x, y],
      kwargs: {},
    });
    return promise;
  };
}

async function main(): Promise<void> {
  const given = options<JsonCallerOptions>();
  if (given.role === "server") {
    report({ port: serve(given.credentials) });
  } else {
    const prompt = { text: refuse, secret: refuse, confirm: refuse };
    const socket = await dial({ host: "localhost", timeout: TIMEOUT, prompt, ...given });
    if (given.role === "service") answer(socket);
    report({ connected: true });
    if (given.role === "client") return await call(caller(socket));
  }
  for await (const _command of commands()) {
    // Waits for the end of the input.
  }
}

function refuse(): never {
  throw new Error("nothing can be asked in a benchmark");
}

if (import.meta.main) run(main);
