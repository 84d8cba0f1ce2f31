/**
 * Sends a result, or a value of a stream: a large one in pieces to a client that takes them, and in one
 * line to any other.
 *
 * @module
 */

import { callHandler } from "../base/callbacks.ts";
import { utf8Length } from "../base/encoding.ts";
import { sendParts } from "../device/part_sender.ts";
import type { Connection } from "../net/connection.ts";
import { ArrayParts, INLINE_ARRAYS } from "../wire/array_writer.ts";
import { base64Length } from "../wire/base64.ts";
import { type ArrayWriter, encodeTexts, encodeValue } from "../wire/json.ts";
import { estimateSize, writeJson } from "../wire/json_writer.ts";
import { encodeLarge, PIECE_LENGTH } from "../wire/large_values.ts";
import {
  beginReply,
  beginValue,
  encodeResultPart,
  encodeSized,
  RESULT,
  textsOfReply,
  VALUE,
} from "../wire/message.ts";
import { measure, PIECE_SIZE, sizeInParts } from "../wire/parts.ts";
import { NEXT_VALUE } from "../wire/protocol.ts";
import type { ActiveRequest } from "./active_request.ts";

/**
 * Sends a value that is not large: as one line at once.
 *
 * @param beginning The line up to its value.
 * @param place What the value is, for an error.
 * @throws {TypeError} When JSON cannot hold the value.
 */
export function sendValue(
  connection: Connection,
  beginning: string,
  value: unknown,
  place: string,
  arrays: ArrayWriter | undefined,
): void {
  if (arrays !== undefined) connection.sendTexts(textsOfReply(beginning, value, place, arrays));
  else connection.sendText(`${beginning}${encodeValue(value, place)}}`);
}

/**
 * Sends a value of a stream with long arrays: as one line in the place of a piece if it fits, to a client
 * that takes it, and else as a large one.
 *
 * @throws The reason, if the request is aborted.
 * @throws {TypeError} When JSON cannot hold the value.
 * @throws {RangeError} When the method has set a time that is none.
 */
export async function sendArrays(
  connection: Connection,
  request: ActiveRequest,
  value: unknown,
): Promise<void> {
  const { requester, uid, parts, takesWhole } = request;
  // Now, since the method may change the arrays while there is no room.
  const texts = takesWhole && parts !== undefined && mayFit(value)
    ? encodeTexts(value, VALUE, INLINE_ARRAYS)
    : undefined;
  if (
    texts === undefined || texts.reduce((size, text) => size + utf8Length(text), 0) > PIECE_SIZE
  ) {
    return await sendLarge(connection, request, value, NEXT_VALUE);
  }
  const begin = beginValue(requester, uid, request.takeTime(), true);
  await parts!.take();
  if (request.isAborted) throw request.reason;
  connection.sendTexts([begin, ...texts, "}"]);
}

/**
 * Sends a large value. It must not change until the promise is settled.
 *
 * @param attribute `__next__` for a value of a stream, after which the request is still pending.
 * @throws The reason, if the request is aborted.
 * @throws {TypeError} When JSON cannot hold the value.
 * @throws {ValueError} When the value has changed while it was sent.
 * @throws {RangeError} When the method has set a time that is none.
 */
export async function sendLarge(
  connection: Connection,
  request: ActiveRequest,
  value: unknown,
  attribute?: typeof NEXT_VALUE,
): Promise<void> {
  const { requester, uid, parts, attribute: method, knowsArrays } = request;
  const time = attribute === undefined ? request.takeResultTime() : request.takeTime();
  const place = attribute === undefined ? RESULT : VALUE;
  const begin = attribute === undefined ? beginReply : beginValue;
  if (parts === undefined) {
    const pieces = await encodeLarge(value, place, request.arrays);
    return await connection.sendPieces([begin(requester, uid, time), ...pieces, "}"]);
  }
  const arrays = knowsArrays ? new ArrayParts() : undefined;
  const write = () => {
    arrays?.begin();
    return writeJson(value, PIECE_LENGTH, place, arrays);
  };
  const json = await measure(write).catch((error) => {
    arrays?.release();
    throw error;
  });
  using _held = {
    [Symbol.dispose]() {
      json.release();
      arrays?.release();
    },
  };
  const inParts = { json, arrays: arrays?.parts ?? [] };
  if (json.size <= PIECE_SIZE && inParts.arrays.length === 0) {
    const text = [...json.texts()].join("");
    return connection.sendText(`${begin(requester, uid, time)}${text}}`);
  }
  const size = sizeInParts(inParts);
  const isComplete = await sendParts(inParts, {
    connection,
    credit: parts,
    lineOf: (content, size) => {
      request.span?.add("part");
      return encodeResultPart(requester, uid, content, size);
    },
    isWanted: () => !request.isAborted,
    onProgress: (done, total) => {
      const { onProgress } = request;
      if (onProgress === undefined) return;
      callHandler("onProgress", method, () => onProgress(done, total));
    },
  });
  if (!isComplete) throw request.reason;
  connection.sendText(encodeSized(requester, uid, size, attribute, time));
}

/** Whether a value with arrays may be no longer than a piece: whether it is worth to be written as one. */
function mayFit(value: unknown): boolean {
  return estimateSize(value, PIECE_SIZE, ({ byteLength }) => base64Length(byteLength)) < PIECE_SIZE;
}
