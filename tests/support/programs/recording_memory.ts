/** Records many readings, or arrays, into a file, and prints how much memory that has added. */

import { delay } from "@std/async/delay";
import { openTarget } from "../../../record/open_target.ts";

const [file, kind] = Deno.args;
const isArrays = kind === "arrays";
const BATCH = isArrays ? 2 : 1_000;
/** The numbers of an array: 256 KiB. */
const LENGTH = 32_768;
const { gc } = globalThis as unknown as { gc(): void };

const target = await openTarget(file);
const source = target.source({ service: "DMM", attribute: "voltage", arguments: "", unit: "V" });
let next = 0;

/** Records readings, and returns the memory then, in bytes. */
async function record(count: number): Promise<{ heapUsed: number; external: number }> {
  for (const end = next + count; next < end; next += BATCH) {
    const times = Array.from({ length: BATCH }, (_, index) => next + index);
    const valueOf = (time: number) => isArrays ? new Float64Array(LENGTH).fill(time) : time;
    target.write(times.map((time) => ({ source, time, received: time, value: valueOf(time) })), []);
  }
  gc();
  await delay(0); // buffers are released beside the program
  gc();
  return Deno.memoryUsage();
}

const first = await record(isArrays ? 100 : 100_000);
const last = await record(isArrays ? 400 : 200_000);
const heap = last.heapUsed - first.heapUsed;
console.log(JSON.stringify({ heap, external: last.external - first.external }));
Deno.exit(); // it takes seconds to complete a Parquet file
