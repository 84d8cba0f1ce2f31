import { assert, assertEquals } from "@std/assert";
import { ANSWER_DELAY, CHANGE_INTERVAL } from "../../cluster/announcer.ts";
import { PROTOCOL } from "../../cluster/announcement.ts";
import { Directory, MISSED_BEATS } from "../../cluster/directory.ts";
import { CLUSTER_LIMITS } from "../../limits.ts";
import type { AnnouncedService } from "../../manager/remote_services.ts";
import { recordLogs } from "../support/logs.ts";
import { MovedClock } from "../support/moved_clock.ts";
import type { Fate } from "../support/memory_bus.ts";
import fc from "../support/properties.ts";
import {
  announcedService,
  BEAT,
  SimulatedNetwork,
  type SimulatedNode,
} from "../support/simulated_nodes.ts";

/** After this time a node that is silent is gone for all others. */
const GONE = (MISSED_BEATS + 2) * BEAT;

function names(node: SimulatedNode, of: string): string[] | undefined {
  return node.servicesOf(of)?.map(({ name }) => name);
}

Deno.test("a node that joins knows the services of all others within a fraction of a beat", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  a.offer(announcedService("DMM"), announcedService("Heater"));
  b.offer(announcedService("DMM"));
  await network.pass(3 * BEAT);
  const c = network.start("c");
  c.offer(announcedService("Lamp"));
  await network.pass(BEAT / 3);
  assertEquals([names(c, "a"), names(c, "b")], [["DMM", "Heater"], ["DMM"]]);
  assertEquals([names(a, "c"), names(b, "c")], [["Lamp"], ["Lamp"]]);
  assertEquals(c.servicesOf("a")![0], announcedService("DMM"));
  assertEquals(c.local.directory.nodesWith("DMM").sort(), ["a", "b"]);
  assertEquals(names(c, "c"), undefined);
});

Deno.test("a node answers one that it has not heard yet", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  network.nats.fate = ({ subject }, from) =>
    from === b.bus && subject.includes(".beat") ? "lose" : "deliver";
  a.offer(announcedService("DMM"));
  await network.pass(BEAT);
  assertEquals([a.local.directory.nodes(), names(b, "a")], [[], ["DMM"]]);
});

Deno.test("a change of the services is known at once, and one of many in a moment is one message", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  await network.pass(BEAT);
  let changes = 0;
  network.nats.fate = ({ subject }) => {
    if (subject.includes(".change")) changes++;
    return "deliver";
  };
  for (let count = 0; count < 100; count++) {
    a.offer(...Array.from({ length: count + 1 }, (_, index) => announcedService(`S${index}`)));
  }
  await network.pass(CHANGE_INTERVAL);
  assertEquals(names(b, "a")!.length, 100);
  assert(changes <= 2 * 2, `${changes}`); // each comes to both
  a.offer(announcedService("S7", 20));
  await network.pass(CHANGE_INTERVAL);
  assertEquals(b.servicesOf("a"), [announcedService("S7", 20)]);
});

Deno.test("a change that is lost, or comes late, leaves nobody with services that are none", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  a.offer(announcedService("X"), announcedService("Y"));
  await network.pass(BEAT);
  network.nats.fate = ({ subject }) => subject.endsWith(".change") ? "lose" : "deliver";
  a.offer(announcedService("Y"));
  await network.pass(CHANGE_INTERVAL);
  network.nats.fate = () => "deliver";
  a.offer(announcedService("Y"), announcedService("Z"));
  await network.pass(CHANGE_INTERVAL + 2 * ANSWER_DELAY);
  assertEquals(names(b, "a"), ["Y", "Z"]);
  network.nats.fate = ({ subject }) => /\.(change|services)/.test(subject) ? "delay" : "deliver";
  const c = network.start("c"); // asks for all, which is on its way
  await network.pass(BEAT / 2);
  network.nats.fate = () => "deliver";
  a.offer(announcedService("Z"));
  await network.pass(CHANGE_INTERVAL);
  network.nats.fate = ({ subject }) => subject.endsWith(".services") ? "lose" : "deliver";
  await network.pass(4 * BEAT); // it has asked again
  network.nats.fate = () => "deliver";
  network.nats.deliverDelayed();
  await network.pass(0);
  assertEquals([names(b, "a"), names(c, "a")], [["Z"], ["Z"]]);
});

