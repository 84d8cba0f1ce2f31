/**
 * A client or a service whose lines are written before anything is measured. All lines of one kind
 * have the same length, so that neither has to look for their ends: it counts bytes.
 *
 * @module
 */

import { decodeObject, encodeReply, encodeRequest } from "../wire/message.ts";
import { options, orders, run, tell } from "./orders.ts";
import { line, link, open, type Place, readLine, readReply, writeAll } from "./wire.ts";

/** How a peer is started. */
export interface PeerOptions extends Place {
  role: "client" | "service";
  /** The name of the service. */
  service: string;
}

/** What a client is told to do. */
export type Order = Measure | Probe;

/** Request as fast as it can be done. */
export interface Measure {
  task: "measure";
  /** How many requests are sent at once; the next ones follow when all are answered. */
  batch: number;
  /** How long to do it before it counts, and while it counts, in milliseconds. */
  warmUp: number;
  duration: number;
}

/** Request one thing at a time, until it is told anything. */
export interface Probe {
  task: "probe";
  /** How often, in milliseconds. */
  every: number;
}

/** What a client has measured. */
export interface Measured {
  /** How many requests were answered. */
  requests: number;
  /** How long it took, in milliseconds. */
  time: number;
  /** How long the batches took, in milliseconds: half of them no longer than the first. */
  median: number;
  p99: number;
  longest: number;
}

/** The largest batch. */
const BATCH = 256;
const READ_SIZE = 256 * 1024;

/** The lines of two batches, one after the other, so that any batch is one piece of them. */
function prepare(write: (uid: string) => string): Uint8Array {
  const lines = Array.from({ length: 2 * BATCH }, (_, i) => write(uidOf(i % BATCH)));
  return line(lines.join("\r\n"));
}

function uidOf(index: number): string {
  return String(index).padStart(3, "0");
}

function requestOf(service: string, uid: string): string {
  const [args, kwargs] = [[2.5, 0.001], { channel: 1 }];
  return encodeRequest({ service, attribute: "measure_voltage", args, kwargs, uid });
}

/** Answers every line with the next reply. */
async function serve({ service, ...place }: PeerOptions): Promise<void> {
  const identity = { type: "service", name: service, attributes: {}, max_clients: -1 };
  const socket = await open(place, identity);
  tell({ connected: true });
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

/** Sends requests as it is told to. */
async function request({ service, ...place }: PeerOptions): Promise<void> {
  const socket = await open(place, { type: "client", name: "Client" });
  if (place.isManager) await link(socket, service);
  const requests = prepare((uid) => requestOf(service, uid));
  const requestLength = requests.length / (2 * BATCH);
  const buffer = new Uint8Array(READ_SIZE);
  // The first request tells the service who asks, and this peer how long a reply is.
  await writeAll(socket, requests.subarray(0, requestLength));
  const replyLength = (await readReply(socket)).length;
  let next = 1;

  /** One batch, there and back. */
  const exchange = async (count: number): Promise<void> => {
    await writeAll(socket, requests.subarray(next * requestLength, (next + count) * requestLength));
    next = (next + count) % BATCH;
    let missing = count * replyLength;
    while (missing > 0) {
      const size = await socket.read(buffer);
      if (size === null) throw new Error("the connection has ended");
      missing -= size;
    }
    if (missing < 0) throw new Error("more was answered than was asked");
  };

  /** Batches until something is over. Each time counts from when the batch was due. */
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
        since = performance.now(); // a timer that is late is no fault of the server
      }
      await exchange(batch);
      now = performance.now();
      times.push(now - since);
    }
    return summarise(times, batch, now - start);
  };

  tell({ connected: true });
  const inbox = orders<Order>();
  for await (const order of inbox) {
    if (order.task === "probe") {
      let isOver = false;
      inbox.next().then(() => isOver = true);
      tell({ ...await exchangeUntil(() => isOver, 1, order.every) });
    } else {
      const { batch, warmUp, duration } = order;
      await exchangeUntil(after(warmUp), batch);
      tell({ warm: true });
      tell({ ...await exchangeUntil(after(duration), batch) });
    }
  }
}

/** Whether a time, in milliseconds, is over. */
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
    serve(peer).catch((error) => tell({ failure: error.message }));
    return (async () => {
      for await (const _order of orders()) {
        // There are none but to end.
      }
    })();
  });
}
