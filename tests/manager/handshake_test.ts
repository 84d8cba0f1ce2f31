import { assertEquals } from "@std/assert";
import { Holder } from "../../base/budget.ts";
import { HeldMemory } from "../../wire/held_line.ts";
import { LIMITS } from "../../limits.ts";
import { handshake, type Outcome } from "../../manager/handshake.ts";
import { Connection } from "../../net/connection.ts";
import { MANAGER_NAME as MANAGER } from "../support/devices.ts";
import { MemoryTransport } from "../support/memory_transport.ts";

/** Lets one step of work happen after each pause. */
class StepYielder {
  /** How many pauses were awaited, and how many of them no step has followed yet. */
  pauses = 0;
  #isFree = false;

  get isDue(): boolean {
    if (!this.#isFree) return true;
    this.#isFree = false;
    return false;
  }

  async pause(): Promise<void> {
    this.pauses++;
    await Promise.resolve();
    this.#isFree = true;
  }
}

/** The handshakes of devices whose identities come at the same time. */
function handshakes(identity: object, count: number, yielder: StepYielder): Promise<Outcome[]> {
  const answer = JSON.stringify({ result: identity, requester: MANAGER, uid: "", error: false });
  const line = new TextEncoder().encode(`${answer}\n`);
  return Promise.all(Array.from({ length: count }, async () => {
    await using connection = new Connection(new MemoryTransport([line]));
    return await handshake(connection, {
      manager: MANAGER,
      host: { address: "10.0.0.1", domain: "scope", name: "scope", trustedNames: [] },
      address: "scope:1",
      authentication: { method: "none" },
      attemptLogin: async (check) => await check(),
      yielder,
      limits: LIMITS,
      memory: new HeldMemory(0),
      holderOf: () => Holder.one(),
    });
  }));
}

Deno.test("of long identities that come at the same time, one is read after each pause", async () => {
  const yielder = new StepYielder();
  const attributes = { a: "x".repeat(2_000) };
  const outcomes = await handshakes({ type: "service", name: "S", attributes }, 5, yielder);
  assertEquals(outcomes.map(({ state }) => state), Array(5).fill("identified"));
  assertEquals(yielder.pauses >= 5, true);
});

Deno.test("a short identity does not wait for long ones", async () => {
  const yielder = new StepYielder();
  const outcomes = await handshakes({ type: "client", name: "C" }, 5, yielder);
  assertEquals(outcomes.map(({ state }) => state), Array(5).fill("identified"));
  assertEquals(yielder.pauses, 0);
});
