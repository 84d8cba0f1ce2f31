import { assert, assertEquals } from "@std/assert";
import { check, ORPHANED_LOCK, RECOVERY } from "./checker.ts";
import { type Asked, type Event, readSource, type ServiceEvent } from "./history.ts";

const CLIENT = "b-x-0";

function asked(order: number, more: Partial<Asked> = {}): Asked {
  const client = more.client ?? CLIENT;
  return { kind: "asked", call: `${client}#${order}`, client, service: "a.S", order, ...more };
}

function ran(order: number, more: Partial<ServiceEvent> = {}): ServiceEvent {
  const client = more.client ?? CLIENT;
  const call = `${client}#${order}`;
  const requester = `${client}[pc:1]@b`;
  return { kind: "ran", call, client, service: "a.S", requester, ...more };
}

function answered(order: number, client = CLIENT, result?: unknown): Event {
  return { kind: "answered", call: `${client}#${order}`, result: result ?? `${client}#${order}` };
}

function failed(order: number, error = "ConnectionAbortedError", client = CLIENT): Event {
  return { kind: "failed", call: `${client}#${order}`, error, message: "the node is gone" };
}

function notified(number: number, incarnation = "first"): Event {
  return { kind: "notified", client: CLIENT, service: "a.S", incarnation, number };
}

const changed: Event = { kind: "changed", client: CLIENT };

/** The faults of a history with one process of clients, one of services, and the soak. */
function faultsOf(clients: Event[], services: Event[] = [], soak: Event[] = []): string[] {
  return check([
    { name: "clients", events: clients },
    { name: "services", events: services },
    { name: "soak", events: soak },
  ]).faults;
}

/** Asserts that there is one fault, with this text. */
function assertFault(text: string, ...history: Parameters<typeof faultsOf>): void {
  const faults = faultsOf(...history);
  assertEquals(faults.length, 1, faults.join("\n"));
  assert(faults[0].includes(text), faults[0]);
}

Deno.test("a history in which everything went well has no fault, and is counted", () => {
  const other = "a-y-1";
  const { faults, counts } = check([
    {
      name: "clients",
      events: [
        asked(1),
        asked(2, { lock: "lock 1" }),
        answered(1),
        answered(2),
        asked(3),
        failed(3), // it has run
        asked(4),
        failed(4), // it has not
        asked(5),
        failed(5, "KeyError"),
        asked(6),
        { kind: "value", call: `${CLIENT}#6`, value: 0 },
        { kind: "value", call: `${CLIENT}#6`, value: 1 },
        answered(6, CLIENT, 2),
        notified(7),
        notified(8),
        changed,
        notified(11),
        notified(1, "second"),
        { kind: "ended", client: CLIENT, at: 1_000 },
      ],
    },
    { name: "local", events: [asked(1, { client: other }), asked(2, { client: other })] },
    {
      name: "services",
      events: [ran(1), ran(2, { lock: "lock 1" }), ran(3), ran(6), {
        ...ran(1, { client: other }),
        requester: `${other}[pc:2]`,
      }],
    },
    {
      name: "soak",
      events: [
        { kind: "killed", source: "local", at: 5 },
        { kind: "holders", service: "a.S", clients: [`${CLIENT}[pc:1]@b`], at: ORPHANED_LOCK },
        { kind: "recovered", fault: "a cut", took: RECOVERY },
      ],
    },
  ]);
  assertEquals(faults, []);
  assertEquals(counts, {
    calls: 8,
    answered: 3,
    failed: { ConnectionAbortedError: 2, KeyError: 1 },
    lost: 2,
    runs: 5,
    values: 2,
    notifications: 4,
    locked: 1,
    recoveries: 1,
    slowestRecovery: RECOVERY,
  });
});

Deno.test("a call that is answered twice, or never, or by another result is a fault", () => {
  assertFault("#1 was answered twice", [asked(1), answered(1), answered(1)], [ran(1)]);
  assertFault("#1 was answered twice", [asked(1), failed(1), answered(1)], [ran(1)]);
  assertFault("#1 was never answered", [asked(1)], [ran(1)]);
  assertFault("#1 was never answered", [asked(1)], [ran(1)], [
    { kind: "killed", source: "services", at: 1 }, // its client was not
  ]);
  assertFault("#2 was answered, which nobody has called", [asked(1), answered(1), failed(2)], [
    ran(1),
  ]);
  assertFault('#1 was answered with "b-x-0#2"', [asked(1), answered(1, CLIENT, "b-x-0#2")], [
    ran(1),
  ]);
  assertFault("Two calls are b-x-0#1", [asked(1), asked(1), answered(1)], [ran(1)]);
});

