/**
 * Sends the notifications of a Service: checks their length, and keeps the queue that they wait in
 * within its limit. `net/outbox.ts` writes the queue.
 *
 * A notification that finds the queue full is an error of its sender, at the call: it is neither
 * dropped without a word, nor does it end the connection, which the replies need.
 *
 * @module
 */

import { QueueFullError, ValueError } from "../errors.ts";
import { MAX_NOTIFICATION_SIZE } from "../limits.ts";
import type { Connection } from "../net/connection.ts";
import { type Call, givenArguments } from "../wire/call.ts";
import { logger } from "../base/log.ts";
import { INLINE_ARRAYS } from "../wire/array_writer.ts";
import { hasReserved } from "../wire/array_key.ts";
import { isLargeOrHasArrays } from "../wire/large_values.ts";
import { encodeNotification } from "../wire/message.ts";
import { NOTIFICATION_FORMS, type NotificationForm } from "../wire/protocol.ts";

/** What a notification needs of its connection. */
export type NotificationConnection = Pick<
  Connection,
  "sendText" | "queued" | "congested" | "drained"
>;

const log = logger("service");

/** The most bytes of a UTF-16 code unit in UTF-8. */
const MOST_BYTES = 3;
/** The message of V8 for a text that is longer than it can hold, 512 Mi characters. */
const INVALID_LENGTH = "Invalid string length";

/** The forms that the result of the message with the uid `arrays` has, whatever that is. */
export function formsOf(result: unknown): readonly NotificationForm[] {
  return NOTIFICATION_FORMS.filter((form) => Array.isArray(result) && result.includes(form));
}

/**
 * A notification as lines, without their terminators: one for all clients, or if it has arrays of
 * numbers one for each form.
 *
 * @param forms The forms that the linked clients take, if the Manager sorts them. Default: it does not.
 * @throws The errors of {@linkcode notificationLine}. A list that is too long is left out instead if
 * clients take arrays too: the rest of them cannot have the notification.
 */
export function notificationLines(
  service: string,
  call: Call,
  time: number | undefined,
  forms: readonly NotificationForm[] | undefined,
): string[] {
  if (forms === undefined || !hasArrays(call)) return [notificationLine(service, call, time)];
  const lines: string[] = [];
  // Its errors do not depend on who is linked.
  if (forms.length === 0) notificationLine(service, call, time, "arrays");
  for (const form of forms) {
    try {
      lines.push(notificationLine(service, call, time, form));
    } catch (error) {
      if (lines.length === 0) throw error;
      log.warn("Clients that do not know arrays do not get a notification: {error}", {
        error: (error as Error).message,
      });
    }
  }
  return lines;
}

/** Whether arguments have arrays of numbers, or keys that could be taken for that of an array. */
function hasArrays({ args, kwargs }: Call): boolean {
  try {
    return isLargeOrHasArrays(args) || isLargeOrHasArrays(kwargs) ||
      hasReserved(args) || hasReserved(kwargs);
  } catch {
    return false; // what cannot be read is reported when it is written
  }
}

/**
 * A notification as one line, without its terminator.
 *
 * @param time When the reading was taken, in milliseconds since 1970. Default: it is not said.
 * @param form For which clients it is. Default: all, with lists.
 * @throws {TypeError} If JSON cannot hold the arguments, or one before another is `undefined`.
 * @throws {ValueError} If the line is longer than {@linkcode MAX_NOTIFICATION_SIZE}.
 */
export function notificationLine(
  service: string,
  { args, kwargs }: Call,
  time?: number,
  form?: NotificationForm,
): string {
  let line: string;
  const arrays = form === "arrays" ? INLINE_ARRAYS : undefined;
  try {
    line = encodeNotification(service, givenArguments(args), kwargs, time, form, arrays);
  } catch (error) {
    if (error instanceof RangeError && error.message === INVALID_LENGTH) throw tooLong("too many");
    throw error;
  }
  if (line.length * MOST_BYTES <= MAX_NOTIFICATION_SIZE) return line;
  const size = new TextEncoder().encode(line).length;
  if (size > MAX_NOTIFICATION_SIZE) throw tooLong(size);
  return line;
}

/**
 * Sends the lines of a notification.
 *
 * @param limit How many bytes may wait to be written before it.
 * @returns Settles when the connection is not congested, or has ended. Never rejects.
 * @throws {QueueFullError} If more bytes wait.
 */
export function sendNotification(
  connection: NotificationConnection,
  lines: readonly string[],
  limit: number,
): Promise<void> {
  const { queued } = connection;
  if (queued > limit) {
    throw new QueueFullError(
      `Cannot emit a notification: ${queued} bytes wait for the Manager to read them, the limit is ` +
        `${limit} (queueLimit). Await emitNotification() before the next one`,
    );
  }
  for (const line of lines) connection.sendText(line);
  return connection.congested ? drained(connection) : Promise.resolve();
}

async function drained(connection: NotificationConnection): Promise<void> {
  while (connection.congested) await connection.drained();
}

function tooLong(size: number | string): ValueError {
  return new ValueError(
    `Cannot emit a notification of ${size} bytes, the limit is ${MAX_NOTIFICATION_SIZE}. Let Clients ` +
      `call a method for so much data: its result may have any size, and the values of a generator ` +
      `are a stream`,
  );
}
