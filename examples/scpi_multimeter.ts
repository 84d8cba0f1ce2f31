/**
 * A simulated multimeter with SCPI over TCP. It measures 10 V, with noise and with the drift of an
 * instrument that warms up.
 *
 * Run it with `deno run -A examples/scpi_multimeter.ts --port 5025`, and send it commands with
 * `nc localhost 5025`: `*IDN?`, `MEAS:VOLT:DC?`, `SYST:ERR?`.
 *
 * @module
 */

// @ts-types="npm:@types/d3-random@^3.0.3"
import { randomLcg, randomNormal } from "d3-random";
import { type Clock, makeClock } from "./clock.ts";
import { ownOptions } from "./options.ts";
import { formatNumber, type Parameters, Scpi } from "./scpi.ts";

/** The ranges, in volts. Each can measure up to 1.2 times its value. */
const RANGES = [0.1, 1, 10, 100, 1_000];
const OVERRANGE = 1.2;
/** The answer for a voltage that is too large for the range. */
const OVERLOAD = 9.9e37;
/** The integration times in power line cycles, and the length of a cycle in milliseconds. */
const INTEGRATION = [0.02, 0.2, 1, 10, 100];
const CYCLE = 20;

const RANGE_LIMITS = { minimum: 0, maximum: 1_000, standard: 10 };
const NPLC_LIMITS = { minimum: 0.02, maximum: 100, standard: 10 };

/** The options of a simulated multimeter. */
export interface MultimeterOptions {
  /** The seed of its noise: the same seed gives the same noise. */
  seed?: number;
  /** The voltage between its terminals, in volts. */
  voltage?: number;
  /** Its clock. Default: real time. */
  clock?: Clock;
}

/** The instrument without its socket. */
export class Multimeter {
  readonly #voltage: number;
  readonly #clock: Clock;
  readonly #noise: () => number;
  readonly #scpi: Scpi;
  #range: number | "AUTO" = "AUTO";
  #nplc = NPLC_LIMITS.standard;

