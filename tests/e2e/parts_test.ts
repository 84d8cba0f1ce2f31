/** Large values in pieces: between our Clients and Services, and with peers that do not know them. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  CancelledError,
  type Client,
  connect,
  ConnectionAbortedError,
  JSONDecodeError,
  type JsonObject,
  options,
  RemoteError,
  Service,
  ValueError,
} from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { linked } from "../support/linked.ts";
import { at, everywhere, ONE_MANAGER, type Place, type Site } from "../support/places.ts";
import { reply, request } from "../support/messages.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";
import { HELD_AS_BYTES, HELD_AS_TEXT, HeldTexts } from "../../wire/held_texts.ts";
import { inTime, until } from "../support/until.ts";

const PARTS = ["ready", "cancel", "stream", "parts"];
const PIECE = "a".repeat(256 * 1024);

/** A service that keeps what it is called with. */
class Store extends Service {
  readonly calls: string[] = [];
  /** What was sent of the latest result, in bytes. */
  progress: [done: number, total: number] = [0, 0];
  made = 0;
  ended = Promise.withResolvers<void>();
  aborted = Promise.withResolvers<void>();

  echo(value: unknown): unknown {
    return value;
  }

  load(values: unknown[]): unknown {
    this.calls.push(`load ${values.length}`);
    return values[0];
  }

  trigger(): number {
    return this.calls.push("trigger");
  }

  text(length: number): string {
    const { request } = this;
    request!.onProgress = (...progress) => this.progress = progress;
    request!.signal.addEventListener("abort", () => this.aborted.resolve());
    return "a".repeat(length);
  }

  changing(length: number): unknown {
    let count = 0;
    return ["a".repeat(length), { toJSON: () => "b".repeat(++count) }];
  }

  async *texts(count: number, length: number): AsyncGenerator<string> {
    try {
      for (this.made = 1; this.made <= count; this.made++) {
        yield String(this.made).padEnd(length, "a");
        yield "short";
      }
    } finally {
      this.ended.resolve();
    }
  }
}

/** About 10 MB of JSON each: more than is held as text. */
const VALUES: Record<string, () => unknown> = {
  numbers: () => Array.from({ length: 550_000 }, (_, index) => index * 1.1),
  rows: () =>
    Array.from(
      { length: 200_000 },
      (_, index) => ({ index, name: `row "${index}"`, x: [1.5, null] }),
    ),
  "a text": () => 'é€😀 "\\\n\u2028'.repeat(600_000),
};

/** The number of lines that a client has got from the Manager, and of those that are pending. */
async function traffic(client: Client, site?: Site): Promise<{ lines: number; pending: number }> {
  // deno-lint-ignore no-explicit-any -- the parts of a status that the test reads
  const { totals, services } = await (client as any).adminRequest("status") as any;
  const pending = Object.values<{ pending_requests: number }>(
    site === undefined ? services : site.home.manager.status().services,
  );
  return {
    lines: totals.messages_out,
    pending: pending.reduce((sum, { pending_requests }) => sum + pending_requests, 0),
  };
}

/** A client or a service whose every line the test writes and reads. */
async function wirePeer(
  manager: TestManager,
  identity: JsonObject,
  extensions = PARTS,
): Promise<WirePeer> {
  const peer = await WirePeer.introduce(manager.connectOptions, { ...identity, extensions });
  assertEquals((await peer.read()).uid, "ready");
  return peer;
}

const wireClient = (manager: TestManager, extensions?: string[]) =>
  wirePeer(manager, { type: "client", name: "wire" }, extensions);
const wireService = (manager: TestManager, extensions?: string[]) =>
  wirePeer(manager, { type: "service", name: "Wire", attributes: {} }, extensions);

/** The next message that is not about the room for pieces, which may cross a reply. */
async function heard(peer: WirePeer): Promise<JsonObject> {
  for (;;) {
    const message = await peer.read();
    if (message.attribute !== "__room__") return message;
  }
}

