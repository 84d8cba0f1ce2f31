/** Instruments whose readings are the same each time, for pictures of the page. */

import { crc32, deflateSync } from "node:zlib";
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
    const volts = 10 + 0.3 * Math.sin(count / 4) + 0.05 * Math.sin(count * 2.3);
    return Math.min(Math.round(volts * 1_000) / 1_000, range);
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

  /** In base64. */
  image(): string {
    const [width, height] = [320, 200];
    return pngOf(width, height, (x, y) => {
      const radius = Math.hypot(x - 160, y - 100);
      return 127 + 120 * Math.cos(radius ** 2 / 420) * Math.exp(-((radius / 130) ** 2));
    }).toBase64();
  }
}

/** A grey picture as PNG. */
function pngOf(width: number, height: number, grey: (x: number, y: number) => number): Uint8Array {
  const rows = new Uint8Array((width + 1) * height); // each row begins with its filter, 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = grey(x, y);
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8); // bits; the colour type 0 is grey
  const chunks = [
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", new Uint8Array()),
  ];
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  return Uint8Array.from([signature, ...chunks].flatMap((part) => [...part]));
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const body = new Uint8Array([...new TextEncoder().encode(type), ...content]);
  const whole = new DataView(new ArrayBuffer(body.length + 8));
  whole.setUint32(0, content.length);
  new Uint8Array(whole.buffer).set(body, 4);
  whole.setUint32(body.length + 4, crc32(body));
  return new Uint8Array(whole.buffer);
}
