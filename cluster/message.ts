/**
 * The messages of a trunk, and the frames in them. This module knows their bytes, and nothing of what
 * they mean.
 *
 * A message begins with a header: its kind, the incarnation of its sender, the epoch of the trunk, how
 * many bytes of messages the other end may send in all, and a sequence number. In a message of frames
 * many frames follow, each with its type, the number of its channel, its length and its content.
 *
 * @module
 */

/** The kinds of messages. */
export const KIND = {
  /** Frames. The sequence number is that of the message. */
  frames: 1,
  /** The trunk lives, and the other end may send more. The sequence number is that of the next message. */
  beat: 2,
  /**
   * The trunk has ended. The rest of the message is the reason. The sequence number is the highest epoch
   * that its sender knows, or 0.
   */
  end: 3,
} as const;

/** The types of frames. Those that are not known are skipped. */
export const FRAME = {
  /** Opens a channel. The content is a JSON object. */
  open: 1,
  /** Bytes of a channel. */
  bytes: 2,
  /** Closes a channel. */
  close: 3,
  /** How many bytes the other end may send over the channel in all, as a number of 8 bytes. */
  credit: 4,
} as const;

/** The size of a frame without its content, in bytes. */
export const FRAME_HEADER = 9;

/** The size of the content of a credit, in bytes. */
export const CREDIT_SIZE = 8;

/** The longest incarnation, in characters. */
const MAX_INCARNATION = 32;

const NUMBER = 8;
const INCARNATION = /^[A-Za-z0-9_-]{8,32}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A header of a message. */
export interface Header {
  kind: number;
  incarnation: string;
  epoch: number;
  limit: number;
  sequence: number;
}

/** A frame in a message. */
export interface Frame {
  type: number;
  channel: number;
  content: Uint8Array;
}

/** Whether a text can be the incarnation of a node. */
export function isIncarnation(text: string): boolean {
  return INCARNATION.test(text);
}

/**
 * What tells the messages of one end of a trunk from all others: all of the header up to the limit,
 * without the kind.
 */
export function originOf(incarnation: string, epoch: number): Uint8Array {
  const origin = new Uint8Array(1 + incarnation.length + NUMBER);
  origin[0] = incarnation.length;
  encoder.encodeInto(incarnation, origin.subarray(1));
  new DataView(origin.buffer).setFloat64(1 + incarnation.length, epoch);
  return origin;
}

/** Whether a message has this origin, and a whole header. */
export function hasOrigin(message: Uint8Array, origin: Uint8Array): boolean {
  if (message.length < headerSize(origin)) return false;
  for (let at = 0; at < origin.length; at++) if (message[at + 1] !== origin[at]) return false;
  return true;
}

/** The size of a header of this origin, in bytes. */
export function headerSize(origin: Uint8Array): number {
  return 1 + origin.length + 2 * NUMBER;
}

/** The bytes of a message or a part of one, to read and write numbers in. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads the header of any message. `undefined` if it is not valid. */
export function readHeader(message: Uint8Array): Header | undefined {
  if (message.length < 2 || message[1] > MAX_INCARNATION) return undefined;
  const at = 2 + message[1];
  if (message.length < at + 3 * NUMBER) return undefined;
  const incarnation = decoder.decode(message.subarray(2, at));
  const view = viewOf(message);
  const header = {
    kind: message[0],
    incarnation,
    epoch: view.getFloat64(at),
    limit: view.getFloat64(at + NUMBER),
    sequence: view.getFloat64(at + 2 * NUMBER),
  };
  const isValid = isIncarnation(incarnation) && Number.isSafeInteger(header.epoch) &&
    header.epoch > 0 && isNumber(header.limit) && isNumber(header.sequence);
  return isValid ? header : undefined;
}

/** The numbers in the header of a message of a known origin: a limit and a sequence number. */
export function readNumbers(message: Uint8Array, origin: Uint8Array): [number, number] {
  const view = viewOf(message);
  const at = 1 + origin.length;
  return [view.getFloat64(at), view.getFloat64(at + NUMBER)];
}

/** Writes a header whose origin is there already. */
export function writeHeader(
  view: DataView,
  origin: Uint8Array,
  kind: number,
  limit: number,
  sequence: number,
): void {
  view.setUint8(0, kind);
  view.setFloat64(1 + origin.length, limit);
  view.setFloat64(1 + origin.length + NUMBER, sequence);
}

/** A whole message without frames. */
export function message(
  origin: Uint8Array,
  kind: number,
  limit: number,
  sequence: number,
  rest: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const start = headerSize(origin);
  const bytes = new Uint8Array(start + rest.length);
  bytes.set(origin, 1);
  writeHeader(viewOf(bytes), origin, kind, limit, sequence);
  bytes.set(rest, start);
  return bytes;
}

/** Writes the beginning of a frame. */
export function writeFrame(
  view: DataView,
  at: number,
  type: number,
  channel: number,
  length: number,
): void {
  view.setUint8(at, type);
  view.setUint32(at + 1, channel);
  view.setUint32(at + 5, length);
}

/** The frames of a message, from an index on. `undefined` if they do not end where it ends. */
export function readFrames(message: Uint8Array, at: number): Frame[] | undefined {
  const view = viewOf(message);
  const frames: Frame[] = [];
  while (at < message.length) {
    const start = at + FRAME_HEADER;
    if (start > message.length) return undefined;
    const end = start + view.getUint32(at + 5);
    if (end > message.length) return undefined;
    const content = message.subarray(start, end);
    frames.push({ type: message[at], channel: view.getUint32(at + 1), content });
    at = end;
  }
  return frames;
}

/** Whether a number counts bytes or messages. */
export function isNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Numbers as bytes. */
export function numbers(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(NUMBER * values.length);
  const view = viewOf(bytes);
  values.forEach((value, index) => view.setFloat64(NUMBER * index, value));
  return bytes;
}

/** The number at an index of bytes that were made of numbers; `NaN` if there is none. */
export function numberAt(bytes: Uint8Array, index: number): number {
  const at = NUMBER * index;
  return at + NUMBER <= bytes.length ? viewOf(bytes).getFloat64(at) : NaN;
}
