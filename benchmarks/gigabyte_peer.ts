/**
 * Our Client or Service with one value of a gigabyte of JSON, which goes one way: as an argument, as
 * a result, or as a value of a stream.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import { connect } from "../client.ts";
import type { ConnectOptions } from "../device/connect_options.ts";
import { Service } from "../service.ts";
import { commands, options, report, run } from "./commands.ts";
import { watchPauses } from "./pauses.ts";

/** What the value is: one array of numbers, or one of objects. */
export type Content = "numbers" | "objects";
/** How it travels. */
export type Way = "argument" | "result" | "stream";

/** The options of the program. */
export interface GigabytePeerOptions extends ConnectOptions {
  role: "client" | "service";
  content: Content;
  way: Way;
  /** The length of the value's JSON, in bytes. */
  size: number;
  /** The name by which the client knows the service. Default: `"Store"`. */
  service?: string;
}

/** The report of a call, times in milliseconds. */
export interface GigabyteReport {
  time: number;
  /** The longest pause of the event loop of the Client. */
  longest: number;
  /** Whether the receiver got the number of items, the first one and the last one. */
  isWhole: boolean;
}

/** The interval between readings of the clock, in milliseconds. */
const EVERY = 10;
/** The length of one number of the value, and of one object, each with its comma, in bytes. */
const NUMBER = "0.1234567890123456,".length;
const OBJECT = JSON.stringify(objectOf(0)).length + 1;

function numberOf(index: number): number {
  return (1e15 + (index * 7_919) % 8e15 * 10 + 1) / 1e16;
}

function objectOf(index: number): Record<string, unknown> {
  return { id: 1e7 + index, channel: "a1", voltage: 0.1234567890123456, settled: true, note: null };
}

function countOf(content: Content, size: number): number {
  return Math.floor(size / (content === "numbers" ? NUMBER : OBJECT));
}

function itemOf(content: Content, index: number): unknown {
  return content === "numbers" ? numberOf(index) : objectOf(index);
}

function make(content: Content, size: number): unknown[] {
  return Array.from({ length: countOf(content, size) }, (_, index) => itemOf(content, index));
}

/** What is compared of a value: the number of items, the first one, and the last one. */
function summaryOf(items: unknown[]): unknown[] {
  return [items.length, items[0], items.at(-1)];
}

/** The same of the value that was made. */
function expectedSummary(content: Content, size: number): unknown[] {
  const length = countOf(content, size);
  return [length, itemOf(content, 0), itemOf(content, length - 1)];
}

class Store extends Service {
  readonly #value: unknown[];

  constructor(value: unknown[]) {
    super();
    this.#value = value;
  }

  summarise(items: unknown[]): unknown[] {
    return summaryOf(items);
  }

  whole(): unknown[] {
    return this.#value;
  }

  *values(): Generator<unknown[]> {
    yield this.#value;
  }
}

async function serve({ content, way, size, ...address }: GigabytePeerOptions): Promise<void> {
  await using store = new Store(way === "argument" ? [] : make(content, size));
  await store.start(address);
  report({ connected: true });
  for await (const _command of commands()) {
    // Waits for the end of the input.
  }
}

async function request(
  { content, way, size, service = "Store", ...address }: GigabytePeerOptions,
): Promise<void> {
  await using client = await connect(address);
  const store = await client.link<Store>(service);
  const value = way === "argument" ? make(content, size) : [];
  report({ connected: true });
  const pauses = watchPauses(EVERY);
  for await (const _command of commands()) {
    pauses.longest();
    const start = performance.now();
    let summary: unknown[] = [];
    if (way === "argument") summary = await store.summarise(value);
    else if (way === "result") summary = summaryOf(await store.whole());
    else for await (const items of store.values()) summary = summaryOf(items);
    const time = performance.now() - start;
    const longest = pauses.longest();
    const isWhole = isDeepStrictEqual(summary, expectedSummary(content, size));
    report({ time, longest, isWhole });
  }
}

if (import.meta.main) {
  run(() => {
    const peer = options<GigabytePeerOptions>();
    return peer.role === "service" ? serve(peer) : request(peer);
  });
}
