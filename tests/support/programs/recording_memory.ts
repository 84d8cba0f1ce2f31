/** Records many readings into a file, and prints how much memory that has added. */

import { openTarget } from "../../../record/open_target.ts";

const BATCH = 1_000;
const { gc } = globalThis as unknown as { gc(): void };

const target = await openTarget(Deno.args[0]);
const source = target.source({ service: "DMM", attribute: "voltage", arguments: "", unit: "V" });
let next = 0;

/** Records readings, and returns the memory then, in bytes. */
function record(count: number): { heapUsed: number; external: number } {
  for (const end = next + count; next < end; next += BATCH) {
    const times = Array.from({ length: BATCH }, (_, index) => next + index);
    target.write(times.map((time) => ({ source, time, received: time, value: time })), []);
  }
  gc();
  return Deno.memoryUsage();
}

const first = record(100_000);
const last = record(200_000);
const heap = last.heapUsed - first.heapUsed;
console.log(JSON.stringify({ heap, external: last.external - first.external }));
Deno.exit(); // it takes seconds to complete a Parquet file
