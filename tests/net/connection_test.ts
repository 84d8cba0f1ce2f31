/**
 * One contract for a connection, whatever carries it: TCP, TLS, or an in-memory pair.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { loadCredentials } from "../../net/credentials.ts";
import { Connection } from "../../net/connection.ts";
import { TimeoutError } from "../../errors.ts";
import { resolveLimits } from "../../limits.ts";
import { LongLine } from "../../wire/line.ts";
import { listen, type Listener } from "../../net/listener.ts";
import { firstSocket } from "../support/sockets.ts";
import type { Transport } from "../../net/transport.ts";
import { temporaryFolder } from "../support/folder.ts";
import { collect, text } from "../support/received_lines.ts";
import { memoryPair, MemoryTransport, type Pair } from "../support/memory_transport.ts";

async function tcpPair(): Promise<Pair> {
  const [listener] = listen(["127.0.0.1"], 0, undefined);
  const accepted = firstSocket(listener);
  const near = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
  return socketPair(near, await accepted, listener);
}

async function tlsPair(): Promise<Pair> {
  await using folder = await temporaryFolder();
  const keyFile = join(folder.path, "pair.key");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "sec1", format: "pem" }).toString();
  await Deno.writeTextFile(keyFile, pem, { mode: 0o600 });
  const certFile = join(folder.path, "pair.crt");
  const credentials = await loadCredentials(
    { certFile, keyFile },
    undefined,
    () => Promise.resolve(["localhost"]),
  );
  const [listener] = listen(["127.0.0.1"], 0, credentials);
  const accepted = firstSocket(listener);
  const near = await Deno.connectTls({
    hostname: "localhost",
    port: listener.port,
    caCerts: [credentials.cert],
  });
  const far = await accepted;
  await Promise.all([near.handshake(), far.secure()]);
  // The server sends session tickets after the handshake. If `near` closes before it has read them,
  // the operating system resets the connection, and what `far` has not read is lost.
  const read = near.read(new Uint8Array(1));
  await far.write(new Uint8Array(1));
  await read;
  return socketPair(near, far, listener);
}

function socketPair(near: Transport, far: Transport, listener: Listener): Pair {
  return {
    near,
    far,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const end of [near, far]) {
        try {
          await end.close();
        } catch {
          // The test has closed it.
        }
      }
    },
  };
}

const makers: Record<string, () => Promise<Pair>> = {
  "in memory": () => Promise.resolve(memoryPair()),
  "over TCP": tcpPair,
  "over TLS": tlsPair,
};

for (const [carrier, makePair] of Object.entries(makers)) {
  Deno.test(`lines arrive in the order in which they were sent, ${carrier}`, async () => {
    await using pair = await makePair();
    await using near = new Connection(pair.near);
    await using far = new Connection(pair.far);
    const sent = Array.from({ length: 5_000 }, (_, index) => `line ${index} µ`);
    for (const [index, line] of sent.entries()) {
      if (index % 3 === 0) near.sendTexts([line.slice(0, 3), line.slice(3)]);
      else near.sendText(line);
      if (index % 100 === 0) await Promise.resolve();
    }
    const received = collect(far);
    await near.close();
    assertEquals(await received, sent);
  });

  Deno.test(`a line of 3 MB arrives whole, ${carrier}`, async () => {
    await using pair = await makePair();
    await using near = new Connection(pair.near);
    await using far = new Connection(pair.far);
    const long = "0123456789".repeat(300_000);
    near.sendText(long);
    near.sendText("after");
    const received = collect(far);
    await near.close();
    const [first, second] = await received;
    assert(first === long);
    assertEquals(second, "after");
  });

  Deno.test(`a read says that there may be more only while it has left bytes, ${carrier}`, async () => {
    await using pair = await makePair();
    await using far = new Connection(pair.far);
    const near = pair.near;
    const batches = far[Symbol.asyncIterator]();
    const send = async (bytes: Uint8Array) => {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await near.write(rest));
    };
    for (let time = 0; time < 3; time++) { // a message, and the next one after its reply
      await send(new TextEncoder().encode("a message\r\n"));
      const { value } = await batches.next();
      assertEquals(value.map(text), ["a message"]);
      assertEquals(far.hasMore, false);
    }
    const count = 2_000;
    const sent = send(new TextEncoder().encode("0123456789\n".repeat(count)));
    let wasMore = 0;
    for (let lines = 0; lines < count;) { // more than fits into the first buffer
      lines += (await batches.next()).value.length;
      if (far.hasMore) wasMore++;
    }
    await sent;
    assert(wasMore > 0);
  });

  Deno.test(`what was sent before close() is delivered, ${carrier}`, async () => {
    await using pair = await makePair();
    await using near = new Connection(pair.near);
    await using far = new Connection(pair.far);
    near.sendText("goodbye");
    await near.close();
    near.sendText("too late");
    assertEquals(await collect(far), ["goodbye"]);
    assertEquals(await near.ended, { state: "closed" });
    assertEquals((await far.ended).state, "left");
  });

  Deno.test(`a connection ends when its peer goes away, ${carrier}`, async () => {
    await using pair = await makePair();
    await using far = new Connection(pair.far);
    const received = collect(far);
    pair.near.close();
    assertEquals(await received, []);
    assertEquals((await far.ended).state, "left");
    assertEquals(far.isOpen, false);
  });

  Deno.test(`abort() ends the loop that reads, ${carrier}`, async () => {
    await using pair = await makePair();
    await using far = new Connection(pair.far);
    const received = collect(far);
    far.abort();
    assertEquals(await received, []);
    assertEquals(await far.ended, { state: "closed" });
  });

  Deno.test(`nextLine() gives line by line, and the loop the rest in batches, ${carrier}`, async () => {
    await using pair = await makePair();
    await using near = new Connection(pair.near);
    await using far = new Connection(pair.far);
    for (const line of ["one", "two", "three", "four"]) near.sendText(line);
    assertEquals(text(await far.nextLine(5_000)), "one");
    assertEquals(text(await far.nextLine(5_000)), "two");
    const rest = collect(far);
    await near.close();
    assertEquals(await rest, ["three", "four"]);
    assertEquals(await far.nextLine(5_000), undefined);
  });

  Deno.test(`a line that does not come in time is a TimeoutError, ${carrier}`, async () => {
    await using pair = await makePair();
    await using far = new Connection(pair.far);
    await assertRejects(() => far.nextLine(1), TimeoutError, "1 ms");
  });

  Deno.test(`a line above the limit comes in pieces, those after it are whole, ${carrier}`, async () => {
    await using pair = await makePair();
    await using near = new Connection(pair.near);
    await using far = new Connection(pair.far, resolveLimits({ longLine: 10 }));
    const long = "0123456789".repeat(50_000);
    for (const line of ["0123456789", `${long}!`, "short", `${long}?`, "last"]) near.sendText(line);
    near.close();
    const lines: (string | undefined)[] = [];
    for await (const batch of far) {
      for (const line of batch) {
        // The second long line is not taken, which skips it.
        const isTaken = line instanceof LongLine && lines.length < 3;
        if (isTaken) lines.push(text(await line.collect(1_000_000)));
        else if (!(line instanceof LongLine)) lines.push(text(line));
      }
    }
    assertEquals(lines, ["0123456789", `${long}!`, "short", "last"]);
  });

  Deno.test(`a line that is written in pieces is never mixed with another, ${carrier}`, async () => {
    await using pair = await makePair();
    await using near = new Connection(pair.near);
    await using far = new Connection(pair.far);
    const received = collect(far);
    const piece = new TextEncoder().encode("x".repeat(200_000));
    near.sendText("before");
    const writeLong = async (name: string) => {
      const writer = (await near.startLine())!;
      await writer.write(new TextEncoder().encode(name));
      for (let pieces = 0; pieces < 20; pieces++) {
        assertEquals(await writer.write(piece), true);
        near.sendText(`during ${name} ${pieces}`);
      }
      writer.end(new TextEncoder().encode("!"));
    };
    await Promise.all([writeLong("a"), writeLong("b")]);
    near.sendText("after");
    await near.close();
    const during = (name: string) =>
      Array.from({ length: 20 }, (_, pieces) => `during ${name} ${pieces}`);
    const long = "x".repeat(4_000_000);
    const lines = await received;
    assertEquals(lines.filter((line) => line.length < 100), [
      "before",
      ...during("a"),
      ...during("b"),
      "after",
    ]);
    assertEquals(lines.filter((line) => line.length > 100), [`a${long}!`, `b${long}!`]);
    assertEquals([lines.indexOf(`a${long}!`), lines.indexOf(`b${long}!`)], [1, 22]);
  });
}

Deno.test("many lines of one turn leave in one write", async () => {
  const transport = new MemoryTransport([], { staysOpen: true });
  const connection = new Connection(transport);
  connection.sendText("a");
  connection.sendTexts(["b", "c"]);
  connection.sendText("d");
  await connection.close();
  assertEquals([transport.written.length, transport.text], [1, "a\r\nbc\r\nd\r\n"]);
});

Deno.test("a message that nothing waits for sets no timer, and clears none", async () => {
  await using pair = memoryPair();
  await using near = new Connection(pair.near);
  await using far = new Connection(pair.far);
  const { setTimeout, clearTimeout } = globalThis;
  let timers = 0;
  const count = <F extends (...args: never[]) => unknown>(timer: F) =>
    ((...args: never[]) => {
      timers++;
      return timer(...args);
    }) as unknown as F;
  const received = far[Symbol.asyncIterator]();
  Object.assign(globalThis, {
    setTimeout: count(setTimeout),
    clearTimeout: count(clearTimeout),
  });
  try {
    for (let message = 0; message < 10; message++) {
      near.sendText(String(message));
      const { value } = await received.next();
      assertEquals(value!.map(text), [String(message)]);
    }
  } finally {
    Object.assign(globalThis, { setTimeout, clearTimeout });
  }
  assertEquals(timers, 0);
});

Deno.test("the lines that came before the end of a connection are read after it", async () => {
  await using pair = memoryPair();
  const connection = new Connection(pair.near);
  await pair.far.write(new TextEncoder().encode("a\nb\nc\n"));
  assertEquals(text(await connection.nextLine(5_000)), "a");
  connection.abort();
  assertEquals(await collect(connection), ["b", "c"]);
});

Deno.test("empty lines come one by one however many there are, from small reads", async () => {
  const sizes: number[] = [];
  let rest = 1_000_000;
  const transport: Transport = {
    read(buffer) {
      sizes.push(buffer.length);
      const size = Math.min(rest, buffer.length);
      rest -= size;
      buffer.fill(0x0a, 0, size);
      return Promise.resolve(size === 0 ? null : size);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    close() {},
  };
  await using connection = new Connection(transport);
  let count = 0;
  for await (const lines of connection) count += lines.length;
  assertEquals(count, 1_000_000);
  assert(Math.max(...sizes) <= 8 * 1024, `it read ${Math.max(...sizes)} at once`);
});

Deno.test("the reader of a line that comes in many reads continues after each of them", async () => {
  const reads = ["a", "b", "c\n", "d\n"].map((text) => new TextEncoder().encode(text));
  await using connection = new Connection(new MemoryTransport(reads));
  const batches: string[][] = [];
  for await (const lines of connection) {
    batches.push(lines.map((line) => new TextDecoder().decode(line as Uint8Array)));
  }
  assertEquals(batches, [[], [], ["abc"], ["d"]]);
});

Deno.test("a connection counts its bytes and lines", async () => {
  await using pair = memoryPair();
  await using near = new Connection(pair.near);
  await using far = new Connection(pair.far);
  near.sendText("Ω");
  await near.sendPieces(["a", "b"]);
  assertEquals([text(await far.nextLine(5_000)), text(await far.nextLine(5_000))], ["Ω", "ab"]);
  assertEquals(near.traffic, { bytesIn: 0, bytesOut: 8, linesIn: 0, linesOut: 2 });
  assertEquals(far.traffic, { bytesIn: 8, bytesOut: 0, linesIn: 2, linesOut: 0 });
});

Deno.test("a connection whose buffers shrink in any state loses nothing", async () => {
  await using pair = memoryPair(10);
  const near = new Connection(pair.near);
  await using far = new Connection(pair.far);
  const received = collect(far);
  near.shrinkBuffers();
  for (const line of ["a".repeat(100), "b".repeat(100)]) {
    near.sendText(line);
    near.shrinkBuffers();
    await new Promise((resolve) => setTimeout(resolve));
    near.shrinkBuffers();
  }
  await near.close();
  assertEquals(await received, ["a".repeat(100), "b".repeat(100)]);
});

Deno.test("a transport that writes one byte at a time loses nothing", async () => {
  const transport = new MemoryTransport([], { staysOpen: true, writeAtMost: 1 });
  const connection = new Connection(transport);
  connection.sendText("first");
  await Promise.resolve();
  connection.sendText("second");
  await connection.close();
  assertEquals(transport.text, "first\r\nsecond\r\n");
});

Deno.test("a connection is congested above the high mark and drained below the low one", async () => {
  await using pair = memoryPair(10);
  await using near = new Connection(pair.near, resolveLimits({ queueHigh: 100, queueLow: 20 }));
  await using far = new Connection(pair.far);
  near.sendText("x".repeat(97));
  assertEquals(near.congested, false);
  near.sendText("y");
  assertEquals(near.congested, true);
  const drained = near.drained();
  const received = collect(far);
  await drained;
  assert(near.queued < 20);
  assertEquals(near.congested, false);
  await near.close();
  assertEquals((await received).length, 2);
});

Deno.test("the peer that stops reading first is disconnected first, also if it has read something before", async () => {
  const limits = resolveLimits({ queueHigh: 100, stallTimeout: 200 });
  const ended: string[] = [];
  /** Its peer takes some of what is written first, and then nothing. */
  const connect = (name: string, taken: number) => {
    const stopped = Promise.withResolvers<number>();
    const connection = new Connection({
      read: () => new Promise(() => {}),
      write: () => taken > 0 ? Promise.resolve(taken--) : stopped.promise,
      close: () => stopped.resolve(0),
    }, limits);
    connection.ended.then(() => ended.push(name));
    return connection;
  };
  await using first = connect("first", 1);
  first.sendText("x".repeat(200));
  await delay(20);
  await using second = connect("second", 0); // e.g. its sender, which waits for it
  second.sendText("x".repeat(200));
  await Promise.all([first.ended, second.ended]);
  assertEquals(ended, ["first", "second"]);
});