Deno.test("a node is gone after five beats that did not come, and its services are", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  a.offer(announcedService("DMM"));
  await network.pass(BEAT);
  a.kill();
  await network.pass((MISSED_BEATS - 1) * BEAT);
  assertEquals(names(b, "a"), ["DMM"]);
  await network.pass(3 * BEAT);
  assertEquals(names(b, "a"), undefined);
  assertEquals([...b.local.directory.services("a")], []);
  assertEquals(b.events, ["a here", "a silent"]);
  assertEquals(b.local.directory.node("a")?.isHere, false);
});

Deno.test("a node that leaves is gone at once", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  await network.pass(BEAT);
  await using logs = await recordLogs(["msl", "network", "cluster"]);
  a.local.leave();
  await network.pass(0);
  assertEquals(b.events, ["a here", "a left"]);
  assertEquals(a.events, ["b here", "b outside"]);
  const texts = logs.records.map(({ message }) => message.join(""));
  assertEquals(texts, ["The node a is gone: it has left"], "b has not left");
  assertEquals(a.local.directory.nodes(), []);
});

Deno.test("a node that introduces itself is known before its next message comes", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  network.nats.fate = (_message, from) => from === b.bus ? "lose" : "deliver";
  await network.pass(BEAT);
  network.nats.fate = () => "deliver";
  assertEquals([b.local.directory.nodes(), a.local.directory.nodes()], [["a"], []]);
  b.local.introduce("a");
  await network.pass(0);
  assertEquals(a.local.directory.nodes(), ["b"]);
});

Deno.test("a node that was killed and is started again is known again at once", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  a.offer(announcedService("DMM"));
  await network.pass(BEAT);
  a.kill();
  const again = network.start("a");
  again.offer(announcedService("Heater"));
  await network.pass(BEAT / 2);
  assertEquals(again.local.state.state, "joined");
  assertEquals(names(b, "a"), ["Heater"]);
  assertEquals(b.events, ["a here", "a restarted", "a here"]);
});

Deno.test("a second node of a name is refused with the address of the first, and joins when that is gone", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  a.offer(announcedService("DMM"));
  await network.pass(10 * BEAT);
  const second = network.start("a");
  second.offer(announcedService("Lamp"));
  await network.pass(BEAT);
  const { state } = second.local;
  assert(state.state === "refused" && state.address === "a-pc:1875 #0", JSON.stringify(state));
  await network.pass(20 * BEAT);
  assertEquals(names(b, "a"), ["DMM"]);
  assertEquals([b.events, a.entered], [["a here"], 1]);
  a.local.leave();
  await network.pass(GONE);
  assertEquals([second.local.state.state, names(b, "a")], ["joined", ["Lamp"]]);
});

Deno.test("a name whose node does not answer is free after five beats", async () => {
  const network = new SimulatedNetwork();
  const first = network.start("a");
  await network.pass(BEAT);
  // NATS has not noticed yet that its computer has lost its power.
  first.bus.breakSilently();
  first.stop();
  const second = network.start("a");
  await network.pass((MISSED_BEATS - 1) * BEAT);
  assertEquals(second.local.state.state, "joining");
  await network.pass(2 * BEAT);
  assertEquals(second.local.state.state, "joined");
});

Deno.test("of two nodes of one name that meet after a cut, the one with the larger uptime stays", async () => {
  const network = new SimulatedNetwork();
  const witness = network.start("w");
  const older = network.start("a");
  older.offer(announcedService("Old"));
  await network.pass(5 * BEAT);
  const younger = network.start("a", { offset: 1e9 }); // its clock is ahead: that makes it not older
  network.nats.cut(older.bus, younger.bus);
  network.nats.cut(witness.bus, younger.bus);
  younger.offer(announcedService("New"));
  await network.pass(20 * BEAT);
  assertEquals(younger.local.state.state, "joined");
  network.nats.heal(older.bus, younger.bus);
  network.nats.heal(witness.bus, younger.bus);
  await network.pass(3 * BEAT);
  assertEquals([older.local.state.state, younger.local.state.state], ["joined", "refused"]);
  assertEquals([names(witness, "a"), older.entered], [["Old"], 1]);
});

