/** Reads files of NumPy's format. */

import { assertEquals } from "@std/assert";

/** Reads a file as the description of NumPy's format says: version 1.0. */
export function readNpy(file: Uint8Array): { descr: string; shape: number[]; data: Uint8Array } {
  assertEquals([...file.subarray(0, 8)], [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const length = file[8] + 256 * file[9];
  assertEquals((10 + length) % 64, 0);
  const header = new TextDecoder().decode(file.subarray(10, 10 + length));
  const [_, descr, shape] =
    /^\{'descr': '([^']+)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$/.exec(header)!;
  return {
    descr,
    shape: shape.split(",").filter((part) => part.trim()).map(Number),
    data: file.subarray(10 + length),
  };
}
