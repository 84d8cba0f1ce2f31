/**
 * A client or a service that prepares its lines before the measurement. All lines of one kind have
 * the same length, so that it counts bytes instead of searching for newlines.
 *
 * @module
 */

import { decodeObject, encodeReply, encodeRequest } from "../wire/message.ts";
import { commands, options, report, run } from "./commands.ts";
import { type Address, line, link, open, readLine, readReply, writeAll } from "./wire.ts";

/** The options of the program. */
export interface PeerOptions extends Address {
  role: "client" | "service";
  /** The name of the service. */
  service: string;
}

/** A command to a client. */
export type Command = Measure | Probe;

/** Send requests as fast as possible. */
export interface Measure {
  task: "measure";
  /** The number of requests that are sent at once; the next ones follow when all are answered. */
  batch: number;
  /** The times of the warm-up and of the measurement, in milliseconds. */
  warmUp: number;
  duration: number;
}

/** Send one request at a time, until the next command. */
export interface Probe {
  task: "probe";
  /** The interval, in milliseconds. */
  every: number;
}

/** The figures of a client. */
export interface Measured {
  /** The number of answered requests. */
  requests: number;
  /** How long it took, in milliseconds. */
  time: number;
  /** The times of the batches, in milliseconds: median, 99th percentile and longest. */
  median: number;
  p99: number;
  longest: number;
}

/** The largest batch. */
const BATCH = 256;
const READ_SIZE = 256 * 1024;

/** The lines of two batches in a row, so that any batch is one contiguous part of them. */
function prepare(write: (uid: string) => string): Uint8Array {
  const lines = Array.from({ length: 2 * BATCH }, (_, i) => write(uidOf(i % BATCH)));
  return line(lines.join("\r\n"));
}

function uidOf(index: number): string {
  return String(index).padStart(3, "0");
}

/** A request like those of our Client, with room for a piece of the result. */
function requestOf(service: string, uid: string): string {
  const [args, kwargs] = [[2.5, 0.001], { channel: 1 }];
  const request = encodeRequest({ service, attribute: "measure_voltage", args, kwargs, uid });
  return `${request.slice(0, -1)},"parts":1}`;
}

/** Answers every line with the next reply. */
async function serve({ service, ...address }: PeerOptions): Promise<void> {
  const identity = { type: "service", name: service, attributes: {}, max_clients: -1 };
  const socket = await open(address, identity);
  report({ connected: true });
  const first = await readLine(socket);
  const requester = String(decodeObject(first).requester ?? "Client[localhost:54321]");
  const replies = prepare((uid) => encodeReply(requester, uid, 2.500371));
  const replyLength = replies.length / (2 * BATCH);
  const buffer = new Uint8Array(READ_SIZE);
  let next = 0;
  let surplus = first.length; // the bytes of requests that are not answered
  for (let size: number | null = 0; size !== null; size = await socket.read(buffer)) {
    surplus += size;
    const count = Math.floor(surplus / first.length);
    if (count === 0) continue;
    surplus -= count * first.length;
    await writeAll(socket, replies.subarray(next * replyLength, (next + count) * replyLength));
    next = (next + count) % BATCH;
  }
}

/** Sends the requests that the commands name. */
async function request({ service, ...address }: PeerOptions): Promise<void> {
  const socket = await open(address, { type: "client", name: "Client" });
  if (address.isManager) await link(socket, service);
  const requests = prepare((uid) => requestOf(service, uid));
  const requestLength = requests.length / (2 * BATCH);
  const buffer = new Uint8Array(READ_SIZE);
  // From the first request the service learns the requester, from its reply this peer the length.
  await writeAll(socket, requests.subarray(0, requestLength));
  const replyLength = (await readReply(socket)).length;
  let next = 1;

  /** Sends one batch, and reads its replies. */
  const exchange = async (count: number): Promise<void> => {
    await writeAll(socket, requests.subarray(next * requestLength, (next + count) * requestLength));
    next = (next + count) % BATCH;
    let missing = count * replyLength;
    while (missing > 0) {
      const size = await socket.read(buffer);
      if (size === null) throw new Error("the connection has ended");
      missing -= size;
    }
    if (missing < 0) throw new Error("there were more replies than requests");
  };

  /** Exchanges batches until `isOver`. The time of each counts from when the batch was due. */
  const exchangeUntil = async (
    isOver: () => boolean,
    batch: number,
    every = 0,
  ): Promise<Measured> => {
    const times: number[] = [];
    const start = performance.now();
    let now = start;
    for (let due = start; !isOver(); due += every) {
      let since = every > 0 ? due : now;
      if (now < due) {
        await new Promise((resolve) => setTimeout(resolve, due - now));
        since = performance.now(); // a late timer does not count for the server
      }
      await exchange(batch);
      now = performance.now();
      times.push(now - since);
    }
    return summarise(times, batch, now - start);
  };

  report({ connected: true });
  const inbox = commands<Command>();
  for await (const command of inbox) {
    if (command.task === "probe") {
      let isOver = false;
      inbox.next().then(() => isOver = true);
      report({ ...await exchangeUntil(() => isOver, 1, command.every) });
    } else {
      const { batch, warmUp, duration } = command;
      await exchangeUntil(after(warmUp), batch);
      report({ warm: true });
      report({ ...await exchangeUntil(after(duration), batch) });
    }
  }
}

/** A function that says whether a time, in milliseconds, has passed. */
function after(time: number): () => boolean {
  const end = performance.now() + time;
  return () => performance.now() >= end;
}

function summarise(times: number[], batch: number, time: number): Measured {
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)];
  return {
    requests: times.length * batch,
    time,
    median: at(0.5),
    p99: at(0.99),
    longest: times[times.length - 1],
  };
}

if (import.meta.main) {
  run(() => {
    const peer = options<PeerOptions>();
    if (peer.role === "client") return request(peer);
    serve(peer).catch((error) => report({ failure: error.message }));
    return (async () => {
      for await (const _command of commands()) {
        // Waits for the end of the input.
      }
    })();
  });
}
