/**
 * The check of a long line, in a worker: it takes the time of reading a gigabyte, in which the
 * Manager serves everybody else. The check is that of any line, `wire/envelope.ts`.
 *
 * @module
 */

import { JSONDecodeError } from "../errors.ts";
import { Envelope, type Field, FIELDS } from "../wire/envelope.ts";
import type { Limits } from "../limits.ts";
import { scanKeys } from "../wire/key_scanner.ts";
import { LONGEST_TRACEPARENT } from "../base/trace_context.ts";
import { LONGEST_TRACESTATE } from "../limits.ts";
import { tooLongName } from "./names.ts";

/** A line to check. */
export interface LineToCheck {
  buffer: ArrayBuffer;
  /** How many bytes of the buffer the line has. */
  length: number;
  limits: CheckLimits;
}

/** The limits that a line is checked for. */
export type CheckLimits = Pick<Limits, "maxDepth" | "maxNameLength">;

/** The result of a check, with the buffer back. */
export interface CheckedLine {
  buffer: ArrayBuffer;
  outcome:
    /** `digest` has the routing keys as a short line, `end` is the index of the closing brace. */
    | { state: "valid"; digest: string; end: number }
    /** The line is not a message. The keys are for the error reply. */
    | {
      state: "invalid";
      reason: string;
      /** Whether it is not JSON, or not a message that may be forwarded. */
      isMalformed: boolean;
      uid: string | undefined;
      requester: string | undefined;
    };
}

/** How many bytes of JSON a character has at most: those of `\u0000`, twice for a pair. */
const BYTES_PER_CHARACTER = 12;

/** The fields whose value decides where a message goes. */
const ROUTING: ReadonlySet<Field> = new Set<Field>(["requester", "service", "uid", "attribute"]);

/** The fields that continue a trace, and the longest value that is read, in bytes. */
const TRACE_KEYS: Partial<Record<Field, number>> = {
  traceparent: LONGEST_TRACEPARENT,
  tracestate: LONGEST_TRACESTATE,
};

/**
 * Checks one line. Never throws: an error that nobody expects rejects this line, and does not end the
 * worker.
 */
export function checkLine({ buffer, length, limits }: LineToCheck): CheckedLine {
  const line = new Uint8Array(buffer, 0, length);
  try {
    const envelope = new Envelope(limits.maxDepth);
    envelope.read(line);
    const outcome = {
      state: "valid",
      digest: digestOf(envelope, limits),
      end: envelope.end,
    } as const;
    return { buffer, outcome };
  } catch (error) {
    const keys = scanKeys(line);
    const reason = (error as Error).message;
    const [uid, requester] = [keys.text("uid"), keys.text("requester")];
    const isMalformed = error instanceof JSONDecodeError;
    return { buffer, outcome: { state: "invalid", reason, isMalformed, uid, requester } };
  }
}

/**
 * The routing keys as a line that the router reads in the place of the long one: the same fields,
 * each with a value of the same kind; the payload is empty.
 */
function digestOf(envelope: Envelope, limits: CheckLimits): string {
  const members = FIELDS.flatMap((field) => {
    const value = standIn(envelope, field, limits);
    return value === undefined ? [] : `${JSON.stringify(field)}:${value}`;
  });
  return `{${members.join(",")}}`;
}

function standIn(
  envelope: Envelope,
  field: Field,
  { maxNameLength }: CheckLimits,
): string | undefined {
  switch (envelope.kind(field)) {
    case "absent":
      return undefined;
    case "string":
      if (TRACE_KEYS[field]! >= envelope.size(field) - 2) {
        return JSON.stringify(envelope.text(field));
      }
      if (!ROUTING.has(field)) return '""';
      if (envelope.size(field) > maxNameLength * BYTES_PER_CHARACTER + 2) {
        throw tooLongName(field, envelope.size(field) - 2, maxNameLength);
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
