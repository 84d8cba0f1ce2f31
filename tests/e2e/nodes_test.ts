/** Managers that are joined over a real NATS server. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, RemoteError } from "../../mod.ts";
import { knows, sees, startNode } from "../support/joined_managers.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";
import { Lab } from "../support/services.ts";
import { until } from "../support/until.ts";

natsTest("a client of one Manager uses a service of another", async () => {
  await using nats = await NatsServer.start();
  await using a = await startNode("a", [nats]);
  await using b = await startNode("b", [nats]);
  await using lab = new Lab({ name: "Lab" });
  await lab.start(a.connectOptions);
  await using cxn = await connect({ ...b.connectOptions, name: "tester" });
  await knows(b, "a.Lab");
  const link = await cxn.link("a.Lab");
  assertEquals(await link.add(1, 2), 3);
  await sees(a, "b");
  const { node, nodes } = b.manager.status();
  assertEquals([node?.name, node?.is_connected, node?.problem], ["b", true, null]);
  assertEquals([nodes.a.services, nodes.a.sessions_out], [["Lab"], 1]);
  assert(a.manager.status().nodes.b.sessions_in === 1);
  assert("a.Lab" in b.manager.status().services);
});

natsTest(
  "a Manager that starts without NATS serves its own clients, and joins when NATS is there",
  async () => {
    await using nats = await NatsServer.start();
    await nats.kill();
    await using a = await startNode("a", [nats]);
    await using b = await startNode("b", ["nats://127.0.0.1:1", nats]);
    await using lab = new Lab({ name: "Lab" });
    await lab.start(a.connectOptions);
    await using own = await connect(a.connectOptions);
    assertEquals(await (await own.link("Lab")).add(1, 2), 3);
    await until(
      "the problem is known",
      () => a.manager.status().node?.problem?.includes("connect"),
    );
    await nats.restart();
    await knows(b, "a.Lab");
    await using cxn = await connect(b.connectOptions);
    assertEquals(await (await cxn.link("a.Lab")).add(1, 2), 3);
  },
);

natsTest(
  "a node that is shut down and started again is whole again",
  async () => {
    await using nats = await NatsServer.start();
    await using b = await startNode("b", [nats]);
    await using cxn = await connect(b.connectOptions);
    for (let round = 0; round < 2; round++) {
      await using a = await startNode("a", [nats]);
      await using lab = new Lab({ name: "Lab" });
      await lab.start(a.connectOptions);
      await knows(b, "a.Lab");
      assertEquals(await (await cxn.link("a.Lab")).add(round, 2), round + 2);
      await a.manager.shutdown(0);
      await sees(b, "a", false);
      await assertRejects(() => cxn.link("a.Lab"), RemoteError, "'a' is gone since");
    }
  },
);

natsTest(
  "a second Manager of a name is refused with the address of the first, and serves its own clients",
  async () => {
    await using nats = await NatsServer.start();
    await using a = await startNode("a", [nats]);
    await until("it has joined", () => a.manager.status().node?.problem === null);
    await using second = await startNode("a", [nats]);
    const address = a.manager.networkName.slice("Manager[".length, -1);
    await until(
      () => `it is refused: ${second.manager.status().node?.problem}`,
      () => second.manager.status().node?.problem?.includes(address),
    );
    await using lab = new Lab({ name: "Lab" });
    await lab.start(second.connectOptions);
    await using cxn = await connect(second.connectOptions);
    assertEquals(await (await cxn.link("Lab")).add(1, 2), 3);
    assertEquals(a.manager.status().node?.problem, null);
  },
);
