import { assert, assertEquals, assertMatch } from "@std/assert";
import { mock } from "node:test";
import { Holder } from "../../base/budget.ts";
import { LIMITS, type Limits } from "../../limits.ts";
import { LongLines } from "../../manager/long_lines.ts";
import type { JsonObject } from "../../wire/message.ts";
import { LineSplitter, LongLine } from "../../wire/line.ts";
import { Network } from "../support/network.ts";
import { until } from "../support/until.ts";

const MiB = 1024 * 1024;
const PIECE = 64 * 1024;

/** A Manager without sockets that receives long lines. */
class Laboratory implements Disposable {
  readonly network = new Network();
  readonly client = this.network.client("c");
  readonly service = this.network.service("S");
  readonly lines: LongLines<typeof this.client.sink>;

  constructor(limits: Partial<Limits> = {}) {
    this.lines = new LongLines(this.network.router, { ...LIMITS, ...limits });
  }

  [Symbol.dispose](): void {
    this.lines[Symbol.dispose]();
    this.network[Symbol.dispose]();
  }
}

/** A line of 1,000 bytes or more as it is read, of which each piece arrives when it is asked for. */
function longLine(text: string, next: (piece: number) => Promise<boolean>): LongLine {
  const bytes = new TextEncoder().encode(text);
  let piece = 0;
  let rest = bytes.subarray(2_000);
  const splitter = new LineSplitter(1_000, async () => {
    if (!await next(++piece)) return false;
    const chunk = rest.subarray(0, PIECE);
    rest = rest.subarray(PIECE);
    splitter.split(chunk);
    return true;
  });
  const [line] = splitter.split(bytes.slice(0, 2_000));
  if (!(line instanceof LongLine)) throw new Error("it is not long");
  return line;
}

const always = () => Promise.resolve(true);

function request(members: JsonObject): string {
  return JSON.stringify({ service: "S", attribute: "a", args: [], kwargs: {}, ...members }) + "\n";
}

Deno.test("what is held is given back when a line is forwarded, rejected, broken or cut off", async () => {
  using lab = new Laboratory();
  const payload = "x".repeat(3 * MiB);
  const cases = [
    [request({ error: false, uid: "1", kwargs: { payload } }), always],
    [request({ error: false, uid: "2", service: "Nothing", kwargs: { payload } }), always],
    [`{"uid":"3","x":"${payload}"]\n`, always],
    [
      request({ error: false, uid: "4", kwargs: { payload } }),
      (n: number) => Promise.resolve(n < 9),
    ],
  ] as const;
  for (const [text, next] of cases) {
    await lab.lines.receive(lab.client.peer, longLine(text, next));
    assertEquals(lab.lines.held, 0);
  }
  const answers = lab.client.sink.take().map((line) => JSON.parse(line));
  assertEquals(answers.map(({ uid }) => uid), ["2", "3"]);
  assertMatch(answers[0].message, /^KeyError: /);
  assertMatch(answers[1].message, /^JSONDecodeError: /);
  const forwarded = lab.service.sink.take().map((line) => JSON.parse(line));
  assertEquals(forwarded.map(({ uid, requester }) => [uid, requester]), [
    ["1", lab.client.peer.networkName],
  ]);
});

Deno.test("the time of a call begins when its long line is whole and checked", async () => {
  using lab = new Laboratory();
  const { network, client, service } = lab;
  network.statistics.calls.tick(); // a read of long ago
  const arrives = (piece: number) => {
    network.clock = 1_000 * piece;
    return always();
  };
  const text = request({ error: false, uid: "1", kwargs: { payload: "x".repeat(2 * PIECE) } });
  await lab.lines.receive(client.peer, longLine(text, arrives));
  network.clock += 250;
  network.statistics.calls.tick();
  network.send(service, { result: 1, error: false, requester: client.peer.networkName, uid: "1" });
  assertEquals([client.peer.calls.timed, client.peer.calls.seconds], [1, 0.25]);
});

