/**
 * Plans for two nodes that are joined by trunks: what their channels do, and what NATS does to their
 * messages meanwhile. Running a plan checks what always holds, and at its end that all is whole again.
 */

import { assert, assertEquals } from "@std/assert";
import { ConnectionAbortedError } from "../../errors.ts";
import { TRUNK_LIMITS } from "../../limits.ts";
import type { Transport } from "../../net/transport.ts";
import { type Fate, type MemoryBus, MemoryNats } from "./memory_bus.ts";
import fc from "./properties.ts";
import { type TrunkNode, trunkNode } from "./trunk_nodes.ts";

/** A step. Numbers choose among what there is: nodes, sessions, ends. */
export type Step =
  | { do: "open" | "disconnect" | "break" | "reconnect" | "restart" | "beat"; node: number }
  | { do: "write" | "read"; session: number; end: number; size: number }
  | { do: "close"; session: number; end: number }
  | { do: "fates"; fates: Fate[] }
  | { do: "late"; keys: number[] }
  | { do: "cut" | "heal" | "settle" };

const node = fc.nat(1);
const session = fc.nat(2);
const end = fc.nat(1);
const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 150_000 }));
const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Fate>("deliver") },
  { weight: 1, arbitrary: fc.constantFrom<Fate>("lose", "double", "delay") },
);

/** Any step. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("open" as const), node }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom("write" as const, "read" as const),
      session,
      end,
      size,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("close" as const), session, end }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("beat" as const), node }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("fates" as const),
      fates: fc.array(fate, { maxLength: 8 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("late" as const),
      keys: fc.array(fc.nat(9), { maxLength: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "disconnect" as const,
        "break" as const,
        "reconnect" as const,
        "restart" as const,
      ),
      node,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("cut" as const, "heal" as const) }) },
);

/** Any plan, a third of them without faults. It begins with a session, so that most steps have one. */
export const plans: fc.Arbitrary<Step[]> = fc.tuple(
  node,
  fc.array(step, { maxLength: 60, size: "max" }),
  fc.nat(2),
).map(([node, steps, kind]): Step[] => [
  { do: "open", node },
  ...steps.filter((step) => kind > 0 || !isFault(step)),
]);

/** One end of a session: what it has written and read. */
class End {
  readonly transport: Transport;
  readonly #seed: number;
  readonly #otherSeed: number;
  /** How many bytes `write` has taken. */
  written = 0;
  /** How many bytes were given to `write`, the pending ones too. */
  offered = 0;
  read = 0;
  /** How it has ended for its reader. */
  ending: "closed" | "aborted" | undefined;
  isClosed = false;
  #isWriting = false;
  #isReading = false;

  constructor(transport: Transport, seed: number, otherSeed: number) {
    this.transport = transport;
    this.#seed = seed;
    this.#otherSeed = otherSeed;
  }

  /** Begins to write bytes, unless a write is pending. */
  write(size: number): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at++) bytes[at] = byteOf(this.#seed, this.written + at);
    this.offered = this.written + size;
    this.transport.write(bytes).then(
      (taken) => {
        assert(taken > 0 && taken <= size);
        this.offered = this.written += taken;
      },
      (error) => assert(error instanceof ConnectionAbortedError || error.name === "BrokenPipe"),
    ).catch((error) => this.failure = error).finally(() => this.#isWriting = false);
  }

  /** Begins to read, unless a read is pending. What comes has to be what the other end has written. */
  begin(size: number, other: () => End | undefined): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const buffer = new Uint8Array(size);
    this.transport.read(buffer).then(
      (count) => {
        if (count === null) return this.#ended("closed", other());
        assert(count > 0 && count <= size);
        for (let index = 0; index < count; index++) {
          if (buffer[index] !== byteOf(this.#otherSeed, this.read + index)) {
            throw new Error(`byte ${this.read + index} is wrong`);
          }
        }
        this.read += count;
        assert(this.read <= (other()?.offered ?? 0), "more was read than was written");
      },
      (error) => {
        assert(error instanceof ConnectionAbortedError);
        this.#ended("aborted", other());
      },
    ).catch((error) => this.failure = error).finally(() => this.#isReading = false);
  }

  /** What went wrong, which the plan throws. */
  failure: unknown;

  close(): void {
    this.isClosed = true;
    this.transport.close();
  }

  #ended(ending: "closed" | "aborted", other: End | undefined): void {
    this.ending ??= ending;
    if (ending === "aborted" || this.isClosed) return;
    if (!other?.isClosed) throw new Error("the orderly end of a session that nobody has closed");
    assertEquals(this.read, other.written, "the orderly end came before the last bytes");
  }
}

interface Session {
  id: number;
  near: End;
  far: End | undefined;
}

/**
 * Runs a plan.
 *
 * @throws {AssertionError} If bytes are lost, doubled or reordered in a session that goes on, if a
 * session opens twice, or ends at one end only.
 */
