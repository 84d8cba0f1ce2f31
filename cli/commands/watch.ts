/**
 * The `watch` command: prints the notifications of a Service as they arrive.
 *
 * @module
 */

import { CancelledError } from "../../errors.ts";
import type { NotificationFiles } from "../notification_files.ts";
import { print } from "../../program/print.ts";
import { splitArguments } from "../../wire/call.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  countOption,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
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
  out?: string;
  quiet?: boolean;
}

/** The `watch` command. */
export const WATCH: CommandSpec = {
  options: [
    ...connectOptions("how long connecting may take"),
    countOption("end after so many notifications; 0 for never", 0),
    { flag: "--json", description: "print each as one object of JSON: time, args and kwargs" },
    {
      flag: "--csv",
      description: "print rows of a table: time, arg1, arg2, ... and the names of the others",
      conflicts: ["json"],
    },
    {
      flag: "--out",
      placeholder: "<file>",
      description: "also write each array of numbers as a file of NumPy, .npy: FILE-000001.npy ...",
    },
    {
      flag: "--quiet",
      short: "-q",
      description: "do not tell when it begins, and when the connection is lost and back",
    },
  ],
  run: ([service], values) => watch(service, values as unknown as ParsedOptions),
};

async function watch(
  service: string,
  { count = 0, csv = false, json = false, out, quiet = false, ...parsed }: ParsedOptions,
): Promise<void> {
  const format = csv ? csvFormat() : json ? formatJson : formatLine;
  const files = out === undefined ? undefined : await notificationFiles(out);
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
      const isLast = ++seen === count;
      const time = new Date(link.notificationTime ?? Date.now());
      const show = () => {
        let text = "";
        try {
          text = format(parameters, time);
        } catch (error) { // the next one may be another
          console.error(printable(`Cannot show a notification: ${(error as Error).message}`));
        }
        try {
          if (!print(text) || isLast) end();
        } catch (error) {
          fail(error); // e.g. the disk is full
        }
      };
      if (files === undefined) return show();
      files.write(parameters).then(show, (error) => {
        if (error instanceof CancelledError) return end();
        fail(error);
        show(); // what has come is not lost
      });
    };
    if (!quiet) console.error(dim(`Watching ${printable(service)}`));
    try {
      await ended;
    } finally {
      link.notificationHandler = undefined;
      await files?.settled();
      if (!quiet && files !== undefined) console.error(dim(printable(files.report)));
    }
    if (client.isConnected()) await link.unlink();
  });
}

/** The files for `--out`, whose modules are loaded for it. */
async function notificationFiles(file: string): Promise<NotificationFiles> {
  const { NotificationFiles } = await import("../notification_files.ts");
  return await NotificationFiles.open(file);
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
