import { assertEquals } from "@std/assert";
import { readLines } from "../../manager/read_loop.ts";
import { PeerConnection } from "../../net/peer_connection.ts";
import { memoryPair } from "../support/memory_transport.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The lines that are taken of ten, if the connection is ended as the callback says. */
async function taken(end: (connection: PeerConnection, event: string) => void): Promise<string[]> {
  await using pair = memoryPair();
  const connection = new PeerConnection(pair.near);
  await pair.far.write(encoder.encode(Array.from({ length: 10 }, (_, i) => `${i}\n`).join("")));
  pair.far.close();
  const lines: string[] = [];
  let pauses = 0;
  const receive = (line: Uint8Array) => {
    lines.push(decoder.decode(line));
    end(connection, `line ${lines.length - 1}`);
    return undefined;
  };
  const pause = async () => {
    await Promise.resolve();
    end(connection, `pause ${pauses++}`);
  };
  const receiver = { receive, receiveLong: () => Promise.resolve(undefined) };
  await readLines(connection, receiver, { isDue: true, pause }, () => {});
  await connection.close();
  return lines;
}

Deno.test("no line of a connection is taken after it was ended, also not by the end of a pause", async () => {
  const ten = Array.from({ length: 10 }, (_, index) => String(index));
  assertEquals(await taken(() => {}), ten);
  const at = (when: string) => (connection: PeerConnection, event: string) => {
    if (event === when) connection.abort();
  };
  assertEquals(await taken(at("line 0")), ["0"]);
  assertEquals(await taken(at("pause 0")), ["0", "1"]);
  assertEquals(await taken(at("pause 1")), ["0", "1", "2", "3", "4"]);
});

Deno.test("it is told of each read before its lines, and not of each line", async () => {
  await using pair = memoryPair();
  const connection = new PeerConnection(pair.near);
  const events: string[] = [];
  const receive = (line: Uint8Array) => {
    events.push(decoder.decode(line));
    if (events.length === 3) pair.far.write(encoder.encode("c\n")).then(() => pair.far.close());
    return undefined;
  };
  await pair.far.write(encoder.encode("a\nb\n"));
  const receiver = { receive, receiveLong: () => Promise.resolve(undefined) };
  const never = { isDue: false, pause: () => Promise.resolve() };
  await readLines(connection, receiver, never, () => events.push("read"));
  await connection.close();
  assertEquals(events.filter((event) => event !== "read"), ["a", "b", "c"]);
  assertEquals([events.indexOf("a"), events.indexOf("b")], [1, 2]);
  assertEquals(events[events.indexOf("c") - 1], "read");
});

Deno.test("what one read has brought is forwarded in one write, before the next read begins", async () => {
  const events: string[] = [];
  const reads = ["a\nb\n", "c\n"].map((text) => encoder.encode(text));
  const from = new PeerConnection({
    read(buffer) {
      events.push("read");
      const bytes = reads.shift();
      if (bytes !== undefined) buffer.set(bytes);
      return Promise.resolve(bytes?.length ?? null);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    close() {},
  });
  await using to = new PeerConnection({
    read: () => new Promise(() => {}),
    write(bytes) {
      events.push(decoder.decode(bytes));
      return Promise.resolve(bytes.length);
    },
    close() {},
  });
  const receive = (line: Uint8Array) => {
    to.sendBytes(line);
    return to;
  };
  const receiver = { receive, receiveLong: () => Promise.resolve(undefined) };
  await readLines(from, receiver, { isDue: false, pause: () => Promise.resolve() }, () => {});
  await from.close();
  assertEquals(events, ["read", "a\r\nb\r\n", "read", "c\r\n", "read"]);
});
