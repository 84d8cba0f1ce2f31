/** Calls that fail and that no code awaits, in programs of their own. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Service, ValueError } from "../../mod.ts";
import { type LabPrograms, labPrograms } from "../support/lab_programs.ts";

class Meter extends Service {
  constructor() {
    super({ grace: 0 }); // for forever()
  }

  _endManager: (() => void) | undefined;

  endManager(): void {
    this._endManager?.();
  }

  calibrate(level: number): number {
    if (level > 10) throw new ValueError(`the level ${level} is too large`);
    return level;
  }

  /** Its Client waits until it has failed. */
  later(): Promise<never> {
    return new Promise((_, reject) => setTimeout(() => reject(new ValueError("too late")), 20));
  }

  forever(): Promise<never> {
    return new Promise(() => {});
  }

  *readings(): Generator<number> {
    yield 1;
    throw new ValueError("no more readings");
  }
}

/** The lines of the standard error. */
function linesOf(stderr: string): string[] {
  return stderr.trimEnd().split("\n").filter((line) => line !== "");
}

function report(lab: LabPrograms, attribute: string, line: number, text: string): string {
  const what = `${attribute} of the 'Meter' service`;
  return `Not awaited: ${what} (${lab.place(line, 6)}) has failed: ${text}`;
}

Deno.test("calls that nobody awaits are reported with their place, and the exit code is 1", async () => {
  await using lab = await labPrograms(new Meter());
  const { code, stderr } = await lab.run(
    "link.calibrate(100);",
    "link.set_unit('K');",
    "link.calibrate(1, 2);",
    "for (let n = 0; n < 50; n++) {",
    "link.calibrate(11);",
    "}",
    "await client.disconnect();",
  );
  const lines = linesOf(stderr);
  assertEquals(lines[0], report(lab, "calibrate", 1, "ValueError: the level 100 is too large"));
  const missing = "AttributeError: 'Meter' object has no attribute 'set_unit'";
  assert(lines[1].startsWith(`${report(lab, "set_unit", 2, missing)}. It has `), lines[1]);
  // With the hint, and without the object of the method that Python counts.
  const wrong = "TypeError: Meter.calibrate() takes 1 positional argument but 2 were given. " +
    "Call it as calibrate(level)";
  assertEquals(lines[2], report(lab, "calibrate", 3, wrong));
  const repeated = report(lab, "calibrate", 5, "ValueError: the level 11 is too large");
  assertEquals(lines.slice(3), [`${repeated} (50 times)`]);
  assertEquals(code, 1);
});

Deno.test("a failure is reported after a second, while the program goes on", async () => {
  await using lab = await labPrograms(new Meter());
  const { code, stderr } = await lab.run(
    "link.calibrate(100);",
    "const start = performance.now();",
    "while (Deno.exitCode === 0) await new Promise((resolve) => setTimeout(resolve, 10));",
    "const time = performance.now() - start;",
    "console.error(time >= 1_000 ? 'after a second' : `after ${time} ms`);",
    "await link.calibrate(1);",
    "Deno.exitCode = 7;",
    "await client.disconnect();",
  );
  const expected = report(lab, "calibrate", 1, "ValueError: the level 100 is too large");
  assertEquals(linesOf(stderr), [expected, "after a second"]);
  assertEquals(code, 7); // the program's own
});

Deno.test("a Future that is awaited later, in time, is not reported and ends no program", async () => {
  await using lab = await labPrograms(new Meter());
  const { code, stdout, stderr } = await lab.run(
    "const early = link.calibrate(100);",
    "const all = [link.calibrate(101), link.calibrate(102)];",
    "await link.calibrate(1);",
    "await link.later().catch(() => {});",
    "for (const one of [early, Promise.all(all)]) await one.catch((error) => console.log(error.message));",
    "await Future.wait([link.calibrate(103)]);",
    "link.calibrate(104).addDoneCallback(() => {});",
    "for await (const done of Future.asCompleted([link.calibrate(105)])) done.done();",
    "await client.disconnect();",
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.split("\n").length, 3);
});

