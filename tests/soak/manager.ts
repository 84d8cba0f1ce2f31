/** The Manager of a soak, as a separate process. It reports a snapshot for each order. */

import { delay } from "@std/async/delay";
import { commands, options, report, run } from "../../benchmarks/commands.ts";
import type { ManagerOptions } from "../../manager.ts";
import { TestManager } from "../../testing.ts";
import type { Snapshot } from "./counts.ts";

/** The number of samples, of which the lowest counts, and the delay before each in milliseconds. */
const SAMPLES = 5;
const REST = 300;

async function snapshot({ manager }: TestManager): Promise<Snapshot> {
  const snapshots: Snapshot[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    await delay(REST);
    (globalThis as { gc?: () => void }).gc?.();
    const { heapUsed, external, rss } = Deno.memoryUsage();
    const { clients, services } = manager.identities();
    snapshots.push({
      peers: Object.keys(clients).length + Object.keys(services).length,
      used: heapUsed + external,
      resident: rss,
      descriptors: descriptors(),
    });
  }
  return {
    ...snapshots.at(-1)!,
    used: Math.min(...snapshots.map(({ used }) => used)),
    resident: Math.min(...snapshots.map(({ resident }) => resident)),
  };
}

function descriptors(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

if (import.meta.main) {
  Deno.addSignalListener("SIGINT", () => {}); // the process ends with its input
  run(async () => {
    await using manager = await TestManager.start(options<ManagerOptions>());
    report({ address: manager.connectOptions });
    for await (const _order of commands()) report({ ...await snapshot(manager) });
  });
}
