/** The counts of a soak, and the check of its result. */

/** The counts of a crowd. */
export interface Counts {
  requests: number;
  answered: number;
  /** By the name of the error. */
  failed: Record<string, number>;
  /** Requests whose client disconnected before the reply. */
  lost: number;
  /** Requests of connected clients without a reply in time. */
  unanswered: number;
  /** Replies to no pending request. */
  unexpected: number;
  /** Results of another service, or of another request. */
  wrong: number;
  notifications: number;
  deaths: number;
  /** Clients that the Manager disconnected because a service ended within a reply to them. */
  cutOff: number;
  connections: number;
}

/** Counts of zero. */
export function noCounts(): Counts {
  return {
    requests: 0,
    answered: 0,
    failed: {},
    lost: 0,
    unanswered: 0,
    unexpected: 0,
    wrong: 0,
    notifications: 0,
    deaths: 0,
    cutOff: 0,
    connections: 0,
  };
}

/** The sum of the counts of several crowds. */
export function sumOf(all: readonly Counts[]): Counts {
  const sum = noCounts();
  for (const { failed, ...numbers } of all) {
    for (const key of Object.keys(numbers) as (keyof typeof numbers)[]) sum[key] += numbers[key];
    for (const [kind, count] of Object.entries(failed)) {
      sum.failed[kind] = (sum.failed[kind] ?? 0) + count;
    }
  }
  return sum;
}

/** The resources that a Manager uses. */
export interface Snapshot {
  /** The number of connected peers. */
  peers: number;
  /** The memory in use on the heap and outside of it, after a garbage collection, in bytes. */
  used: number;
  /** The resident memory of the process, in bytes. */
  resident: number;
  /** Open descriptors; `undefined` if they cannot be counted. */
  descriptors: number | undefined;
}

/** The result of a soak. */
export interface Result {
  counts: Counts;
  /** Before the first connection. */
  alone: Snapshot;
  /** After the warm-up, when all devices have reconnected and are idle. */
  start: Snapshot;
  /** After the work, with the connections of the work. */
  after: Snapshot;
  /** At the end, when all devices have reconnected and are idle. */
  end: Snapshot;
  /** After all devices have disconnected. */
  empty: Snapshot;
  /** The duration of the work after the warm-up, in seconds. */
  seconds: number;
}

/**
 * The permitted growth of memory. Resident memory follows the peak, which grows with the load: its
 * limit is only for memory that the other count does not have.
 */
const GROWTH = { used: 1.1, resident: 1.5 };
/** The shortest work for a check of memory, in seconds. */
const LONG_ENOUGH = 30;
/** The descriptors of the worker that checks long lines, which ends when it has been idle. */
const WORKER_DESCRIPTORS = 8;

/** The faults in a result. */
export function faultsOf({ counts, alone, start, end, empty, seconds }: Result): string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string) => holds || faults.push(fault);
  const { requests, answered, failed, lost, unanswered, unexpected, wrong } = counts;
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0);
  expect(unanswered === 0, `${unanswered} requests were not answered`);
  expect(unexpected === 0, `${unexpected} answers were to nothing, or came twice`);
  expect(wrong === 0, `${wrong} results were those of another request`);
  expect(
    requests === answered + failures + lost + unanswered,
    "the requests do not add up to what became of them",
  );
  expect(answered > 0, "nothing was answered");
  expect(empty.peers === 0, `${empty.peers} peers are registered after all have disconnected`);
  expect(end.peers === start.peers, `${end.peers} are connected at the end, not ${start.peers}`);
  if (seconds >= LONG_ENOUGH) {
    for (const key of ["used", "resident"] as const) {
      const growth = end[key] / start[key];
      expect(
        growth <= GROWTH[key],
        `memory (${key}) is ${growth.toFixed(2)} times that at the start`,
      );
    }
  }
  if (alone.descriptors !== undefined) {
    expect(
      end.descriptors! <= start.descriptors! + WORKER_DESCRIPTORS &&
        empty.descriptors! <= alone.descriptors + WORKER_DESCRIPTORS,
      "descriptors are left open",
    );
  }
  return faults;
}

/** The table of a result. */
export function formatResult({ counts, alone, start, after, end, empty, seconds }: Result): string {
  const rows: [string, ...(string | number)[]][] = [
    ["requests", counts.requests],
    ["answered", counts.answered],
    ...Object.entries(counts.failed).sort()
      .map(([kind, count]): [string, number] => [`failed: ${kind}`, count]),
    ["lost with their client", counts.lost],
    ["not answered", counts.unanswered],
    ["answered twice, or not asked", counts.unexpected],
    ["answered wrong", counts.wrong],
    ["notifications", counts.notifications],
    ["deaths", counts.deaths],
    ["cut off with a service", counts.cutOff],
    ["connections", counts.connections],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(32)}${format(value)}`);
  const snapshots = { alone, start, after, end, empty };
  lines.push(
    "",
    `${"the Manager".padEnd(32)}${
      Object.keys(snapshots).map((name) => name.padStart(12)).join("")
    }`,
    ...(["peers", "used", "resident", "descriptors"] as const).map((key) => {
      const isMemory = key === "used" || key === "resident";
      const cells = Object.values(snapshots).map((snapshot) => {
        const value = snapshot[key];
        if (value === undefined) return "-".padStart(12);
        return isMemory ? `${(value / 2 ** 20).toFixed(1)} MiB`.padStart(12) : format(value);
      });
      const name = { used: "memory in use", resident: "memory, resident" }[key as string] ?? key;
      return `${name.padEnd(32)}${cells.join("")}`;
    }),
  );
  if (seconds < LONG_ENOUGH) lines.push("", "Too short to say anything about memory.");
  if (alone.descriptors === undefined) lines.push("", "Descriptors can be counted on Linux only.");
  return lines.join("\n");
}

function format(value: string | number): string {
  return value.toLocaleString("en").padStart(12);
}