function piece(uid: unknown, text: string): JsonObject {
  return request("Store", "__part__", [text], { uid });
}

// Any value

for (const [name, make] of Object.entries(VALUES)) {
  const title = `10 MB of ${name} arrive in pieces as argument, result and streamed value`;
  const test = async (place: Place) => {
    class Repeater extends Service {
      echo(value: unknown): unknown {
        return value;
      }

      *twice(value: unknown): Generator<unknown> {
        yield value;
        yield value;
      }
    }
    await using setting = await linked(new Repeater(), {}, place);
    const { client, link } = setting;
    const value = make();
    const json = JSON.stringify(value);
    const before = (await traffic(client, setting.site)).lines;
    const echoed = await link.echo(value);
    assert(JSON.stringify(echoed) === json, "the result is another value");
    assert((await traffic(client, setting.site)).lines - before > 50, "it came in few lines");
    let count = 0;
    for await (const streamed of link.twice(value)) {
      assert(JSON.stringify(streamed) === json, "a streamed value is another value");
      count++;
    }
    assertEquals([count, (await traffic(client, setting.site)).pending], [2, 0]);
  };
  // Over two nodes 64 MiB pass in tests/cluster/trunks_over_nats_test.ts.
  at(ONE_MANAGER, title, test);
}

everywhere(
  "the progress of arguments and results is reported in bytes, up to all of them",
  async (place) => {
    await using setting = await linked(new Store(), {}, place);
    const { link, service } = setting;
    const reports: string[] = [];
    const value = "a".repeat(1_000_000);
    const onProgress = (...report: unknown[]) => reports.push(report.join(" "));
    assertEquals(await link.echo(value, options({ onProgress })), value);
    assertEquals(reports, [
      "262144 1000009 sent", // of [["aaa..."],{}]
      "524288 1000009 sent",
      "786432 1000009 sent",
      "1000009 1000009 sent",
      "262144 1000002 received",
      "524288 1000002 received",
      "786432 1000002 received",
      "1000002 1000002 received",
    ]);
    await link.text(1_000_000);
    assertEquals(service.progress, [1_000_002, 1_000_002]);
  },
);

Deno.test("an error of an onProgress ends nothing", async () => {
  await using setting = await linked(new Store());
  const onProgress = () => {
    throw new Error("it is broken");
  };
  const value = "a".repeat(300_000);
  assertEquals(await setting.link.echo(value, options({ onProgress })), value);
});

// Order and snapshots

everywhere(
  "a later call to the same service arrives after a large argument, one to another does not wait",
  async (place) => {
    await using setting = await linked(new Store(), {}, place);
    const { site, client, link, service } = setting;
    await using other = new Store({ name: "Other" });
    await other.start(site.home.connectOptions);
    await site.knows("Other");
    const otherLink = await client.link<Store>(site.nameOf("Other"));
    const order: string[] = [];
    const done = (name: string) => () => void order.push(name);
    const large = Array.from({ length: 1_000_000 }, () => Math.PI);
    const calls = [
      link.load(large).then(done("load")),
      link.load(large).then(done("load")),
      link.trigger().then(done("trigger")),
      otherLink.trigger().then(done("other")),
    ];
    await Promise.all(calls);
    assertEquals(service.calls, ["load 1000000", "load 1000000", "trigger"]);
    assertEquals(order, ["other", "load", "load", "trigger"]);
  },
);

Deno.test("arguments up to 4 MiB are written at the call, and may be changed then", async () => {
  await using setting = await linked(new Store());
  const values = new Array<number>(400_000).fill(1.2345);
  const loading = setting.link.load(values);
  await loading.sent; // before anything has come back
  assert(loading.running());
  values.fill(0);
  assertEquals(await loading, 1.2345);
  await setting.link.trigger().sent;
});

