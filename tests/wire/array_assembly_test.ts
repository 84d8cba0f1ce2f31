import { assert, assertEquals, assertThrows } from "@std/assert";
import { ValueError } from "../../errors.ts";
import { ArrayAssembly, type ArrayTaker, BINARY_PIECE_SIZE } from "../../wire/array_assembly.ts";
import { toBase64 } from "../../wire/base64.ts";
import { encodeBinaryPiece, toPiece } from "../../wire/message.ts";

const GiB = 2 ** 30;

function piece(part: number, bytes: number, size?: number) {
  return { part, data: toBase64(new Uint8Array(bytes).fill(part + 1)), size };
}

/** Takes parts of any size, and the bytes of those that are complete. */
class Taker implements ArrayTaker {
  readonly sizes: number[] = [];
  readonly complete: Uint8Array[] = [];

  beginPart(part: number, size: number): void {
    this.sizes[part] = size;
  }

  addBytes(part: number, bytes: Uint8Array<ArrayBuffer>, _from: number, to: number): void {
    if (to === this.sizes[part]) this.complete[part] = bytes;
  }
}

function assemblyOf(taker = new Taker()): ArrayAssembly {
  return new ArrayAssembly(taker);
}

Deno.test("a piece of an array is read as it was written", () => {
  for (const size of [undefined, 7]) {
    const written = { part: 3, data: "AAAA", size };
    assertEquals(toPiece(JSON.parse(encodeBinaryPiece(written).join(""))), written);
  }
  for (const value of [null, 5, [], {}, { part: 0 }, { part: 0.5, data: "" }, { data: "AAAA" }]) {
    assertEquals(toPiece(value), undefined);
  }
});

Deno.test("the pieces of one array follow each other, each array has the size that was said", () => {
  const taker = new Taker();
  const assembly = assemblyOf(taker);
  const total = 40_000_000;
  let left = total + 5;
  for (let at = 0; at < total; at += BINARY_PIECE_SIZE) {
    const length = Math.min(BINARY_PIECE_SIZE, total - at);
    left -= assembly.add(piece(0, length, at === 0 ? total : undefined), left);
  }
  assertEquals(assembly.add(piece(1, 5, 5), left), 5);
  assembly.end();
  const [first, second] = taker.complete;
  assertEquals([first.length, second.length], [total, 5]);
  assertEquals([first.buffer.byteLength, second.buffer.byteLength], [total, 5]);
  assert(first.every((byte) => byte === 1) && second.every((byte) => byte === 2));
});

Deno.test("pieces that lie are errors", () => {
  const begun = () => {
    const assembly = assemblyOf();
    assembly.add(piece(0, 3, 8), 100);
    return assembly;
  };
  const failing: [() => unknown, string][] = [
    [() => assemblyOf().add(piece(1, 3, 3), 9), "Part 1 of a value came in the place of 0"],
    [() => assemblyOf().add(piece(-1, 3, 3), 9), "Part -1"],
    [() => assemblyOf().add(piece(0, 3), 9), "has no bytes, and 9 may follow"],
    [() => assemblyOf().add(piece(0, 3, GiB), 9), `has ${GiB} bytes, and 9 may follow`],
    [() => assemblyOf().add(piece(0, 4, 3), 9), "has more pieces than that"],
    [() => assemblyOf().add(piece(0, 0, 3), 9), "must be base64 of 1 to"],
    [() => assemblyOf().add(piece(0, BINARY_PIECE_SIZE + 1, GiB), GiB), "of 1 to"],
    [() => assemblyOf().add({ part: 0, data: "AA A", size: 3 }, 9), "is not base64"],
    [() => assemblyOf().add({ part: 0, data: "AAA", size: 3 }, 9), "must be base64"],
    [() => begun().add(piece(1, 3, 3), 97), "before part 0 was complete"],
    [() => begun().add(piece(0, 3, 8), 97), "before part 0 was complete"],
    [() => begun().add(piece(0, 6), 97), "has more pieces than that"],
    [() => begun().end(), "Part 0 of a value is not complete"],
  ];
  for (const [fail, message] of failing) assertThrows(fail, ValueError, message);
});

Deno.test("the memory of an array is that of the bytes that have arrived, not of what was said", () => {
  const assemblies = Array.from({ length: 200 }, () => assemblyOf());
  const before = Deno.memoryUsage().external;
  for (const assembly of assemblies) assembly.add(piece(0, 3, GiB), GiB);
  const grown = Deno.memoryUsage().external - before;
  assert(grown < 200 * 3 * 1024 * 1024, `${grown} bytes for ${assemblies.length} pieces`);
});
