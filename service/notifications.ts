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
import { encodeNotification } from "../wire/message.ts";

/** What a notification needs of its connection. */
export type NotificationConnection = Pick<
  Connection,
  "sendText" | "queued" | "congested" | "drained"
>;

/** The most bytes of a UTF-16 code unit in UTF-8. */
const MOST_BYTES = 3;
/** The message of V8 for a text that is longer than it can hold, 512 Mi characters. */
const INVALID_LENGTH = "Invalid string length";

/**
 * A notification as one line, without its terminator.
 *
 * @param time When the reading was taken, in milliseconds since 1970. Default: it is not said.
 * @throws {TypeError} If JSON cannot hold the arguments, or one before another is `undefined`.
 * @throws {ValueError} If the line is longer than {@linkcode MAX_NOTIFICATION_SIZE}.
 */
export function notificationLine(
  service: string,
  { args, kwargs }: Call,
  time?: number,
): string {
  let line: string;
  try {
    line = encodeNotification(service, givenArguments(args), kwargs, time);
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
 * Sends the line of a notification.
 *
 * @param limit How many bytes may wait to be written before it.
 * @returns Settles when the connection is not congested, or has ended. Never rejects.
 * @throws {QueueFullError} If more bytes wait.
 */
export function sendNotification(
  connection: NotificationConnection,
  line: string,
  limit: number,
): Promise<void> {
  const { queued } = connection;
  if (queued > limit) {
    throw new QueueFullError(
      `Cannot emit a notification: ${queued} bytes wait for the Manager to read them, the limit is ` +
        `${limit} (queueLimit). Await emitNotification() before the next one`,
    );
  }
  connection.sendText(line);
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
