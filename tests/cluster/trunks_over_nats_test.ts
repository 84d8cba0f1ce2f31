/** Trunks over a real NATS server, which stops, restarts, and is slow. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { NatsBus } from "../../cluster/nats_bus.ts";
import { ConnectionAbortedError } from "../../errors.ts";
import { TRUNK_LIMITS } from "../../limits.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";
import { readExactly, type TrunkNode, trunkNode, writeAll } from "../support/trunk_nodes.ts";
import { inTime, until } from "../support/until.ts";

/** How often the nodes of these tests beat, in milliseconds. */
const BEAT = 200;

/** Nodes a and b, connected with a server. */
async function joinedNodes(server: NatsServer) {
  const directory = new Map<string, string>();
  const nodes = ["a", "b"].map((name) => {
    const bus = new NatsBus({
      servers: [server.url],
      name,
      answers: `msl.lab.${name}.${name}.answer`,
      onProblem: () => {},
    });
    return trunkNode(name, bus, directory);
  });
  const [a, b] = nodes;
  const areConnected = () =>
    until("both are connected", () => nodes.every(({ bus }) => bus.isConnected));
  await areConnected();
  for (const [from, to] of [[a, b], [b, a]]) {
    const subject = from.subjects.to(to.name, "home", to.incarnation);
    await until(`${to.name} is subscribed`, () => from.bus.hasSubscriber(subject));
  }
  let beats = 0;
  const timer = setInterval(() => {
    beats++;
    for (const { trunks } of nodes) trunks.beat();
  }, BEAT);
  return {
    a,
    b,
    areConnected,
    /** The number of beats so far. */
    get beats() {
      return beats;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const { trunks, bus } of nodes) {
        trunks.close("the test is over");
        await bus.close();
      }
    },
  };
}

async function open(from: TrunkNode<NatsBus>, to: TrunkNode<NatsBus>) {
  const near = from.trunks.open(to.name, {});
  return { near, far: (await to.arrivals.next()).channel };
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

natsTest("over NATS a slow reader holds up itself, and much goes through beside it", async () => {
  await using server = await NatsServer.start();
  await using nodes = await joinedNodes(server);
  const [slow, fast, small] = [
    await open(nodes.b, nodes.a),
    await open(nodes.b, nodes.a),
    await open(nodes.b, nodes.a),
  ];
  let sent = 0;
  const flood = (async () => {
    for (;;) sent += await slow.near.write(new Uint8Array(256 * 1024));
  })().catch(() => {});
  const total = 64 * 1024 * 1024;
  const large = Promise.all([
    writeAll(fast.near, new Uint8Array(total)),
    readExactly(fast.far, total),
  ]);
  let calls = 0;
  let isDone = false;
  const calling = (async () => {
    for (; !isDone; calls++) {
      await writeAll(small.near, bytesOf("ping"));
      await writeAll(small.far, await readExactly(small.far, 4));
      assertEquals((await readExactly(small.near, 4)).length, 4);
    }
  })();
  assertEquals((await inTime("all has arrived", large))[1].length, total);
  isDone = true;
  await calling;
  assert(calls > 0);
  assert(sent <= TRUNK_LIMITS.channelWindow.largest);
  assert([nodes.a, nodes.b].every(({ bus }) => bus.isConnected));
  slow.near.close();
  await flood;
});

natsTest(
  "a server that stops and goes on breaks sessions at both ends, or loses nothing",
  async () => {
    await using server = await NatsServer.start();
    await using nodes = await joinedNodes(server);
    const { near, far } = await open(nodes.b, nodes.a);
    // A short stop: nothing is lost.
    await server.pause();
    await writeAll(near, bytesOf("while it is stopped"));
    const before = nodes.beats;
    await until("some beats were late", () => nodes.beats > before + 2);
    server.resume();
    assertEquals((await readExactly(far, 19)).length, 19);

    // A long one: the sessions end while it lasts.
    await server.pause();
    const first = near.write(bytesOf("lost"));
    await Promise.all(
      [near, far].map((one) =>
        assertRejects(
          () => inTime("it has ended", readExactly(one, 1_000)),
          ConnectionAbortedError,
        )
      ),
    );
    await first;
    const { a, b } = nodes; // one that notices only later would lose the next message
    await until("none is connected", () => !a.bus.isConnected && !b.bus.isConnected);
    server.resume();
    await nodes.areConnected();
    const again = await open(nodes.b, nodes.a);
    await writeAll(again.near, bytesOf("new"));
    assertEquals(new TextDecoder().decode(await readExactly(again.far, 3)), "new");
    assertEquals(nodes.a.arrivals.all.length, 2);
  },
);

natsTest("a server that restarts at once costs no session, or breaks it at both ends", async () => {
  await using server = await NatsServer.start();
  await using nodes = await joinedNodes(server);
  const { near, far } = await open(nodes.b, nodes.a);
  let [written, read, ends, isOver] = [0, 0, 0, false];
  const ended = (error: Error) => {
    assert(error instanceof ConnectionAbortedError);
    ends++;
  };
  const write = async () => {
    const size = await near.write(bytesOf("x".repeat(100)));
    written += size;
  };
  const writing = (async () => {
    while (!isOver) await write();
    await near.read(new Uint8Array(1));
  })().catch(ended);
  const reading = (async () => {
    for (let size; (size = await far.read(new Uint8Array(1_000))) !== null;) read += size;
  })().catch(ended);
  await until("bytes flow", () => read > 10_000);
  await server.restart();
  await nodes.areConnected();
  isOver = true;
  const { beats } = nodes;
  await until("beats have told what was lost", () => nodes.beats > beats + 2);
  assert(ends === 2 || (ends === 0 && read === written), `${ends}, ${read} of ${written}`);
  near.close();
  await Promise.all([writing, reading]);
  const again = await open(nodes.b, nodes.a);
  await writeAll(again.far, bytesOf("new"));
  assertEquals((await readExactly(again.near, 3)).length, 3);
});