Deno.test("errors that do not matter, handled ones, and calls that were given up are not reported", async () => {
  await using lab = await labPrograms(new Meter());
  const { code, stderr } = await lab.run(
    "link.calibrate(100, options({ ignoreErrors: true }));",
    "link.request('calibrate', { args: [100], ignoreErrors: true });",
    "link.forever().cancel();",
    "link.forever().cancel(new Error('enough'));",
    "const controller = new AbortController();",
    "link.forever(options({ signal: controller.signal }));",
    "controller.abort();",
    "const other = await client.link('Meter');",
    "other.serviceErrorHandler = (error) => console.log(error.message);",
    "other.calibrate(100);",
    "await link.calibrate(1);",
    "for (let n = 0; n < 100; n++) link.forever();", // pending when it disconnects
    "await client.disconnect();",
  );
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("a time-out is no decision of the program: a lock that was not acquired in time is reported", async () => {
  await using lab = await labPrograms(new Meter());
  const { code, stderr } = await lab.run(
    "const other = await client.spawn('other');",
    "let signal; await other.link('Meter');",
    "link.acquireLock();",
    "link.forever(options({ signal: signal = AbortSignal.timeout(1) }));",
    "await new Promise((resolve) => signal.addEventListener('abort', resolve));",
    "await link.calibrate(1);", // the lock was refused before
    "await Promise.all([client.disconnect(), other.disconnect()]);",
  );
  const lines = linesOf(stderr);
  assertEquals(lines.length, 2, stderr);
  assertMatch(stderr, /forever of the 'Meter' service \(.*:8:6\) has failed: TimeoutError: /);
  assertMatch(
    stderr,
    /acquire_lock of the Manager \(.*:7:6\) has failed: PermissionError: .* cannot acquire an exclusive lock/,
  );
  assertEquals(code, 1);
});

Deno.test("a lost connection is reported for the calls that nobody awaits, in few lines", async () => {
  const meter = new Meter();
  await using lab = await labPrograms(meter);
  meter._endManager = () => lab.manager.manager.abort();
  const { code, stderr } = await lab.run(
    "for (let n = 0; n < 100; n++) link.forever();",
    "await link.endManager().catch(() => {});",
  );
  const lines = linesOf(stderr);
  assertEquals(lines.length, 1, stderr);
  assertMatch(
    lines[0],
    /^Not awaited: forever .*:5:36\) has failed: ConnectionAbortedError: .* \(100 times\)$/,
  );
  assertEquals(code, 1);
});

Deno.test("a program that ends by an error, or by Deno.exit(), reports its other failures too", async () => {
  await using lab = await labPrograms(new Meter());
  const expected = report(lab, "calibrate", 1, "ValueError: the level 100 is too large");
  const thrown = await lab.run(
    "link.calibrate(100);",
    "await link.calibrate(1);",
    "throw new Error('not configured');",
  );
  assertEquals(linesOf(thrown.stderr)[0], expected);
  assertMatch(thrown.stderr, /Uncaught .*Error: not configured/);
  assertEquals(thrown.code, 1);
  for (const [exit, code] of [["Deno.exit()", 1], ["Deno.exit(0)", 1], ["Deno.exit(3)", 3]]) {
    const outcome = await lab.run("link.calibrate(100);", "await link.calibrate(1);", `${exit};`);
    assertEquals([linesOf(outcome.stderr), outcome.code], [[expected], code], `${exit}`);
  }
});

Deno.test("a Stream that nobody reads is reported, and one that fails in a loop is not", async () => {
  await using lab = await labPrograms(new Meter());
  const { code, stderr } = await lab.run(
    "link.readings();",
    "try { for await (const _ of link.readings()); } catch {}",
    "await link.readings().catch(() => {});",
    "for await (const _ of link.readings()) break;",
    "await client.disconnect();",
  );
  assertEquals(linesOf(stderr), [report(lab, "readings", 1, "ValueError: no more readings")]);
  assertEquals(code, 1);
});

Deno.test("a call after the link has ended is reported, with the text on one line", async () => {
  await using lab = await labPrograms(new Meter());
  const { code, stderr } = await lab.run(
    "await link.unlink();",
    "link.calibrate(1);",
    "link.request('a\\nb\\x1b[2J');",
    "await client.disconnect();",
  );
  assertEquals(linesOf(stderr).length, 2, stderr);
  assertMatch(stderr, /calibrate of the 'Meter' service \(.*main\.ts:6:6\) has failed: Connection/);
  assert(!stderr.includes("\x1b"), stderr);
  assertEquals(code, 1);
});