Deno.test("a node that was stopped takes a new incarnation, and is whole again", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  a.offer(announcedService("DMM"));
  b.offer(announcedService("Lamp"));
  await network.pass(BEAT);
  network.nats.fate = (_message, _from, to) => to === a.bus ? "delay" : "deliver";
  a.stop();
  await network.pass(20 * BEAT);
  assertEquals(b.events, ["a here", "a silent"]);
  network.nats.fate = () => "deliver";
  a.resume();
  network.nats.deliverDelayed();
  await network.pass(2 * BEAT);
  assertEquals([a.entered, names(b, "a"), names(a, "b")], [2, ["DMM"], ["Lamp"]]);
});

Deno.test("a node that was busy for a while believes nobody gone", async () => {
  const network = new SimulatedNetwork();
  const [a] = [network.start("a"), network.start("b")];
  await network.pass(BEAT);
  network.nats.fate = (_message, _from, to) => to === a.bus ? "delay" : "deliver";
  a.stop();
  await network.pass((MISSED_BEATS + 0.5) * BEAT);
  a.resume(); // its timers go off before it reads
  network.nats.fate = () => "deliver";
  await network.pass(0);
  network.nats.deliverDelayed();
  await network.pass(3 * BEAT);
  assertEquals([a.events, a.entered], [["b here"], 1]);
});

Deno.test("nodes whose bus was away know each other again within a beat of its return", async () => {
  const network = new SimulatedNetwork();
  const nodes = ["a", "b", "c"].map((name) => network.start(name));
  for (const node of nodes) node.offer(announcedService(`of ${node.name}`));
  await network.pass(BEAT);
  for (const { bus } of nodes) bus.disconnect();
  await network.pass(GONE);
  assertEquals(nodes[0].local.directory.nodes(), []);
  for (const { bus } of nodes) bus.reconnect();
  await network.pass(BEAT);
  for (const node of nodes) {
    const others = nodes.filter((other) => other !== node);
    for (const { name } of others) assertEquals(names(node, name), [`of ${name}`]);
    assertEquals(node.entered, 1);
  }
});

Deno.test("an old beat that a bridge brings again neither ends a node nor puts one in its place", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  network.nats.fate = (message, from) =>
    from === a.bus && message.subject.endsWith(".beat") ? "double" : "deliver";
  await network.pass(50 * BEAT);
  const old: { subject: string; data: Uint8Array }[] = [];
  network.nats.fate = (message, from) => {
    if (from === a.bus && message.subject.endsWith(".beat")) old.push(message);
    return "deliver";
  };
  await network.pass(BEAT);
  a.kill();
  network.nats.fate = () => "deliver";
  const again = network.start("a");
  again.offer(announcedService("DMM"));
  await network.pass(BEAT);
  const bridge = network.nats.connect();
  for (const { subject, data } of old) bridge.publish(subject, data);
  await network.pass(BEAT);
  assertEquals([again.local.state.state, names(b, "a")], ["joined", ["DMM"]]);
  assertEquals(b.events, ["a here", "a restarted", "a here"]);
});

