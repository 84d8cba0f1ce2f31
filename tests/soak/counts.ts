/** What is counted of a soak, and whether it went well. */

/** What a crowd has seen. */
export interface Counts {
  requests: number;
  answered: number;
  /** By the name of the error. */
  failed: Record<string, number>;
  /** Requests of clients that went before the answer came. */
  lost: number;
  /** Requests of clients that are there, which were not answered in time. */
  unanswered: number;
  /** Answers to what was answered already, or never asked. */
  unexpected: number;
  /** Results of another service, or of another request. */
  wrong: number;
  notifications: number;
  deaths: number;
  /** Clients that the Manager has ended in the middle of an answer whose service had died. */
  cutOff: number;
  connections: number;
}

/** Nothing yet. */
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

/** The sum of what several crowds have seen. */
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

/** How a Manager is. */
export interface Look {
  /** How many are connected. */
  peers: number;
  /** What is in use on the heap and outside of it, after garbage collection, in bytes. */
  used: number;
  /** What the process occupies, in bytes. */
  resident: number;
  /** Open descriptors; `undefined` where they cannot be counted. */
  descriptors: number | undefined;
}

/** What a soak has shown. */
export interface Result {
  counts: Counts;
  /** Before anybody has connected. */
  alone: Look;
  /** After the warm-up, when all have connected anew and are idle. */
  start: Look;
  /** After the work, with the connections that have done it. */
  after: Look;
  /** The same as at the start, at the end. */
  end: Look;
  /** After all have gone. */
  gone: Look;
  /** How long everybody was at work after the warm-up, in seconds. */
  seconds: number;
}

/**
 * By how much the memory may have grown. What the process occupies is what it needed at most, which
 * is more each time that more happens at once: it is only looked at for what nobody else counts.
 */
const GROWTH = { used: 1.1, resident: 1.5 };
/** What is shorter says nothing about memory, in seconds. */
const LONG_ENOUGH = 30;

/** What went wrong. */
export function faultsOf({ counts, alone, start, end, gone, seconds }: Result): string[] {
  const faults: string[] = [];
  const expect = (isFine: boolean, fault: string) => isFine || faults.push(fault);
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
  expect(gone.peers === 0, `${gone.peers} peers are registered after all have gone`);
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
      end.descriptors === start.descriptors && gone.descriptors! <= alone.descriptors,
      "descriptors are left open",
    );
  }
  return faults;
}

/** The table of a result. */
export function formatResult({ counts, alone, start, after, end, gone, seconds }: Result): string {
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
  const looks = { alone, start, after, end, gone };
  lines.push(
    "",
    `${"the Manager".padEnd(32)}${Object.keys(looks).map((name) => name.padStart(12)).join("")}`,
    ...(["peers", "used", "resident", "descriptors"] as const).map((key) => {
      const isMemory = key === "used" || key === "resident";
      const cells = Object.values(looks).map((look) => {
        const value = look[key];
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
