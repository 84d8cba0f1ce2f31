/** Instruments whose readings are the same each time, for pictures of the page. */

import { type About, Service } from "../../mod.ts";

/** A multimeter, or anything that gives a voltage. */
export class SimulatedMultimeter extends Service {
  static about: About<SimulatedMultimeter> = {
    description: "Reads the voltage reference",
    attributes: {
      voltage: {
        description: "Measures once.",
        parameters: [
          {
            name: "range",
            description: "the largest voltage",
            unit: "V",
            schema: { enum: [1, 10, 100] },
          },
        ],
        result: { unit: "V", warning: [9.5, 10.5] },
        safe: true,
      },
    },
  };
  #count = 0;

  constructor(name = "Multimeter") {
    super({ name });
  }

  voltage(range = 10): number {
    const count = this.#count++;
    return Math.min(10 + 0.3 * Math.sin(count / 4) + 0.05 * Math.sin(count * 2.3), range);
  }
}

/** A camera with a picture in grey. */
export class SimulatedCamera extends Service {
  static about: About<SimulatedCamera> = {
    description: "Looks at the fringes of an interferometer",
    attributes: { image: { description: "Takes a picture.", safe: true } },
  };

  constructor() {
    super({ name: "Camera" });
  }

  image(): number[][] {
    return Array.from({ length: 96 }, (_, y) =>
      Array.from({ length: 128 }, (_, x) => {
        const radius = Math.hypot(x - 64, y - 48);
        return Math.round(127 + 120 * Math.cos(radius ** 2 / 90) * Math.exp(-((radius / 60) ** 2)));
      }));
  }
}
