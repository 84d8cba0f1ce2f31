/**
 * Sends the values of a generator: each by itself to a Client that reads streams, all of them as
 * one array to any other.
 *
 * A Client says how many values it can take, and then how many more, so that a slow one holds the
 * generator up and nobody's memory fills.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import type { ActiveRequest } from "./active_request.ts";
import { isThenable } from "./attributes.ts";
import type { Connection } from "../net/connection.ts";
import { ValueError } from "../errors.ts";
import { encodeValue } from "../wire/json.ts";
import { encodeLarge, isLarge } from "../wire/large_values.ts";
import { logger } from "../base/log.ts";
import { beginValue } from "../wire/message.ts";
import { periodicPause } from "../base/pause.ts";

/** What a generator function makes. */
export type Values = Generator<unknown> | AsyncGenerator<unknown>;

/** How many values are collected for a Client that cannot read them one by one. */
const MOST_COLLECTED = 100_000;
/** How long to work before the event loop gets its turn, in milliseconds. */
const SLICE = 10;

const log = logger("service");

/** Whether something is the outcome of a generator function. */
export function isGenerator(value: unknown): value is Values {
  if (typeof value !== "object" || value === null) return false;
  const tag = Reflect.get(value, Symbol.toStringTag);
  return (tag === "AsyncGenerator" || tag === "Generator") && "next" in value;
}

/**
 * Sends each value as it comes, when it is wanted. Settles when there are no more.
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
  await each(values, request, () => abortable(request.wanted(), signal), async (value) => {
    const begin = beginValue(request.requester, request.uid);
    if (isLarge(value)) {
      await connection.sendPieces([begin, ...await encodeLarge(value), "}"]);
    } else {
      connection.sendText(`${begin}${encodeValue(value)}}`);
    }
    if (connection.congested) await abortable(connection.drained(), signal);
  });
}

/**
 * All values.
 *
 * @throws {ValueError} If there are too many.
 * @throws As {@linkcode sendValues} does.
 */
export async function collectValues(values: Values, request: ActiveRequest): Promise<unknown[]> {
  const collected: unknown[] = [];
  await each(values, request, () => {}, (value) => {
    if (collected.push(value) <= MOST_COLLECTED) return;
    throw new ValueError(
      `${request.attribute} has more than ${MOST_COLLECTED} values, the limit for a client ` +
        `that does not read them one by one`,
    );
  });
  return collected;
}

/** Takes one value after the other, and ends the generator whatever happens. */
async function each(
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
    end(values, request);
  }
}

/** Has the generator clean up. One that waits for something else does so only after that. */
async function end(values: Values, { attribute }: ActiveRequest): Promise<void> {
  try {
    await values.return(undefined);
  } catch (error) {
    log.warn("{attribute} failed when it was ended: {error}", { attribute, error });
  }
}
