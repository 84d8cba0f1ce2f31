/**
 * Our Client or Service with large values, in a process that measures how long its event loop is
 * blocked.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import { connect } from "../client.ts";
import type { ConnectOptions } from "../device/connect_options.ts";
import { Service } from "../service.ts";
import { commands, options, report, run } from "./commands.ts";
import { watchPauses } from "./pauses.ts";

/** The form of a large value: one array of numbers, many such arrays, or one text. */
export type Form = "array" | "rows" | "text";

/** The options of the program. */
export interface ValuesPeerOptions extends ConnectOptions {
  role: "caller" | "pinger" | "service";
  /** The form of the value; for the caller. */
  form: Form;
  /** The length of the value's JSON, in bytes; for the caller. */
  size: number;
}

/** A command to a caller: call with the value, measure only its JSON and a copy, or send pings. */
export interface ValuesCommand {
  task: "call" | "json" | "ping" | "stop";
}

/** The interval between pings, and between readings of the clock, in milliseconds. */
const EVERY = 5;
/** The length of every number of the value, with its comma, in bytes. */
const NUMBER = "0.1234567890123456,".length;
/** The number of numbers in a row. */
const ROW = 10_000;

class Store extends Service {
  echo(value: unknown): unknown {
    return value;
  }

  ping(): boolean {
    return true;
  }
}

/** Numbers like those of a voltmeter, all of the same length. */
function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (1e15 + (i * 7_919) % 8e15 * 10 + 1) / 1e16);
}

/** Makes and copies a value of each form. */
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
    copy: (value: string) => `${value}.`.charCodeAt(0), // until then the engine defers the copy
  },
};

async function serve(address: ConnectOptions): Promise<void> {
  const pauses = watchPauses(EVERY);
  await using store = new Store();
  await store.start(address);
  report({ connected: true });
  for await (const _command of commands()) report({ longest: pauses.longest() });
}

async function request(form: Form, size: number, address: ConnectOptions): Promise<void> {
  const pauses = watchPauses(EVERY);
  await using client = await connect(address);
  const store = await client.link<Store>("Store");
  const value = FORMS[form].make(size);
  report({ connected: true });
  const inbox = commands<ValuesCommand>();
  for await (const { task } of inbox) {
    const start = performance.now();
    if (task === "call") {
      pauses.longest();
      const result = await store.echo(value);
      const figures = { time: performance.now() - start, longest: pauses.longest() };
      if (!isDeepStrictEqual(result, value)) throw new Error("the result is another value");
      report(figures);
    } else if (task === "json") {
      JSON.parse(JSON.stringify(value));
      const time = performance.now() - start;
      FORMS[form].copy(value as never);
      report({ time, copy: performance.now() - start - time });
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
      report({ longest });
    }
  }
}

if (import.meta.main) {
  run(() => {
    const { role, form, size, ...address } = options<ValuesPeerOptions>();
    return role === "service"
      ? serve(address)
      : request(form, role === "caller" ? size : 0, address);
  });
}
