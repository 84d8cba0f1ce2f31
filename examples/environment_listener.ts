/**
 * A Client that prints the notifications of `environment_monitor.ts`, and in the end the smallest
 * and the largest value of each quantity. It ends with Ctrl+C, or after `--count` readings.
 *
 * @module
 */

import { connect, Kwargs } from "@msl/network";
import type {
  EnvironmentMonitor,
  EnvironmentReading,
  LimitCrossing,
  Limits,
  Quantity,
} from "./environment_monitor.ts";
import { exampleOptions } from "./options.ts";

const UNITS: Readonly<Record<Quantity, string>> = {
  temperature: "°C",
  humidity: "%",
  pressure: "hPa",
};
const QUANTITIES = Object.keys(UNITS) as Quantity[];

if (import.meta.main) {
  const { count, connection } = exampleOptions({ count: Infinity });
  const extremes: Partial<Record<Quantity, Limits>> = {};
  let left = count;
  const ended = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGINT", () => ended.resolve());

  await using cxn = await connect({ ...connection, name: "listener", reconnect: true });
  const monitor = await cxn.link<EnvironmentMonitor>("EnvironmentMonitor");
  monitor.notificationHandler = (kind, notified) => {
    if (left <= 0) return;
    if (!(notified instanceof Kwargs)) return showCrossing(kind as "alarm" | "normal", notified);
    const reading = notified.named as unknown as EnvironmentReading;
    const values = QUANTITIES.map((quantity) => `${reading[quantity]} ${UNITS[quantity]}`);
    console.log(`${reading.time}  ${values.join("  ")}`);
    for (const quantity of QUANTITIES) {
      const value = reading[quantity];
      const [low, high] = extremes[quantity] ?? [value, value];
      extremes[quantity] = [Math.min(low, value), Math.max(high, value)];
    }
    if (--left <= 0) ended.resolve();
  };
  await Promise.race([ended.promise, cxn.disconnected]);

  for (const quantity of QUANTITIES) {
    if (extremes[quantity] === undefined) continue;
    const [low, high] = extremes[quantity];
    console.log(`${quantity}: from ${low} to ${high} ${UNITS[quantity]}`);
  }
}

function showCrossing(kind: "alarm" | "normal", notified: unknown): void {
  const { quantity, value, limits: [low, high], time } = notified as LimitCrossing;
  const unit = UNITS[quantity];
  console.log(
    kind === "alarm"
      ? `${time}  ALARM: ${quantity} is ${value} ${unit}, not from ${low} to ${high}`
      : `${time}  ${quantity} is ${value} ${unit}, within its limits again`,
  );
}
