/** The two programs of `record_soak.ts`: a simulated instrument, and a recorder with a fast clock. */

import { connect, type ConnectOptions, kwargs, Service } from "../../mod.ts";
import { openTarget } from "../../record/open_target.ts";
import { Recorder } from "../../record/recorder.ts";
import { parseSource } from "../../record/source.ts";
import { terminationSignal } from "../../program/signals.ts";
import { FastClock } from "../support/recorder.ts";

/** What a program is told, as JSON in its only argument. */
export type ProgramOptions =
  & {
    address: ConnectOptions;
    /** How much faster the clock is, and when it began: in the simulation, and by this computer. */
    clock: [factor: number, start: number, base: number];
  }
  & (
    | {
      program: "instrument";
      name: string;
      /** The file with what was delivered. */
      log: string;
      /** The first value: each one is given once. */
      first: number;
    }
    | { program: "recorder"; file: string; sources: string[] }
  );

/** The pauses of the instrument, in milliseconds of the simulation. */
const STREAM_PAUSE = 2_000;
const NOTIFICATION_PAUSE = 3_000;

const RECONNECT = { firstDelay: 20, longestDelay: 200, waitOnFirstConnect: true };

/** Gives each value once, and writes what it gives before it gives it. */
class Instrument extends Service {
  static about = {
    attributes: { voltage: { result: { unit: "V" } }, current: { result: { unit: "A" } } },
    notifications: { temperature: { unit: "C" } },
  } as const;

  readonly #clock: FastClock;
  readonly #log: Deno.FsFile;
  #last: number;

  constructor(name: string, clock: FastClock, log: string, first: number) {
    super({ name });
    this.#clock = clock;
    this.#log = Deno.openSync(log, { append: true, create: true });
    this.#last = first;
  }

  /** It is polled. */
  voltage(): number {
    const { value, time } = this.#measure("voltage");
    this.request!.time = time;
    return value;
  }

  /** It is a stream. */
  async *current(): AsyncGenerator<number> {
    const { signal } = this.request!;
    for (;;) {
      const { value, time } = this.#measure("current");
      this.request!.time = time;
      yield value;
      await this.#clock.sleep(STREAM_PAUSE, signal);
    }
  }

  /** Emits notifications until the process is killed. */
  async emit(): Promise<never> {
    const { signal } = new AbortController();
    for (;;) {
      const { value, time } = this.#measure("temperature");
      // It is lost while there is no Manager.
      this.emitNotificationAt(time, kwargs({ temperature: value })).catch(() => {});
      await this.#clock.sleep(NOTIFICATION_PAUSE, signal);
    }
  }

  #measure(attribute: string): { value: number; time: number } {
    const [value, time] = [this.#last++, this.#clock.now()];
    this.#log.writeSync(new TextEncoder().encode(`${attribute} ${value} ${time}\n`));
    return { value, time };
  }
}

async function main(options: ProgramOptions): Promise<void> {
  const { address } = options;
  const clock = new FastClock(...options.clock);
  if (options.program === "instrument") {
    const { name, log, first } = options;
    const instrument = new Instrument(name, clock, log, first);
    await instrument.start({ ...address, reconnect: RECONNECT });
    await instrument.emit();
    return;
  }
  const { file, sources } = options;
  const target = await openTarget(file);
  const client = await connect({ ...address, reconnect: RECONNECT });
  using termination = terminationSignal();
  const recorder = new Recorder(client, target, sources.map(parseSource), {
    clock,
    onNote: (text) => console.error(text),
  });
  console.log("recording");
  try {
    Deno.exitCode = await recorder.run(termination.signal);
  } finally {
    await client.disconnect();
    await target.close();
  }
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
