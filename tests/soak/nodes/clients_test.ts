/** The clients of a soak of several nodes, whose names the checker believes. */

import { assert, assertEquals } from "@std/assert";
import { TestManager } from "../../../testing.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { Random } from "../random.ts";
import { check } from "./checker.ts";
import { DeviceClient, RawClient } from "./clients.ts";
import { readSource } from "./history.ts";
import { Journal } from "./journal.ts";
import { Counted } from "./services.ts";

for (const Kind of [DeviceClient, RawClient]) {
  Deno.test(`a ${Kind.name} that leaves while it is to connect is another client from then on`, async () => {
    await using folder = await temporaryFolder();
    await using manager = await TestManager.start({ disableTls: true });
    const { host, port } = manager.connectOptions;
    const file = folder.join("all.jsonl");
    using journal = new Journal(file);
    const service = new Counted("Meter", "a", journal);
    await service._begin(manager.connectOptions);
    const services = ["a.Meter"];
    const client = new Kind({
      address: { host, port, disableTls: true },
      ...{ node: "a", process: "x", services, locked: services, journal, random: new Random(1) },
    });
    const { signal } = new AbortController();
    await client.connect();
    await client.probe(signal);
    await Promise.all([client.leave(), client.probe(signal)]);
    await client.probe(signal);
    await client.leave();
    service._rest();
    await service.shutdown();
    const history = [readSource("all", await Deno.readTextFile(file))];
    const { faults, counts } = check(history);
    assertEquals(faults, []);
    assert(counts.answered >= 3, `${counts.answered} calls were answered`);
  });
}
