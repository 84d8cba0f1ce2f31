/** The Manager of a soak, as a process of its own. It says how it is whenever it is asked. */

import { delay } from "@std/async/delay";
import { commands, options, report, run } from "../../benchmarks/commands.ts";
import type { ManagerOptions } from "../../manager.ts";
import { TestManager } from "../../testing.ts";
import type { Look } from "./counts.ts";

/** How often it looks, of which the lowest counts, and how long it rests before each. */
const SAMPLES = 5;
const REST = 300;

async function look({ manager }: TestManager): Promise<Look> {
  const looks: Look[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    await delay(REST);
    (globalThis as { gc?: () => void }).gc?.();
    const { heapUsed, external, rss } = Deno.memoryUsage();
    const { clients, services } = manager.identities();
    looks.push({
      peers: Object.keys(clients).length + Object.keys(services).length,
      used: heapUsed + external,
      resident: rss,
      descriptors: descriptors(),
    });
  }
  return {
    ...looks.at(-1)!,
    used: Math.min(...looks.map(({ used }) => used)),
    resident: Math.min(...looks.map(({ resident }) => resident)),
  };
}

function descriptors(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

if (import.meta.main) {
  Deno.addSignalListener("SIGINT", () => {}); // it ends with its input
  run(async () => {
    await using manager = await TestManager.start(options<ManagerOptions>());
    report({ place: manager.connectOptions });
    for await (const _order of commands()) report({ ...await look(manager) });
  });
}
