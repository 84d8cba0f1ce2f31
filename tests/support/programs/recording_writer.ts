/**
 * Records the numbers from a first one into a file, in batches of three and with a text each time,
 * until it is killed. It prints each number that was acknowledged, and why a batch was not written,
 * which it then tries again.
 */

import { delay } from "@std/async/delay";
import { openTarget } from "../../../record/open_target.ts";
import { TargetUnavailable } from "../../../record/target.ts";

const [file, first] = Deno.args;
const print = (line: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

const target = await openTarget(file);
const numbers = target.source({ service: "Counter", attribute: "count", arguments: "", unit: "" });
const texts = target.source({ service: "Counter", attribute: "text", arguments: "", unit: "" });
print(`opened ${JSON.stringify(target.end(numbers))}`);

for (let next = Number(first);;) {
  const times = [next, next + 1, next + 2];
  const readings = times.map((time) => ({ source: numbers, time, received: time, value: time }));
  const text = { source: texts, time: next, received: next, value: "ä".repeat(next % 100) };
  try {
    target.write([...readings, text], []);
  } catch (error) {
    if (!(error instanceof TargetUnavailable)) throw error;
    print(`unavailable ${error.message}`);
    await delay(20);
    continue;
  }
  next += readings.length;
  print(`${next - 1}`);
  if (next % 256 < 3) await delay(0); // what the target does between batches has its turn
}
