import { assert, assertEquals } from "@std/assert";
import { type OutputStream, TerminalWriter } from "../../logs/terminal_writer.ts";

/** A stream that takes nothing until `read()`, and then so many bytes at a time. */
class Reader implements OutputStream {
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

Deno.test("text is written in order, also when the stream takes a few bytes at a time", async () => {
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

Deno.test("while the reader does not read, text is dropped above a limit, and the reader gets the number", async () => {
  const reader = new Reader();
  const writer = new TerminalWriter(reader, formatDropped);
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 3_000; count++) writer.write(line); // returns at once
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

Deno.test("after the stream has failed, text is dropped and never written to it again", async () => {
  let writes = 0;
  const writer = new TerminalWriter({
    write() {
      writes++;
      return Promise.reject(new Error("Broken pipe"));
    },
  }, formatDropped);
  writer.write("one\n");
  await writer.flush();
  writer.write("two\n");
  await writer.flush();
  assertEquals(writes, 1);
});
