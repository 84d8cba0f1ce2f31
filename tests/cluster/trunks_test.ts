import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CREDIT_SIZE,
  FRAME,
  FRAME_HEADER,
  KIND,
  message,
  numbers,
  originOf,
  viewOf,
  writeFrame,
} from "../../cluster/message.ts";
import { ConnectionAbortedError } from "../../errors.ts";
import { TRUNK_LIMITS } from "../../limits.ts";
import { MemoryNats } from "../support/memory_bus.ts";
import { readExactly, trunkNode, writeAll } from "../support/trunk_nodes.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Nodes a and b over NATS in memory; b has the clients. */
function twoNodes() {
  const nats = new MemoryNats();
  const directory = new Map<string, string>();
  const a = trunkNode("a", nats.connect(), directory);
  const b = trunkNode("b", nats.connect(), directory);
  const beat = async (times = 1) => {
    for (let time = 0; time < times; time++) {
      a.trunks.beat();
      b.trunks.beat();
      await nats.settled();
    }
  };
  /** A channel from b to a, both ends. */
  const open = async (header = {}) => {
    const near = b.trunks.open("a", header);
    return { near, far: (await a.arrivals.next()).channel };
  };
  return { nats, directory, a, b, beat, open };
}

const text = (bytes: Uint8Array) => decoder.decode(bytes);

Deno.test("a channel carries bytes in both directions, and its header", async () => {
  const { a, b } = twoNodes();
  const near = b.trunks.open("a", { name: "Ann", user: null });
  await writeAll(near, encoder.encode("question"));
  const { node, header, channel: far } = await a.arrivals.next();
  assertEquals([node, header], ["b", { name: "Ann", user: null }]);
  assertEquals(text(await readExactly(far, 8)), "question");
  await writeAll(far, encoder.encode("answer"));
  assertEquals(text(await readExactly(near, 6)), "answer");
  assertEquals(
    [a, b].map(({ trunks }) => trunks.statusOf(trunks === a.trunks ? "b" : "a")!.sessions),
    [1, 1],
  );
});

Deno.test("a channel that one end has closed is read to its end", async () => {
  const { open, nats, a, b } = twoNodes();
  const one = await open();
  await writeAll(one.near, encoder.encode("last words"));
  one.near.close();
  await nats.settled();
  assertEquals(text(await readExactly(one.far, 100)), "last words");
  assertEquals(await one.far.read(new Uint8Array(1)), null);
  await assertRejects(() => one.far.write(encoder.encode("x")), Deno.errors.BrokenPipe);
  await assertRejects(() => one.near.write(encoder.encode("x")), Deno.errors.BrokenPipe);
  assertEquals(await one.near.read(new Uint8Array(1)), null);

  const other = await open();
  const reading = other.far.read(new Uint8Array(10));
  await writeAll(other.near, encoder.encode("hello"));
  assertEquals(await reading, 5);
  other.far.close();
  await nats.settled();
  assertEquals(await other.near.read(new Uint8Array(1)), null);
  assertEquals(a.trunks.statusOf("b")!.sessions + b.trunks.statusOf("a")!.sessions, 0);
});

Deno.test("closing ends a read and a write of this end", async () => {
  const { open } = twoNodes();
  const { near } = await open();
  const reading = near.read(new Uint8Array(1));
  const large = new Uint8Array(4 * TRUNK_LIMITS.channelWindow.initial);
  const writing = writeAll(near, large); // more than the other end has room for
  near.close();
  assertEquals(await reading, null);
  await assertRejects(() => writing, Deno.errors.BrokenPipe);
});

Deno.test("what one turn of the event loop writes is one message", async () => {
  const { nats, open } = twoNodes();
  const channels = [await open(), await open(), await open()];
  let messages = 0;
  nats.fate = () => (messages++, "deliver");
  await Promise.all(channels.map(({ near }) => writeAll(near, encoder.encode("line"))));
  for (const { far } of channels) assertEquals(text(await readExactly(far, 4)), "line");
  assertEquals(messages, 1);
});

