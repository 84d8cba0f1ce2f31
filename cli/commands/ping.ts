/**
 * The `ping` command: how long the round trip to a Manager takes, or through it to a Service.
 *
 * A Manager is asked for its identity, which every Manager answers. A Service is asked for a private
 * attribute, which every Service refuses: no method of it runs.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { Command } from "commander";
import type { Client } from "../../client.ts";
import {
  addConnectOptions,
  countOption,
  type ParsedConnectOptions,
  readConnectOptions,
  timeOption,
} from "../connect_options.ts";
import { RemoteError } from "../../errors.ts";
import { linkWith } from "../named_service.ts";
import { describeRoundTrips, statisticsOf } from "../round_trips.ts";
import { interruption } from "../../program/signals.ts";
import { printable } from "../text_table.ts";
import { visit } from "../client_session.ts";

interface ParsedOptions extends ParsedConnectOptions {
  count?: number;
  /** In milliseconds. */
  interval?: number;
  json?: boolean;
  quiet?: boolean;
}

const DEFAULT_COUNT = 5;
const DEFAULT_INTERVAL = 1_000;
/** What no Service has. */
const PRIVATE = "_ping";

/** Adds `ping` to the program. */
export function addPing(program: Command): void {
  addConnectOptions(program.command("ping"), "how long connecting, and each answer, may take")
    .description("Measure the round trip to the Manager, or to a Service")
    .argument("[service]", "the name of a Service")
    .addOption(countOption("how many round trips; 0 for any number, until Ctrl+C", DEFAULT_COUNT))
    .addOption(timeOption("--interval", "the pause between two", DEFAULT_INTERVAL))
    .option("--json", "print one object of JSON, and nothing else")
    .option("-q, --quiet", "print the statistics, and not each round trip")
    .action(ping);
}

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
  await visit(connecting, "ping", async ({ client, signal, takeAnyTime }) => {
    using interrupt = interruption();
    const ask = await questionFor(client, service, AbortSignal.any([signal, interrupt.signal]));
    takeAnyTime();
    const times: number[] = [];
    let sent = 0;
    try {
      while (count === 0 || sent < count) {
        if (sent > 0) await delay(interval, { signal: interrupt.signal });
        const start = performance.now();
        sent++;
        await ask(timeout);
        const time = performance.now() - start;
        times.push(time);
        if (!json && !quiet) console.log(`${sent}: ${time.toFixed(3)} ms`);
      }
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
    } finally {
      const whom = printable(service ?? `Manager at ${client.addressManager}`);
      console.log(
        json
          ? JSON.stringify({ sent, answered: times.length, ...statisticsOf(times) })
          : describeRoundTrips(whom, sent, times),
      );
    }
  });
}

/** Sends something that is answered, and waits for the answer so long, in milliseconds. */
type Question = (timeout: number) => Promise<void>;

async function questionFor(
  client: Client,
  service: string | undefined,
  signal: AbortSignal,
): Promise<Question> {
  if (service === undefined) {
    return async (timeout) => void await client.identities({ timeout, signal });
  }
  const link = await linkWith(client, service, signal);
  return async (timeout) => {
    try {
      await link.request(PRIVATE, { timeout, signal });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  };
}

/** Whether it is the Service that refuses. */
function isRefusal(error: unknown): boolean {
  return error instanceof RemoteError &&
    (error.remoteName === "PermissionError" || error.remoteName === "AttributeError");
}