everywhere("larger arguments may be changed when they are sent", async (place) => {
  await using setting = await linked(new Store(), {}, place);
  const values = new Array<number>(2_000_000).fill(1.2345);
  const loading = setting.link.load(values);
  let isSent = false;
  loading.sent.then(() => isSent = true);
  await setting.client.identities();
  assertEquals(isSent, false);
  await loading.sent;
  values.fill(0);
  assertEquals(await loading, 1.2345);
});

Deno.test("larger arguments that are changed while they are sent fail their request, on both sides", async () => {
  await using setting = await linked(new Store());
  const { link, service, client } = setting;
  const others = new HeldTexts([], HELD_AS_TEXT);
  assert(others.tryAdd("", HELD_AS_BYTES)); // no value of more than that is held as a whole
  using _others = { [Symbol.dispose]: () => others.release() };
  const value = ["a".repeat(70_000_000), { count: 0, toJSON: () => "b".repeat(++count) }];
  let count = 0;
  await assertRejects(
    () => link.load(value).result(),
    TypeError,
    "Cannot request load: The value has changed while it was sent",
  );
  assertEquals(await link.trigger(), 1);
  assertEquals([service.calls, (await traffic(client)).pending], [["trigger"], 0]);
  await assertRejects(
    () => link.changing(70_000_000).result(),
    RemoteError,
    "ValueError: The value has changed while it was sent",
  );
});

Deno.test("arguments of any size are written once, unless other values are held", async () => {
  await using setting = await linked(new Store());
  let count = 0;
  const value = ["a".repeat(70_000_000), { toJSON: () => "b".repeat(++count) }];
  const loading = setting.link.load(value);
  await loading.sent; // they are held
  value.fill("");
  assertEquals(await loading, "a".repeat(70_000_000));
  assertEquals(count, 1);
  const [, changed] = await setting.link.changing(70_000_000) as string[];
  assertEquals(changed, "b");
  assertEquals(HeldTexts.heldAsBytes, 0);
});

everywhere(
  "arguments that JSON cannot hold fail their call, and later calls are sent",
  async (place) => {
    await using setting = await linked(new Store(), {}, place);
    for (const length of [300_000, 9_000_000]) {
      const broken = setting.link.load(["a".repeat(length), () => {}]);
      await assertRejects(
        () => broken.result(),
        TypeError,
        "function is not JSON serializable, at args[0][1]",
      );
      await broken.sent;
      await setting.link.trigger();
    }
    assertEquals(setting.service.calls, ["trigger", "trigger"]);
  },
);

// Cancelling, and ends of connections

everywhere(
  "a call that is cancelled in the middle of its arguments ends at once on both sides",
  async (place) => {
    await using setting = await linked(new Store(), {}, place);
    const { link, service, client } = setting;
    const begun = Promise.withResolvers<void>();
    const onProgress = (done: number, total: number) => {
      assert(done < total, "it was sent before it was cancelled");
      begun.resolve();
    };
    const loading = link.load(["a".repeat(50_000_000)], options({ onProgress }));
    await begun.promise;
    loading.cancel();
    await assertRejects(() => loading.result(), CancelledError);
    await inTime("sent is settled", loading.sent);
    assertEquals(await link.trigger(), 1);
    await until(
      "nothing is pending",
      async () => (await traffic(client, setting.site)).pending === 0,
    );
    assertEquals(service.calls, ["trigger"]);
  },
);

everywhere(
  "a call that is cancelled in the middle of its result ends at once on both sides",
  async (place) => {
    await using setting = await linked(new Store(), {}, place);
    const { link, service, client } = setting;
    const begun = Promise.withResolvers<void>();
    const reading = link.text(50_000_000, options({ onProgress: () => begun.resolve() }));
    await begun.promise;
    reading.cancel();
    await assertRejects(() => reading.result(), CancelledError);
    await service.aborted.promise;
    await until(
      "nothing is pending",
      async () => (await traffic(client, setting.site)).pending === 0,
    );
    assert(service.progress[0] < service.progress[1], "all of it was sent");
    assertEquals((await link.text(300_000)).length, 300_000);
  },
);

