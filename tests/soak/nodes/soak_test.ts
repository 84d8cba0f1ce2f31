import { assert, assertEquals } from "@std/assert";
import { natsTest } from "../../support/nats_server.ts";
import { SEED } from "../../support/properties.ts";
import { killManager, killPeers, stopNats } from "./faults.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { SoakNetwork } from "./network.ts";
import { formatVerdict, soakNodes } from "./soak.ts";

natsTest("a soak of two nodes with three faults finds nothing", async () => {
  const { faults, counts } = await soakNodes({
    nodes: 2,
    clients: 2,
    minutes: 1, // it ends after the faults
    seed: SEED,
    faults: [
      { fault: stopNats(0), time: 300 },
      { fault: killManager(1), time: 0 },
      { fault: killPeers(0, "clients"), time: 0 },
    ],
  });
  assertEquals(faults, [], formatVerdict({ faults, counts }));
  assertEquals(counts.recoveries, 3);
  assert(counts.answered > 100, `${counts.answered} calls were answered`);
  assert(counts.notifications > 0 && counts.values > 0);
});

Deno.test("peers that are started while their Manager is down wait for it", async () => {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, seed: SEED, nodes: 1, clients: 1 };
  await using network = await SoakNetwork.start(options);
  const [node] = network.nodes;
  await node.killPeers("services");
  await node.killManager();
  const starting = node.startPeers("services");
  await node.startManager();
  await starting;
  const [{ done }] = await network.order("probe", 30_000);
  assert(done);
});
