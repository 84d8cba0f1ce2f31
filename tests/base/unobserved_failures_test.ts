import { assertEquals } from "@std/assert";
import { OBSERVATION_TIME, UnobservedFailures } from "../../base/unobserved_failures.ts";

/** A program whose time the test advances. */
class FakeProgram {
  lines: string[] = [];
  hasFailed = false;
  time = 0;
  timers: { id: number; due: number; callback: () => void }[] = [];
  #id = 0;
  #onEnd: (() => void)[] = [];

  readonly failures = new UnobservedFailures({
    onEnd: (callback) => void this.#onEnd.push(callback),
    startTimer: (callback, time) => {
      const id = ++this.#id;
      this.timers.push({ id, due: this.time + time, callback });
      return id as unknown as ReturnType<typeof setTimeout>;
    },
    clearTimer: (timer) => {
      this.timers = this.timers.filter(({ id }) => id !== timer as unknown as number);
    },
    write: (...lines) => void this.lines.push(...lines),
    fail: () => this.hasFailed = true,
    now: () => this.time,
  });

  advance(by: number): void {
    this.time += by;
    for (;;) {
      const next = this.timers.find(({ due }) => due <= this.time);
      if (next === undefined) return;
      this.timers = this.timers.filter((timer) => timer !== next);
      next.callback();
    }
  }

  end(): void {
    for (const callback of this.#onEnd) callback();
  }

  /** Whether it has been told that it is used. */
  get isListening(): boolean {
    return this.#onEnd.length > 0;
  }
}

Deno.test("nothing is started before something has failed", () => {
  const program = new FakeProgram();
  program.failures.delete({});
  assertEquals([program.timers, program.isListening], [[], false]);
});

Deno.test("a failure is reported after its time, once, and the program fails", () => {
  const program = new FakeProgram();
  program.failures.add({}, () => "a");
  program.advance(OBSERVATION_TIME - 1);
  assertEquals([program.lines, program.hasFailed], [[], false]);
  program.advance(1);
  assertEquals([program.lines, program.hasFailed], [["a"], true]);
  program.advance(10_000);
  program.end();
  assertEquals(program.lines, ["a"]);
  assertEquals(program.timers, []);
});

Deno.test("a failure that is observed in time is not reported, and leaves no timer", () => {
  const program = new FakeProgram();
  const [one, other] = [{}, {}];
  program.failures.add(one, () => "one");
  program.failures.add(other, () => "other");
  program.failures.delete(one);
  assertEquals(program.timers.length, 1);
  program.failures.delete(other);
  assertEquals(program.timers, []);
  program.advance(5_000);
  program.end();
  assertEquals([program.lines, program.hasFailed], [[], false]);
});

Deno.test("one timer is enough for many, and each has its whole time", () => {
  const program = new FakeProgram();
  program.failures.add({}, () => "early");
  program.advance(OBSERVATION_TIME - 100);
  program.failures.add({}, () => "late");
  assertEquals(program.timers.length, 1);
  program.advance(100);
  assertEquals(program.lines, ["early"]);
  assertEquals(program.timers.length, 1);
  program.advance(OBSERVATION_TIME - 101);
  assertEquals(program.lines, ["early"]);
  program.advance(1);
  assertEquals(program.lines, ["early", "late"]);
});

Deno.test("at the end of the program the rest is reported at once", () => {
  const program = new FakeProgram();
  program.failures.add({}, () => "a");
  program.end();
  assertEquals([program.lines, program.hasFailed], [["a"], true]);
  assertEquals(program.timers, []);
});

Deno.test("a program that sets its exit code to 0 later fails nevertheless", () => {
  const program = new FakeProgram();
  program.failures.add({}, () => "a");
  program.advance(OBSERVATION_TIME);
  program.hasFailed = false;
  program.end();
  assertEquals(program.hasFailed, true);
});

Deno.test("equal lines are one, long ones are cut, and of many different ones the first are shown", () => {
  const program = new FakeProgram();
  for (let index = 0; index < 100; index++) program.failures.add({}, () => "same");
  program.failures.add({}, () => "once");
  program.end();
  assertEquals(program.lines, ["same (100 times)", "once"]);
  program.lines = [];
  program.failures.add({}, () => "x".repeat(1_000_000));
  program.end();
  assertEquals(program.lines.map(({ length }) => length), [1_003]);
  program.lines = [];
  for (let index = 0; index < 100; index++) program.failures.add({}, () => `line ${index}`);
  program.end();
  assertEquals(program.lines.length, 11);
  assertEquals(program.lines[9], "line 9");
  assertEquals(program.lines[10], "Not awaited: 90 others that have failed");
});

Deno.test("of very many failures only some are described, since each description takes time", () => {
  const program = new FakeProgram();
  let described = 0;
  for (let index = 0; index < 100_000; index++) {
    program.failures.add({}, () => {
      described++;
      return "same";
    });
  }
  program.end();
  assertEquals(described, 1_000);
  const others = "Not awaited: 99000 others that have failed";
  assertEquals(program.lines, ["same (1000 times)", others]);
  program.lines = [];
  program.end();
  assertEquals(program.lines, []);
});
