/**
 * The `ping` command: measures the round trip to a Manager, or through it to a Service.
 *
 * It requests the identity of the Manager, which every Manager sends. Of a Service it requests
 * `max_clients`, a property of every Service: no method runs, and no Service logs that.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { printLine } from "../../program/print.ts";
import type { Client } from "../../client.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  countOption,
  type ParsedConnectOptions,
  readConnectOptions,
  timeOption,
} from "../connect_options.ts";
import { RemoteError } from "../../errors.ts";
import { terminationSignal } from "../../program/signals.ts";
import { runSession } from "../client_session.ts";
import { printable } from "../../base/printable.ts";
import { linkWith } from "../requests.ts";

interface ParsedOptions extends ParsedConnectOptions {
  count?: number;
  /** In milliseconds. */
  interval?: number;
  json?: boolean;
  quiet?: boolean;
}

const DEFAULT_COUNT = 5;
const DEFAULT_INTERVAL = 1_000;
/** A property of every Service. One in another language, or an old one of this package, may refuse. */
const PROPERTY = "max_clients";

/** The `ping` command. */
export const PING: CommandSpec = {
  options: [
    ...connectOptions("how long connecting, and each answer, may take"),
    countOption("how many round trips; 0 for any number, until Ctrl+C", DEFAULT_COUNT),
    timeOption("--interval", "the pause between two", DEFAULT_INTERVAL),
    { flag: "--json", description: "print one object of JSON, and nothing else" },
    { flag: "--quiet", short: "-q", description: "print the statistics, and not each round trip" },
  ],
  run: ([service], values) => ping(service, values as unknown as ParsedOptions),
};

async function ping(
  service: string | undefined,
  {
    count = DEFAULT_COUNT,
    interval = DEFAULT_INTERVAL,
    json = false,
    quiet = false,
    ...parsed
  }: ParsedOptions,
): Promise<void> {
  const connecting = readConnectOptions(parsed);
  const { timeout } = connecting;
  await runSession(connecting, "ping", async ({ client, signal, removeDeadline }) => {
    using termination = terminationSignal();
    const request = await requestFor(
      client,
      service,
      AbortSignal.any([signal, termination.signal]),
    );
    removeDeadline();
    const times: number[] = [];
    let sent = 0;
    try {
      while (count === 0 || sent < count) {
        if (sent > 0) await delay(interval, { signal: termination.signal });
        const start = performance.now();
        sent++;
        await request(timeout);
        const time = performance.now() - start;
        times.push(time);
        if (!json && !quiet) printLine(`${sent}: ${time.toFixed(3)} ms`);
      }
    } catch (error) {
      if (!termination.signal.aborted) throw error;
    } finally {
      const target = printable(service ?? `Manager at ${client.addressManager}`);
      printLine(
        json
          ? JSON.stringify({ sent, answered: times.length, ...statisticsOf(times) })
          : describeRoundTrips(target, sent, times),
      );
    }
  });
}

/** Sends a request and awaits the reply, for up to `timeout` milliseconds. */
type PingRequest = (timeout: number) => Promise<void>;

async function requestFor(
  client: Client,
  service: string | undefined,
  signal: AbortSignal,
): Promise<PingRequest> {
  if (service === undefined) {
    return async (timeout) => void await client.identities({ timeout, signal });
  }
  const link = await linkWith(client, service, signal);
  return async (timeout) => {
    try {
      await link.request(PROPERTY, { timeout, signal });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  };
}

/** Whether the reply came from the Service, which refuses the request. */
function isRefusal(error: unknown): boolean {
  return error instanceof RemoteError &&
    (error.remoteName === "PermissionError" || error.remoteName === "AttributeError");
}

/** Statistics of round trips, in milliseconds. */
export interface RoundTripStatistics {
  min_ms: number;
  avg_ms: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
}

/** The statistics of round trips in milliseconds; `null` if there are none. */
export function statisticsOf(times: readonly number[]): RoundTripStatistics | null {
  if (times.length === 0) return null;
  const sorted = times.toSorted((a, b) => a - b);
  // The smallest time that this part of the round trips does not exceed.
  const percentile = (part: number) => sorted[Math.ceil(part * sorted.length) - 1];
  return {
    min_ms: rounded(sorted[0]),
    avg_ms: rounded(times.reduce((sum, time) => sum + time, 0) / times.length),
    p50_ms: rounded(percentile(0.5)),
    p99_ms: rounded(percentile(0.99)),
    max_ms: rounded(sorted.at(-1)!),
  };
}

/** The statistics as text, in the form of ping(8). */
export function describeRoundTrips(
  target: string,
  sent: number,
  times: readonly number[],
): string {
  const statistics = statisticsOf(times);
  const lines = [`--- ${target} ---`, `${sent} sent, ${times.length} answered`];
  if (statistics !== null) {
    const { min_ms, avg_ms, p50_ms, p99_ms, max_ms } = statistics;
    const numbers = [min_ms, avg_ms, p50_ms, p99_ms, max_ms].map((time) => time.toFixed(3));
    lines.push(`min/avg/p50/p99/max = ${numbers.join("/")} ms`);
  }
  return lines.join("\n");
}

/** Rounds to a microsecond. */
function rounded(milliseconds: number): number {
  return Number(milliseconds.toFixed(3));
}