Deno.test("a line for which the budget has no share is read, dropped and answered, and the next one passes", async () => {
  using lab = new Laboratory({ maxHeld: 8 * MiB });
  const payload = "x".repeat(3 * MiB);
  const go = Promise.withResolvers<void>();
  const first = lab.lines.receive(
    lab.client.peer,
    longLine(request({ error: false, uid: "1", kwargs: { payload } }), async (piece) => {
      if (piece === 40) await go.promise;
      return true;
    }),
  );
  await until("most of the first line is held", () => lab.lines.held === 3 * MiB);
  const other = lab.network.client("other");
  await lab.lines.receive(
    other.peer,
    longLine(request({ error: false, kwargs: { payload }, uid: "2" }), always),
  );
  const [refused] = other.sink.take().map((line) => JSON.parse(line));
  assertEquals(refused.uid, "2");
  assertEquals(
    refused.message,
    "ValueError: The Manager holds many bytes of long messages, and a peer may have no more of the " +
      "limit of 8MiB (--max-held) than is left, and all peers of its origin no more than three times " +
      "that. Try again later",
  );
  assertEquals(lab.lines.held, 3 * MiB);
  go.resolve();
  await first;
  assertEquals([lab.service.sink.take().length, lab.lines.held], [1, 0]);
});

Deno.test("a line is refused for good if it is longer than what one peer may have of the budget", async () => {
  using lab = new Laboratory({ maxHeld: 8 * MiB });
  for (const size of [3.9, 4.1]) {
    const payload = "x".repeat(size * MiB);
    const text = request({ error: false, uid: String(size), kwargs: { payload } });
    await lab.lines.receive(lab.client.peer, longLine(text, always));
  }
  assertEquals(lab.service.sink.take().map((line) => JSON.parse(line).uid), ["3.9"]);
  assertEquals(lab.client.sink.take().map((line) => JSON.parse(line).message), [
    "ValueError: The message is longer than half of the limit of 8MiB (--max-held)",
  ]);
});

Deno.test("a peer that does not read has at most half of the budget, and the rest is for the others", async () => {
  using lab = new Laboratory({ maxHeld: 8 * MiB });
  const { client, service, network } = lab;
  const other = [network.client("other"), network.service("Other")] as const;
  const payload = "x".repeat(1.5 * MiB);
  const refusal =
    /^ValueError: (the 'S' service sent an invalid answer: )?The Manager holds as many bytes of long messages for '(S|c)' as it may \(--max-held\)\. Try again when they are read$/;
  // The service does not read. (Its sink has a part that the budget does not know.)
  service.sink.holder.count(5 * MiB);
  const long = (uid: string, name = "S") =>
    longLine(request({ error: false, uid, service: name, kwargs: { payload } }), always);
  await lab.lines.receive(client.peer, long("1"));
  assertEquals([service.sink.lines.length, lab.lines.held], [0, 0]);
  const [refused] = client.sink.take().map((line) => JSON.parse(line));
  assertEquals(refused.uid, "1");
  assertMatch(refused.message, refusal);
  assertEquals(service.peer.pendingCount, 0);
  // Short requests and long ones of others pass.
  network.send(client, {
    service: "S",
    attribute: "a",
    uid: "2",
    args: [],
    kwargs: {},
    error: false,
  });
  assertEquals(service.sink.take().length, 1);
  await lab.lines.receive(other[0].peer, long("3", "Other"));
  assertEquals(other[1].sink.take().length, 1);
  // The same for a client that does not read a reply, which is answered with an error.
  client.sink.holder.count(8 * MiB);
  service.sink.holder.count(-5 * MiB);
  const requester = client.peer.networkName;
  const reply = JSON.stringify({ result: payload, uid: "2", requester, error: false });
  await lab.lines.receive(service.peer, longLine(`${reply}\n`, always));
  const [failed] = client.sink.take().map((line) => JSON.parse(line));
  assertEquals([failed.uid, failed.error], ["2", true]);
  assertMatch(failed.message, refusal);
  assertEquals([service.peer.pendingCount, lab.lines.held], [0, 0]);
  // And what it does not read counts when it sends.
  await lab.lines.receive(client.peer, long("4", "Other"));
  assertEquals(other[1].sink.take().length, 0);
  assertMatch(JSON.parse(client.sink.take()[0]).message, /Try again later$/);
});

Deno.test("many peers of one origin, of which each sends half a line, leave a share for another origin", async () => {
  using lab = new Laboratory({ maxHeld: 32 * MiB });
  const payload = "x".repeat(3 * MiB);
  const group = Holder.group();
  const end = Promise.withResolvers<void>();
  const sending = Array.from({ length: 12 }, (_, index) => {
    const { peer, sink } = lab.network.client(`attacker ${index}`);
    sink.holder = Holder.one(group);
    const text = request({ error: false, uid: "1", kwargs: { payload } });
    return lab.lines.receive(
      peer,
      longLine(text, async (piece) => {
        if (piece === 40) await end.promise;
        return true;
      }),
    );
  });
  await until("they hold as much as they may", () => group.held === 24 * MiB);
  const other = lab.network.client("other");
  other.sink.holder = Holder.one(Holder.group());
  const long = longLine(request({ error: false, uid: "2", kwargs: { payload } }), always);
  await lab.lines.receive(other.peer, long);
  assertEquals(lab.service.sink.take().map((line) => JSON.parse(line).uid), ["2"]);
  end.resolve();
  await Promise.all(sending);
  assertEquals([lab.lines.held, group.held], [0, 0]);
});

