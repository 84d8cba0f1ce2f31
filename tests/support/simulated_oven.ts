/** A service that has something of everything that the page shows. */

import { delay } from "@std/async/delay";
import { type About, kwargs, Service } from "../../mod.ts";

/** An oven, whose values are the same each time. */
export class SimulatedOven extends Service {
  static about: About<SimulatedOven> = {
    description: "Heats samples.\nTwo at a time.",
    attributes: {
      serial: { description: "The serial number.", safe: true },
      heat: {
        description: "Sets the temperature.",
        parameters: [
          { name: "celsius", unit: "°C", schema: { type: "number", maximum: 400 } },
          { name: "mode", schema: { enum: ["slow", "fast"] }, default: "slow" },
        ],
        result: { unit: "°C", warning: [0, 180], alarm: [0, 200] },
      },
      temperature: {
        description: "What it is now.",
        result: { unit: "°C", warning: [0, 180], alarm: [0, 200] },
        safe: true,
      },
      curve: {
        description: "The temperature along the oven.",
        result: { unit: "°C", warning: [19, 21], alarm: [18, 22] },
      },
      spectrum: { description: "Of the light inside.", result: { unit: "W" } },
      samples: { description: "What is inside.", safe: true },
    },
    notifications: { celsius: { unit: "°C", alarm: [0, 200] } },
  };

  readonly serial = "OV-1042";
  #readings = 0;

  constructor() {
    super({ name: "Oven" });
  }

  heat(celsius: number, mode: "slow" | "fast" = "slow"): number {
    if (celsius > 200) throw new RangeError(`It melts at ${celsius}`);
    this.emitNotification(mode, kwargs({ celsius }));
    return celsius;
  }

  temperature(): number {
    return Math.round(1_500 + 200 * Math.sin(this.#readings++ / 6)) / 10;
  }

  /** @param pause The time between two values, in milliseconds. */
  async *curve({ pause = 0 }: { pause?: number } = {}): AsyncGenerator<number> {
    for (let index = 0; index < 200; index++) {
      yield Math.round(20_000 + 1_200 * Math.sin(index / 10) * Math.cos(index / 70)) / 1_000;
      if (pause > 0) await delay(pause, { signal: this.request!.signal });
    }
  }

  spectrum(): number[] {
    return Array.from({ length: 256 }, (_, index) => Math.exp(-(((index - 120) / 30) ** 2)));
  }

  samples(): { name: string; grams: number; isDry: boolean }[] {
    return ["A-1", "A-2", "B-1"].map((name, index) => ({
      name,
      grams: 1.25 * (index + 1),
      isDry: index !== 1,
    }));
  }
}
