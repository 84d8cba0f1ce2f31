/**
 * Sends the values of a generator: one by one to a client that reads streams, or as one array to any
 * other client.
 *
 * A client sends credit: how many values it has room for, and later how many more. So a slow client
 * pauses the generator, and no queue between them grows.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import type { ActiveRequest } from "./active_request.ts";
import { isThenable } from "./attributes.ts";
import type { Connection } from "../net/connection.ts";
import { ValueError } from "../errors.ts";
import { hasLongArrays, isLarge } from "../wire/large_values.ts";
import { sendArrays, sendLarge, sendValue } from "./large_reply.ts";
import { logger } from "../base/log.ts";
import { beginValue, VALUE } from "../wire/message.ts";
import { NEXT_VALUE } from "../wire/protocol.ts";
import { periodicPause } from "../base/pause.ts";

/** What a generator function returns. */
export type Values = Generator<unknown> | AsyncGenerator<unknown>;

/** How many values are collected at most for a client that reads no streams. */
const MOST_COLLECTED = 100_000;
/** How long to run before the event loop gets a turn, in milliseconds. */
const SLICE = 10;

const log = logger("service");

/** Whether a value was returned by a generator function. */
export function isGenerator(value: unknown): value is Values {
  if (typeof value !== "object" || value === null) return false;
  const tag = Reflect.get(value, Symbol.toStringTag);
  return (tag === "AsyncGenerator" || tag === "Generator") && "next" in value;
}

/**
 * Sends each value when there is credit for it. Fulfilled when the generator has ended.
 *
 * @throws The reason, if the request is aborted.
 * @throws {TypeError} If JSON cannot hold a value.
 * @throws What the generator throws.
 */
export async function sendValues(
  values: Values,
  request: ActiveRequest,
  connection: Connection,
): Promise<void> {
  const { signal } = request;
  await forEachValue(
    values,
    request,
    () => abortable(request.takeCredit(), signal),
    async (value) => {
      request.span?.add("value");
      if (request.knowsArrays && hasLongArrays(value)) {
        await sendArrays(connection, request, value);
      } else if (isLarge(value)) {
        await sendLarge(connection, request, value, NEXT_VALUE);
      } else {
        const begin = beginValue(request.requester, request.uid, request.takeTime());
        sendValue(connection, begin, value, VALUE, request.arrays);
      }
      if (connection.congested) await abortable(connection.drained(), signal);
    },
  );
}

/**
 * Collects all values.
 *
 * @throws {ValueError} If there are more than 100,000.
 * @throws The reason, if the request is aborted.
 * @throws What the generator throws.
 */
export async function collectValues(values: Values, request: ActiveRequest): Promise<unknown[]> {
  const collected: unknown[] = [];
  await forEachValue(values, request, () => {}, (value) => {
    if (collected.push(value) <= MOST_COLLECTED) return;
    throw new ValueError(
      `${request.attribute} has more than ${MOST_COLLECTED} values, the limit for a client ` +
        `that does not read them one by one`,
    );
  });
  return collected;
}

/** Takes one value after the other, and closes the generator in any case. */
async function forEachValue(
  values: Values,
  request: ActiveRequest,
  ready: () => Promise<void> | void,
  take: (value: unknown) => Promise<void> | void,
): Promise<void> {
  const { signal } = request;
  const pause = periodicPause(SLICE); // a generator need not wait for anything
  try {
    for (;;) {
      await pause();
      await ready();
      const next: Promise<IteratorResult<unknown>> = Promise.resolve(values.next());
      const { done, value }: Awaited<typeof next> = await abortable(next, signal);
      if (done) return;
      // An ordinary generator may yield promises, as `for await` has it.
      await take(isThenable(value) ? await abortable(Promise.resolve(value), signal) : value);
    }
  } finally {
    close(values, request);
  }
}

/** Runs the `finally` blocks of a generator. They run only after what it awaits now is settled. */
async function close(values: Values, { attribute }: ActiveRequest): Promise<void> {
  try {
    await values.return(undefined);
  } catch (error) {
    log.warn("{attribute} failed when it was ended: {error}", { attribute, error });
  }
}