Deno.test("a method that runs twice, or for nobody, or for somebody else is a fault", () => {
  const fine = [asked(1), answered(1)];
  assertFault("#1 has run twice", fine, [ran(1), ran(1)]);
  const { faults } = check([
    { name: "clients", events: fine },
    { name: "services", events: [ran(1)] },
    { name: "services, started again", events: [ran(1)] },
  ]);
  assertEquals(faults, ["b-x-0#1 has run twice"]);
  assertFault("#2 has run, which nobody has called", fine, [ran(1), ran(2)]);
  assertFault("has run as one of b-x-0 at a.T", fine, [ran(1, { service: "a.T" })]);
  for (const requester of ["b-x-1[pc:1]@b", `${CLIENT}[pc:1]`, `${CLIENT}[pc:1]@c`]) {
    assertFault(`has run for ${requester}`, fine, [ran(1, { requester })]);
  }
  const local = "a-x-0";
  assertFault(
    "has run for a-x-0[pc:1]@a",
    [asked(1, { client: local }), answered(1, local)],
    [{ ...ran(1, { client: local }), requester: `${local}[pc:1]@a` }],
  );
});

Deno.test("an answer that does not say the truth about what has run is a fault", () => {
  assertFault("has a result, but has not run", [asked(1), answered(1)]);
  assertFault("has run, but was refused: KeyError", [asked(1), failed(1, "KeyError")], [ran(1)]);
});

Deno.test("calls of one client that run in another order are a fault, those of two clients are none", () => {
  const fine = [asked(1), asked(2), answered(1), answered(2)];
  assertFault("#1 has run after b-x-0#2", fine, [ran(2), ran(1)]);
  assertEquals(faultsOf(fine, [ran(2), ran(1, { isLate: true })]), []); // a generator
  const other = "b-y-0";
  const two = [asked(2), answered(2), asked(1, { client: other }), answered(1, other)];
  assertEquals(faultsOf(two, [ran(2), ran(1, { client: other })]), []);
});

Deno.test("a call of another client within a lock is a fault, and a lock without its client", () => {
  const other = "b-y-0";
  const lock = "lock 1";
  const clients = [
    asked(1, { lock }),
    asked(2, { lock }),
    answered(1),
    answered(2),
    asked(3, { client: other }),
    answered(3, other),
  ];
  const [first, second] = [ran(1, { lock }), ran(2, { lock })];
  const stranger = ran(3, { client: other });
  assertFault("#3 has run within lock 1", clients, [first, stranger, second]);
  assertEquals(faultsOf(clients, [first, second, stranger]), []);

  const fine = [asked(1), answered(1)];
  const holders = (at: number): Event => {
    return { kind: "holders", service: "a.S", clients: [`${CLIENT}[pc:1]@b`], at };
  };
  const ended: Event = { kind: "ended", client: CLIENT, at: 1_000 };
  assertFault("a.S is locked by b-x-0[pc:1]@b, gone for", [...fine, ended], [ran(1)], [
    holders(1_001 + ORPHANED_LOCK),
  ]);
  const killed: Event = { kind: "killed", source: "clients", at: 1_000 };
  assertFault("a.S is locked by b-x-0[pc:1]@b", fine, [ran(1)], [
    killed,
    holders(1_001 + ORPHANED_LOCK),
  ]);
  assertEquals(faultsOf(fine, [ran(1)], [holders(1e9)]), []); // it is there
});

Deno.test("notifications out of order, twice or missing are faults", () => {
  assertFault("notification 1 of a.S (first) at b-x-0 came after 2", [notified(2), notified(1)]);
  assertFault("notification 2 of a.S (first) at b-x-0 came after 2", [notified(2), notified(2)]);
  assertFault("came after 2", [notified(2), changed, notified(2)]); // also after a change
  assertFault("notification 4 of a.S (first) at b-x-0 came right after 2", [
    notified(2),
    notified(4),
  ]);
  assertFault("came right after 3", [notified(2), changed, notified(3), notified(5)]);
});

Deno.test("values of a stream that are missing, doubled or out of order are faults", () => {
  const value = (value: number): Event => ({ kind: "value", call: `${CLIENT}#1`, value });
  const stream = (...values: number[]) => [asked(1), ...values.map(value), answered(1, CLIENT, 2)];
  assertEquals(faultsOf(stream(0, 1), [ran(1)]), []);
  assertFault("has ended after 1 of 2 values", stream(0), [ran(1)]);
  assertFault("got value 1 and not 0", stream(1), [ran(1)]);
  assertFault("got value 0 and not 1", [asked(1), value(0), value(0), failed(1)], [ran(1)]);
  assertFault("got value 2 and not 1", [asked(1), value(0), value(2), failed(1)], [ran(1)]);
});

Deno.test("a recovery that takes too long is a fault", () => {
  assertFault("whole again 10001 ms after a cut", [], [], [
    { kind: "recovered", fault: "a cut", took: RECOVERY + 1 },
  ]);
});

Deno.test("a process that was killed within a line has written the lines before it", () => {
  const text = `${JSON.stringify(changed)}\n${JSON.stringify(notified(1))}\n{"kind":"not`;
  assertEquals(readSource("clients", text), { name: "clients", events: [changed, notified(1)] });
  assertEquals(readSource("clients", ""), { name: "clients", events: [] });
});
