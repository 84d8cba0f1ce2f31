/**
 * What a socket is read into: a buffer that grows while reads fill it, so that idle peers stay
 * cheap.
 *
 * @module
 */

/** How large it is at first, in bytes. */
export const SMALLEST_READ = 4 * 1024;

/**
 * The buffer for the next read: one of twice the size if the last read has filled it, up to
 * `largest` bytes, else the same one.
 *
 * @param size How many bytes were read.
 */
export function nextBuffer(
  buffer: Uint8Array<ArrayBuffer>,
  size: number,
  largest: number,
): Uint8Array<ArrayBuffer> {
  return size === buffer.length && size < largest ? new Uint8Array(size * 2) : buffer;
}
