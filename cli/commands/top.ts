/**
 * The `top` command: which services and clients do most, live at a terminal; once where there is none.
 *
 * @module
 */

import process from "node:process";
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { describeChange } from "../../device/connector.ts";
import { ConnectionAbortedError, RemoteError } from "../../errors.ts";
import { printLine } from "../../program/print.ts";
import { terminationSignal } from "../../program/signals.ts";
import { printable } from "../../base/printable.ts";
import type { ManagerStatus } from "../../wire/status.ts";
import { type RatesAt, StatusHistory } from "../../wire/status_history.ts";
import { readableTime } from "../../base/readable.ts";
import { type ClientSession, runSession } from "../client_session.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
  timeOption,
} from "../connect_options.ts";
import { requestStatus } from "../requests.ts";
import { isScreen, Screen } from "../screen.ts";
import { dim } from "../style.ts";
import { ENDLESS, SORT_KEYS, type SortKey, topLines } from "../top_table.ts";

interface ParsedOptions extends ParsedConnectOptions {
  /** In milliseconds. */
  interval?: number;
  sort?: SortKey;
}

const DEFAULT_INTERVAL = 1_000;
/** The shortest time between two statuses, in milliseconds: each costs the Manager some work. */
const LEAST_INTERVAL = 100;

/** How old a table may be that looks new, in milliseconds; at least three intervals. */
const LEAST_OLD = 2_000;

/** The keys that end it: `q`, Ctrl+C and Ctrl+D. */
const QUITS: ReadonlySet<string> = new Set(["q", "\x03", "\x04"]);
/** A key that is no character, e.g. an arrow, is sent as some characters after Escape. */
const NO_CHARACTER = new RegExp("\x1b(\\[[\\d;?]*[A-Za-z~]|O[A-Za-z])?", "g");

/** The `top` command. */
export const TOP: CommandSpec = {
  options: [
    ...connectOptions("how long connecting may take"),
    timeOption("--interval", "the time between two pictures", DEFAULT_INTERVAL, LEAST_INTERVAL),
    {
      flag: "--sort",
      placeholder: "<key>",
      description: "what comes first",
      choices: SORT_KEYS,
      byDefault: SORT_KEYS[0],
    },
  ],
  run: (_, values) => top(values as unknown as ParsedOptions),
};

async function top(
  { interval = DEFAULT_INTERVAL, sort = SORT_KEYS[0], ...parsed }: ParsedOptions,
): Promise<void> {
  const connecting = { ...readConnectOptions(parsed), reconnect: isScreen() };
  await runSession(
    connecting,
    "top",
    (session) => isScreen() ? live(session, interval, sort) : once(session, interval, sort),
  );
}

/** Prints one table, with the rates of the time between two statuses. */
async function once(session: ClientSession, interval: number, sort: SortKey): Promise<void> {
  const history = new StatusHistory();
  history.add(await requestStatus(session));
  session.extendDeadline(interval);
  await delay(interval);
  const status = await requestStatus(session);
  printLine(topLines(status, history.add(status), sort, ENDLESS).join("\n"));
}

/** Shows the table again and again, until `q` or a signal. */
async function live(session: ClientSession, interval: number, first: SortKey): Promise<void> {
  const { client } = session;
  session.removeDeadline();
  using termination = terminationSignal();
  const end = new AbortController();
  const signal = AbortSignal.any([termination.signal, end.signal]);
  let failure: Error | undefined;
  let problem = "";
  let sort = first;
  let latest: { status: ManagerStatus; rates: RatesAt; at: number } | undefined;

  using screen = new Screen((keys) => {
    for (const key of keys.replaceAll(NO_CHARACTER, "").toLowerCase()) {
      if (QUITS.has(key)) return end.abort();
      sort = SORT_KEYS.find((name) => name.startsWith(key)) ?? sort;
    }
    draw();
  });
  const draw = () => {
    if (signal.aborted) return;
    const { columns, rows } = screen.size;
    if (latest === undefined) {
      return screen.show(["Waiting for the Manager", "", printable(problem)].slice(-rows));
    }
    const lines = topLines(latest.status, latest.rates, sort, { columns, rows: rows - 2 });
    const age = performance.now() - latest.at;
    const isOld = problem !== "" || age > Math.max(LEAST_OLD, 3 * interval);
    const foot = isOld ? ageOf(age, problem || "the Manager does not answer") : helpOf(sort);
    const shown = isOld ? lines.map((line) => dim(line, process.stdout)) : lines;
    screen.show([...shown, "", printable(foot)].slice(-rows));
  };
  screen.onResize = draw;
  client.connectionHandler = (change) => {
    problem = change.state === "connected" ? "" : describeChange(change);
    draw();
  };
  client.shutdownHandler = (error) => {
    failure = error;
    end.abort();
  };

  const history = new StatusHistory();
  const clock = setInterval(draw, DEFAULT_INTERVAL); // a Manager that does not answer draws nothing
  const step = async () => {
    try {
      const status = await requestStatus(session);
      latest = { status, rates: history.add(status), at: performance.now() };
      draw();
    } catch (error) {
      if (!isEnd(error)) throw error;
    }
    await delay(interval, { signal });
  };
  try {
    draw();
    for (;;) await abortable(step(), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(clock);
  }
  if (failure !== undefined) throw failure;
}

/**
 * Whether the connection was lost before the answer, or the Manager shuts down: the next request waits
 * for the next connection.
 */
function isEnd(error: unknown): boolean {
  if (error instanceof ConnectionAbortedError) return true;
  const { cause } = error as Error;
  return cause instanceof RemoteError && cause.remoteName === "ConnectionAbortedError";
}

/** The last line of a table that is old. */
function ageOf(age: number, problem: string): string {
  return `as of ${readableTime(Math.round(age / 1_000))} ago; ${problem}`;
}

/** The last line: the keys. */
function helpOf(sort: SortKey): string {
  const keys = SORT_KEYS.map((name) => name === sort ? `[${name}]` : name).join(" ");
  return `q quits; first letter sorts: ${keys}`;
}
