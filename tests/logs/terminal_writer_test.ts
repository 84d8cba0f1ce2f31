import { assert, assertEquals } from "@std/assert";
import { type Stream, TerminalWriter } from "../../logs/terminal_writer.ts";

/** A stream that takes what the test lets it take. */
class Reader implements Stream {
  text = "";
  readonly #gate = Promise.withResolvers<void>();
  readonly #most: number;

  constructor(most = Infinity) {
    this.#most = most;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#gate.promise;
    const taken = bytes.subarray(0, this.#most);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }

  read(): void {
    this.#gate.resolve();
  }
}

const formatDropped = (count: number) => `(${count} dropped)\n`;

Deno.test("text is written in order, also where the stream takes it in bits", async () => {
  const reader = new Reader(2);
  const writer = new TerminalWriter(reader, formatDropped);
  writer.write("one\n");
  writer.write("two\n");
  reader.read();
  await writer.flush();
  writer.write("three\n");
  await writer.flush();
  assertEquals(reader.text, "one\ntwo\nthree\n");
});

Deno.test("a reader that does not read costs a bounded amount, and learns what it missed", async () => {
  const reader = new Reader();
  const writer = new TerminalWriter(reader, formatDropped);
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 3_000; count++) writer.write(line); // returns, though nobody reads
  reader.read();
  await writer.flush();
  const lines = reader.text.trimEnd().split("\n");
  assert(lines.length > 1_000 && lines.length < 1_100, String(lines.length));
  const missed = 3_000 - (lines.length - 1);
  assertEquals(lines.at(-1), `(${missed} dropped)`);
  writer.write("again\n");
  await writer.flush();
  assertEquals(reader.text.split("\n").slice(-3), [`(${missed} dropped)`, "again", ""]);
});

Deno.test("a reader that is gone harms nobody", async () => {
  let attempts = 0;
  const write = () => {
    attempts++;
    return Promise.reject(new Error("Broken pipe"));
  };
  const writer = new TerminalWriter({ write }, formatDropped);
  for (const line of ["one\n", "two\n"]) {
    writer.write(line);
    assertEquals(await writer.flush(), undefined);
  }
  assertEquals(attempts, 1); // nothing is tried again
});
