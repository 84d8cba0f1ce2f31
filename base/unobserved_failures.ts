/**
 * The failures that no code has observed yet. One that stays so is reported: a call that was not
 * awaited would fail in silence otherwise.
 *
 * @module
 */

import { failProgram, onProgramEnd, startIdleTimer, writeProblem } from "./program_end.ts";
import { IS_DENO } from "./runtime.ts";

/** How long a program has to observe a failure before it is reported, in milliseconds. */
export const OBSERVATION_TIME = 1_000;

/** How many lines are written at once, and how many UTF-16 code units of each. */
const MOST_LINES = 10;
const LONGEST_LINE = 1_000;
/** How many failures are described at once: each takes 25 µs, for its stack is read. */
const MOST_DESCRIBED = 1_000;

/** What the failures need of the program that they are in; a test has its own. */
export interface Surroundings {
  onEnd(callback: () => void): void;
  startTimer(callback: () => void, time: number): ReturnType<typeof setTimeout>;
  clearTimer(timer: ReturnType<typeof setTimeout> | undefined): void;
  write(...lines: readonly string[]): void;
  fail(): void;
  now(): number;
}

const PROGRAM: Surroundings = {
  onEnd: onProgramEnd,
  startTimer: startIdleTimer,
  clearTimer: (timer) => clearTimeout(timer),
  write: writeProblem,
  fail: failProgram,
  now: () => performance.now(),
};

/** A failure, and the time at which it is reported. */
interface Failure {
  readonly due: number;
  readonly describe: () => string;
}

/** The failures of one program. Starts nothing before the first one. */
export class UnobservedFailures {
  readonly #program: Surroundings;
  /** By what has failed, the oldest first. */
  readonly #failures = new Map<object, Failure>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isListening = false;
  #hasReported = false;

  constructor(program: Surroundings = PROGRAM) {
    this.#program = program;
  }

  /**
   * Something has failed, and is reported unless it is observed in time.
   *
   * @param describe Gives the report, one line.
   */
  add(failed: object, describe: () => string): void {
    if (IS_DENO && !this.#isListening) {
      this.#isListening = true;
      this.#program.onEnd(() => {
        this.#report([...this.#failures]);
        this.#program.clearTimer(this.#timer);
        this.#timer = undefined;
        if (this.#hasReported) this.#program.fail(); // the program may have called Deno.exit(0)
      });
    }
    this.#failures.set(failed, { due: this.#program.now() + OBSERVATION_TIME, describe });
    this.#timer ??= this.#program.startTimer(() => this.#tick(), OBSERVATION_TIME);
  }

  /** A failure is observed. */
  delete(failed: object): void {
    if (!this.#failures.delete(failed) || this.#failures.size > 0) return;
    this.#program.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#program.now();
    this.#report([...this.#failures].filter(([_, { due }]) => due <= now));
    const [next] = this.#failures.values();
    if (next === undefined) return;
    this.#timer = this.#program.startTimer(() => this.#tick(), Math.max(1, next.due - now));
  }

  #report(due: readonly (readonly [object, Failure])[]): void {
    if (due.length === 0) return;
    const counts = new Map<string, number>();
    for (const [failed] of due) this.#failures.delete(failed);
    for (const [_, { describe }] of due.slice(0, MOST_DESCRIBED)) {
      const text = describe();
      const line = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}...` : text;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    const lines = [...counts].map(([line, count]) => count > 1 ? `${line} (${count} times)` : line);
    const undescribed = Math.max(due.length - MOST_DESCRIBED, 0);
    const left = Math.max(lines.length - MOST_LINES, 0) + undescribed;
    if (left > 0) {
      lines.splice(MOST_LINES, Infinity, `Not awaited: ${left} others that have failed`);
    }
    this.#hasReported = true;
    this.#program.write(...lines);
    this.#program.fail();
  }
}
