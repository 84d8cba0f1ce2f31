/**
 * What a Manager costs when many are connected: who does nothing must cost nothing but memory.
 *
 * @module
 */

import type { CrowdOrder, Notified } from "./crowd.ts";
import { Pair } from "./pair.ts";
import { Program } from "./program.ts";
import type { Figure, Goal, Section } from "./report.ts";
import { type Setting, startServer } from "./setting.ts";

/** How long it may take to connect a crowd, in milliseconds. */
const PATIENCE = 90_000;
/** How many times the cost may be what it is for the smallest crowd: noise, no more. */
const FLAT: Goal = { of: "ratio", bound: "at most", limit: 1.25 };

/** Measures all of it. */
export async function measureGrowth(setting: Setting): Promise<Section> {
  const clients = setting.quick ? [0, 100] : [0, 100, 1_000, 5_000];
  const services = setting.quick ? [1, 100] : [1, 10, 100, 1_000];
  const listeners = setting.quick ? [1, 100] : [1, 10, 100, 1_000];
  const parts = [
    await measureIdle(setting, "client", clients),
    await measureIdle(setting, "service", services),
    await measureNotifications(setting, listeners),
  ];
  return {
    title: "Growth, over TLS",
    figures: parts.flatMap(({ figures }) => byKind(figures)),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

/** The figures that are known, those of one kind next to each other. */
function byKind(figures: Figure[]): Figure[] {
  const known = figures.filter(({ value }) => !Number.isNaN(value));
  const kinds = Map.groupBy(known, ({ name }) => name.split(",")[0]);
  return [...kinds.values()].flat();
}

/** One pair that is active, among more and more peers that are not. */
async function measureIdle(
  setting: Setting,
  kind: "client" | "service",
  counts: number[],
): Promise<Omit<Section, "title">> {
  await using server = await startServer(setting, "manager");
  await using pair = await Pair.connect(server);
  await using crowd = Program.start("crowd.ts", server.place);
  await crowd.hear();
  const [warmUp, duration] = setting.quick ? [500, 500] : [1_000, 1_500];
  const figures: Figure[] = [];
  const first: Record<string, Figure["reference"]> = {};
  let before = 0;
  for (const count of counts) {
    if (count > maxFiles() - 100) return { figures, notes: [tooMany(count)] };
    const memory = server.program.memory() ?? NaN;
    await tell(crowd, { task: "grow", kind, count: count - before });
    await crowd.hear(PATIENCE);
    const grown = (server.program.memory() ?? NaN) - memory;
    const { cpu } = await pair.measure(256, warmUp, duration);
    const { median } = await pair.measureAlone(200, duration / 2);
    const idle = `${count.toLocaleString("en")} idle ${kind}s`;
    const figure = (name: string, value: number, unit: string): Figure => {
      const reference = first[name];
      first[name] ??= { name: `with ${count}`, value };
      return { name: `${name}, ${idle}`, value, unit, reference, goal: reference && FLAT };
    };
    figures.push(figure("CPU per request and reply", cpu, "µs"));
    figures.push(figure("one request alone", median * 1_000, "µs"));
    if (count - before >= 900) { // of fewer it cannot be told
      const each = grown / 1_024 / (count - before);
      figures.push({ name: `memory per ${kind}, ${idle}`, value: each, unit: "KiB" });
    }
    before = count;
  }
  return { figures, notes: [] };
}

/** One notification at a time, to more and more clients. */
async function measureNotifications(
  setting: Setting,
  counts: number[],
): Promise<Omit<Section, "title">> {
  await using server = await startServer(setting, "manager");
  await using crowd = Program.start("crowd.ts", server.place);
  await crowd.hear();
  const [warmUp, duration] = setting.quick ? [500, 500] : [1_000, 1_500];
  const figures: Figure[] = [];
  let reference: Figure["reference"];
  let before = 0;
  for (const count of counts) {
    if (count > maxFiles() - 100) return { figures, notes: [tooMany(count)] };
    await tell(crowd, { task: "grow", kind: "listener", count: count - before });
    await crowd.hear(PATIENCE);
    before = count;
    await tell(crowd, { task: "notify", warmUp, duration });
    await crowd.hear();
    const cpuBefore = server.program.cpu() ?? NaN;
    const { notifications, time } = await crowd.hear<Notified>();
    const cpu = ((server.program.cpu() ?? NaN) - cpuBefore) * 1e6 / notifications / count;
    const linked = `${count.toLocaleString("en")} linked clients`;
    figures.push({
      name: `CPU per delivered notification, ${linked}`,
      value: cpu,
      unit: "µs",
      reference,
      goal: reference && FLAT,
    });
    reference ??= { name: `with ${count}`, value: cpu };
    figures.push({
      name: `until all have a notification, ${linked}`,
      value: time / notifications,
      unit: "ms",
    });
  }
  return { figures, notes: [] };
}

function tell(crowd: Program, order: CrowdOrder): Promise<void> {
  return crowd.tell({ ...order });
}

/** How many files, and so connections, a process may have; the runtime asks for all it can get. */
function maxFiles(): number {
  if (Deno.build.os !== "linux") return Infinity;
  const limits = Deno.readTextFileSync("/proc/self/limits");
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
}

function tooMany(count: number): string {
  return `${count} peers are left out: a process may have ${maxFiles()} open files (ulimit -n)`;
}
