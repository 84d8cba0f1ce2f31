/** Trunks: what NATS may do to their messages, and those of a hostile client of NATS. */

import { assert, assertEquals } from "@std/assert";
import { message, numbers, originOf, viewOf } from "../../cluster/message.ts";
import { TRUNK_LIMITS } from "../../limits.ts";
import { type MemoryBus, MemoryNats } from "../support/memory_bus.ts";
import fc from "../support/properties.ts";
import { plans, runPlan } from "../support/trunk_plans.ts";
import { readExactly, type TrunkNode, trunkNode, writeAll } from "../support/trunk_nodes.ts";
import { inTime } from "../support/until.ts";
import { type Target, target } from "./target.ts";

const NODES = ["a", "b", "c"];
const ENDS = ["home", "client"];
/** What the attacker has seen: the incarnations of the nodes, as beats tell them. */
const INCARNATIONS = NODES.map((name) => `${name}-incarnation`);

/** How long a test waits for what comes at once, in milliseconds. */
const PATIENCE = 3_000;

/** A message that the attacker publishes. */
interface Hostile {
  from: string;
  to: string;
  end: string;
  data: Uint8Array;
}

const number = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, -1, 0.5, NaN, Infinity, 2 ** 32, 2 ** 53, 1e300),
  fc.nat(100_000),
);

const frame = fc.record({
  type: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.nat(255)),
  channel: fc.constantFrom(0, 1, 2, 3, 10_001, 2 ** 32 - 1),
  content: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom("{}", '{"id": 1}', "[]", "null", "{", '{"a":'.repeat(1_000)).map((text) =>
      new TextEncoder().encode(text)
    ),
    number.map((value) => numbers(value)),
    fc.constant(new Uint8Array(40_000)),
  ),
  /** What is added to its length. */
  lie: fc.constantFrom(0, 0, 0, 0, 1, -1, 2 ** 31),
}).map(({ type, channel, content, lie }) => {
  const bytes = new Uint8Array(9 + content.length);
  const view = viewOf(bytes);
  bytes[0] = type;
  view.setUint32(1, channel);
  view.setUint32(5, content.length + lie);
  bytes.set(content, 9);
  return bytes;
});

/** Frames, or millions of sessions that open. */
const body = fc.oneof(
  { weight: 20, arbitrary: fc.array(frame, { maxLength: 6, size: "max" }) },
  { weight: 1, arbitrary: fc.constantFrom(...[9_998, 9_999, 10_000].map(opens)) },
).map(concat);

/** Any message, most of them nearly as they should be. */
const hostile: fc.Arbitrary<Hostile> = fc.record({
  from: fc.constantFrom("b", "b", "b", "c", "a", "nobody"),
  to: fc.constantFrom("a", "a", "b"),
  end: fc.constantFrom(...ENDS),
  incarnation: fc.oneof(fc.constantFrom(...INCARNATIONS), fc.constantFrom("", "other-incarnation")),
  epoch: fc.oneof(fc.constantFrom(1, 2, 3), number),
  kind: fc.oneof(fc.constantFrom(1, 2, 3), fc.nat(255)),
  limit: number,
  sequence: fc.oneof(fc.integer({ min: 0, max: 5 }), number),
  body,
  /** How many bytes of it are left; all of them mostly. */
  size: fc.oneof({ weight: 4, arbitrary: fc.constant(Infinity) }, {
    weight: 1,
    arbitrary: fc.nat(60),
  }),
}).map(({ from, to, end, incarnation, epoch, kind, limit, sequence, body, size }) => ({
  from,
  to,
  end,
  data: message(originOf(incarnation, epoch), kind, limit, sequence, body).slice(0, size),
}));

/** The targets of trunks. */
export function trunkTargets(): Target[] {
  return [
    target(
      "whatever NATS does to messages, sessions lose and double nothing, or end at both ends",
      200,
      [plans],
      runPlan,
    ),
    target(
      "messages that no node has sent change nothing for the sessions of others",
      150,
      [fc.array(hostile, { maxLength: 12, size: "max" })],
      (all) => expectNoHarm(all.filter(isStrange), true),
    ),
    target(
      "whatever a node sends ends its own sessions at most, and others open",
      150,
      [fc.array(hostile, { maxLength: 12, size: "max" })],
      (all) => expectNoHarm(all, false),
    ),
  ];
}

/** Whether a message does not fit the trunk of a session from b to a, or one that they may open. */
function isStrange({ from, data }: Hostile): boolean {
  const incarnation = new TextDecoder().decode(data.subarray(2, 2 + (data[1] ?? 0)));
  return incarnation !== `${from}-incarnation` || from === "a" || data.length < 2;
}

/**
 * Sessions go on while the messages come.
 *
 * @param isWhole Whether all of them go on. Otherwise those of node c do, for which nobody speaks but
 * itself.
 */
async function expectNoHarm(all: readonly Hostile[], isWhole: boolean): Promise<void> {
  const nats = new MemoryNats();
  const directory = new Map<string, string>();
  const [a, b, c] = NODES.map((name) => trunkNode(name, nats.connect(), directory));
  const attacker = nats.connect();
  const sessions = [await open(b, a), await open(c, a)];
  for (const session of sessions) await expectEcho(session);
  for (const { from, to, end, data } of all) {
    if (!isWhole && from === "c") continue;
    attacker.publish(`msl.lab.${from}.${to}.${end}.${to}-incarnation`, data);
    await nats.settled();
    for (const session of isWhole ? sessions : sessions.slice(1)) await expectEcho(session);
  }
  for (let beat = 0; beat < TRUNK_LIMITS.missedBeats + 2; beat++) {
    for (const { trunks } of [a, b, c]) trunks.beat();
    await nats.settled();
  }
  for (const session of isWhole ? sessions : sessions.slice(1)) await expectEcho(session);
  for (const node of [b, c]) await expectNewSession(nats, node, a);
  assert((a.trunks.statusOf("b")?.sessions ?? 0) <= TRUNK_LIMITS.channels);
  for (const { trunks } of [a, b, c]) trunks.close("the test is over");
}

/**
 * A session opens, the second time at the latest: the first one may only tell the epoch that somebody
 * else has used.
 */
async function expectNewSession(
  nats: MemoryNats,
  from: TrunkNode<MemoryBus>,
  to: TrunkNode<MemoryBus>,
): Promise<void> {
  from.trunks.open(to.name, {});
  await nats.settled();
  await expectEcho(await open(from, to));
}

type Session = Awaited<ReturnType<typeof open>>;

async function open(from: TrunkNode<MemoryBus>, to: TrunkNode<MemoryBus>) {
  const id = crypto.randomUUID();
  const near = from.trunks.open(to.name, { id });
  const arrival = to.arrivals.next(({ header }) => header.id === id);
  const { channel: far } = await inTime("a session", arrival, PATIENCE);
  return { near, far };
}

/** What one end writes arrives at the other, and nothing else does. */
async function expectEcho({ near, far }: Session): Promise<void> {
  const text = crypto.getRandomValues(new Uint8Array(20));
  for (const [from, to] of [[near, far], [far, near]]) {
    await writeAll(from, text);
    const read = await inTime("an echo", readExactly(to, text.length), PATIENCE);
    assertEquals(read, text);
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Frames that open so many channels. */
function opens(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = new Uint8Array(11);
    bytes[0] = 1;
    viewOf(bytes).setUint32(1, index + 2);
    viewOf(bytes).setUint32(5, 2);
    bytes.set([0x7b, 0x7d], 9);
    return bytes;
  });
}