Deno.test("a congested connection whose peer reads nothing is ended, with the reason", async () => {
  await using pair = memoryPair(10);
  await using near = new Connection(pair.near, resolveLimits({ queueHigh: 100, stallTimeout: 5 }));
  near.sendText("x".repeat(200));
  const drained = near.drained();
  assertEquals(await near.ended, { state: "stalled", timeout: 5 });
  await drained; // a sender that waits continues
  assertEquals(near.isOpen, false);
});

Deno.test("the pieces of a line wait for the peer, and continue when it ends the connection", async () => {
  await using pair = memoryPair(1_000);
  await using near = new Connection(pair.near);
  const writer = (await near.startLine())!;
  const piece = new Uint8Array(700_000).fill(0x78);
  assertEquals(await writer.write(piece), true);
  const second = writer.write(piece);
  near.sendText("later");
  assertEquals(near.queued > 1_400_000, true);
  const third = near.startLine();
  near.abort();
  assertEquals([await second, await writer.write(piece), await third], [false, false, undefined]);
  writer.end();
  assertEquals(await near.ended, { state: "closed" });
});

Deno.test("lines that wait for a line in pieces make a connection congested, until that line ends", async () => {
  await using pair = memoryPair();
  await using near = new Connection(pair.near, resolveLimits({ queueHigh: 1_000 }));
  await using far = new Connection(pair.far);
  const received = collect(far);
  const writer = (await near.startLine())!;
  near.sendText("x".repeat(2_000));
  assertEquals(near.congested, true);
  let isRelieved = false;
  const drained = near.drained().then(() => isRelieved = true);
  await writer.write(new TextEncoder().encode("line"));
  assertEquals(isRelieved, false);
  writer.end();
  await drained;
  await near.close();
  assertEquals(await received, ["line", "x".repeat(2_000)]);
});
Deno.test("a slow reader makes progress with every 256 KiB, not with all that waits", async () => {
  const sizes: number[] = [];
  const near = new Connection({
    read: () => new Promise(() => {}),
    write: (bytes) => {
      sizes.push(bytes.length);
      return Promise.resolve(bytes.length);
    },
    close: () => {},
  });
  near.sendText("x".repeat(1024 * 1024 - 2));
  await near.close();
  assertEquals(sizes, new Array(4).fill(256 * 1024));
  assertEquals(near.traffic.bytesOut, 1024 * 1024);
});

Deno.test("a transport that fails ends the connection with the cause", async () => {
  const cause = new Error("cable cut");
  const connection = new Connection({
    read: () => Promise.reject(cause),
    write: () => Promise.reject(cause),
    close: () => {},
  });
  assertEquals(await collect(connection), []);
  assertEquals(await connection.ended, { state: "failed", cause });
});

Deno.test("a space comes before the next line, and does not change its meaning", async () => {
  await using pair = memoryPair();
  await using near = new Connection(pair.near);
  await using far = new Connection(pair.far);
  near.sendSpace();
  await new Promise((resolve) => setTimeout(resolve));
  near.sendText("{}");
  near.sendSpace(); // not while something waits to be written
  near.sendText("[]");
  const lines = [await far.nextLine(5_000), await far.nextLine(5_000)];
  assertEquals(lines.map((line) => new TextDecoder().decode(line as Uint8Array)), [" {}", "[]"]);
});
