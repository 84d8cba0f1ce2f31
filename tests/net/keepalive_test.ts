import { assertEquals } from "@std/assert";
import { mock } from "node:test";
import { IDLE_INTERVALS, Keepalive, type KeepalivePeer } from "../../net/keepalive.ts";

/** A peer that records what is called on it and on its connection. */
class RecordingPeer implements KeepalivePeer {
  readonly traffic = { bytesIn: 0, bytesOut: 0, linesIn: 0, linesOut: 0 };
  isReading = true;
  busy = false;
  readonly calls: string[] = [];
  readonly #keepsInterval: boolean;

  constructor(keepsInterval: boolean) {
    this.#keepsInterval = keepsInterval;
  }

  get connection() {
    const endIdle = (timeout: number) => void this.calls.push(`end after ${timeout}`);
    const shrinkBuffers = () => void this.calls.push("shrink");
    return { traffic: this.traffic, isReading: this.isReading, endIdle, shrinkBuffers };
  }

  keepsInterval(): boolean {
    return this.#keepsInterval;
  }

  isBusy(): boolean {
    return this.busy;
  }

  onWriteIdle(): void {
    this.calls.push("write idle");
  }

  onReadIdle(): void {
    this.calls.push("read idle");
  }

  count(call: string): number {
    return this.calls.filter((it) => it.startsWith(call)).length;
  }
}

/** Watches a peer without a clock: the test calls `check()`. */
function watch(peer: RecordingPeer): Keepalive {
  const keepalive = new Keepalive(1_000_000_000);
  keepalive.watch(peer);
  return keepalive;
}

Deno.test("the connection of a peer that keeps the interval is ended after five idle ones, once", () => {
  const peer = new RecordingPeer(true);
  using keepalive = watch(peer);
  for (let interval = 1; interval < IDLE_INTERVALS; interval++) keepalive.check();
  assertEquals(peer.count("read idle"), IDLE_INTERVALS - 1);
  keepalive.check();
  assertEquals(peer.calls.at(-1), "end after 1000000000");
  const { length } = peer.calls;
  keepalive.check();
  assertEquals(peer.calls.length, length);
});

Deno.test("a byte from the peer starts the count of idle intervals again", () => {
  const peer = new RecordingPeer(true);
  using keepalive = watch(peer);
  for (let interval = 0; interval < 3 * IDLE_INTERVALS; interval++) {
    if (interval % (IDLE_INTERVALS - 1) === 0) peer.traffic.bytesIn++;
    keepalive.check();
  }
  assertEquals(peer.count("end"), 0);
});

Deno.test("the connection of a peer that does not keep the interval is never ended", () => {
  const peer = new RecordingPeer(false);
  using keepalive = watch(peer);
  for (let interval = 0; interval < 3 * IDLE_INTERVALS; interval++) keepalive.check();
  assertEquals(peer.count("read idle"), 3 * IDLE_INTERVALS);
  assertEquals(peer.count("end"), 0);
});

Deno.test("a peer that is not read because it feeds a slow consumer is not idle", () => {
  const peer = new RecordingPeer(true);
  peer.isReading = false;
  using keepalive = watch(peer);
  for (let interval = 0; interval < 3 * IDLE_INTERVALS; interval++) keepalive.check();
  assertEquals(new Set(peer.calls), new Set(["shrink", "write idle"]));
});

Deno.test("after an interval in which nothing was sent, buffers shrink before a space is sent", () => {
  const peer = new RecordingPeer(false);
  peer.isReading = false;
  using keepalive = watch(peer);
  keepalive.check();
  peer.traffic.bytesOut++;
  keepalive.check();
  assertEquals(peer.calls, ["shrink", "write idle"]);
  keepalive.check();
  assertEquals(peer.calls, ["shrink", "write idle", "shrink", "write idle"]);
});

Deno.test("a peer that is not watched any more is not checked", () => {
  const peer = new RecordingPeer(true);
  using keepalive = new Keepalive(1_000_000_000);
  keepalive.watch(peer)[Symbol.dispose]();
  keepalive.check();
  assertEquals(peer.calls, []);
});

Deno.test("a timer checks five times in the time-out, and never for a time-out of 0", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const peer = new RecordingPeer(true);
    using keepalive = new Keepalive(50);
    assertEquals(keepalive.interval, 10);
    keepalive.watch(peer);
    mock.timers.tick(49);
    assertEquals(peer.count("read idle"), IDLE_INTERVALS - 1);
    mock.timers.tick(1);
    assertEquals(peer.calls.at(-1), "end after 50");

    const unwatched = new RecordingPeer(true);
    using never = new Keepalive(0);
    assertEquals(never.interval, 0);
    never.watch(unwatched);
    mock.timers.tick(10_000);
    assertEquals(unwatched.calls, []);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("the intervals in which a peer is busy do not count, and the count begins anew after them", () => {
  const peer = new RecordingPeer(true);
  using keepalive = watch(peer);
  const pass = (intervals: number) => {
    for (; intervals > 0; intervals--) keepalive.check();
  };
  pass(IDLE_INTERVALS - 1);
  peer.busy = true;
  pass(2 * IDLE_INTERVALS);
  peer.busy = false;
  pass(IDLE_INTERVALS - 1);
  assertEquals(peer.count("end"), 0);
  assertEquals(peer.count("read idle"), 2 * (IDLE_INTERVALS - 1)); // it was asked nothing meanwhile
  pass(1);
  assertEquals(peer.count("end"), 1);
});
