/** Managers that are joined over a real NATS server. */

import type { JoinOptions, ManagerOptions } from "../../mod.ts";
import { TestManager } from "../../testing.ts";
import type { NatsServer } from "./nats_server.ts";
import { until } from "./until.ts";

/** How often the nodes of tests send a beat, in milliseconds. */
export const TEST_BEAT = 200;

/** Starts a Manager that is a node. */
export function startNode(
  node: string,
  servers: readonly (NatsServer | string)[],
  { join, ...options }: Omit<ManagerOptions, "join"> & { join?: Partial<JoinOptions> } = {},
): Promise<TestManager> {
  const urls = servers.map((server) => typeof server === "string" ? server : server.url);
  return TestManager.start({
    disableTls: true,
    ...options,
    join: { node, servers: urls, beat: TEST_BEAT, ...join },
  });
}

/** Waits until a Manager knows these services of other nodes, e.g. `"a.DMM"`. */
export async function knows({ manager }: TestManager, ...names: string[]): Promise<void> {
  await until(
    () =>
      `${manager.networkName} knows ${names}, not ${Object.keys(manager.identities().services)}`,
    () => names.every((name) => name in manager.identities().services),
  );
}

/** Waits until a Manager knows that a node is there, or that it is gone. */
export async function sees({ manager }: TestManager, node: string, isHere = true): Promise<void> {
  await until(
    () => `${manager.networkName} sees ${node}: ${JSON.stringify(manager.status().nodes)}`,
    () => (manager.status().nodes[node]?.is_here ?? false) === isHere,
  );
}
