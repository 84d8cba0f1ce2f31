/**
 * How a connection ended: in words for an error message, and as the content of a log record.
 *
 * @module
 */

import { literal, type RecordContent } from "../base/log.ts";
import type { OutboxEnd } from "./outbox.ts";
import { formatDuration } from "../base/units.ts";

/**
 * How a connection ended. The Manager counts the ends by their `state` and shows the counts in its
 * `status`.
 *
 * - `left`: the peer closed it;
 * - `failed`: the stream failed;
 * - `stalled`: the peer read nothing for the time-out, although bytes waited for it, or less of a
 *   held line than `minLineRate`;
 * - `overrun`: the peer reads too slowly for the messages that are sent to it;
 * - `evicted`: too much waited for all peers together, and this one was the slowest;
 * - `closed`: this side closed it;
 * - `silent`: the peer sent nothing for the time-out.
 */
export type End =
  | OutboxEnd
  | { state: "closed" }
  | { state: "silent"; timeout: number };

/** How a connection ended, in words for a log or an error message. */
export function describeEnd(end: End): string {
  switch (end.state) {
    case "left":
      return "the peer closed it";
    case "closed":
      return "it was closed";
    case "stalled":
      return `the peer read nothing, or too little of a long message, for ` +
        `${formatDuration(end.timeout)} (--stall-timeout)`;
    case "silent":
      return `the peer sent nothing for ${formatDuration(end.timeout)} (--silence-timeout)`;
    case "overrun":
      return `more than ${end.limit} bytes waited for the peer to take them (--queue-size, or --max-held)`;
    case "evicted":
      return `more than ${end.limit} bytes waited for all peers, and this one had read nothing for ` +
        `the longest time (--max-queued)`;
    case "failed":
      return (end.cause as Error).message;
  }
}

/** The same for a log: the properties have the state as `end`, milliseconds, bytes, or the error. */
export function contentOfEnd(end: End): RecordContent {
  if (end.state === "failed") {
    const error = (end.cause as Error).message;
    return { message: "{error}", properties: { end: end.state, error } };
  }
  const { state, ...others } = end;
  return { message: literal(describeEnd(end)), properties: { end: state, ...others } };
}
