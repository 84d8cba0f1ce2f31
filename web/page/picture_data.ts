/**
 * Recognizes a picture in a value: a PNG or a JPEG, as text in base64 or as an array of bytes. Its
 * size is read from its header, so that no browser has to find out what a small file may unpack to.
 *
 * @module
 */

/** The most points of a picture that is shown: 200 MB of memory. */
const MAX_PIXELS = 50_000_000;
/** The longest text that is decoded, in characters. */
const MAX_TEXT = 64 * 1024 * 1024;

/** A picture that a browser may show. */
export interface PictureData {
  type: "image/png" | "image/jpeg";
  bytes: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** A picture, or why what begins like one cannot be shown. */
export type Picture = PictureData | { problem: string; bytes?: Uint8Array<ArrayBuffer> };

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG = [0xff, 0xd8, 0xff];
/** How both begin in base64. */
const BASE64 = /^(data:image\/(png|jpe?g);base64,)?(?=iVBORw0KGgo|\/9j\/)/;
/** Shorter than a header. */
const SHORTEST = 16;

/** The picture that a value is; `undefined` if it is something else. */
export function pictureOf(value: unknown): Picture | undefined {
  if (typeof value === "string") return fromText(value);
  if (Array.isArray(value)) return fromArray(value);
  if (value instanceof Uint8Array || value instanceof Uint8ClampedArray) return fromBytes(value);
  return undefined;
}

function fromText(text: string): Picture | undefined {
  const start = BASE64.exec(text);
  if (start === null || text.length < SHORTEST) return undefined;
  if (text.length > MAX_TEXT) {
    return { problem: `The picture is not shown: it has ${text.length} characters` };
  }
  let binary: string;
  try {
    binary = atob(text.slice(start[0].length));
  } catch {
    return { problem: "The picture is broken: it is no base64" };
  }
  return read(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

function fromArray(items: readonly unknown[]): Picture | undefined {
  if (items.length < SHORTEST || items.length > MAX_TEXT) return undefined;
  if (!startsWith(items, PNG) && !startsWith(items, JPEG)) return undefined;
  const isBytes = items.every((item) =>
    Number.isInteger(item) && (item as number) >= 0 && (item as number) <= 255
  );
  return isBytes ? read(Uint8Array.from(items as number[])) : undefined;
}

function fromBytes(bytes: Uint8Array | Uint8ClampedArray): Picture | undefined {
  if (bytes.length < SHORTEST || bytes.length > MAX_TEXT) return undefined;
  if (!startsWith(bytes, PNG) && !startsWith(bytes, JPEG)) return undefined;
  return read(Uint8Array.from(bytes)); // the size of a picture, and not of a reading
}

function read(bytes: Uint8Array<ArrayBuffer>): Picture {
  const type = startsWith(bytes, PNG) ? "image/png" : "image/jpeg";
  const size = type === "image/png" ? pngSize(bytes) : jpegSize(bytes);
  if (size === undefined || size.width === 0 || size.height === 0) {
    return { problem: "The picture is broken: its header has no size", bytes };
  }
  if (!(type === "image/png" ? hasPngEnd(bytes) : hasJpegEnd(bytes))) {
    return { problem: "The picture is broken: its end is missing", bytes };
  }
  const { width, height } = size;
  if (width * height > MAX_PIXELS) {
    const problem = `The picture is not shown: it has ${width} × ${height} points, more than ` +
      `${MAX_PIXELS / 1e6} million`;
    return { problem, bytes };
  }
  return { type, bytes, width, height };
}

function startsWith(items: ArrayLike<unknown>, start: readonly number[]): boolean {
  return start.every((byte, index) => items[index] === byte);
}

interface Size {
  width: number;
  height: number;
}

/** The size is in the first chunk, `IHDR`. */
function pngSize(bytes: Uint8Array): Size | undefined {
  if (bytes.length < 24 || String.fromCharCode(...bytes.subarray(12, 16)) !== "IHDR") {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** The size is in a segment "start of frame", after others of any length. */
function jpegSize(bytes: Uint8Array): Size | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 2; at + 9 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++; // fill byte
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** Whether the last chunk is there. A browser shows the beginning of a picture without a word. */
function hasPngEnd(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = PNG.length; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === "IEND") return true;
  }
  return false;
}

/** Whether there is a mark of the end; cameras write more behind it. */
function hasJpegEnd(bytes: Uint8Array): boolean {
  for (let at = bytes.length - 2; at > 0; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}
