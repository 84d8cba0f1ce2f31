/**
 * Sends a large value in pieces, as the receiver has room for them. `arrival.ts` is the
 * other side.
 *
 * @module
 */

import { periodicPause } from "../base/pause.ts";
import type { Credit } from "../base/credit.ts";
import type { Connection } from "../net/connection.ts";
import { hasChanged, piecesOf, sizeInParts, type ValueInParts } from "../wire/parts.ts";

/** How the pieces of a value are sent. */
export interface PartSending {
  connection: Pick<Connection, "sendTexts" | "congested" | "drained">;
  /** The room that the receiver has. It is closed when the value is not wanted any more. */
  credit: Credit;
  /**
   * Makes the line of a piece, whose content is some texts, as some texts too. The first piece is given
   * the size of the value, in bytes.
   */
  lineOf: (content: readonly string[], size: number | undefined) => readonly string[];
  /** Whether the value is still to be sent. */
  isWanted: () => boolean;
  /** Called after each piece. */
  onProgress?: (done: number, total: number) => void;
}

/** The time from one pause to the next, in milliseconds. */
const SLICE = 2;

/**
 * Sends all pieces of a value.
 *
 * @returns Whether all were sent; `false` if the value is not wanted any more.
 * @throws {ValueError} When the value has changed since it was measured.
 * @throws {TypeError} When JSON cannot hold the value.
 */
export async function sendParts(
  value: ValueInParts,
  { connection, credit, lineOf, isWanted, onProgress }: PartSending,
): Promise<boolean> {
  const pause = periodicPause(SLICE);
  const total = sizeInParts(value);
  let sent = 0;
  for (const { content, size } of piecesOf(value)) {
    await credit.take();
    if (connection.congested) await connection.drained();
    if (!isWanted()) return false;
    if (sent + size > total) break;
    connection.sendTexts(lineOf(content, sent === 0 ? total : undefined));
    sent += size;
    onProgress?.(sent, total);
    await pause();
    if (!isWanted()) return false; // its arrays may have been given back meanwhile
  }
  if (sent === total) return true;
  throw hasChanged();
}
