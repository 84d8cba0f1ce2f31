/**
 * A Service for a multimeter with SCPI over TCP. Only one Client at a time can link with it.
 *
 * Run it with `deno run -A examples/digital_multimeter.ts --instrument 127.0.0.1:5025`. Without a
 * multimeter, run `scpi_multimeter.ts`, which simulates one. `multimeter_client.py` is a Client of it,
 * and so is the command `record`.
 *
 * @module
 */

import { type About, runUntilEnd, Service, ValueError } from "@msl/network";
import { delay } from "@std/async/delay";
import { Instrument, type InstrumentOptions } from "./instrument.ts";
import { exampleOptions } from "./options.ts";

/** The identity of a multimeter. */
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
  /** The integration time, in power line cycles. A longer one is slower, with less noise. */
  nplc: number;
}

/** One measurement. */
export interface Reading {
  /** When the measurement was complete: ISO 8601, UTC. */
  time: string;
  /** In volts. */
  voltage: number;
}

/** The longest power line cycle, that of 50 Hz, in milliseconds. */
const CYCLE = 20;
/** The response of an instrument to a voltage that is too large for the range. */
const OVERLOAD = 9.9e37;

/** What each measurement may be told. */
const SETTINGS = [
  { name: "range", description: 'the largest voltage that is expected, or "AUTO"', unit: "V" },
  {
    name: "nplc",
    description: "the integration time, in power line cycles",
    schema: { type: "number", minimum: 0 },
  },
];

/** A multimeter on the network. */
export class DigitalMultimeter extends Service {
  static about: About<DigitalMultimeter> = {
    description: "A multimeter that measures DC voltages",
    attributes: {
      identity: { description: "Who made the instrument, and which one it is.", safe: true },
      settings: { description: "How it measures if nothing else is said.", safe: true },
      configure: {
        description: "Changes the settings. Those that are left out keep their values.",
        parameters: SETTINGS,
      },
      voltage: {
        description: "Measures once.",
        parameters: SETTINGS,
        result: { unit: "V" },
        safe: true,
      },
      readings: {
        description: "Measures again and again.",
        parameters: [
          {
            name: "count",
            description: "how often",
            schema: { type: "integer", minimum: 1 },
          },
          {
            name: "interval",
            description: "the time from one reading to the next",
            unit: "ms",
            schema: { type: "number", minimum: 0 },
          },
        ],
        result: { unit: "V" },
      },
    },
  };

  readonly #instrument: Instrument;
  #settings: MultimeterSettings = { range: "AUTO", nplc: 10 };

  constructor(options: InstrumentOptions = {}) {
    super({ maxClients: 1 });
    this.#instrument = new Instrument(options);
  }

  /** The manufacturer, model, serial number and firmware of the instrument. */
  async identity(): Promise<MultimeterIdentity> {
    const answer = await this.#instrument.query("*IDN?");
    const [manufacturer = "", model = "", serial = "", firmware = ""] = answer.split(",");
    return { manufacturer, model, serial, firmware };
  }

  /** The settings of a measurement without other settings. */
  get settings(): MultimeterSettings {
    return this.#settings;
  }

  /** Changes the settings. Those that are left out keep their values. */
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
   * Measures `count` times, every `interval` milliseconds, or as often as the instrument can if that
   * is too short. Each reading is sent at once. A request that is cancelled ends the measurements.
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

  /** Sends the settings with each measurement, since the instrument may have been switched off and on. */
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

/** Checks the settings, which come from a Client, so that only numbers are sent to the instrument. */
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
  service.addTasks(() =>
    console.log(`DigitalMultimeter is running, its instrument is at ${instrument}`)
  );
  await runUntilEnd(service, { ...connection, reconnect: true });
}