everywhere(
  "a Client that leaves in the middle of a result, or of its arguments, ends the sending",
  async (place) => {
    await using setting = await linked(new Store(), {}, place);
    const { manager, service, client } = setting;
    for (const attribute of ["text", "load"] as const) {
      const leaving = await connect(manager.connectOptions);
      const link = await leaving.link<Store>(setting.link.serviceName);
      const begun = Promise.withResolvers<void>();
      const given = options({ onProgress: () => begun.resolve() });
      const future = attribute === "text"
        ? link.text(50_000_000, given)
        : link.load(["a".repeat(50_000_000)], given);
      const failed = assertRejects(() => future.result(), ConnectionAbortedError);
      await begun.promise;
      await leaving.disconnect();
      await failed;
      await inTime("sent is settled", future.sent);
      await until(
        "nothing is pending",
        async () => (await traffic(client, setting.site)).pending === 0,
      );
    }
    await service.aborted.promise;
    assertEquals(service.calls, []);
  },
);

Deno.test("a Service that goes in the middle of arguments fails the call, and the calls behind it are sent", async () => {
  await using manager = await TestManager.start();
  const service = new Store();
  await service.start(manager.connectOptions);
  await using client = await connect({ ...manager.connectOptions, reconnect: true });
  const link = await client.link<Store>("Store");
  const begun = Promise.withResolvers<void>();
  const loading = link.load(
    ["a".repeat(50_000_000)],
    options({ onProgress: () => begun.resolve() }),
  );
  const behind = link.trigger();
  await begun.promise;
  const leaving = service.shutdown();
  const error = await loading.exception();
  assert(error instanceof RemoteError && error.remoteName === "ConnectionAbortedError", `${error}`);
  await leaving;
  await using back = new Store();
  await back.start(manager.connectOptions);
  assertEquals([await behind, back.calls], [1, ["trigger"]]);
});

// Receivers that are slow

Deno.test("a client that gives no room gets one piece, and slows nobody else down", async () => {
  await using setting = await linked(new Store());
  const { manager, link, service } = setting;
  await using slow = await wireClient(manager);
  slow.send(request("Store", "text", [2_000_000], { uid: "slow", parts: 1 }));
  const first = await slow.read();
  assertEquals([first.attribute, first.size], ["__part__", 2_000_002]);
  assertEquals((await link.text(5_000_000)).length, 5_000_000);
  slow.send(request("Store", "trigger", [], { uid: "other" }));
  assertEquals((await slow.read()).uid, "other"); // no other piece has come
  let text = String(first.result);
  for (let count = 1; text.length < 2_000_002; count++) {
    slow.send(request("Store", "__room__", [count], { uid: "slow" }));
    for (let i = 0; i < count && text.length < 2_000_002; i++) {
      text += (await slow.read()).result;
    }
  }
  const { result, size, attribute } = await slow.read();
  assertEquals([result, size, attribute], [null, 2_000_002, undefined]);
  assertEquals(JSON.parse(text).length, 2_000_000);
  assertEquals(service.progress[0], 2_000_002);
});

everywhere(
  "a Client that reads large values slowly slows the generator down, and nobody else",
  async (place) => {
    await using setting = await linked(new Store(), {}, place);
    const { link, service } = setting;
    let count = 0;
    for await (const text of link.texts(20, 4_000_000)) {
      if (text === "short") continue;
      assertEquals([text.length, text.startsWith(String(++count))], [4_000_000, true]);
      if (count !== 2) continue;
      assertEquals(await link.trigger(), 1);
      assertEquals((await link.text(5_000_000)).length, 5_000_000);
      assert(service.made <= 4, `${service.made} values were made for 2 that were read`);
    }
    assertEquals(count, 20);
  },
);

everywhere(
  "a loop that is left in the middle of a large value ends the generator",
  async (place) => {
    await using setting = await linked(new Store(), {}, place);
    for await (const _text of setting.link.texts(20, 20_000_000)) break;
    await setting.service.ended.promise;
    assertEquals((await setting.link.text(300_000)).length, 300_000);
  },
);

