import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConfigurationError } from "../../errors.ts";
import { type Output, StandardOutput } from "../../record/standard_output.ts";
import { ReaderClosed, TargetUnavailable } from "../../record/target.ts";
import { recordingWriter } from "../support/recorded_numbers.ts";
import { until } from "../support/until.ts";

const SOURCE = { service: "DMM", attribute: "voltage", arguments: "", unit: "V" };

/** A reader that takes some bytes each time that it is let. */
class Reader implements Output {
  text = "";
  most = Infinity;
  failure: Error | undefined;
  readonly #turn = Promise.withResolvers<void>();

  async write(bytes: Uint8Array): Promise<number> {
    await this.#turn.promise;
    if (this.failure !== undefined) throw this.failure;
    const taken = bytes.subarray(0, Math.min(bytes.length, this.most));
    this.text += new TextDecoder("latin1").decode(taken);
    return taken.length;
  }

  start(): void {
    this.#turn.resolve();
  }
}

Deno.test("the standard output has a line of JSON for each reading, and for each gap", async () => {
  await using program = recordingWriter("-", 0);
  const lines = [await program.stdout.next((line) => line.startsWith("{"))];
  lines.push(await program.stdout.next((line) => line.startsWith("{")));
  assertEquals(lines.map((line) => JSON.parse(line).value), [0, 1]);
  program.kill("SIGKILL");
});

Deno.test("what the reader of the standard output takes in parts is whole, in its order", async () => {
  const reader = new Reader();
  reader.most = 7;
  reader.start();
  const target = new StandardOutput(reader);
  const source = target.source(SOURCE);
  const gap = { source, start: 5, reason: "too slow" };
  for (let time = 0; time < 5; time++) {
    target.write([{ source, time, received: time, value: time }], time === 4 ? [gap] : []);
  }
  await target.close();
  const lines = reader.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ value, gap }) => value ?? gap), [0, 1, 2, 3, 4, "too slow"]);
  assertEquals(target.size, reader.text.length);
});

Deno.test("a slow reader of the standard output is waited for, with a bounded memory", async () => {
  const reader = new Reader();
  const target = new StandardOutput(reader);
  const source = target.source(SOURCE);
  const write = () =>
    target.write([{ source, time: 0, received: 0, value: "x".repeat(100_000) }], []);
  let written = 0;
  assertThrows(
    () => {
      for (;; written++) write();
    },
    TargetUnavailable,
    "Cannot write the output: its reader is too slow",
  );
  assert(written >= 10 && written < 20);
  reader.start();
  await until("the reader has all", () => reader.text.split("\n").length === written + 1);
  write();
  await target.close();
  assertEquals(reader.text.split("\n").length, written + 2);
});

Deno.test("a failed write to the standard output is tried again, and nothing is lost", async () => {
  const reader = new Reader();
  reader.failure = new Error("No space left on device");
  reader.start();
  const target = new StandardOutput(reader);
  const source = target.source(SOURCE);
  target.write([{ source, time: 0, received: 0, value: 1 }], []);
  const write = () => target.write([{ source, time: 1, received: 1, value: 2 }], []);
  await until("it has failed", () => {
    try {
      target.write([], []);
      return false;
    } catch {
      return true;
    }
  });
  assertThrows(write, TargetUnavailable, "Cannot write the output: No space left on device");
  reader.failure = undefined;
  await until("it is written", () => reader.text !== "");
  write();
  await target.close();
  assertEquals(reader.text.split("\n").length, 3);
});

Deno.test("a reader that closes the standard output ends the recording", async () => {
  const reader = new Reader();
  reader.failure = new Deno.errors.BrokenPipe("gone");
  reader.start();
  const target = new StandardOutput(reader);
  const source = target.source(SOURCE);
  const write = () => target.write([{ source, time: 0, received: 0, value: 1 }], []);
  write();
  await until("it is closed", () => {
    try {
      write();
      return false;
    } catch (error) {
      return error instanceof ReaderClosed;
    }
  });
  await target.close();
});

Deno.test("what the reader of the standard output has not taken at the end is an error", async () => {
  const target = new StandardOutput(new Reader(), 1);
  const source = target.source(SOURCE);
  target.write([{ source, time: 0, received: 0, value: "x".repeat(2_000) }], []);
  const message = "Cannot write the output: its reader has not taken ";
  await assertRejects(() => target.close(), ConfigurationError, message);
});
