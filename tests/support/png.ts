/** Pictures in PNG. */

import { crc32, deflateSync } from "node:zlib";

/**
 * A PNG of one colour.
 *
 * @param data Its compressed points. Default: those of this size.
 */
export function pngOf(width: number, height: number, data?: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2], 8); // 8 bits of red, green and blue
  const row = [0, ...new Array(width * 3).fill(120)]; // not filtered
  const points = data ?? deflateSync(Uint8Array.from(new Array(height).fill(row).flat()));
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("IDAT", points),
    ...chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(name: string, data: Uint8Array): number[] {
  const content = Uint8Array.from([...new TextEncoder().encode(name), ...data]);
  return [...uint32(data.length), ...content, ...uint32(crc32(content))];
}

function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
