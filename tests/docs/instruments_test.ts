/** The programs of docs/how-to/instruments.md: what a reader copies from there keeps its promises. */

import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TimeoutError, ValueError } from "../../mod.ts";
import { blocksOf } from "../../docs/site/blocks.ts";
import { readPages } from "../../docs/site/source.ts";
import { temporaryFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

/** What the page exports, as these tests use it. */
interface Instrument {
  send(command: string): Promise<void>;
  query(command: string): Promise<string>;
  queryNumber(command: string): Promise<number>;
  close(): Promise<void>;
}
type Open = () => Promise<FakePort>;
type Make = new (open: Open, options?: { timeout?: number; newLine?: string }) => Instrument;

/** The class of the page. */
async function instrumentOfPage(): Promise<Make> {
  await using folder = await temporaryFolder();
  const page = "docs/how-to/instruments.md";
  const block = blocksOf(page, readPages().get(page)!).find(({ file }) => file === "instrument.ts");
  const file = join(folder.path, "instrument.ts");
  const own = pathToFileURL(join(import.meta.dirname!, "../../mod.ts")).href;
  await Deno.writeTextFile(file, block!.code.replace('"@msl/network"', JSON.stringify(own)));
  return (await import(pathToFileURL(file).href)).Instrument;
}

const Instrument = await instrumentOfPage();

/** A port in memory: it records what is written, and reads what the test says. */
class FakePort {
  written = "";
  isClosed = false;
  #pieces: (Uint8Array | null)[] = [];
  #wanted: ((piece: Uint8Array | null) => void)[] = [];

  /** Gives a piece to the reader; `null` is the end. */
  says(text: string | Uint8Array | null): void {
    const piece = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const wanted = this.#wanted.shift();
    if (wanted === undefined) this.#pieces.push(piece);
    else wanted(piece);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const piece = this.#pieces.length > 0
      ? this.#pieces.shift()!
      : await new Promise<Uint8Array | null>((resolve) => this.#wanted.push(resolve));
    if (piece === null) return null;
    buffer.set(piece);
    return piece.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, 3); // as a port with a small buffer does
    this.written += new TextDecoder().decode(part);
    return Promise.resolve(part.length);
  }

  close(): void {
    this.isClosed = true;
    this.says(null);
  }
}

/** The ports that are opened, one after the other. */
function opens(...ports: FakePort[]): Open {
  return () => Promise.resolve(ports.shift()!);
}

Deno.test("an answer may come in pieces, also within the bytes of a character", async () => {
  const port = new FakePort();
  const instrument = new Instrument(opens(port), { newLine: "\r\n" });
  const answer = instrument.query("READ?");
  port.says(""); // nothing yet
  for (const byte of new TextEncoder().encode("20.15 °C\r\n")) port.says(Uint8Array.of(byte));
  assertEquals(await answer, "20.15 °C");
  assertEquals(port.written, "READ?\r\n");
});

Deno.test("a query is written when the one before it is answered", async () => {
  const port = new FakePort();
  const instrument = new Instrument(opens(port));
  const answers = [instrument.query("A?"), instrument.query("B?"), instrument.send("C")];
  await until("the first query was written", () => port.written === "A?\n");
  port.says("1\n");
  await until("the second query was written", () => port.written === "A?\nB?\n");
  port.says("2\n");
  assertEquals(await Promise.all(answers), ["1", "2", undefined]);
  assertEquals(port.written, "A?\nB?\nC\n");
});

Deno.test("a late answer is not that of the next query, which opens the port again", async () => {
  const [first, second] = [new FakePort(), new FakePort()];
  const instrument = new Instrument(opens(first, second), { timeout: 20 });
  await assertRejects(() => instrument.query("SLOW?"), TimeoutError, "SLOW?");
  first.says("late\n");
  second.says("right\n");
  assertEquals(await instrument.query("FAST?"), "right");
  assertEquals([first.isClosed, first.written, second.written], [true, "SLOW?\n", "FAST?\n"]);
});

Deno.test("a command that was waiting for a port is not sent after its time-out", async () => {
  const [first, second] = [new FakePort(), new FakePort()];
  const slow = Promise.withResolvers<FakePort>();
  const ports = [slow.promise, Promise.resolve(second)];
  const instrument = new Instrument(() => ports.shift()!, { timeout: 20 });
  await assertRejects(() => instrument.send("OUTPUT ON"), TimeoutError);
  slow.resolve(first);
  await until("the port that came too late was closed", () => first.isClosed);
  await instrument.send("OUTPUT OFF");
  assertEquals([first.written, second.written], ["", "OUTPUT OFF\n"]);
});

Deno.test("a port that was closed at the other end, or cannot be opened, is opened again", async () => {
  const [first, second] = [new FakePort(), new FakePort()];
  const ports = [() => first, () => fail("unplugged"), () => second];
  const instrument = new Instrument(async () => await ports.shift()!());
  first.says(null);
  await assertRejects(() => instrument.query("A?"), Error, "has closed the port");
  await assertRejects(() => instrument.query("B?"), Error, "unplugged");
  second.says("3\n");
  assertEquals(await instrument.query("C?"), "3");
  await instrument.close();
  assertEquals([first.isClosed, second.isClosed], [true, true]);
});

Deno.test("an answer that is no number is an error, and never 0", async () => {
  for (const answer of ["", " ", "OVLD", "1,2"]) {
    const port = new FakePort();
    port.says(`${answer}\n`);
    await assertRejects(
      () => new Instrument(opens(port)).queryNumber("READ?"),
      ValueError,
      "READ?",
    );
  }
  const port = new FakePort();
  port.says("+1.5E-3\n");
  assertEquals(await new Instrument(opens(port)).queryNumber("READ?"), 0.0015);
});

function fail(reason: string): never {
  throw new Error(reason);
}