Deno.test("a service whose reply is too long fails its own pending request, and no other one", async () => {
  using lab = new Laboratory({ maxMessageSize: 2 * MiB });
  const { client, service, network: { router } } = lab;
  const { networkName } = client.peer;
  for (const uid of ["1", "2"]) {
    router.receive(client.peer, new TextEncoder().encode(request({ error: false, uid }).trimEnd()));
  }
  for (const uid of ["1", "9"]) {
    const text = JSON.stringify({ result: "x".repeat(3 * MiB), uid, requester: networkName });
    await lab.lines.receive(service.peer, longLine(`${text}\n`, always));
  }
  const answers = client.sink.take().map((line) => JSON.parse(line));
  assertEquals(answers.map(({ uid }) => uid), ["1"]);
  assertMatch(
    answers[0].message,
    /^ValueError: the 'S' service sent an invalid answer: The message is longer than the limit of 2MiB \(--max-message-size\)$/,
  );
  assertEquals(network(lab), 1);
});

/** How many requests the service has not answered. */
function network({ service, client }: Laboratory): number {
  return [...service.peer.pending.get(client.peer) ?? []].length;
}

Deno.test("a peer that sends a long line too slowly is disconnected after a minute", async () => {
  using lab = new Laboratory();
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const stop = Promise.withResolvers<boolean>();
    const received = lab.lines.receive(
      lab.client.peer,
      longLine(request({ error: false, kwargs: { payload: "x".repeat(9 * MiB) } }), (piece) => {
        if (piece < 20) return Promise.resolve(true);
        return stop.promise;
      }),
    );
    await until("its beginning is held", () => lab.lines.held === 2 * MiB);
    mock.timers.tick(60_000); // more than 1 MiB came in this minute
    assertEquals(lab.client.sink.isClosed, false);
    mock.timers.tick(60_000);
    assertEquals(lab.client.sink.isClosed, true);
    stop.resolve(false); // the connection has ended
    await received;
    assertEquals(lab.lines.held, 0);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("the rest of a line that is refused may come slowly: it holds nothing", async () => {
  using lab = new Laboratory({ maxMessageSize: 2 * MiB });
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    const go = Promise.withResolvers<void>();
    const text = request({ error: false, uid: "1", kwargs: { payload: "x".repeat(4 * MiB) } });
    const isAt = Promise.withResolvers<void>();
    const received = lab.lines.receive(
      lab.client.peer,
      longLine(text, async (piece) => {
        if (piece !== 50) return true;
        isAt.resolve();
        await go.promise;
        return true;
      }),
    );
    await isAt.promise;
    assertEquals(lab.lines.held, 0);
    mock.timers.tick(60_000);
    mock.timers.tick(60_000);
    assertEquals(lab.client.sink.isClosed, false);
    go.resolve();
    await received;
    assertMatch(JSON.parse(lab.client.sink.take()[0]).message, /--max-message-size/);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("a limit above what can be checked is 2 GiB", async () => {
  using lab = new Laboratory({ maxMessageSize: Number.MAX_SAFE_INTEGER });
  const text = request({ error: false, uid: "1", kwargs: { payload: "x".repeat(2 * MiB) } });
  await lab.lines.receive(lab.client.peer, longLine(text, always));
  assertEquals(lab.service.sink.take().length, 1);
});

Deno.test("a Manager that shuts down ends the check of a long line", async () => {
  const lab = new Laboratory();
  const payload = "x".repeat(30 * MiB);
  const line = longLine(request({ error: false, uid: "1", kwargs: { payload } }), always);
  const received = lab.lines.receive(lab.client.peer, line);
  await until("the line is with the worker", () => line.isComplete);
  lab[Symbol.dispose]();
  await received;
  await until("its memory is free", () => lab.lines.held === 0); // in steps, if it was checked already
  assert(lab.client.sink.isClosed || lab.service.sink.lines.length === 1);
});
