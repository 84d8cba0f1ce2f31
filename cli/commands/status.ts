/**
 * The `status` command: the status of a Manager, for a person, a program or a health check.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { printLine } from "../../program/print.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
  timeOption,
} from "../connect_options.ts";
import type { ManagerStatus } from "../../wire/status.ts";
import { type Rates, ratesBetween } from "../../wire/status_rates.ts";
import { describeStatus } from "../status_report.ts";
import { type ClientSession, runSession } from "../client_session.ts";
import { encodeForTerminal } from "../../wire/printable_json.ts";
import { requestStatus } from "../requests.ts";

interface ParsedOptions extends ParsedConnectOptions {
  /** In milliseconds. */
  interval?: number;
  json?: boolean;
}

const DEFAULT_INTERVAL = 1_000;

/** The `status` command. */
export const STATUS: CommandSpec = {
  options: [
    ...connectOptions(),
    timeOption(
      "--interval",
      "the time in which messages and bytes are counted; 0 for no rates",
      DEFAULT_INTERVAL,
    ),
    { flag: "--json", description: "print one object of JSON" },
  ],
  run: (_, values) => showStatus(values as unknown as ParsedOptions),
};

async function showStatus(
  { interval = DEFAULT_INTERVAL, json, ...parsed }: ParsedOptions,
): Promise<void> {
  const { status, rates } = await runSession(
    readConnectOptions(parsed),
    "status",
    (session) => requestRates(session, interval),
  );
  printLine(json ? encodeForTerminal({ ...status, rates }) : describeStatus(status, rates));
}

/** The status; and the rates since an earlier one, unless the interval in milliseconds is 0. */
async function requestRates(
  session: ClientSession,
  interval: number,
): Promise<{ status: ManagerStatus; rates: Rates | null }> {
  const before = await requestStatus(session);
  if (interval === 0) return { status: before, rates: null };
  session.extendDeadline(interval);
  await delay(interval);
  const status = await requestStatus(session);
  return { status, rates: ratesBetween(before, status) };
}
