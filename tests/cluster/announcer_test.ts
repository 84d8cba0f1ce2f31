import { assert, assertEquals } from "@std/assert";
import { decodeChange, decodeSnapshotPart } from "../../cluster/announcement.ts";
import { Announcer, ANSWER_DELAY } from "../../cluster/announcer.ts";
import type { Receiver } from "../../cluster/answers.ts";
import { CLUSTER_LIMITS } from "../../limits.ts";
import type { AnnouncedService } from "../../manager/remote_services.ts";
import { recordLogs } from "../support/logs.ts";
import { MovedClock } from "../support/moved_clock.ts";
import { announcedService } from "../support/simulated_nodes.ts";

/** An announcer, and what it has sent. */
function announcer(maxPayload = 1024 * 1024) {
  const clock = new MovedClock();
  const sent: { kind: string; bytes: Uint8Array; to: Receiver | undefined }[] = [];
  const announcer = new Announcer({
    incarnation: "Abcdefgh1234",
    maxPayload,
    clock,
    send: (kind, bytes, to) => sent.push({ kind, bytes, to }),
  });
  const announce = async (services: Iterable<AnnouncedService>) => {
    announcer.update(services);
    await clock.advance(1_000, () => Promise.resolve());
    return sent.splice(0);
  };
  return { announcer, announce, clock, sent };
}

const NODE = { node: "b", incarnation: "Zbcdefgh1234" };

Deno.test("services that do not change are not announced again", async () => {
  const { announcer: one, announce } = announcer();
  const services = [announcedService("A"), announcedService("B")];
  const [{ kind, bytes, to }] = await announce(services);
  assertEquals([kind, to, decodeChange(bytes).set], ["change", undefined, services]);
  assertEquals([await announce(services), one.version], [[], 1]);
});

Deno.test("a large service is announced with less of what it says of itself", async () => {
  const { announce } = announcer();
  const large = "x".repeat(CLUSTER_LIMITS.serviceSize);
  const names = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`read_${n}`, ""]));
  const services = [
    { ...announcedService("A"), about: JSON.stringify({ description: large }) },
    { ...announcedService("B"), attributes: JSON.stringify({ read: large, add: "()" }) },
    { ...announcedService("C"), attributes: JSON.stringify(names), streams: ["s"] },
  ];
  const [{ bytes }] = await announce(services);
  const [a, b, c] = decodeChange(bytes).set;
  assertEquals(a, { ...services[0], about: a.about });
  assert(a.about.length < 200);
  assertEquals(JSON.parse(b.attributes), { read: null, add: null });
  assertEquals([c.attributes, c.streams], ["{}", []]);
});

Deno.test("numbers that JSON does not have are announced as others are", async () => {
  const { announce } = announcer();
  const large = "x".repeat(CLUSTER_LIMITS.serviceSize);
  const services = [
    { ...announcedService("A"), attributes: '{"offset":NaN,"limit":-Infinity}' },
    { ...announcedService("B"), attributes: `{"offset":NaN,"text":"${large}"}` },
  ];
  const [{ bytes }] = await announce(services);
  const [a, b] = decodeChange(bytes).set;
  assertEquals(a, services[0]);
  assertEquals(b.attributes, '{"offset":null,"text":null}');
});

Deno.test("a service that is nested deeper than other nodes read is announced with less too", async () => {
  const { announce } = announcer();
  const deep = '{"x":'.repeat(600) + "1" + "}".repeat(600);
  const services = [
    { ...announcedService("A"), about: deep },
    { ...announcedService("B"), attributes: deep },
  ];
  const [{ bytes }] = await announce(services);
  const [a, b] = decodeChange(bytes).set;
  assertEquals([a.attributes, JSON.parse(b.attributes)], [services[0].attributes, { x: null }]);
  assert(a.about.length < 200);
});

