/**
 * The `log` command: the last records of a Manager's log, and those that follow, for an administrator.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { printable } from "../../base/printable.ts";
import { isoTime } from "../../base/time_text.ts";
import { describeChange } from "../../device/connector.ts";
import { ConnectionAbortedError, RemoteError, ValueError } from "../../errors.ts";
import { print } from "../../program/print.ts";
import { terminationSignal } from "../../program/signals.ts";
import { options } from "../../wire/call.ts";
import {
  isAtLeast,
  isLogEntries,
  LOG_LEVELS,
  LogCursor,
  type LogEntry,
  type NewEntries,
} from "../../wire/log_entries.ts";
import { type ClientSession, runSession } from "../client_session.ts";
import type { CommandSpec } from "../command_spec.ts";
import {
  connectOptions,
  type ParsedConnectOptions,
  readConnectOptions,
} from "../connect_options.ts";
import { dim } from "../style.ts";
import { encodeForTerminal } from "../../wire/printable_json.ts";

interface ParsedOptions extends ParsedConnectOptions {
  follow?: boolean;
  level: typeof LOG_LEVELS[number];
  json?: boolean;
}

/** How often the log is requested while it is followed, in milliseconds. */
const INTERVAL = 1_000;

/** The `log` command. */
export const LOG: CommandSpec = {
  options: [
    ...connectOptions(),
    {
      flag: "--follow",
      short: "-f",
      description: "print what is logged from now on too, until Ctrl+C",
    },
    {
      flag: "--level",
      placeholder: "<level>",
      description: "leave out the records below this level",
      choices: LOG_LEVELS,
      byDefault: "debug",
    },
    { flag: "--json", description: "print each record as one object of JSON" },
  ],
  run: (_, values) => printLog(values as unknown as ParsedOptions),
};

async function printLog({ follow = false, level, json, ...parsed }: ParsedOptions): Promise<void> {
  const format = json ? formatJson : formatLine;
  const connecting = { ...readConnectOptions(parsed), reconnect: follow };
  await runSession(connecting, "log", async (session) => {
    const { client } = session;
    using termination = terminationSignal();
    const interrupted = termination.signal;
    let isLost = false;
    client.shutdownHandler = () => isLost = true;
    client.connectionHandler = (change) => console.error(dim(printable(describeChange(change))));
    const cursor = new LogCursor();
    do {
      const entries = await newEntries(session, cursor).catch((error) => {
        // It comes back. What was logged meanwhile is in the next reply.
        if (follow && error instanceof ConnectionAbortedError && !isLost) return undefined;
        throw error;
      });
      if (entries !== undefined) {
        if (entries.missed > 0) console.error(dim(`${entries.missed} records were missed`));
        const shown = entries.records.filter((record) => isAtLeast(record.level, level));
        if (!print(shown.map(format).join(""))) return; // nobody reads it any more
        session.removeDeadline();
      }
      if (follow) await delay(INTERVAL, { signal: interrupted }).catch(() => {});
    } while (follow && !interrupted.aborted);
  }, { isAdministrator: true });
}

/** The records that are new. */
async function newEntries(session: ClientSession, cursor: LogCursor): Promise<NewEntries> {
  const { client, signal } = session;
  for (;;) {
    const manager = `The Manager at ${client.host}:${client.port}`;
    let reply: unknown;
    try {
      reply = await client.adminRequest("log", cursor.after, options({ signal }));
    } catch (cause) {
      if (!(cause instanceof RemoteError)) throw cause;
      const isUnknown = cause.remoteName === "AttributeError";
      const text = isUnknown
        ? `${manager} does not know "log": only one of this package does`
        : `${manager} refuses: ${cause.message}`;
      throw new ValueError(text, { cause });
    }
    if (!isLogEntries(reply)) throw new ValueError(`${manager} answered "log" with something else`);
    const entries = cursor.take(reply);
    if (entries !== undefined) return entries;
  }
}

/** A record as the log has it. */
function formatLine({ time, level, logger, message }: LogEntry): string {
  const at = isoTime(time).replace("T", " ").replace("Z", " +00:00");
  return `${at} [${printable(level).toUpperCase()}] ${printable(logger)}: ${printable(message)}\n`;
}

function formatJson({ number, time, level, logger, message }: LogEntry): string {
  return `${encodeForTerminal({ number, time: isoTime(time), level, logger, message })}\n`;
}