Deno.test("whatever is lost, doubled and delayed, all know all when the network is whole again", async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("offer" as const),
      node: fc.nat(3),
      services: fc.uniqueArray(fc.nat(40)),
      size: fc.nat(3),
    }),
    fc.record({ kind: fc.constant("pass" as const), time: fc.nat(3 * BEAT) }),
    fc.record({ kind: fc.constant("disconnect" as const), node: fc.nat(3) }),
    fc.record({ kind: fc.constant("reconnect" as const), node: fc.nat(3) }),
    fc.record({ kind: fc.constant("stop" as const), node: fc.nat(3) }),
    fc.record({ kind: fc.constant("resume" as const), node: fc.nat(3) }),
    fc.record({ kind: fc.constant("cut" as const), node: fc.nat(3), other: fc.nat(3) }),
    fc.record({ kind: fc.constant("deliver" as const), keys: fc.array(fc.nat(9)) }),
  );
  const fates = fc.array(fc.constantFrom<Fate>("deliver", "deliver", "lose", "double", "delay"), {
    minLength: 1,
  });
  const rates = fc.array(fc.constantFrom(0.9, 1, 1.1), { minLength: 4, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fates,
      rates,
      async (steps, fates, rates) => {
        const network = new SimulatedNetwork();
        const nodes = ["a", "b", "c", "d"].map((name, index) =>
          network.start(name, { offset: index * 1e7, rate: rates[index], maxPayload: 3_000 })
        );
        let count = 0;
        network.nats.fate = () => fates[count++ % fates.length];
        for (const step of steps) {
          if (step.kind === "pass") await network.pass(step.time);
          else if (step.kind === "deliver") network.nats.deliverDelayed(step.keys);
          else if (step.kind === "cut") {
            network.nats.cut(nodes[step.node].bus, nodes[step.other].bus);
          } else if (step.kind === "offer") {
            const services = step.services.map((index) =>
              announcedService(`S${index}`, index % 4 === step.size ? 300 : 10)
            );
            nodes[step.node].offer(...services);
          } else if (step.kind === "disconnect") nodes[step.node].bus.disconnect();
          else if (step.kind === "reconnect") nodes[step.node].bus.reconnect();
          else if (step.kind === "stop") nodes[step.node].stop();
          else nodes[step.node].resume();
        }
        network.nats.fate = () => "deliver";
        for (const node of nodes) {
          for (const other of nodes) network.nats.heal(node.bus, other.bus);
          node.bus.reconnect();
          node.resume();
        }
        network.nats.deliverDelayed();
        await network.pass(10 * BEAT);
        for (const node of nodes) {
          for (const other of nodes.filter((one) => one !== node)) {
            const sorted = [...other.services.values()].sort((a, b) => a.name < b.name ? -1 : 1);
            assertEquals(node.servicesOf(other.name), sorted, `${node.name} knows ${other.name}`);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

/** A directory that is told everything by a test. */
function directory() {
  const clock = new MovedClock();
  const asked: string[] = [];
  const directory = new Directory({
    clock,
    ask: ({ node }) => asked.push(node),
    isConnected: () => Promise.resolve(true),
  });
  const beat = (incarnation = "Abcdefgh1234", version = 0) => ({
    incarnation,
    uptime: 0,
    beat: BEAT,
    version,
    address: "pc:1875",
    software: "1.0",
    protocol: PROTOCOL,
    isNew: false,
  });
  return { directory, beat, asked, clock };
}

Deno.test("a node that talks in another protocol is ignored, with one warning", async () => {
  await using logs = await recordLogs(["msl", "network", "cluster"]);
  const { directory: known, beat, asked } = directory();
  for (let count = 0; count < 3; count++) known.beat("b", { ...beat(), protocol: 2, version: 1 });
  assertEquals([known.node("b"), asked], [undefined, []]);
  assertEquals(logs.records.map(({ properties }) => properties.node), ["b"]);
});

Deno.test("there are only so many nodes, and those that are gone make room", () => {
  const { directory: known, beat } = directory();
  for (let n = 0; n < CLUSTER_LIMITS.nodes; n++) known.beat(`n${n}`, beat());
  known.beat("further", beat());
  assertEquals([known.nodes().length, known.node("further")], [CLUSTER_LIMITS.nodes, undefined]);
  known.leave("n7", beat().incarnation);
  known.beat("further", beat());
  assertEquals([known.node("n7"), known.node("further")?.isHere], [undefined, true]);
});

Deno.test("only so many nodes are asked at once, and one that does not answer keeps nobody waiting", async () => {
  const { directory: known, beat, asked, clock } = directory();
  const nodes = Array.from({ length: CLUSTER_LIMITS.asked + 2 }, (_, n) => `n${n}`);
  for (const node of nodes) known.beat(node, beat(undefined, 1));
  assertEquals(asked, nodes.slice(0, CLUSTER_LIMITS.asked));
  const answer = { incarnation: beat().incarnation, version: 1, part: 0, parts: 1, set: [] };
  known.snapshot("n3", answer);
  assertEquals(asked.at(-1), `n${CLUSTER_LIMITS.asked}`);
  for (let count = 0; count < 4; count++) {
    await clock.advance(BEAT, () => Promise.resolve());
    known.tick();
    for (const node of nodes) known.beat(node, beat(undefined, 1));
  }
  assert(asked.includes(nodes.at(-1)!));
});

Deno.test("the services of a node that has too many are not known, and those of others are", async () => {
  await using logs = await recordLogs(["msl", "network", "cluster"], "warning");
  const { directory: known, beat } = directory();
  for (const node of ["b", "c"]) known.beat(node, beat(undefined, 1));
  const { incarnation } = beat();
  const parts = CLUSTER_LIMITS.snapshotParts;
  const size = CLUSTER_LIMITS.serviceSize;
  for (let part = 0; part < parts; part++) {
    const set = [announcedService(`S${part}`, size)];
    known.snapshot("b", { incarnation, version: 1, part, parts, set });
    if (known.node("b")!.isCurrent) break; // the rest is not kept
  }
  assertEquals([[...known.services("b")], known.node("b")!.isCurrent], [[], true]);
  assertEquals(logs.records.map(({ properties }) => properties.node), ["b"]);
  const set = [announcedService("DMM")];
  known.snapshot("c", { incarnation, version: 1, part: 0, parts: 1, set });
  assertEquals([...known.services("c")], set);
});

Deno.test("what changes add to the size of a node, others take away", () => {
  const { directory: known, beat } = directory();
  known.beat("b", beat());
  const { incarnation } = beat();
  let version = 0;
  const change = (set: AnnouncedService[], removed: string[] = []) =>
    known.change("b", { incarnation, from: version, version: ++version, set, removed });
  // In all 30 MiB, of which a node may have 4.
  for (let round = 0; round < 500; round++) {
    change([announcedService(`S${round % 5}`, 60_000)], [`S${(round + 2) % 5}`, "none"]);
  }
  assertEquals([...known.services("b")].map(({ name }) => name).sort(), ["S2", "S3", "S4"]);
  for (let n = 0; n < 70; n++) change([announcedService(`T${n}`, 60_000)]);
  assert([...known.services("b")].length < 70, "too much is not kept");
});

Deno.test("a message of an incarnation that is not there changes nothing", () => {
  const { directory: known, beat } = directory();
  const other = "Zbcdefgh1234";
  known.change("b", { incarnation: other, from: 0, version: 1, set: [], removed: [] });
  assertEquals(known.node("b"), undefined);
  known.beat("b", beat());
  const set = [announcedService("DMM")];
  known.change("b", { incarnation: other, from: 0, version: 1, set, removed: [] });
  known.snapshot("b", { incarnation: other, version: 5, part: 0, parts: 1, set });
  known.leave("b", other);
  assertEquals([known.nodes(), [...known.services("b")]], [["b"], []]);
});

Deno.test("a message of what is no name of a node is ignored, whatever NATS allows it to be", async () => {
  const network = new SimulatedNetwork();
  const [a, b] = [network.start("a"), network.start("b")];
  const beats: Uint8Array[] = [];
  network.nats.fate = (message) => {
    if (message.subject === "msl.lab.a.all.beat") beats.push(message.data);
    return "deliver";
  };
  await network.pass(2 * BEAT);
  const hostile = network.nats.connect();
  for (const name of ["\x1b[2J", "all", "a b", "ä", "x".repeat(33), "$SYS"]) {
    hostile.publish(`msl.lab.${name}.all.beat`, beats[0]);
  }
  await network.pass(BEAT);
  assertEquals(b.local.directory.nodes(), ["a"]);
  assertEquals([...a.local.directory.all].map(({ name }) => name), ["b"]);
});