// Limits

Deno.test("a value above readLimit is refused with its size, before it is held", async () => {
  await using manager = await TestManager.start();
  await using service = new Store();
  await service.start({ ...manager.connectOptions, readLimit: 2_000_000 });
  await using client = await connect({ ...manager.connectOptions, readLimit: 1_000_000 });
  const link = await client.link<Store>("Store");
  await assertRejects(
    () => link.text(1_500_000).result(),
    ValueError,
    "The value has 1500002 bytes, longer than readLimit, 1000000 bytes",
  );
  await service.aborted.promise;
  await assertRejects(
    () => link.load(["a".repeat(9_000_000)]).result(),
    RemoteError,
    "ValueError: The value has 9000011 bytes, longer than readLimit, 2000000 bytes",
  );
  assertEquals(await link.load(["a".repeat(900_000)]), "a".repeat(900_000));
});

// Hostile services

/** A Client that has called `read` of a service of the test; and that request. */
async function calling(manager: TestManager, wire: WirePeer) {
  const client = await connect(manager.connectOptions);
  const link = await client.link("Wire");
  const future = link.read();
  const asked = await heard(wire);
  assertEquals([asked.attribute, asked.parts], ["read", 1]);
  const { requester, uid } = asked;
  const part = (text: string, members: JsonObject = {}) =>
    wire.send({
      ...reply(requester as string, { uid, attribute: "__part__" }),
      ...members,
      result: text,
    });
  return { client, link, future, requester: requester as string, uid: uid as string, part };
}

Deno.test("a service that breaks the rules of pieces fails that request alone, and is told to stop", async () => {
  await using manager = await TestManager.start();
  await using wire = await wireService(manager);
  type Called = Awaited<ReturnType<typeof calling>>;
  const attacks: [message: string, attack: (called: Called) => void][] = [
    ["more pieces than that", ({ part }) => {
      part('"abc', { size: 5 });
      part('abc"');
    }],
    ["A piece of a value must have", ({ part }) => part("")],
    ["A piece of a value must have", ({ part }) => part(PIECE + "a")],
    ["longer than readLimit", ({ part }) => part("[1", { size: 1e12 })],
  ];
  for (const [message, attack] of attacks) {
    const called = await calling(manager, wire);
    await using _client = called.client;
    attack(called);
    await assertRejects(() => called.future.result(), Error, message);
    const { attribute, uid } = await heard(wire);
    assertEquals([attribute, uid], ["__cancel__", called.uid]);
    called.part("too late");
    wire.send(reply(called.requester, { uid: called.uid, size: 5 }));
    assert(called.client.isConnected());
  }
});

Deno.test("a service that sends pieces to a reader that has no room for them loses its reader", async () => {
  await using manager = await TestManager.start();
  const identity = { type: "service", name: "Wire", attributes: {}, streams: ["read"] };
  await using wire = await wirePeer(manager, identity);
  const { client, future, requester, uid, part } = await calling(manager, wire);
  await using _client = client;
  for (let i = 0; i < 20; i++) { // nobody reads the first value
    part('"ab"', { size: 4 });
    wire.send(reply(requester, { uid, attribute: "__next__", size: 4 }));
  }
  assertEquals((await heard(wire)).attribute, "__cancel__");
  await assertRejects(() => future.result(), ValueError, "There was no room for another piece");
});

Deno.test("a size that is not that of the pieces fails the request", async () => {
  await using manager = await TestManager.start();
  await using wire = await wireService(manager);
  for (const pieces of [[], ['"ab'], ['"ab"', " "]]) {
    const { client, future, requester, uid, part } = await calling(manager, wire);
    await using _client = client;
    for (const text of pieces) part(text);
    wire.send(reply(requester, { uid, size: 4 }));
    await assertRejects(() => future.result(), ValueError, "A value of 4 bytes has pieces of");
  }
});