  constructor({ seed = 1, voltage = 10, clock = makeClock() }: MultimeterOptions = {}) {
    this.#voltage = voltage;
    this.#clock = clock;
    this.#noise = randomNormal.source(randomLcg(seed))(0, 1);
    const scpi: Scpi = this.#scpi = new Scpi({
      "*IDN?": alone(() => `Simulated Instruments,DMM 6.5,${seed},1.0`),
      "*RST": alone(() => this.#configure("AUTO")),
      "*CLS": alone(() => scpi.clearErrors()),
      "*OPC?": alone(() => "1"), // each command is complete before the next one is parsed
      "SYSTem:ERRor[:NEXT]?": alone(() => scpi.nextError()),
      "CONFigure[:VOLTage][:DC]": (parameters) => this.#configure(rangeIn(parameters)),
      "MEASure[:VOLTage][:DC]?": (parameters) => {
        this.#configure(rangeIn(parameters));
        return this.#read();
      },
      "READ?": alone(() => this.#read()),
      "[SENSe:]VOLTage[:DC]:RANGe": (parameters) => {
        this.#range = stepFor(RANGES, parameters.number(RANGE_LIMITS));
      },
      "[SENSe:]VOLTage[:DC]:RANGe?": alone(() => formatNumber(this.#rangeInUse())),
      "[SENSe:]VOLTage[:DC]:RANGe:AUTO?": alone(() => this.#range === "AUTO" ? "1" : "0"),
      "[SENSe:]VOLTage[:DC]:NPLC": (parameters) => {
        this.#nplc = stepFor(INTEGRATION, parameters.number(NPLC_LIMITS));
      },
      "[SENSe:]VOLTage[:DC]:NPLC?": alone(() => formatNumber(this.#nplc)),
    });
  }

  /** Executes a line. Returns its answer, `undefined` if there is none. */
  execute(line: string): Promise<string | undefined> {
    return this.#scpi.execute(line);
  }

  /** Sets the range, and resets everything else as `*RST` does. */
  #configure(range: number | "AUTO"): void {
    this.#range = range;
    this.#nplc = NPLC_LIMITS.standard;
  }

  async #read(): Promise<string> {
    await this.#clock.delay(this.#nplc * CYCLE);
    const range = this.#rangeInUse();
    // Longer integration leaves less noise: 1 µV in the range of 10 V at NPLC 1.
    const noise = this.#noise() * range * 1e-7 / Math.sqrt(this.#nplc);
    const voltage = this.#voltage * (1 + drift(this.#clock.now())) + noise;
    return formatNumber(Math.abs(voltage) > range * OVERRANGE ? OVERLOAD : voltage);
  }

  /** The range in use, in volts. */
  #rangeInUse(): number {
    return this.#range === "AUTO"
      ? RANGES.find((range) => Math.abs(this.#voltage) <= range * OVERRANGE) ?? RANGES.at(-1)!
      : this.#range;
  }
}

/** An instrument for an {@linkcode InstrumentServer}. */
export type ScpiInstrument = Pick<Multimeter, "execute">;

/** An instrument that listens for connections, and serves one after the other. */
export class InstrumentServer implements AsyncDisposable {
  readonly #instrument: ScpiInstrument;
  readonly #listener: Deno.TcpListener;
  readonly #served: Promise<void>;
  #connection: Deno.TcpConn | undefined;

  /** Starts to listen. Port 0 takes a free one. */
  constructor(instrument: ScpiInstrument, { hostname = "127.0.0.1", port = 0 } = {}) {
    this.#instrument = instrument;
    this.#listener = Deno.listen({ hostname, port });
    this.#served = this.#serve();
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Switches the instrument off. */
  async [Symbol.asyncDispose](): Promise<void> {
    close(this.#listener);
    if (this.#connection) close(this.#connection);
    await this.#served;
  }

  async #serve(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connection = connection;
      connection.setNoDelay(); // an answer is sent before the one before it is acknowledged
      try {
        await serve(this.#instrument, connection);
      } catch {
        // The peer has closed the connection, or the instrument was switched off.
      }
      close(connection);
    }
  }
}

function close(socket: Deno.TcpConn | Deno.TcpListener): void {
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}

/** Answers line after line, also after the peer has closed its sending side. */
async function serve(instrument: ScpiInstrument, connection: Deno.TcpConn): Promise<void> {
  const writer = connection.writable.getWriter();
  for await (const line of linesOf(connection)) {
    const answer = await instrument.execute(line.trim());
    if (answer !== undefined) await writer.write(new TextEncoder().encode(`${answer}\n`));
  }
}

/** The lines that arrive. Text without a newline is not a line. */
async function* linesOf(connection: Deno.TcpConn): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  let rest = "";
  for (let size; (size = await connection.read(buffer)) !== null;) {
    const lines = (rest + decoder.decode(buffer.subarray(0, size), { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

/** A command that takes no parameters. */
function alone<R>(action: () => R): (parameters: Parameters) => R {
  return (parameters) => {
    parameters.none();
    return action();
  };
}

function rangeIn(parameters: Parameters): number | "AUTO" {
  const range = parameters.numberOrAuto(RANGE_LIMITS);
  return range === "AUTO" ? range : stepFor(RANGES, range);
}

/** The smallest step that is not less than the wanted value. */
function stepFor(steps: readonly number[], wanted: number): number {
  return steps.find((step) => step >= wanted)!;
}

/**
 * The error of the instrument, relative to the voltage: it warms up for the first half hour, and the
 * air conditioning of the room switches every ten minutes.
 */
function drift(milliseconds: number): number {
  const minutes = milliseconds / 60_000;
  return 3e-6 * Math.exp(-minutes / 15) + 2e-7 * Math.sin(2 * Math.PI * minutes / 10);
}

if (import.meta.main) {
  const { host, port, seed, speed } = ownOptions({
    host: "127.0.0.1",
    port: 5025,
    seed: 1,
    speed: 1,
  });
  const multimeter = new Multimeter({ seed, clock: makeClock(speed) });
  const server = new InstrumentServer(multimeter, { hostname: host, port });
  console.log(`The multimeter listens on ${host}:${server.port}`);
}