Deno.test("a reader that reads nothing holds up its own stream only, with a bounded memory", async () => {
  const { open, nats } = twoNodes();
  const [slow, fast] = [await open(), await open()];
  let sent = 0;
  const flood = (async () => {
    for (;;) sent += await slow.near.write(new Uint8Array(100_000));
  })().catch(() => {});
  const large = new Uint8Array(3_000_000).map((_, index) => index);
  const [_, received] = await Promise.all([
    writeAll(fast.near, large),
    readExactly(fast.far, large.length),
  ]);
  assertEquals(received, large);
  await nats.settled();
  assertEquals(sent, TRUNK_LIMITS.channelWindow.initial);
  // It goes on where it was when it reads again, and its window grows.
  assertEquals((await readExactly(slow.far, 5_000_000)).length, 5_000_000);
  await nats.settled();
  assert(sent - 5_000_000 > 4 * TRUNK_LIMITS.channelWindow.initial);
  assert(sent - 5_000_000 <= TRUNK_LIMITS.channelWindow.largest);
  slow.near.close();
  await flood;
});

Deno.test("what is on its way to a node is bounded, and beats say that it may go on", async () => {
  const { open, nats, a } = twoNodes();
  const { near, far } = await open();
  // Nothing that the home node says arrives, so nothing is acknowledged.
  nats.fate = (_message, from) => from === a.bus ? "delay" : "deliver";
  const bytes = new Uint8Array(1_000_000);
  const writing = writeAll(near, bytes);
  const reading = readExactly(far, bytes.length);
  await nats.settled();
  nats.fate = () => "deliver";
  nats.deliverDelayed();
  await writing;
  assertEquals((await reading).length, bytes.length);
});

Deno.test("a lost message ends the trunk at both ends, and a new one opens", async () => {
  for (const loser of ["a", "b"] as const) {
    const { open, nats, a, b, beat } = twoNodes();
    const { near, far } = await open();
    const [from, to] = loser === "b" ? [near, far] : [far, near];
    await writeAll(from, encoder.encode("1"));
    assertEquals(text(await readExactly(to, 1)), "1");
    nats.fate = (_message, sender) => sender === { a, b }[loser].bus ? "lose" : "deliver";
    await writeAll(from, encoder.encode("2"));
    await nats.settled();
    nats.fate = () => "deliver";
    await writeAll(from, encoder.encode("3"));
    await nats.settled();
    await assertRejects(() => to.read(new Uint8Array(1)), ConnectionAbortedError, "was lost");
    await assertRejects(() => from.read(new Uint8Array(1)), ConnectionAbortedError, "was lost");
    await assertRejects(() => from.write(new Uint8Array(1)), ConnectionAbortedError, "was lost");
    const again = await open();
    await writeAll(again.near, encoder.encode("4"));
    assertEquals(text(await readExactly(again.far, 1)), "4");
    await beat(10);
    assertEquals(a.trunks.statusOf("b")!.sessions, 1);
  }
});

Deno.test("a beat shows that the last message was lost, or the first one", async () => {
  const { open, nats, a, b, beat } = twoNodes();
  const { near, far } = await open();
  nats.fate = (_message, from) => from === a.bus ? "lose" : "deliver";
  await writeAll(far, encoder.encode("a reply"));
  await nats.settled();
  nats.fate = () => "deliver";
  const waiting = near.read(new Uint8Array(1));
  await beat();
  await assertRejects(() => waiting, ConnectionAbortedError, "a message was lost");
  await assertRejects(() => far.read(new Uint8Array(1)), ConnectionAbortedError);

  nats.fate = () => "lose";
  const first = b.trunks.open("a", {});
  await nats.settled();
  nats.fate = () => "deliver";
  await beat();
  await assertRejects(() => first.read(new Uint8Array(1)), ConnectionAbortedError, "was lost");
  assertEquals(a.arrivals.all.length, 1);
});

Deno.test("a doubled message is dropped, and an old one opens nothing", async () => {
  const { open, nats, a, beat } = twoNodes();
  nats.fate = () => "double";
  const { near, far } = await open();
  for (let round = 0; round < 20; round++) {
    await writeAll(near, encoder.encode("request"));
    assertEquals(text(await readExactly(far, 7)), "request");
    await writeAll(far, encoder.encode("reply"));
    assertEquals(text(await readExactly(near, 5)), "reply");
    await beat();
  }
  assertEquals(a.arrivals.all.length, 1);
  // The first messages of a trunk come once more when it has ended.
  const recorded: Parameters<typeof nats.fate>[0][] = [];
  nats.fate = (message) => (recorded.push(message), "deliver");
  a.trunks.nodeGone("b", "the test says so");
  await nats.settled();
  await open();
  a.trunks.nodeGone("b", "the test says so");
  await nats.settled();
  assertEquals(a.arrivals.all.length, 2);
  for (const { subject, data } of [...recorded]) nats.send(a.bus, subject, data, "");
  await beat();
  assertEquals(a.arrivals.all.length, 2);
  assertEquals(a.trunks.statusOf("b")!.sessions, 0);
});

