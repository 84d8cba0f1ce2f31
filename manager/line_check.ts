/**
 * The check of a long line, in a worker: it takes the time of reading a gigabyte, in which the
 * Manager serves everybody else. The check is that of any line, `wire/envelope.ts`.
 *
 * @module
 */

import { ValueError } from "../errors.ts";
import { Envelope, type Field, FIELDS } from "../wire/envelope.ts";
import { scanKeys } from "../wire/key_scanner.ts";

/** A line to check. */
export interface LineToCheck {
  id: number;
  buffer: ArrayBuffer;
  /** How many bytes of the buffer the line has. */
  length: number;
  maxDepth: number;
}

/** The result of a check, with the buffer back. */
export interface CheckedLine {
  id: number;
  buffer: ArrayBuffer;
  outcome:
    /** `digest` has the routing keys as a short line, `end` is the index of the closing brace. */
    | { state: "valid"; digest: string; end: number }
    /** The line is not a message. The keys are for the error reply. */
    | { state: "invalid"; reason: string; uid: string | undefined; requester: string | undefined };
}

/** The longest text of a routing key, in bytes with its quotes. */
const LONGEST_KEY = 64 * 1024;

/** The fields whose value decides where a message goes. */
const ROUTING: ReadonlySet<Field> = new Set<Field>(["requester", "service", "uid", "attribute"]);

/**
 * Checks one line. Never throws: an error that nobody expects rejects this line, and does not end the
 * worker, which has lines of other peers too.
 */
export function checkLine({ id, buffer, length, maxDepth }: LineToCheck): CheckedLine {
  const line = new Uint8Array(buffer, 0, length);
  try {
    const envelope = new Envelope(maxDepth);
    envelope.read(line);
    const outcome = { state: "valid", digest: digestOf(envelope), end: envelope.end } as const;
    return { id, buffer, outcome };
  } catch (error) {
    const keys = scanKeys(line);
    const reason = (error as Error).message;
    const [uid, requester] = [keys.text("uid"), keys.text("requester")];
    return { id, buffer, outcome: { state: "invalid", reason, uid, requester } };
  }
}

/**
 * The routing keys as a line that the router reads in the place of the long one: the same fields,
 * each with a value of the same kind; the payload is empty.
 */
function digestOf(envelope: Envelope): string {
  const members = FIELDS.flatMap((field) => {
    const value = standIn(envelope, field);
    return value === undefined ? [] : `${JSON.stringify(field)}:${value}`;
  });
  return `{${members.join(",")}}`;
}

function standIn(envelope: Envelope, field: Field): string | undefined {
  switch (envelope.kind(field)) {
    case "absent":
      return undefined;
    case "string":
      if (!ROUTING.has(field)) return '""';
      if (envelope.size(field) > LONGEST_KEY) {
        throw new ValueError(`The ${field} of a message is longer than ${LONGEST_KEY} bytes`);
      }
      return JSON.stringify(envelope.text(field));
    case "boolean":
      return String(envelope.isTrue(field));
    case "number":
      return "0";
    case "null":
      return "null";
    case "array":
      return "[]";
    case "object":
      return "{}";
  }
}

// Only in a worker: on the main thread this module is imported for its URL and its types.
if (import.meta.main && "DedicatedWorkerGlobalScope" in globalThis) {
  const scope = globalThis as unknown as {
    onmessage: ((event: MessageEvent<LineToCheck>) => void) | null;
    postMessage(message: CheckedLine, transfer: ArrayBuffer[]): void;
  };
  scope.onmessage = ({ data }) => {
    const checked = checkLine(data);
    scope.postMessage(checked, [checked.buffer]);
  };
}
