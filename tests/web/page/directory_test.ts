/** What the page knows of the services that are connected. */

import { assertEquals } from "@std/assert";
import { connect, Service } from "../../../mod.ts";
import { TestManager } from "../../../testing.ts";
import { Directory } from "../../../web/page/directory.ts";

/** A Manager, a client of it, and a directory whose clock the test sets. */
async function directoryOf(manager: TestManager) {
  const clock = { now: 1_000 };
  const client = await connect(manager.connectOptions);
  const directory = new Directory(() => clock.now);
  const update = async (now: number) => {
    clock.now = now;
    await directory.update(client, new AbortController().signal);
  };
  const here = () => directory.services.value.map(({ name, isHere }) => `${name} ${isHere}`);
  return {
    clock,
    client,
    directory,
    update,
    here,
    [Symbol.asyncDispose]: () => client.disconnect(),
  };
}

Deno.test("a service that has gone stays, with the time of its last word, until it is back", async () => {
  await using manager = await TestManager.start();
  await using page = await directoryOf(manager);
  await using second = new Service({ name: "DMM10" });
  await second.start(manager.connectOptions);
  const first = new Service({ name: "DMM2" });
  await first.start(manager.connectOptions);
  await page.update(2_000);
  assertEquals(page.here(), ["DMM2 true", "DMM10 true"], "as a person sorts names");
  await page.update(3_000);
  await first.shutdown();
  await manager.disconnected("DMM2");
  await page.update(4_000);
  assertEquals(page.here(), ["DMM2 false", "DMM10 true"]);
  assertEquals(page.directory.find("DMM2")!.lastSeen, 3_000);
  await using again = new Service({ name: "DMM2" });
  await again.start(manager.connectOptions);
  await page.update(5_000);
  assertEquals(page.here(), ["DMM2 true", "DMM10 true"]);
});

Deno.test("links and locks are those of the Manager, and nothing is drawn again without a change", async () => {
  await using manager = await TestManager.start();
  await using page = await directoryOf(manager);
  await using service = new Service({ name: "DMM" });
  await service.start(manager.connectOptions);
  await page.update(2_000);
  const before = page.directory.services.value;
  await page.update(3_000);
  assertEquals(page.directory.services.value === before, true);
  const link = await page.client.link("DMM");
  await link.acquireLock();
  await page.update(4_000);
  const { links, locks } = page.directory.find("DMM")!;
  assertEquals([links, locks], [[page.client.networkName!], [page.client.networkName!]]);
});

Deno.test("a service that goes while an answer is awaited is gone, and all are when the connection is", async () => {
  await using manager = await TestManager.start();
  await using page = await directoryOf(manager);
  await using service = new Service({ name: "DMM" });
  await service.start(manager.connectOptions);
  await page.update(2_000);
  const updating = page.update(3_000);
  page.directory.gone("DMM");
  await updating;
  assertEquals(page.here(), ["DMM false"]);
  await page.update(4_000);
  assertEquals(page.here(), ["DMM true"], "the next answer has it");
  page.directory.lost();
  assertEquals(page.here(), ["DMM false"]);
  assertEquals(page.directory.find("DMM")!.lastSeen, 4_000);
});
