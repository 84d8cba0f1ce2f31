import { assertEquals, assertMatch } from "@std/assert";
import { ServiceListing } from "../../cluster/service_listing.ts";
import { CLUSTER_LIMITS } from "../../limits.ts";
import type { AnnouncedService } from "../../manager/remote_services.ts";
import { VERSION } from "../../version.ts";
import { MemoryNats } from "../support/memory_bus.ts";
import { MovedClock } from "../support/moved_clock.ts";
import { announcedService } from "../support/simulated_nodes.ts";

/** A node with services, and a tool of NATS that asks. */
function listing(services: readonly AnnouncedService[]) {
  const nats = new MemoryNats();
  const clock = new MovedClock();
  const node = new ServiceListing({
    node: "a",
    network: "lab",
    incarnation: "Abcdefgh1234",
    version: VERSION,
    bus: nats.connect(),
    clock,
    services: () => services,
  });
  const tool = nats.connect();
  const ask = async (subject: string, reply = "_INBOX.tool") => {
    const answers: Record<string, unknown>[] = [];
    const unsubscribe = tool.subscribe(reply, ({ data }) => {
      if (data.length > 0) answers.push(JSON.parse(new TextDecoder().decode(data)));
    });
    tool.publish(subject, new Uint8Array(0), reply);
    await nats.settled();
    unsubscribe();
    return answers;
  };
  return { ask, clock, node };
}

Deno.test("each kind of question is answered as ADR-32 of NATS has it", async () => {
  const { ask } = listing([announcedService("DMM 1"), announcedService("Lamp")]);
  const common = {
    name: "DMM_1",
    id: "Abcdefgh1234-1",
    version: VERSION,
    metadata: {
      service: "a.DMM 1",
      node: "a",
      network: "lab",
      address: "lab-pc:50000",
      language: "Python 3.11.2",
      os: "Linux x86_64",
    },
  };
  const [ping, lamp, ...others] = await ask("$SRV.PING");
  assertEquals(ping, { type: "io.nats.micro.v1.ping_response", ...common });
  assertEquals([lamp.name, lamp.id, others], ["Lamp", "Abcdefgh1234-2", []]);
  const [info] = await ask("$SRV.INFO.DMM_1");
  assertEquals(info, {
    type: "io.nats.micro.v1.info_response",
    ...common,
    description: info.description,
    endpoints: [],
  });
  assertEquals(typeof info.description, "string");
  const [stats, ...none] = await ask("$SRV.STATS.DMM_1.Abcdefgh1234-1");
  assertEquals(stats, {
    type: "io.nats.micro.v1.stats_response",
    ...common,
    started: stats.started,
    endpoints: [],
  });
  assertMatch(String(stats.started), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assertEquals(none, []);
  // NATS's rules for names, versions and metadata.
  assertMatch(common.name, /^[a-zA-Z0-9_-]+$/);
  assertMatch(VERSION, /^\d+\.\d+\.\d+/);
});

Deno.test("questions for other services, other questions and those without a reply have no answer", async () => {
  const { ask, node } = listing([announcedService("DMM")]);
  const subjects = [
    "$SRV.PING.Lamp",
    "$SRV.PING.DMM.other",
    "$SRV.PING.DMM.Abcdefgh1234-1.x",
    "$SRV.toString",
    "$SRV.SCHEMA",
  ];
  for (const subject of subjects) assertEquals(await ask(subject), [], subject);
  node.close();
  assertEquals(await ask("$SRV.PING"), []);
});

Deno.test("no answer goes to a subject of the nodes, where it would be a message of this one", async () => {
  const { ask } = listing([announcedService("DMM")]);
  for (const reply of ["msl.lab.a.b.home.x", "msl.lab.a.all.beat", "$SYS.x"]) {
    assertEquals(await ask("$SRV.PING", reply), [], reply);
  }
  assertEquals((await ask("$SRV.PING", "tool.answers")).length, 1);
});

Deno.test("a service that comes again has the id of no other, and numbers of those that are gone are forgotten", async () => {
  const services = [announcedService("A"), announcedService("B")];
  const { ask } = listing(services);
  const idsOf = async () => (await ask("$SRV.PING")).map(({ id }) => id);
  assertEquals(await idsOf(), ["Abcdefgh1234-1", "Abcdefgh1234-2"]);
  services.shift();
  assertEquals(await idsOf(), ["Abcdefgh1234-2"]);
  services.push(announcedService("A"));
  assertEquals(await idsOf(), ["Abcdefgh1234-2", "Abcdefgh1234-3"]);
});

Deno.test("only so many answers are given in a second", async () => {
  const { ask, clock } = listing(Array.from({ length: 700 }, (_, n) => announcedService(`S${n}`)));
  assertEquals((await ask("$SRV.PING")).length, 700);
  assertEquals((await ask("$SRV.PING")).length, CLUSTER_LIMITS.toolAnswers - 700);
  assertEquals((await ask("$SRV.PING")).length, 0);
  await clock.advance(100, () => Promise.resolve());
  assertEquals((await ask("$SRV.PING")).length, CLUSTER_LIMITS.toolAnswers / 10);
  await clock.advance(3_600_000, () => Promise.resolve());
  assertEquals((await ask("$SRV.PING")).length, 700);
});