Deno.test("a trunk survives a connection that NATS has lost, if no message was", async () => {
  const { open, b, nats, beat } = twoNodes();
  const { near, far } = await open();
  b.bus.disconnect();
  assertThrows(() => b.trunks.open("a", {}), ConnectionAbortedError, "NATS is not connected");
  const writing = writeAll(near, encoder.encode("later"));
  await beat(TRUNK_LIMITS.missedBeats - 1);
  b.bus.reconnect();
  await writing;
  assertEquals(text(await readExactly(far, 5)), "later");
  await beat(2 * TRUNK_LIMITS.missedBeats);
  await writeAll(far, encoder.encode("answer"));
  assertEquals(text(await readExactly(near, 6)), "answer");

  b.bus.breakSilently();
  await writeAll(near, encoder.encode("lost"));
  await nats.settled();
  b.bus.disconnect();
  b.bus.reconnect();
  await beat();
  for (const end of [near, far]) {
    await assertRejects(() => end.read(new Uint8Array(1)), ConnectionAbortedError, "was lost");
  }
});

Deno.test("a trunk ends when nothing comes from the other node, or it starts again", async () => {
  const { open, a, b, nats, beat, directory } = twoNodes();
  const one = await open();
  nats.cut(a.bus, b.bus);
  await beat(TRUNK_LIMITS.missedBeats + 1);
  for (const end of [one.near, one.far]) {
    await assertRejects(
      () => end.read(new Uint8Array(1)),
      ConnectionAbortedError,
      "nothing has come for 5 beats",
    );
  }
  nats.heal(a.bus, b.bus);
  const two = await open();
  directory.set("a", "another-incarnation");
  await beat();
  await assertRejects(
    () => two.near.read(new Uint8Array(1)),
    ConnectionAbortedError,
    "started again",
  );
  directory.delete("a");
  assertThrows(() => b.trunks.open("a", {}), ConnectionAbortedError, "it is not there");
});

Deno.test("a trunk that nobody uses is closed, and beats measure the round trip", async () => {
  const { open, a, b, nats, beat } = twoNodes();
  const { near } = await open();
  await beat(TRUNK_LIMITS.idleBeats + 2);
  for (const [node, other] of [[a, "b"], [b, "a"]] as const) {
    const { roundTrip, bytesIn, bytesOut } = node.trunks.statusOf(other)!;
    assert(roundTrip !== undefined && roundTrip >= 0 && roundTrip < 1_000);
    assert(bytesIn + bytesOut > 0);
  }
  near.close();
  await beat(TRUNK_LIMITS.idleBeats + 2);
  let messages = 0;
  nats.fate = () => (messages++, "deliver");
  await beat(3);
  assertEquals(messages, 0);
  await open();
});

Deno.test("the number of channels and the size of a header are limited at both ends", async () => {
  const nats = new MemoryNats();
  const directory = new Map<string, string>();
  const a = trunkNode("a", nats.connect(), directory, "a-incarnation", { channels: 4 });
  const b = trunkNode("b", nats.connect(), directory, "b-incarnation", { channels: 3 });
  const c = trunkNode("c", nats.connect(), directory, "c-incarnation", { channels: 5 });
  const long = { name: "x".repeat(TRUNK_LIMITS.header) };
  assertThrows(() => b.trunks.open("a", long), ConnectionAbortedError, "the limit is 65536");
  const [first] = [1, 2, 3].map(() => b.trunks.open("a", {}));
  assertThrows(() => b.trunks.open("a", {}), ConnectionAbortedError, "3 clients use");
  first.close();
  b.trunks.open("a", {});
  await nats.settled();
  assertEquals(a.arrivals.all.length, 4);
  // A node that does not keep to the limit of the other one.
  const [one] = [1, 2, 3, 4, 5].map(() => c.trunks.open("a", {}));
  await nats.settled();
  await assertRejects(
    () => one.read(new Uint8Array(1)),
    ConnectionAbortedError,
    "too many channels",
  );
  assertEquals(a.arrivals.all.length, 4 + 4);
  assertEquals(a.trunks.statusOf("b")!.sessions, 3);
});

