/** What a program is told of its own code that fails: methods of a Service, handlers and tasks. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { connect } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { temporaryFolder } from "../support/folder.ts";
import { denoCommand, Process } from "../support/process.ts";
import { CONFIG, MODULE, ROOT } from "../support/source_tree.ts";

/** A program with a Service that fails in many ways; it ends when a Client requests that. */
const PROGRAM = (options: object, log: string) => `
import { Service, startLogging, ValueError } from ${MODULE};
${log}
class Meter extends Service {
  broken() { return undefined.reading; }
  later() { return Promise.reject(new RangeError("at line 6\x1b[2J")); }
  purpose() { throw new ValueError("too large"); }
  result() { return () => {}; }
  add(x) { return x; }
  many() { throw new TypeError("x".repeat(10_000)); }
  shutdownService() {}
}
const meter = new Meter();
await meter.start(${JSON.stringify(options)});
meter.addTasks(() => { throw new Error("in a task"); });
console.log("ready");
await meter.finished;
`;

/** Runs the program until a Client has made these requests, and returns its standard error. */
async function failuresOf(log: string, ...attributes: string[]): Promise<string> {
  await using manager = await TestManager.start();
  await using folder = await temporaryFolder();
  const file = join(folder.path, "meter.ts");
  await Deno.writeTextFile(file, PROGRAM(manager.connectOptions, log));
  await using program = new Process(
    denoCommand(["run", "-A", "--no-check", `--config=${CONFIG}`, file]),
  );
  await program.stdout.next((line) => line === "ready");
  await using client = await connect(manager.connectOptions);
  const link = await client.link("Meter");
  for (const attribute of attributes) await link.request(attribute).exception();
  await link.shutdownService();
  const { stderr } = await program.succeeded();
  return stderr.replaceAll(`file://${folder.path}/`, "");
}

Deno.test("a bug in a method is on the standard error of its Service, with the place and the Client", async () => {
  const stderr = await failuresOf("", "broken", "later", "purpose", "result", "add", "nothing");
  const lines = stderr.trimEnd().split("\n");
  assertEquals(lines[0], "A task failed: Error: in a task");
  assertMatch(lines[1], /^ {4}at .*meter\.ts:15:/);
  assertMatch(
    stderr,
    /^broken failed unexpectedly for Client\[.*\]: TypeError: Cannot read properties of undefined.*\n {4}at Meter\.broken \(meter\.ts:5:/m,
  );
  assertStringIncludes(stderr, "RangeError: at line 6\\u{1b}[2J\n    at Meter.later (meter.ts:6:");
  assertMatch(stderr, /^result failed unexpectedly for .*: TypeError: .* not JSON serializable/m);
  for (const other of ["purpose", "add failed", "nothing"]) {
    assert(!stderr.includes(other), `${other} in ${stderr}`); // thrown on purpose, or by the Client
  }
  assert(!stderr.includes(ROOT), stderr);
});

Deno.test("a method that fails again and again does not flood the standard error", async () => {
  const stderr = await failuresOf("", ...Array.from({ length: 50 }, () => "many"));
  assert(stderr.length < 100_000, `${stderr.length}`);
  assert(stderr.length > 50_000, `${stderr.length}`);
});

Deno.test("a program with a log has it there: an error with its stack, and a warning for what is on purpose", async () => {
  const log = `await using logging = await startLogging("warning");`;
  const stderr = await failuresOf(log, "broken", "purpose");
  assertMatch(
    stderr,
    /\[ERROR\] msl\.network\.service: broken failed unexpectedly for .*TypeError/,
  );
  assertMatch(stderr, /^ {4}at Meter\.broken \(meter\.ts:5:/m);
  assertMatch(
    stderr,
    /\[WARNING\] msl\.network\.service: purpose failed for .*ValueError: too large\n/,
  );
  assertEquals(stderr.split("broken failed").length, 2, stderr); // once
});
