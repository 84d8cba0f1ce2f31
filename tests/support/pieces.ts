/** Splits bytes as a network can. */

/** The bytes in pieces of these sizes, in a cycle. */
export function piecesOf(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = sizes[pieces.length % sizes.length];
    pieces.push(bytes.subarray(at, at += size));
  }
  return pieces;
}
