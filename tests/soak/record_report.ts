/** What a recording of a laboratory has, compared with what its instruments have delivered. */

import { formatDuration } from "../../base/units.ts";
import type { Recorded } from "../support/recordings.ts";

/** A reading that an instrument says it has delivered. */
export interface Delivered {
  /** The service and the attribute, e.g. `"DMM1.voltage"`. */
  name: string;
  value: number;
  time: number;
}

/** A time in which a process was dead, in milliseconds of the simulation. */
export interface Outage {
  victim: string;
  start: number;
  end: number;
}

/** The comparison. */
export interface Report {
  delivered: number;
  recorded: number;
  /** Delivered, not recorded, and inside of a gap. */
  inGaps: number;
  /** Delivered, not recorded, and in no gap. */
  lost: Delivered[];
  /** Recorded, and not delivered, or recorded twice, or with another time. */
  invented: { name: string; value: unknown; time: number; isTwice: boolean }[];
  /** Gaps in which nothing had happened. */
  unfounded: { name: string; start: number; end: number; reason: string }[];
  /** The gaps by their causes: how many, and how long in all. */
  causes: Map<string, { count: number; time: number }>;
  outages: Map<string, number>;
}

/** How long after an outage everything is back at the latest, in milliseconds of this computer. */
const RECOVERY = 15_000;

/**
 * What was delivered since the recorder has looked for it. Before that it was delivered to nobody, and is
 * in no gap. Each source is looked for since the first recorder has begun; or since a later one, if
 * those before were killed before they had found its service.
 */
export function sinceRecorded(
  delivered: readonly Delivered[],
  recorded: ReadonlyMap<string, Recorded>,
  outages: readonly Outage[],
): Delivered[] {
  const startOf = ({ gaps }: Recorded) => Math.min(...gaps.map(({ start }) => start));
  const first = Math.min(...Array.from(recorded.values(), startOf));
  const since = new Map(
    Array.from(recorded, ([name, one]) => {
      const start = startOf(one);
      const isOfLater = outages.some(({ victim, start: killed }) =>
        victim === "recorder" && killed <= start
      );
      return [name, isOfLater ? start : first];
    }),
  );
  return delivered.filter(({ name, time }) => time >= (since.get(name) ?? first));
}

/** Compares. `factor` is how much faster the simulation is. */
export function compare(
  delivered: readonly Delivered[],
  recorded: ReadonlyMap<string, Recorded>,
  outages: readonly Outage[],
  factor: number,
): Report {
  const report: Report = {
    delivered: delivered.length,
    recorded: 0,
    inGaps: 0,
    lost: [],
    invented: [],
    unfounded: [],
    causes: new Map(),
    outages: new Map(),
  };
  const keyOf = (name: string, value: unknown, time: number) => `${name} ${value} ${time}`;
  const known = new Set(delivered.map(({ name, value, time }) => keyOf(name, value, time)));
  const found = new Set<string>();
  for (const [name, { readings, gaps }] of recorded) {
    for (const { value, time } of readings) {
      report.recorded++;
      const key = keyOf(name, value, time);
      const isTwice = found.has(key);
      if (!known.has(key) || isTwice) report.invented.push({ name, value, time, isTwice });
      found.add(key);
    }
    for (const gap of gaps) {
      const { start, end, reason } = gap;
      const [cause] = reason.split(":");
      const all = report.causes.get(cause) ?? { count: 0, time: 0 };
      report.causes.set(cause, { count: all.count + 1, time: all.time + end - start });
      if (cause === "too slow" || cause === "no reading yet" || end === Infinity) continue;
      const isFounded = outages.some((outage) =>
        start <= outage.end + RECOVERY * factor && end >= outage.start
      );
      if (!isFounded) report.unfounded.push({ name, ...gap });
    }
  }
  for (const reading of delivered) {
    const { name, value, time } = reading;
    if (found.has(keyOf(name, value, time))) continue;
    const gaps = recorded.get(name)?.gaps ?? [];
    if (gaps.some(({ start, end }) => start <= time && time <= end)) report.inGaps++;
    else report.lost.push(reading);
  }
  for (const { victim } of outages) {
    report.outages.set(victim, (report.outages.get(victim) ?? 0) + 1);
  }
  return report;
}

/** What is wrong; empty if nothing is. */
export function faultsOf({ delivered, recorded, lost, invented, unfounded }: Report): string[] {
  const faults: string[] = [];
  const add = (what: string, list: readonly unknown[]) => {
    if (list.length > 0) faults.push(`${list.length} ${what}, the first: ${Deno.inspect(list[0])}`);
  };
  add("readings are neither in the file nor in a gap", lost);
  add("readings in the file were not delivered like that, or are there twice", invented);
  add("gaps are where nothing had happened", unfounded);
  if (recorded < delivered / 4) faults.push(`only ${recorded} of ${delivered} were recorded`);
  return faults;
}

/** The comparison as lines for a person. */
export function formatReport(report: Report): string {
  const { delivered, recorded, inGaps, lost, causes, outages } = report;
  const killed = [...outages].map(([victim, count]) => `${victim} ${count} times`).join(", ");
  const lines = [
    `Killed: ${killed || "nothing"}`,
    `${delivered} readings were delivered, as the instruments say`,
    `${recorded} are in the file (${(100 * recorded / delivered).toFixed(1)} %)`,
    `${inGaps} lie inside of a gap`,
    `${lost.length} are lost without a word`,
    "Gaps of all sources:",
    ...[...causes].sort().map(([cause, { count, time }]) =>
      `  ${cause}: ${count}, ${
        Number.isFinite(time) ? formatDuration(Math.round(time / 1_000) * 1_000) : "to the end"
      }`
    ),
  ];
  return lines.join("\n");
}

/** What an instrument has written. A line that it was killed in has no end. */
export function readDelivered(service: string, text: string): Delivered[] {
  return text.split("\n").slice(0, -1).map((line) => {
    const [attribute, value, time] = line.split(" ");
    return { name: `${service}.${attribute}`, value: Number(value), time: Number(time) };
  });
}