Deno.test("a node that leaves ends its trunks, and the others are told", async () => {
  const { open, a, b, nats } = twoNodes();
  const { near, far } = await open();
  a.trunks.close("it leaves the network");
  await nats.settled();
  await assertRejects(
    () => near.read(new Uint8Array(1)),
    ConnectionAbortedError,
    "it leaves the network",
  );
  await assertRejects(() => far.read(new Uint8Array(1)), ConnectionAbortedError);
  assertThrows(() => a.trunks.open("b", {}), ConnectionAbortedError, "has left the network");
  b.trunks.close("");
});

Deno.test("the first message of a node that has started again meanwhile opens nothing", async () => {
  const { nats, directory, a, b, beat } = twoNodes();
  nats.fate = () => "delay";
  b.trunks.open("a", {});
  await nats.settled();
  nats.fate = () => "deliver";
  directory.set("b", "b-incarnation-2");
  nats.deliverDelayed();
  await beat();
  assertEquals(a.arrivals.all, []);
});

Deno.test("much that is written in one turn arrives as it was written", async () => {
  const { open } = twoNodes();
  const channels = await Promise.all(Array.from({ length: 4 }, open));
  // The windows have grown after this.
  for (const { near, far } of channels) {
    await Promise.all([writeAll(near, new Uint8Array(8_000_000)), readExactly(far, 8_000_000)]);
  }
  const bytesOf = (index: number) => new Uint8Array(500_000).fill(index + 1);
  await Promise.all(channels.flatMap(({ near, far }, index) => [
    writeAll(near, bytesOf(index)),
    readExactly(far, 500_000).then((bytes) => assertEquals(bytes, bytesOf(index))),
  ]));
});

Deno.test("a credit that is far too large opens a window of the usual size", async () => {
  const { nats, a, b, open } = twoNodes();
  const { near } = await open();
  let sent = 0;
  const flood = (async () => {
    for (;;) sent += await near.write(new Uint8Array(100_000));
  })().catch(() => {});
  await nats.settled();
  // As node a would, which has sent nothing so far: a credit of 2^53 - 1 for the channel and the trunk.
  const most = Number.MAX_SAFE_INTEGER;
  const credit = new Uint8Array(FRAME_HEADER + CREDIT_SIZE);
  writeFrame(viewOf(credit), 0, FRAME.credit, 1, CREDIT_SIZE);
  credit.set(numbers(most), FRAME_HEADER);
  const forged = message(originOf(a.incarnation, 1), KIND.frames, most, 0, credit);
  nats.fate = (_message, from) => from === b.bus ? "lose" : "deliver"; // a would end the trunk
  nats.send(a.bus, a.subjects.to("b", "client", b.incarnation), forged, "");
  await nats.settled();
  const { channelWindow, trunkWindow } = TRUNK_LIMITS;
  assert(sent > channelWindow.initial);
  assert(sent <= channelWindow.initial + channelWindow.largest);
  assert(channelWindow.largest < trunkWindow.largest);
  near.close();
  await flood;
});

Deno.test("channels that are opened and closed again and again are limited at both ends", async () => {
  const { a, b, nats, beat, directory } = twoNodes();
  const openMany = async (node: typeof b) => {
    for (let opened = 0;; opened++) {
      try {
        node.trunks.open("a", {}).close();
      } catch (error) {
        assert(error instanceof ConnectionAbortedError && /in a short time/.test(error.message));
        return opened;
      }
      if (opened % 500 === 0) await nats.settled();
    }
  };
  const { openings, allowedOpenings } = TRUNK_LIMITS;
  assertEquals(await openMany(b), openings.atOnce);
  await beat(4);
  assertEquals(await openMany(b), 4 * openings.perBeat);
  await nats.settled();
  // A node that does not keep to its limit: as if it were started again and again.
  b.trunks.close("");
  for (let start = 0; start < 2; start++) {
    await openMany(trunkNode("b", nats.connect(), directory, `b-incarnation-${start}`));
    await nats.settled();
  }
  assertEquals(
    a.arrivals.all.length,
    allowedOpenings.atOnce + 4 * allowedOpenings.perBeat,
  );
});