Deno.test("a service that other nodes would not accept is left out, and does not take others with it", async () => {
  await using logs = await recordLogs(["msl", "network", "cluster"]);
  const { announce } = announcer();
  const [a, b, c] = ["A", "B", "C"].map((name) => announcedService(name));
  const services = [a, { ...b, name: "n".repeat(513) }, { ...c, maxClients: 1e300 }];
  const [{ bytes }] = await announce([...services, { ...b, streams: ["s".repeat(513)] }]);
  assertEquals(decodeChange(bytes).set.map(({ name }) => name), ["A", "B"]);
  assertEquals(logs.records.map(({ properties }) => properties.count), [2]);
});

Deno.test("what exceeds the limits of a node is left out, with one warning, and comes when there is room", async () => {
  await using logs = await recordLogs(["msl", "network", "cluster"]);
  const { announcer: one, announce } = announcer();
  const services = Array.from(
    { length: 50 },
    (_, index) => announcedService(`S${index}`, CLUSTER_LIMITS.serviceSize - 500),
  );
  const sent = await announce(services);
  assert(sent.length > 4 && sent.every(({ kind }) => kind === "services"));
  const known = sent.flatMap(({ bytes }) => decodeSnapshotPart(bytes).set.map(({ name }) => name));
  assert(known.length > 25 && known.length < 50, `${known.length}`);
  await announce([...services, announcedService("T")]);
  assertEquals(logs.records.map(({ properties }) => properties.count), [50 - known.length]);
  const [{ bytes }] = await announce(services.slice(47));
  assertEquals(
    decodeChange(bytes).set.map(({ name }) => name),
    services.slice(47).map((s) => s.name),
  );
  assertEquals(one.version, 3);
});

Deno.test("no message is longer than NATS accepts", async () => {
  const { announcer: one, announce, clock, sent } = announcer(8 * 1024);
  const services = Array.from({ length: 100 }, (_, index) => announcedService(`S${index}`, 5_000));
  await announce(services);
  one.answer(NODE);
  await clock.advance(1_000, () => Promise.resolve());
  assert(sent.length > 1 && sent.every(({ bytes }) => bytes.length <= 8 * 1024));
  const parts = sent.map(({ bytes }) => decodeSnapshotPart(bytes));
  assertEquals(parts.map(({ part }) => part), parts.map((_, index) => index));
  assertEquals(
    parts.flatMap(({ set }) => set.map(({ name }) => name)),
    services.map((s) => s.name),
  );
});

Deno.test("a few nodes that ask get an answer each, and many at once get one together", async () => {
  const { announcer: one, announce, clock, sent } = announcer();
  await announce([announcedService("A")]);
  const ask = async (...nodes: string[]) => {
    for (const node of nodes) one.answer({ ...NODE, node });
    await clock.advance(1_000, () => Promise.resolve());
    return sent.splice(0).map(({ to }) => to?.node);
  };
  assertEquals(await ask("b", "b", "c"), ["b", "c"]);
  assertEquals(await ask(..."bcdefghi"), [undefined]);
  assertEquals(await ask(..."bcdefghi"), [undefined]);
  for (let count = 0; count < 50; count++) { // all start together, and read slowly
    for (const node of "bcdefghi") one.answer({ ...NODE, node });
    await clock.advance(2 * ANSWER_DELAY, () => Promise.resolve());
  }
  const answers = sent.splice(0).length;
  assert(answers >= 1 && answers <= 3, `${answers}`);
  await clock.advance(2_000, () => Promise.resolve());
  sent.length = 0;
  for (let count = 0; count < 100; count++) { // one asks without a break, and does not delay another
    one.answer(NODE);
    if (count === 50) one.answer({ ...NODE, node: "c" });
    await clock.advance(ANSWER_DELAY, () => Promise.resolve());
    if (count === 55) assert(sent.some(({ to }) => to?.node === "c"));
  }
  const toOne = sent.splice(0).filter(({ to }) => to?.node === NODE.node).length;
  assert(toOne >= 2 && toOne <= 3, `${toOne}`);
  one.answer(NODE);
  one.close();
  assertEquals([await ask(), clock.waiting], [[], 0]);
});
