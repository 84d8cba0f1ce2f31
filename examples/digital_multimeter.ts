/**
 * A Service in front of a multimeter that speaks SCPI. One Client at a time may use it.
 *
 * Run it with `deno run -A examples/digital_multimeter.ts --instrument 127.0.0.1:5025`; where there
 * is no multimeter, `scpi_multimeter.ts` is one. `log_voltage.ts` and `multimeter_client.py` are
 * its Clients.
 *
 * @module
 */

import { Service, ValueError } from "@msl/network";
import { delay } from "@std/async/delay";
import { Instrument, type InstrumentOptions } from "./instrument.ts";
import { exampleOptions } from "./options.ts";

/** What a multimeter says of itself. */
export interface MultimeterIdentity {
  manufacturer: string;
  model: string;
  serial: string;
  firmware: string;
}

/** How to measure. */
export interface MultimeterSettings {
  /** The largest voltage that is expected, in volts, or `"AUTO"`. */
  range: number | "AUTO";
  /** How long to integrate, in cycles of the mains (power line cycles): more is slower and quieter. */
  nplc: number;
}

/** One measurement. */
export interface Reading {
  /** When it was complete: ISO 8601, UTC. */
  time: string;
  /** In volts. */
  voltage: number;
}

/** How long a cycle of the mains takes at least that somebody has, in milliseconds. */
const CYCLE = 20;
/** What an instrument answers instead of a voltage that is too large for the range. */
const OVERLOAD = 9.9e37;

/** A multimeter on the network. */
export class DigitalMultimeter extends Service {
  readonly #instrument: Instrument;
  #settings: MultimeterSettings = { range: "AUTO", nplc: 10 };

  constructor(options: InstrumentOptions = {}) {
    super({ maxClients: 1 });
    this.#instrument = new Instrument(options);
  }

  /** Who made the instrument, and which one it is. */
  async identity(): Promise<MultimeterIdentity> {
    const answer = await this.#instrument.query("*IDN?");
    const [manufacturer = "", model = "", serial = "", firmware = ""] = answer.split(",");
    return { manufacturer, model, serial, firmware };
  }

  /** How it measures if nothing else is asked for. */
  get settings(): MultimeterSettings {
    return this.#settings;
  }

  /** Changes that. What is left out is as it was. */
  async configure(
    { range = this.#settings.range, nplc = this.#settings.nplc }: Partial<MultimeterSettings> = {},
  ): Promise<MultimeterSettings> {
    const settings = { range, nplc };
    await this.#instrument.send(commandsFor(settings));
    return this.#settings = settings;
  }

  /** The voltage, in volts. */
  async voltage(
    { range = this.#settings.range, nplc = this.#settings.nplc }: Partial<MultimeterSettings> = {},
  ): Promise<number> {
    return await this.#measure({ range, nplc });
  }

  /**
   * Measures `count` times, every `interval` milliseconds or, if that is too short, as often as
   * the instrument can. Each reading is sent when it is there, until nobody wants any more.
   */
  async *readings(
    { count = 10, interval = 1_000 }: { count?: number; interval?: number } = {},
  ): AsyncGenerator<Reading> {
    if (!(Number.isInteger(count) && count > 0)) {
      throw new ValueError(`Cannot take readings: count must be an integer from 1, got ${count}`);
    }
    if (!(interval >= 0)) {
      throw new ValueError(
        `Cannot take readings: interval must be 0 or more milliseconds, got ${interval}`,
      );
    }
    const { signal } = this.request!;
    const start = performance.now();
    for (let index = 0; index < count; index++) {
      await delay(Math.max(0, start + index * interval - performance.now()), { signal });
      const voltage = await this.#measure(this.#settings);
      yield { time: new Date().toISOString(), voltage };
    }
  }

  /** Disconnects from the instrument. */
  override async shutdownHandler(): Promise<void> {
    await this.#instrument[Symbol.asyncDispose]();
  }

  /** The settings go with each measurement: the instrument may have been switched off and on. */
  async #measure(settings: MultimeterSettings): Promise<number> {
    const duration = settings.nplc * CYCLE;
    const answer = await this.#instrument.query(`${commandsFor(settings)};:READ?`, duration);
    const voltage = Number(answer);
    if (Number.isNaN(voltage)) throw new ValueError(`Cannot measure: "${answer}" is no voltage`);
    if (Math.abs(voltage) >= OVERLOAD) {
      throw new ValueError(`The voltage is too large for the range of ${settings.range} V`);
    }
    return voltage;
  }
}

/** What is sent to an instrument is made of numbers, whatever a Client gave. */
function commandsFor({ range, nplc }: MultimeterSettings): string {
  if (range !== "AUTO" && !Number.isFinite(range)) {
    throw new ValueError(`Cannot measure: range must be volts or "AUTO", got ${range}`);
  }
  if (!Number.isFinite(nplc)) {
    throw new ValueError(`Cannot measure: nplc must be a number, got ${nplc}`);
  }
  return `CONF:VOLT:DC ${range};:SENS:VOLT:DC:NPLC ${nplc}`;
}

if (import.meta.main) {
  const { instrument, connection } = exampleOptions({ instrument: "127.0.0.1:5025" });
  const { hostname, port } = new URL(`tcp://${instrument}`);
  const service = new DigitalMultimeter({ hostname, port: Number(port || 5025) });
  await service.start({ ...connection, reconnect: true });
  console.log(`DigitalMultimeter is running, its instrument is at ${instrument}`);
  await service.finished;
}
