/**
 * Runs one executable of the user for each alarm, without arguments and without a shell: what happened
 * is in its environment. It runs once at a time. Alarms that come meanwhile wait, and the oldest of
 * too many is dropped.
 *
 * @module
 */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { logger } from "../base/log.ts";
import { printable } from "../base/printable.ts";
import { isoTime } from "../base/time_text.ts";
import { startTimer } from "../base/timer.ts";
import { formatDuration } from "../base/units.ts";
import { ConfigurationError } from "../errors.ts";
import { ALARM_LIMITS } from "../limits.ts";
import type { AlarmEvent } from "./alarms.ts";

const log = logger("record");

/** What comes from a peer has no control characters: a script may put it into the head of a mail. */
const CONTROLS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu;

/** The limits of {@linkcode AlarmProgram}. */
export interface AlarmProgramOptions {
  /** How long the program may run for one alarm, in milliseconds. */
  readonly timeout?: number;
  /** Called with what goes wrong, for the person who has started it. It is in the log too. */
  readonly onNote?: (text: string) => void;
}

/** The program that is run for each alarm. */
export class AlarmProgram implements AsyncDisposable {
  readonly #file: string;
  readonly #timeout: number;
  readonly #onNote: (text: string) => void;
  readonly #queue: AlarmEvent[] = [];
  #running: Promise<void> | undefined;
  #dropped = 0;

  /**
   * @param file A file that can be executed; a name without a folder is in the current one, it is not
   * looked for in the `PATH`.
   * @throws {ConfigurationError} If it cannot be executed.
   */
  constructor(
    file: string,
    { timeout = ALARM_LIMITS.programTimeout, onNote = () => {} }: AlarmProgramOptions = {},
  ) {
    this.#file = resolve(file);
    this.#timeout = timeout;
    this.#onNote = onNote;
    requireExecutable(this.#file);
  }

  /** Runs the program for an alarm, after those before it. It never throws. */
  run(event: AlarmEvent): void {
    this.#queue.push(event);
    if (this.#queue.length > ALARM_LIMITS.queuedAlarms) {
      this.#queue.shift();
      if (this.#dropped++ === 0) {
        this.#tell("is too slow: the oldest of {count} alarms that wait for it is dropped", {
          count: ALARM_LIMITS.queuedAlarms,
        });
      }
    }
    this.#running ??= this.#runAll();
  }

  /** Waits until the program has run for all alarms so far. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /**
   * Waits until the program has run for all alarms. Those that still wait after one time-out are
   * dropped, with an error in the log: a program that hangs would keep the recorder for an hour.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = startTimer(() => {
      this.#dropped += this.#queue.length;
      this.#queue.length = 0;
    }, this.#timeout);
    try {
      await this.idle();
    } finally {
      clearTimeout(timer);
    }
  }

  async #runAll(): Promise<void> {
    for (let event; (event = this.#queue.shift()) !== undefined;) {
      try {
        await this.#runOnce(event);
      } catch (error) {
        this.#tell("cannot be run: {error}", { error: String(error) });
      }
    }
    if (this.#dropped > 0) {
      this.#tell("was not run for {count} alarms, as it is too slow", { count: this.#dropped });
      this.#dropped = 0;
    }
    this.#running = undefined;
  }

  async #runOnce(event: AlarmEvent): Promise<void> {
    const child = new Deno.Command(this.#file, {
      env: environmentOf(event),
      detached: true, // a group of its own: Ctrl+C does not end it, and what it starts ends with it
      stdin: "null",
      stdout: "null", // the readings may go there
      stderr: "inherit",
    }).spawn();
    let isLate = false;
    const timer = startTimer(() => {
      isLate = true;
      kill(child);
    }, this.#timeout);
    try {
      const { success, code, signal } = await child.status;
      if (isLate) {
        this.#tell("was ended: it ran longer than {timeout} for one alarm", {
          timeout: formatDuration(this.#timeout),
        });
      } else if (!success) {
        this.#tell("failed for an alarm: {how}", {
          how: signal ? `signal ${signal}` : `exit code ${code}`,
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Tells what goes wrong, in the log and to the person. */
  #tell(message: string, properties: Readonly<Record<string, unknown>>): void {
    log.error(`{file} ${message}`, { file: this.#file, ...properties });
    const text = message.replaceAll(/\{(\w+)\}/g, (_, name) => String(properties[name]));
    this.#onNote(printable(`${this.#file} ${text}`));
  }
}

/** The variables of an alarm. All of them are set, so that none is inherited from another one. */
export function environmentOf(event: AlarmEvent): Record<string, string> {
  const { source, state, previous, time, value, unit, limit, message } = event;
  const texts = {
    SOURCE: source,
    STATE: state,
    PREVIOUS: previous,
    TIME: isoTime(time),
    VALUE: value === null ? "" : String(value),
    UNIT: unit,
    LIMIT: limit === null ? "" : String(limit),
    MESSAGE: message,
  };
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [`MSL_ALARM_${name}`, harmless(text)]),
  );
}

function harmless(text: string): string {
  return text.slice(0, ALARM_LIMITS.text).replaceAll(CONTROLS, " ");
}

/** Ends a program and what it has started. */
function kill(child: Deno.ChildProcess): void {
  try {
    if (Deno.build.os === "windows") child.kill("SIGKILL");
    else Deno.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function requireExecutable(file: string): void {
  const refuse = (reason: string) =>
    new ConfigurationError(`Cannot run ${file} for an alarm: ${reason}`);
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw refuse("there is no such file");
  if (!found.isFile()) throw refuse("it is no file");
  if (Deno.build.os === "windows") {
    // A shell runs these, and would expand what a service has sent.
    if (/\.(bat|cmd)$/i.test(file)) throw refuse("it is for a shell. Name a program (.exe)");
  } else if ((found.mode & 0o111) === 0) {
    throw refuse(`it is not executable. Make it so with chmod u+x`);
  }
}
