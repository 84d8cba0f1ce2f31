/** What a hostile or broken peer sends over a WebSocket: a closing code, and nobody else notices. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, type ManagerOptions } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import { frame, type Raw, upgraded, webSocket } from "../support/web_peers.ts";
import { inTime, until } from "../support/until.ts";

const PLAIN: ManagerOptions = { web: 0, disableTls: true, webRoot: "/nonexistent" };
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];
/** Bits of the first byte of a frame. */
const [FINAL, RSV1, RSV2, RSV3] = [0x80, 0x40, 0x20, 0x10];

/** A short frame of a client, with a mask of zeros. */
function short(opcode: number, content = "", flags = FINAL, masked = 0x80): Uint8Array {
  const bytes = new TextEncoder().encode(content);
  return Uint8Array.of(flags | opcode, masked | bytes.length, 0, 0, 0, 0, ...bytes);
}

function times(bytes: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(bytes.length * count);
  for (let index = 0; index < count; index++) all.set(bytes, index * bytes.length);
  return all;
}

/** The code and the reason in the closing frame at the end of what was received. */
async function closing(raw: Raw): Promise<{ code: number; reason: string }> {
  const text = await inTime("the end", raw.ended);
  const at = text.lastIndexOf("\x88");
  const bytes = Array.from(text.slice(at + 2), (char) => char.charCodeAt(0));
  return { code: bytes[0] * 256 + bytes[1], reason: String.fromCharCode(...bytes.slice(2)) };
}

/** The beginning of a frame with a length of 8 bytes. */
function huge(...length: number[]): Uint8Array {
  return Uint8Array.of(FINAL | BINARY, 0x80 | 127, ...length, 0, 0, 0, 0, 1, 2, 3);
}

Deno.test("each broken frame closes the WebSocket with the code of its kind", async () => {
  await using manager = await TestManager.start({ ...PLAIN, limits: { maxWebMessage: 1_000 } });
  const frames: [name: string, bytes: Uint8Array, code: number, reason?: string][] = [
    ["text", short(TEXT, "{}"), 1003, "Send binary messages, not text"],
    ["text that is not UTF-8", frame(TEXT, 1, true, Uint8Array.of(0xff)), 1007],
    ["compressed", short(BINARY, "x", FINAL | RSV1), 1002],
    ["the second reserved bit", short(BINARY, "x", FINAL | RSV2), 1002],
    ["the third reserved bit", short(PING, "", FINAL | RSV3), 1002],
    ["without a mask", short(BINARY, "x", FINAL, 0), 1002],
    ["an unknown kind", short(3), 1002],
    ["an unknown control frame", short(11), 1002],
    ["a continuation of nothing", short(CONTINUATION, "x"), 1002],
    [
      "a message within a message",
      Uint8Array.of(...short(BINARY, "a", 0), ...short(BINARY, "b")),
      1002,
    ],
    ["a ping in pieces", short(PING, "", 0), 1002],
    ["a long ping", frame(PING, 126, true), 1002],
    ["a closing code that nobody may send", short(CLOSE, "\x03\x00"), 1002],
    ["half a closing code", short(CLOSE, "\x03"), 1002],
    ["a long message", frame(BINARY, 1_001, true), 1009],
    ["a message of 8 EiB", huge(0x7f, 255, 255, 255, 255, 255, 255, 255), 1009],
    ["a message of 1 GiB", huge(0, 0, 0, 0, 64, 0, 0, 0), 1009],
  ];
  for (const [name, bytes, code, reason = ""] of frames) {
    using raw = await upgraded(manager);
    await raw.send(bytes);
    assertEquals(await closing(raw), { code, reason }, name);
  }
  await using client = await connect(manager.connectOptions); // others notice nothing
  assertEquals(Object.keys((await client.identities()).services), []);
});

Deno.test("a message in too many pieces is refused, be they empty or not", async () => {
  await using manager = await TestManager.start(PLAIN);
  for (const content of ["", "x"]) {
    using raw = await upgraded(manager);
    await raw.send(short(BINARY, content, 0));
    const sending = raw.send(times(short(CONTINUATION, content, 0), 8_192)).catch(() => {});
    assertEquals((await closing(raw)).code, 1008);
    await sending;
  }
});

Deno.test("a flood of frames without content is refused, and others are served meanwhile", async () => {
  await using manager = await TestManager.start({ web: 0, webRoot: "/nonexistent" });
  await using client = await connect(manager.connectOptions);
  const kinds = [short(PING), short(PING, "x".repeat(125)), short(PONG), short(BINARY)];
  for (const kind of kinds) {
    using raw = await upgraded(manager);
    const flood = times(kind, 5_000);
    const sending = (async () => {
      for (;;) await raw.send(flood); // until the gateway has closed it
    })().catch(() => {});
    await inTime("the end", raw.ended);
    await sending;
    assertMatch((await closing(raw)).reason, /^Too many pings, pongs or empty messages at once/);
    assertEquals(Object.keys((await client.identities()).services), []);
  }
});

Deno.test("pings are answered, an empty one too, and the session goes on", async () => {
  for (const disableTls of [true, false]) {
    await using manager = await TestManager.start({ ...PLAIN, disableTls });
    using raw = await upgraded(manager);
    await until("the question", () => raw.text.includes('"identity"'));
    for (const content of ["", "a", "", "b".repeat(125)]) {
      const before = raw.text.length;
      await raw.send(short(PING, content));
      const pong = `\x8a${String.fromCharCode(content.length)}${content}`;
      await until("the pong", () => raw.text.slice(before) === pong);
    }
    const identity = '{"type":"client","name":"Pinging","language":"x","os":"y"}';
    await raw.send(short(BINARY, '{"error":false,"result":'));
    await raw.send(short(BINARY, `${identity},"uid":""}\r\n`));
    await manager.connected("Pinging");
  }
});

Deno.test("many pings at once are answered by the last one", async () => {
  await using manager = await TestManager.start(PLAIN);
  using raw = await upgraded(manager);
  await until("the question", () => raw.text.includes('"identity"'));
  const before = raw.text.length;
  const contents = Array.from({ length: 200 }, (_, index) => `${index}.`);
  const pings = contents.map((content) => short(PING, content));
  await raw.send(Uint8Array.from(pings.flatMap((bytes) => [...bytes])));
  await until("the last pong", () => raw.text.endsWith("\x8a\x04199."));
  const pongs = raw.text.slice(before).split("\x8a").length - 1;
  assert(pongs < 200, `${pongs} pongs`);
});

Deno.test("a page that is told the end while it sends says goodbye in order", async () => {
  const manager = await TestManager.start(PLAIN);
  using peer = webSocket(manager);
  await peer.opened;
  peer.socket.send("text");
  for (let count = 0; count < 2_000; count++) peer.socket.send(new Uint8Array(10_000));
  assertEquals(await peer.closed, { code: 1003, reason: "Send binary messages, not text" });
  await manager[Symbol.asyncDispose]();
});
