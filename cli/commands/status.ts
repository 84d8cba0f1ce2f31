/**
 * The `status` command: how a Manager is, for a person, a program or a health check.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { Command } from "commander";
import {
  addConnectOptions,
  type CommandConnectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
  timeOption,
} from "../connect_options.ts";
import type { ManagerStatus } from "../../wire/status.ts";
import { askStatus } from "../status_request.ts";
import { describeStatus, type Rates, ratesBetween } from "../status_report.ts";
import { encodeForTerminal } from "../typed_call.ts";
import { type Visit, visit } from "../client_session.ts";

interface ParsedOptions extends ParsedConnectOptions {
  /** In milliseconds. */
  interval?: number;
  json?: boolean;
}

const DEFAULT_INTERVAL = 1_000;

/** Adds `status` to the program. */
export function addStatus(program: Command): void {
  addConnectOptions(program.command("status"))
    .description("Show how a Manager is; the exit code is 0 if it answers")
    .addOption(
      timeOption(
        "--interval",
        "the time in which messages and bytes are counted; 0 for no rates",
        DEFAULT_INTERVAL,
      ),
    )
    .option("--json", "print one object of JSON")
    .action(async ({ interval = DEFAULT_INTERVAL, json, ...parsed }: ParsedOptions) => {
      const connecting = readConnectOptions(parsed);
      const { status, rates } = await visit(
        connecting,
        "status",
        (visit) => ask(connecting, visit, interval),
      );
      console.log(json ? encodeForTerminal({ ...status, rates }) : describeStatus(status, rates));
    });
}

/** The status, and the rates if there is an interval between two of them. */
async function ask(
  connecting: CommandConnectOptions,
  visit: Visit,
  interval: number,
): Promise<{ status: ManagerStatus; rates: Rates | null }> {
  const before = await askStatus(connecting, visit);
  if (interval === 0) return { status: before, rates: null };
  visit.extend(interval);
  await delay(interval);
  const status = await askStatus(connecting, visit);
  return { status, rates: ratesBetween(before, status) };
}
