/**
 * A Service that monitors the air of a room: it emits each reading of its sensor as a notification,
 * and an alarm when a quantity leaves its limits. `environment_listener.ts` prints them. The sensor
 * is simulated. `--interval` is in seconds; another `--seed` gives other readings.
 *
 * @module
 */

import { type About, kwargs, runUntilEnd, Service, ValueError } from "@msl/network";
import { delay } from "@std/async/delay";
// @ts-types="npm:@types/d3-random@^3.0.3"
import { randomLcg, randomNormal } from "d3-random";
import { exampleOptions } from "./options.ts";

/** The quantities that a sensor measures. */
export interface Conditions {
  /** In degrees Celsius. */
  temperature: number;
  /** Relative, in percent. */
  humidity: number;
  /** In hectopascals. */
  pressure: number;
}

/** The name of a quantity. */
export type Quantity = keyof Conditions;

/** The lowest and the highest value without an alarm. */
export type Limits = [low: number, high: number];

/** The keyword arguments of the notification `"reading"`. */
export interface EnvironmentReading extends Conditions {
  /** ISO 8601, UTC. */
  time: string;
}

/** The argument of the notifications `"alarm"` and `"normal"`. */
export interface LimitCrossing {
  quantity: Quantity;
  value: number;
  limits: Limits;
  /** ISO 8601, UTC. */
  time: string;
}

/** How to make an {@linkcode EnvironmentMonitor}. */
export interface MonitorOptions {
  /** Reads the sensor. Default: a simulated one. */
  sensor?: () => Conditions;
  /** The time between two readings, in milliseconds. Default: 1,000. */
  interval?: number;
}

/** The limits until a Client changes them. */
const LIMITS: Record<Quantity, Limits> = {
  temperature: [19, 21],
  humidity: [40, 60],
  pressure: [950, 1_050],
};

/** Monitors the air of a room. */
export class EnvironmentMonitor extends Service {
  static about: About<EnvironmentMonitor> = {
    description: "The air of a room",
    attributes: {
      latest: { description: "The latest reading.", safe: true },
      limits: { description: "The lowest and the highest value without an alarm.", safe: true },
      set_limits: {
        description: "Changes the limits of one quantity.",
        parameters: [
          { name: "quantity", schema: { enum: Object.keys(LIMITS) } },
          { name: "low", description: "the lowest good value", schema: { type: "number" } },
          { name: "high", description: "the highest good value", schema: { type: "number" } },
        ],
      },
    },
    notifications: {
      temperature: { unit: "°C", alarm: LIMITS.temperature },
      humidity: { unit: "%", alarm: LIMITS.humidity },
      pressure: { unit: "hPa", alarm: LIMITS.pressure },
    },
  };

  readonly #sensor: () => Conditions;
  readonly #limits: Record<Quantity, Limits> = { ...LIMITS };
  readonly #outside = new Set<Quantity>();
  #latest: EnvironmentReading | undefined;

  constructor({ sensor = simulatedSensor(), interval = 1_000 }: MonitorOptions = {}) {
    super();
    this.#sensor = sensor;
    this.addTasks(async (signal) => {
      while (!signal.aborted) {
        this.#read();
        await delay(interval, { signal }).catch(() => {});
      }
    });
  }

  /** The latest reading; `null` before the first one. */
  latest(): EnvironmentReading | null {
    return this.#latest ?? null;
  }

  /** The limits of each quantity. */
  limits(): Record<Quantity, Limits> {
    return this.#limits;
  }

  /** Changes the limits of one quantity. */
  set_limits(quantity: Quantity, low: number, high: number): void {
    if (!Object.hasOwn(this.#limits, quantity)) {
      const known = Object.keys(this.#limits).join(", ");
      throw new ValueError(`Cannot set the limits of ${quantity}: there are ${known}`);
    }
    if (!(low < high)) {
      throw new ValueError(`Cannot set limits: low must be below high, got ${low} and ${high}`);
    }
    this.#limits[quantity] = [low, high];
  }

  #read(): void {
    const conditions = this.#sensor();
    const time = new Date().toISOString();
    this.#latest = { time, ...conditions };
    this.emitNotification("reading", kwargs({ ...this.#latest }));
    for (const quantity of Object.keys(this.#limits) as Quantity[]) {
      const [value, limits] = [conditions[quantity], this.#limits[quantity]];
      const isOutside = value < limits[0] || value > limits[1];
      if (isOutside === this.#outside.has(quantity)) continue; // no second notification of the same state
      if (isOutside) this.#outside.add(quantity);
      else this.#outside.delete(quantity);
      const crossing: LimitCrossing = { quantity, value, limits, time };
      this.emitNotification(isOutside ? "alarm" : "normal", crossing);
    }
  }
}

/** A simulated sensor, whose values drift at random. The same seed gives the same values. */
export function simulatedSensor(seed = 1): () => Conditions {
  const noise = randomNormal.source(randomLcg(seed))(0, 1);
  const drifting = (mean: number, spread: number) => {
    let offset = 0;
    return () => {
      offset = 0.9 * offset + 0.44 * noise(); // a standard deviation of 1 in the long run
      return Math.round((mean + spread * offset) * 100) / 100;
    };
  };
  const temperature = drifting(20, 0.6);
  const humidity = drifting(50, 4);
  const pressure = drifting(1_005, 2);
  return () => ({ temperature: temperature(), humidity: humidity(), pressure: pressure() });
}

if (import.meta.main) {
  const { interval, seed, connection } = exampleOptions({ interval: 1, seed: 1 });
  const service = new EnvironmentMonitor({
    sensor: simulatedSensor(seed),
    interval: interval * 1_000,
  });
  service.addTasks(() => console.log("EnvironmentMonitor is running"));
  await runUntilEnd(service, { ...connection, reconnect: true });
}
