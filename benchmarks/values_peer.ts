/**
 * Our Client or Service with large values, in a process that watches how long its event loop
 * stands still.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import { connect } from "../client.ts";
import type { ConnectOptions } from "../device/device.ts";
import { Service } from "../service.ts";
import { options, orders, run, tell } from "./orders.ts";

/** What a large value may be: one array of numbers, many of them, or one text. */
export type Form = "array" | "rows" | "text";

/** How it is started. */
export interface ValuesPeerOptions extends ConnectOptions {
  role: "caller" | "pinger" | "service";
  /** What the value is; for the caller. */
  form: Form;
  /** How long the JSON text of the value is, in bytes; for the caller. */
  size: number;
}

/** What a caller is told to do: call with the value, or tell what only its JSON and a copy take. */
export interface ValuesOrder {
  task: "call" | "json" | "ping" | "stop";
}

/** How often a ping is sent, and how often the clock is looked at, in milliseconds. */
const EVERY = 5;
/** How long every number of the value is, with its comma, in bytes. */
const NUMBER = "0.1234567890123456,".length;
/** How many numbers a row has. */
const ROW = 10_000;

class Store extends Service {
  echo(value: unknown): unknown {
    return value;
  }

  ping(): boolean {
    return true;
  }
}

/** Watches how long the event loop stands still. */
function watchPauses(): { longest(): number } {
  let last = performance.now();
  let longest = 0;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - EVERY);
    last = now;
  };
  setInterval(look, EVERY);
  return {
    longest() {
      look();
      const since = longest;
      longest = 0;
      return since;
    },
  };
}

/** Numbers as a voltmeter gives them, all of the same length. */
function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (1e15 + (i * 7_919) % 8e15 * 10 + 1) / 1e16);
}

/** How a value of each form is made and copied. */
const FORMS: Record<Form, { make(size: number): unknown; copy(value: never): void }> = {
  array: {
    make: (size) => numbers(Math.floor(size / NUMBER)),
    copy: (value: number[]) => value.slice(),
  },
  rows: {
    make: (size) => Array.from({ length: Math.floor(size / NUMBER / ROW) }, () => numbers(ROW)),
    copy: (value: number[][]) => value.map((row) => row.slice()),
  },
  text: {
    make: (size) => "x".repeat(size),
    copy: (value: string) => `${value}.`.charCodeAt(0), // which the engine puts off until here
  },
};

async function serve(place: ConnectOptions): Promise<void> {
  const pauses = watchPauses();
  await using store = new Store();
  await store.start(place);
  tell({ connected: true });
  for await (const _order of orders()) tell({ longest: pauses.longest() });
}

async function ask(form: Form, size: number, place: ConnectOptions): Promise<void> {
  const pauses = watchPauses();
  await using client = await connect(place);
  const store = await client.link<Store>("Store");
  const value = FORMS[form].make(size);
  tell({ connected: true });
  const inbox = orders<ValuesOrder>();
  for await (const { task } of inbox) {
    const start = performance.now();
    if (task === "call") {
      pauses.longest();
      const result = await store.echo(value);
      const figures = { time: performance.now() - start, longest: pauses.longest() };
      if (!isDeepStrictEqual(result, value)) throw new Error("another value came back");
      tell(figures);
    } else if (task === "json") {
      JSON.parse(JSON.stringify(value));
      const time = performance.now() - start;
      FORMS[form].copy(value as never);
      tell({ time, copy: performance.now() - start - time });
    } else {
      let isOver = false;
      inbox.next().then(() => isOver = true);
      let longest = 0;
      while (!isOver) {
        const before = performance.now();
        await store.ping();
        longest = Math.max(longest, performance.now() - before);
        await new Promise((resolve) => setTimeout(resolve, EVERY));
      }
      tell({ longest });
    }
  }
}

if (import.meta.main) {
  run(() => {
    const { role, form, size, ...place } = options<ValuesPeerOptions>();
    return role === "service" ? serve(place) : ask(form, role === "caller" ? size : 0, place);
  });
}