export async function runPlan(plan: readonly Step[]): Promise<void> {
  const nats = new MemoryNats();
  const directory = new Map<string, string>();
  const sessions: Session[] = [];
  const nodes: TrunkNode<MemoryBus>[] = [];
  const buses = [nats.connect(), nats.connect()];
  let starts = 0;
  const start = (index: number) => {
    const name = "ab"[index];
    nodes[index] = trunkNode(name, buses[index], directory, `${name}-incarnation-${starts++}`);
    nodes[index].trunks.onChannel = (from, header, channel) => {
      assertEquals(from, "ab"[1 - index]);
      const session = sessions[Number(header.id)];
      assert(session.far === undefined, "a session was opened twice");
      session.far = new End(channel, 2 * session.id + 1, 2 * session.id);
    };
  };
  const open = (index: number): Session | undefined => {
    const id = sessions.length;
    try {
      const channel = nodes[index].trunks.open("ab"[1 - index], { id });
      const session = { id, near: new End(channel, 2 * id, 2 * id + 1), far: undefined };
      sessions.push(session);
      return session;
    } catch (error) {
      assert(error instanceof ConnectionAbortedError);
    }
  };
  const endOf = ({ session, end }: { session: number; end: number }) => {
    const one = sessions.at(-1 - session % Math.max(sessions.length, 1));
    if (one === undefined) return [];
    return end === 0 ? [one.near, () => one.far] as const : [one.far, () => one.near] as const;
  };
  start(0);
  start(1);
  let fates: Fate[] = [];
  nats.fate = () => fates.shift() ?? "deliver";

  for (const step of plan) {
    switch (step.do) {
      case "open":
        open(step.node);
        break;
      case "write":
        endOf(step)[0]?.write(step.size);
        break;
      case "read": {
        const [end, other] = endOf(step);
        end?.begin(step.size, other!);
        break;
      }
      case "close":
        endOf(step)[0]?.close();
        break;
      case "beat":
        nodes[step.node].trunks.beat();
        break;
      case "fates":
        fates = [...step.fates];
        break;
      case "late":
        nats.deliverDelayed(step.keys);
        break;
      case "disconnect":
        buses[step.node].disconnect();
        break;
      case "break":
        buses[step.node].breakSilently();
        break;
      case "reconnect":
        buses[step.node].disconnect(); // one that was broken silently is noticed first
        buses[step.node].reconnect();
        break;
      case "restart":
        nodes[step.node].trunks.close("it starts again");
        start(step.node);
        break;
      case "cut":
        nats.cut(buses[0], buses[1]);
        break;
      case "heal":
        nats.heal(buses[0], buses[1]);
        break;
      case "settle":
        await nats.settled();
    }
  }
  await recover(nats, buses, nodes);
  const mayAbort = plan.some(isFault);
  for (const session of sessions) {
    await expectWhole(nats, session);
    const endings = [session.near.ending, session.far?.ending];
    assert(mayAbort || !endings.includes("aborted"), "a session was aborted without a fault");
  }
  const last = [open(0), open(1)];
  await nats.settled();
  for (const session of last) {
    if (session?.far === undefined) throw new Error("no session can be opened");
    await expectWhole(nats, session);
    assertEquals(session.near.ending, undefined);
  }
  for (const { trunks } of nodes) trunks.close("the plan is over");
}

/** Whether a step may cost a session. */
function isFault(step: Step): boolean {
  return ["disconnect", "break", "reconnect", "restart", "cut", "fates"].includes(step.do);
}

/** All faults are over, and so many beats pass that both nodes know what has happened. */
async function recover(
  nats: MemoryNats,
  buses: readonly MemoryBus[],
  nodes: readonly TrunkNode<MemoryBus>[],
): Promise<void> {
  nats.fate = () => "deliver";
  nats.heal(buses[0], buses[1]);
  await nats.settled();
  for (const bus of buses) {
    bus.disconnect();
    bus.reconnect();
  }
  nats.deliverDelayed();
  await nats.settled();
  for (let beat = 0; beat < TRUNK_LIMITS.missedBeats + 2; beat++) {
    for (const { trunks } of nodes) trunks.beat();
    await nats.settled();
  }
}

/** A session has ended at both ends, or carries all that was written and more. */
async function expectWhole(nats: MemoryNats, { near, far }: Session): Promise<void> {
  const ends = [[near, () => far], [far, () => near]] as const;
  near.write(10);
  far?.write(10);
  // Both ends read all there is.
  for (let before = -1; before !== near.read + (far?.read ?? 0);) {
    before = near.read + (far?.read ?? 0);
    for (const [end, other] of ends) end?.begin(1_000_000, other);
    await nats.settled();
  }
  const failure = near.failure ?? far?.failure;
  if (failure !== undefined) throw failure;
  const hasEnded = (end: End | undefined) =>
    end === undefined || end.ending !== undefined || end.isClosed;
  assertEquals(hasEnded(near), hasEnded(far), "a session has ended at one end only");
  if (hasEnded(near)) return;
  assertEquals([near.written, far!.written], [near.offered, far!.offered]);
  assertEquals([near.read, far!.read], [far!.written, near.written]);
}

/** The byte at an index of what an end writes. */
function byteOf(seed: number, index: number): number {
  return (seed * 31 + index + (index >> 8) * 7) & 0xff;
}
