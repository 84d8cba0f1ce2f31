/**
 * The `watch` command: prints the notifications of a Service as they arrive.
 *
 * @module
 */

import { print } from "../../program/print.ts";
import { type Command, Option } from "commander";
import { splitArguments } from "../../wire/call.ts";
import { addConnectOptions, commanderOption } from "../commander_options.ts";
import { countOption, type ParsedConnectOptions, readConnectOptions } from "../connect_options.ts";
import { describeChange } from "../../device/connector.ts";
import { terminationSignal } from "../../program/signals.ts";
import { runSession } from "../client_session.ts";
import { formatArguments } from "../../client/call_syntax.ts";
import { SUMMARIES } from "../array_summary.ts";
import { dim } from "../style.ts";
import { encodeForTerminal } from "../../wire/printable_json.ts";
import { printable } from "../../base/printable.ts";
import { linkWith } from "../requests.ts";
import { NotificationTable } from "../csv.ts";

interface ParsedOptions extends ParsedConnectOptions {
  count?: number;
  csv?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** Adds `watch` to the program. */
export function addWatch(program: Command): void {
  addConnectOptions(program.command("watch"), "how long connecting may take")
    .description("Print the notifications of a Service as they come, until Ctrl+C")
    .argument("<service>", "the name of the Service")
    .addOption(commanderOption(countOption("end after so many notifications; 0 for never", 0)))
    .option("--json", "print each as one object of JSON: time, args and kwargs")
    .addOption(
      new Option(
        "--csv",
        "print rows of a table: time, arg1, arg2, ... and the names of the others",
      )
        .conflicts("json"),
    )
    .option("-q, --quiet", "do not tell when it begins, and when the connection is lost and back")
    .action(watch);
}

async function watch(
  service: string,
  { count = 0, csv = false, json = false, quiet = false, ...parsed }: ParsedOptions,
): Promise<void> {
  const format = csv ? csvFormat() : json ? formatJson : formatLine;
  const connecting = { ...readConnectOptions(parsed), reconnect: true };
  await runSession(connecting, "watch", async ({ client, signal, removeDeadline }) => {
    const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
    client.shutdownHandler = (error) => error ? fail(error) : end();
    client.connectionHandler = (change) => {
      if (!quiet) console.error(dim(printable(describeChange(change))));
    };
    const link = await linkWith(client, service, signal);
    removeDeadline();
    using termination = terminationSignal();
    termination.signal.addEventListener("abort", () => end());
    let seen = 0;
    link.notificationHandler = (...parameters) => {
      if (count > 0 && seen === count) return;
      seen++;
      let text: string;
      try {
        text = format(parameters, new Date(link.notificationTime ?? Date.now()));
      } catch (error) { // the next one may be another
        text = "";
        console.error(printable(`Cannot show a notification: ${(error as Error).message}`));
      }
      try {
        if (!print(text) || seen === count) end();
      } catch (error) {
        fail(error); // e.g. the disk is full
      }
    };
    if (!quiet) console.error(dim(`Watching ${printable(service)}`));
    await ended;
    link.notificationHandler = undefined;
    if (client.isConnected()) await link.unlink();
  });
}

/** A notification as one line. */
function formatLine(parameters: readonly unknown[]): string {
  const { args, kwargs } = splitArguments(parameters);
  return `${formatArguments(args, kwargs, SUMMARIES)}\n`;
}

function formatJson(parameters: readonly unknown[], time: Date): string {
  const { args, kwargs } = splitArguments(parameters);
  return `${encodeForTerminal({ time, args, kwargs })}\n`;
}

function csvFormat(): (parameters: readonly unknown[], time: Date) => string {
  const table = new NotificationTable(Deno.stdout.isTerminal());
  return (parameters, time) => {
    const { args, kwargs } = splitArguments(parameters);
    return table.write(time, args, kwargs);
  };
}
