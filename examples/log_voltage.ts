/**
 * A Client of `digital_multimeter.ts` that logs the voltage for an hour. It writes each reading to a
 * CSV file when it arrives, and draws a plot as SVG in the end. Ctrl+C ends it early, with a plot of
 * the readings so far.
 *
 * `--hours 8` is the duration, `--interval 10` the time between two readings in seconds, `--out
 * folder` the folder of the files. `--speed 600` is for a simulated multimeter (`scpi_multimeter.ts`)
 * with the same option: an hour of its time takes six seconds.
 *
 * @module
 */

import { connect, options } from "@msl/network";
import { join } from "node:path";
import type { DigitalMultimeter } from "./digital_multimeter.ts";
import { exampleOptions } from "./options.ts";
import { plot, type Point } from "./plot.ts";

if (import.meta.main) {
  const { hours, interval, speed, out, connection } = exampleOptions({
    hours: 1,
    interval: 10,
    speed: 1,
    out: ".",
  });
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => interrupt.abort());

  await using cxn = await connect({ ...connection, name: "voltage logger" });
  const dmm = await cxn.link<DigitalMultimeter>("DigitalMultimeter");
  const { manufacturer, model } = await dmm.identity();
  const { range, nplc } = await dmm.configure({ range: 10, nplc: 10 });
  const start = new Date();
  const count = Math.max(1, Math.round(hours * 3_600 / interval));
  console.log(
    `Logs ${count} readings of ${manufacturer} ${model}, range ${range} V, ${nplc} power line cycles`,
  );

  await Deno.mkdir(out, { recursive: true });
  const name = join(out, `voltage-${start.toISOString().slice(0, 19).replaceAll(":", "")}Z`);
  await Deno.writeTextFile(`${name}.csv`, "time (ISO 8601 UTC),voltage (V)\n", { createNew: true });
  const points: Point[] = [];
  const readings = dmm.readings(
    { count, interval: interval * 1_000 / speed },
    options({ signal: interrupt.signal }),
  );
  try {
    for await (const reading of readings) {
      const elapsed = new Date(reading.time).getTime() - start.getTime();
      const time = new Date(start.getTime() + elapsed * speed);
      const voltage = Number(reading.voltage); // a Service can send any value
      const row = `${time.toISOString()},${voltage}\n`;
      await Deno.writeTextFile(`${name}.csv`, row, { append: true });
      points.push({ time, value: voltage });
    }
  } catch (error) {
    if (!interrupt.signal.aborted) fail(error);
  }
  console.log(`Readings: ${name}.csv (${points.length})`);

  if (points.length > 0) {
    const title = `${manufacturer} ${model}, range ${range} V, NPLC ${nplc}`;
    const svg = plot(points, { title, values: "DC voltage / V" });
    await Deno.writeTextFile(`${name}.svg`, svg, { createNew: true });
    console.log(`Plot: ${name}.svg`);
  }
}

/** Reports an error without ending the program: the readings so far are still plotted. */
function fail(error: unknown): void {
  console.error(`The log ends early: ${error instanceof Error ? error.message : error}`);
  Deno.exitCode = 1;
}
