/**
 * A Service whose log and whose methods belong to the traces of their calls. Its arguments are the host
 * and the port of a Manager over plain TCP.
 */

import { logger } from "../../../base/log.ts";
import { Service, startLogging } from "../../../mod.ts";

class Meter extends Service {
  measure(range: number): number {
    logger("meter").info("Measures with {range}", { range });
    return 5.25 * range;
  }

  fail(): void {
    throw new RangeError("There is no such range");
  }

  async *readings(count: number): AsyncGenerator<number> {
    for (let n = 0; n < count; n++) yield await Promise.resolve(n);
  }
}

await using _logging = await startLogging("info", undefined, { logFormat: "json" });
const [host, port] = Deno.args;
await using meter = new Meter({ name: "Meter" });
await meter.start({ host, port: Number(port), disableTls: true });
console.log("ready");
await meter.finished;