Deno.test("pieces are nobody else's: without a request, or after the reply, they go nowhere", async () => {
  await using manager = await TestManager.start();
  await using wire = await wireService(manager);
  const { client, link, future, requester, uid, part } = await calling(manager, wire);
  await using _client = client;
  part('"ab', { uid: "none" });
  part('"ab', { requester: "nobody[h:1]" });
  part('"ab');
  part('c"');
  wire.send(reply(requester, { uid, size: 5 }));
  assertEquals(await future, "abc");
  part('"ab');
  wire.send(reply(requester, { uid, result: "again" }));
  const next = link.next();
  const { uid: nextUid } = await heard(wire);
  part("1", { uid: nextUid });
  wire.send(reply(requester, { uid: nextUid, result: 2 })); // which drops the piece
  assertEquals(await next, 2);
  const failing = link.failing();
  const { uid: failingUid } = await heard(wire);
  part("1", { uid: failingUid });
  wire.send(reply(requester, { uid: failingUid, error: true, message: "ValueError: no" }));
  await assertRejects(() => failing.result(), RemoteError, "no");
});

Deno.test("pieces that are not JSON together fail the request", async () => {
  await using manager = await TestManager.start();
  await using wire = await wireService(manager);
  const { client, future, requester, uid, part } = await calling(manager, wire);
  await using _client = client;
  part("[1,]2");
  wire.send(reply(requester, { uid, size: 5 }));
  await assertRejects(() => future.result(), JSONDecodeError, "Cannot read the line");
});

Deno.test("only the result is taken from what is put together", async () => {
  await using manager = await TestManager.start();
  await using wire = await wireService(manager);
  const { client, future, requester, uid, part } = await calling(manager, wire);
  await using _client = client;
  const forged = JSON.stringify({ error: true, requester: "other[h:1]", uid: "other", result: 1 });
  part(forged);
  wire.send(reply(requester, { uid, size: forged.length }));
  assertEquals(await future, JSON.parse(forged));
});

// Hostile clients

Deno.test("a client that breaks the rules of pieces gets an error, and the service goes on", async () => {
  await using setting = await linked(new Store());
  const { manager, service, link } = setting;
  await using wire = await wireClient(manager);
  const attacks: [message: string, size: number, pieces: string[]][] = [
    ["more pieces than that", 10, ["[[1],{}", "       "]],
    ["A piece of a value must have", 10, [""]],
    ["Cannot read the line", 10, ["[[1],{}}  "]],
    ["must be an array of args and kwargs", 3, ["[1]"]],
    ["must be an array of args and kwargs", 8, ["[[1],[]]"]],
    ["must be an array of args and kwargs", 24, ['{"args":[1],"kwargs":{}}']],
    ["longer than readLimit", 1e12, []],
  ];
  for (const [index, [message, size, pieces]] of attacks.entries()) {
    const uid = `attack ${index}`;
    wire.send(request("Store", "load", [], { uid, parts: 1, size }));
    for (const text of pieces) wire.send(piece(uid, text));
    const answer = await heard(wire);
    assertEquals([answer.uid, answer.error], [uid, true]);
    assert(String(answer.message).includes(message), String(answer.message));
    wire.send(piece(uid, "too late"));
  }
  for (const uid of ["none", "attack 0"]) wire.send(piece(uid, "[]"));
  assertEquals([await link.trigger(), service.calls], [1, ["trigger"]]);
});

Deno.test("pieces of one client never reach the request of another", async () => {
  await using setting = await linked(new Store());
  await using one = await wireClient(setting.manager);
  await using other = await wireClient(setting.manager);
  one.send(request("Store", "echo", [], { uid: "7", parts: 1, size: 12 }));
  one.send(piece("7", '[["o'));
  other.send(piece("7", "therxxxxxx"));
  other.send(request("Store", "trigger", [], { uid: "8" }));
  assertEquals((await other.read()).result, 1);
  one.send(piece("7", 'ne"],{}]'));
  const { uid, result } = await heard(one);
  assertEquals([uid, result], ["7", "one"]);
});

