/**
 * The cost of a Manager with many connections: an idle peer must cost nothing but memory.
 *
 * @module
 */

import type { CrowdCommand, Notified } from "./crowd.ts";
import { Pair } from "./pair.ts";
import { Program } from "./program.ts";
import type { Figure, Goal, Section } from "./report.ts";
import { type Setting, startServer } from "./setting.ts";

/** How long it may take to connect a crowd, in milliseconds. */
const TIMEOUT = 90_000;
/** The largest ratio to the cost with the smallest crowd that is still noise. */
const FLAT: Goal = { of: "ratio", bound: "at most", limit: 1.25 };

/** Measures this part. */
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

/** The figures that were measured, grouped by their kind. */
function byKind(figures: Figure[]): Figure[] {
  const known = figures.filter(({ value }) => !Number.isNaN(value));
  const kinds = Map.groupBy(known, ({ name }) => name.split(",")[0]);
  return [...kinds.values()].flat();
}

/** One active pair, among more and more idle peers. */
async function measureIdle(
  setting: Setting,
  kind: "client" | "service",
  counts: number[],
): Promise<Omit<Section, "title">> {
  await using server = await startServer(setting, "manager");
  await using pair = await Pair.connect(server);
  await using crowd = Program.start("crowd.ts", server.address);
  await crowd.receive();
  const [warmUp, duration] = setting.quick ? [500, 500] : [1_000, 1_500];
  const figures: Figure[] = [];
  const first: Record<string, Figure["reference"]> = {};
  let before = 0;
  for (const count of counts) {
    if (count > maxFiles() - 100) return { figures, notes: [tooMany(count)] };
    const memory = server.program.memory() ?? NaN;
    await send(crowd, { task: "grow", kind, count: count - before });
    await crowd.receive(TIMEOUT);
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
    if (count - before >= 900) { // the growth of fewer is within the noise
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
  await using crowd = Program.start("crowd.ts", server.address);
  await crowd.receive();
  const [warmUp, duration] = setting.quick ? [500, 500] : [1_000, 1_500];
  const figures: Figure[] = [];
  let reference: Figure["reference"];
  let before = 0;
  for (const count of counts) {
    if (count > maxFiles() - 100) return { figures, notes: [tooMany(count)] };
    await send(crowd, { task: "grow", kind: "listener", count: count - before });
    await crowd.receive(TIMEOUT);
    before = count;
    await send(crowd, { task: "notify", warmUp, duration });
    await crowd.receive();
    const cpuBefore = server.program.cpu() ?? NaN;
    const { notifications, time } = await crowd.receive<Notified>();
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

function send(crowd: Program, command: CrowdCommand): Promise<void> {
  return crowd.send({ ...command });
}

/** The most files, and so connections, of a process; the runtime raises its limit to the largest. */
function maxFiles(): number {
  if (Deno.build.os !== "linux") return Infinity;
  const limits = Deno.readTextFileSync("/proc/self/limits");
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
}

function tooMany(count: number): string {
  return `${count} peers are left out: a process may have ${maxFiles()} open files (ulimit -n)`;
}