Deno.test("a client that has not offered the extension cannot send pieces", async () => {
  await using setting = await linked(new Store());
  await using wire = await wireClient(setting.manager, ["ready", "cancel"]);
  for (const attribute of ["__part__", "__room__"]) {
    wire.send(request("Store", attribute, ["a"]));
    assertEquals(
      (await wire.read()).message,
      "PermissionError: Cannot request a private attribute",
    );
  }
});

// Peers that do not know pieces

Deno.test("a service that does not know pieces gets one line, and answers in one", async () => {
  await using manager = await TestManager.start();
  await using wire = await wireService(manager, ["ready"]);
  await using client = await connect(manager.connectOptions);
  const link = await client.link("Wire");
  const text = "a".repeat(3_000_000);
  const future = link.load(text);
  const behind = link.trigger();
  const { args, uid, requester, parts, size } = await wire.read();
  assertEquals([args, parts, size], [[text], undefined, undefined]);
  assertEquals((await wire.read()).attribute, "trigger"); // it did not overtake
  wire.send(reply(requester as string, { uid, result: text }));
  assertEquals(await future, text);
  behind.cancel();
});

Deno.test("a client that does not know pieces gets one line", async () => {
  await using setting = await linked(new Store());
  await using wire = await wireClient(setting.manager, ["ready"]);
  const text = "a".repeat(3_000_000);
  wire.send(request("Store", "echo", [text]));
  assertEquals((await wire.read()).result, text);
});

Deno.test("an older Manager never gets a piece from a Client", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using client = await connecting;
  const extensions = ["ready", "cancel", "stream"];
  await manager.send(reply("c[h:1]", { uid: "ready", result: { beat: 0, extensions } }));
  const linking = client.link("Store");
  await manager.answer("link", { result: { ...ENTRY, extensions: PARTS, streams: [] } });
  const link = await linking;
  const text = "a".repeat(300_000);
  const future = link.echo(text);
  const { args, parts, size } = await manager.answer("echo", { result: text });
  assertEquals([args, parts, size, await future], [[text], undefined, undefined, text]);
});

Deno.test("under a Manager that does not know pieces a Service takes none", async () => {
  await using manager = new ScriptedManager();
  await using service = new Store();
  const starting = service.start(manager.connectOptions);
  const { extensions } = await manager.accept();
  assert((extensions as string[]).includes("parts"));
  await manager.send(
    reply("s[h:1]", { uid: "ready", result: { beat: 0, extensions: ["cancel"] } }),
  );
  await starting;
  await manager.send(request("Store", "__part__", ["a"], { requester: "c[h:1]" }));
  assertEquals(
    (await manager.receive()).message,
    "PermissionError: Cannot request a private attribute",
  );
  const leaving = service.shutdown();
  assertEquals((await manager.receive()).attribute, "__disconnect__");
  await manager.close();
  await leaving;
});

Deno.test("a Manager whose limit is shorter than a piece gets each value in one line, and says the limit", async () => {
  const quotes = '"'.repeat(300_000); // 600 KB of JSON, and twice as much in pieces
  const outcomes: (string | number)[] = [];
  for (const maxMessageSize of [400_000, 528 * 1024]) {
    await using manager = await TestManager.start({ disableTls: true, limits: { maxMessageSize } });
    await using store = new Store();
    await store.start(manager.connectOptions);
    await using client = await connect(manager.connectOptions);
    const link = await client.link<Store>("Store");
    assertEquals((await link.echo("a".repeat(300_000)) as string).length, 300_000);
    const error = await link.echo(quotes).then((value) => (value as string).length, String);
    outcomes.push(error);
    assertEquals(await link.trigger(), 1); // the connection goes on
  }
  const [refused, length] = outcomes;
  assertMatch(
    String(refused),
    /The message is longer than the limit of 400000B \(--max-message-size\)/,
  );
  assertEquals(length, quotes.length);
});
