/** Arrays of numbers between devices that know them, and with those that do not. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { z } from "zod";
import {
  connect,
  type Future,
  type JsonObject,
  Kwargs,
  kwargs,
  type Link,
  NdArray,
  RemoteError,
  Service,
  ValueError,
} from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { arraysOfAllKinds, described } from "../support/arrays.ts";
import { linked } from "../support/linked.ts";
import { failure, reply as replyTo, request } from "../support/messages.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";
import { recordLogs } from "../support/logs.ts";
import { inTime, until } from "../support/until.ts";
import { afterTwo, countPauses } from "../support/pauses.ts";
import { HeldTexts } from "../../wire/held_texts.ts";

const ARRAYS = ["ready", "cancel", "stream", "parts", "arrays"];
const PARTS = ["ready", "cancel", "stream", "parts"];

/** 1, 2 and 3 in the array of the kind `<f8`, as they are on the wire. */
const WRITTEN = {
  "__array__": { dtype: "<f8", shape: [3], data: "AAAAAAAA8D8AAAAAAAAAQAAAAAAAAAhA" },
};

/** An instrument whose readings are arrays. */
class Scope extends Service {
  readonly received: unknown[] = [];

  echo(...values: unknown[]): unknown {
    this.received.push(values);
    return values;
  }

  same(value: unknown): unknown {
    return value;
  }

  *repeated(value: unknown, count: number): Generator<unknown> {
    for (let index = 0; index < count; index++) yield value;
  }

  trace(): Float64Array {
    return Float64Array.of(1, 2, 3);
  }

  digits(): unknown {
    return [BigInt64Array.of(2n ** 62n + 1n), new NdArray(Int8Array.of(1, 2), [1, 2])];
  }

  notify(value: unknown): Promise<void> {
    return this.emitNotification(value, kwargs({ value, "__array__": "mine" }));
  }
}

/** A device whose every line the test writes and reads. */
async function wirePeer(
  manager: TestManager,
  identity: JsonObject,
  extensions: string[],
): Promise<WirePeer> {
  const peer = await WirePeer.introduce(manager.connectOptions, { ...identity, extensions });
  assertEquals((await peer.read()).uid, "ready");
  return peer;
}

const wireClient = (manager: TestManager, extensions: string[]) =>
  wirePeer(manager, { type: "client", name: "wire" }, extensions);
const wireService = (manager: TestManager, extensions: string[], streams: string[] = []) =>
  wirePeer(manager, { type: "service", name: "Wire", attributes: {}, streams }, extensions);

/** The reply to a request. */
function reply(result: unknown, { requester, uid, ...members }: JsonObject): JsonObject {
  return replyTo(String(requester), { uid, result, ...members });
}

/** The next message but those about room and forms. */
async function heard(peer: WirePeer): Promise<JsonObject> {
  for (;;) {
    const message = await peer.read();
    if (message.attribute !== "__room__" && message.uid !== "arrays") return message;
  }
}

async function answerOf(peer: WirePeer, message: JsonObject): Promise<unknown> {
  peer.send(message);
  const answer = await heard(peer);
  return answer.error ? answer.message : answer.result;
}

Deno.test("arrays of all kinds are the same to the bit as arguments, results, and in streams", async () => {
  await using setting = await linked(new Scope(), { disableTls: true });
  const { link } = setting;
  const arrays = arraysOfAllKinds();
  const many = arrays.concat(arrays.map((array) => {
    if (array instanceof NdArray) return array;
    const long = Reflect.construct(array.constructor, [70_000 + array.length]);
    long.set(array);
    return long;
  }));
  for (const all of [arrays, many]) { // in one line, and in pieces
    const expected = all.map(described);
    const nested = { all, deep: [{ first: all[0] }], "__array__": { dtype: "mine" } };
    const received = await link.same(nested) as typeof nested;
    assertEquals(received.all.map(described), expected);
    assertEquals(described(received.deep[0].first), expected[0]);
    assertEquals(received["__array__"], { dtype: "mine" });
    const echoed = await link.echo(all, kwargs({ all }));
    const [list, { named }] = echoed as [unknown[], { named: { all: unknown[] } }];
    assertEquals(named.all.map(described), expected);
    assertEquals(list.map(described), expected);
    const values: unknown[][] = [];
    for await (const value of link.repeated(all, 3)) values.push(value as unknown[]);
    assertEquals(values.map((value) => value.map(described)), [expected, expected, expected]);
  }
});

Deno.test("what is sent is what an array was at the call, and of a long one when it is sent", async () => {
  await using setting = await linked(new Scope(), { disableTls: true });
  const { link, service } = setting;
  for (const length of [3, 100_000, 1_000_000]) { // in one line, and in pieces
    const array = new Float64Array(length).fill(1);
    const future = link.request<Float64Array[]>("echo", { args: [array] });
    array.fill(2);
    const [echoed] = await future;
    assertEquals([echoed[0], echoed[length - 1], echoed.length], [1, 1, length]);
  }
  const large = new Float64Array(3_000_000).fill(1); // 24 MB, more than is copied
  const future = link.request<Float64Array[]>("echo", { args: [large] });
  await future.sent;
  large.fill(2);
  assertEquals((await future)[0][2_999_999], 1);
  // A view of the buffer that the service has got: it is its own.
  const [kept] = service.received.at(-1) as Float64Array[];
  assertEquals([kept.byteOffset, kept.buffer.byteLength], [0, 24_000_000]);
  const gone = new Float64Array(3_000_000);
  const lost = link.request("echo", { args: [gone] });
  gone.buffer.transfer();
  await assertRejects(() => lost.result(), TypeError, "The value has changed while it was sent");
  assertEquals(await link.same(1), 1);
});

Deno.test("a client that does not know arrays gets lists, with all their digits", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using scope = new Scope();
  await scope.start(manager.connectOptions);
  for (const extensions of [["ready"], PARTS]) {
    await using peer = await wireClient(manager, extensions);
    await answerOf(peer, request("Manager", "link", ["Scope"]));
    assertEquals(await answerOf(peer, request("Scope", "trace")), [1, 2, 3]);
    peer.send(request("Scope", "digits"));
    const line = (await peer.readText())!;
    assert(line.includes("[[4611686018427387905],[[1,2]]]"), line);
    // Nor is what it sends an array.
    assertEquals(await answerOf(peer, request("Scope", "same", [WRITTEN])), WRITTEN);
    peer.send(request("Scope", "notify", [[1]]));
    assertEquals((await heard(peer)).result, [[[1]], { value: [1], "__array__": "mine" }]);
  }
});

Deno.test("a client that knows arrays gets and sends them in the written form", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using scope = new Scope();
  await scope.start(manager.connectOptions);
  await using peer = await wireClient(manager, ["ready", "arrays"]);
  const entry = await answerOf(peer, request("Manager", "link", ["Scope"])) as JsonObject;
  assert((entry.extensions as string[]).includes("arrays"));
  assertEquals(await answerOf(peer, request("Scope", "trace")), WRITTEN);
  await answerOf(peer, request("Scope", "echo", [{ x: WRITTEN }], { kwargs: { y: WRITTEN } }));
  const [x, y] = scope.received.at(-1) as [JsonObject, Kwargs];
  assertEquals(x, { x: Float64Array.of(1, 2, 3) });
  assertEquals(y, new Kwargs({ y: Float64Array.of(1, 2, 3) }));
  // Without parts it is one line, however long.
  const long = new Float64Array(200_000).fill(1);
  const description = {
    dtype: "<f8",
    shape: [200_000],
    data: new Uint8Array(long.buffer).toBase64(),
  };
  const echoed = await answerOf(peer, request("Scope", "same", [{ "__array__": description }]));
  assertEquals(echoed, { "__array__": description });
});

Deno.test("a service that does not know arrays gets lists, and its own objects are none", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using client = await connect(manager.connectOptions);
  for (const extensions of [["ready"], PARTS]) {
    await using peer = await wireService(manager, extensions);
    const link = await client.link("Wire");
    const future = link.call(Float64Array.of(1, NaN), new NdArray(Int8Array.of(1, 2), [2, 1]));
    const { args, requester, uid, arrays } = await peer.read();
    assertEquals([args, arrays], [[[1, NaN], [[1], [2]]], undefined]);
    peer.send(reply(WRITTEN, { requester, uid }));
    assertEquals(await future, WRITTEN);
    await link.unlink();
  }
});

Deno.test("a service that knows arrays but no pieces gets them in one line, of any length", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using client = await connect(manager.connectOptions);
  await using peer = await wireService(manager, ["ready", "arrays"]);
  const link = await client.link("Wire");
  for (const length of [3, 400_000]) {
    const future = link.call(new Float64Array(length), kwargs({ "__array__": 5 }));
    const { args, kwargs: named, arrays, requester, uid } = await heard(peer);
    const data = new Uint8Array(8 * length).toBase64();
    assertEquals([named, arrays], [{ "___array__": 5 }, true]);
    const array = { "__array__": { dtype: "<f8", shape: [length], data } };
    assertEquals(args, [array]);
    peer.send(reply([array, { "___array__": 6 }], { requester, uid }));
    const [echoed, own] = await future as [Float64Array, unknown];
    assertEquals([echoed.constructor, echoed.length], [Float64Array, length]);
    assertEquals(own, { "__array__": 6 });
  }
  const wrong = link.call();
  const { requester, uid } = await heard(peer);
  peer.send(reply({ "__array__": { ...WRITTEN["__array__"], shape: [2] } }, { requester, uid }));
  await assertRejects(() => wrong.result(), ValueError, "has 16 bytes");
});

Deno.test("a notification with arrays reaches each client in its form, and is made in no other", async () => {
  await using setting = await linked(new Scope(), { disableTls: true });
  const { manager, link, service } = setting;
  const received: unknown[][] = [];
  link.notificationHandler = (...values) => received.push(values);
  const expected = [
    Float64Array.of(1, 2, 3),
    new Kwargs({ value: Float64Array.of(1, 2, 3), "__array__": "mine" }),
  ];
  const before = manager.manager.status().totals.notifications;
  await service.notify(service.trace());
  await until("the client has it", () => received.length === 1);
  assertEquals(received, [expected]);
  {
    await using list = await wireClient(manager, ["ready"]);
    await using written = await wireClient(manager, ["ready", "arrays"]);
    for (const peer of [list, written]) await answerOf(peer, request("Manager", "link", ["Scope"]));
    await link.request("notify", { args: [service.trace()] });
    assertEquals((await heard(list)).result, [
      [[1, 2, 3]],
      { value: [1, 2, 3], "__array__": "mine" },
    ]);
    assertEquals((await heard(written)).result, [
      [WRITTEN],
      { value: WRITTEN, "___array__": "mine" },
    ]);
    await until("the client has both", () => received.length === 2);
    // One is for all that has no array.
    await service.emitNotification(5);
    assertEquals((await heard(list)).result, [[5], {}]);
    assertEquals((await heard(written)).result, [[5], {}]);
  }
  await until(
    "the others are gone",
    () => Object.keys(manager.manager.status().clients).length === 1,
  );
  await link.request("notify", { args: [1] }); // until the service knows it
  await service.notify(service.trace());
  await until("the client has all", () => received.length === 5);
  assertEquals(received.at(-1), expected);
  const sent = manager.manager.status().totals.notifications - before;
  assertEquals(sent, 1 + 2 + 1 + 1 + 1); // a key of the user counts as an array
});

Deno.test("a list that is too long for a notification does not keep the array from the others", async () => {
  await using logs = await recordLogs(["msl", "network"]);
  await using setting = await linked(new Scope(), { disableTls: true });
  const { manager, link, service } = setting;
  await using list = await wireClient(manager, ["ready"]);
  await answerOf(list, request("Manager", "link", ["Scope"]));
  const received = Promise.withResolvers<unknown>();
  link.notificationHandler = (value) => received.resolve(value);
  await link.same(1); // the service knows of the other client
  const picture = new Uint32Array(2_500_000).fill(4_000_000_000); // 10 MB, and 27 MB as a list
  await service.emitNotification(picture);
  const [value] = [await inTime("the array", received.promise)] as [Uint32Array];
  assertEquals([value.length, value[2_499_999]], [2_500_000, 4_000_000_000]);
  await until(
    "it is in the log",
    () => logs.records.some(({ rawMessage }) => String(rawMessage).includes("do not know arrays")),
  );
  const tooLong = new Uint8Array(13_000_000);
  const error = await assertRejects(
    async () => await service.emitNotification(tooLong),
    ValueError,
  );
  assert(error.message.includes("the limit is 16777216"), error.message);
});

Deno.test("a Manager tells a service that knows arrays which forms its clients take", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using peer = await wireService(manager, ["ready", "arrays"]);
  await using other = await wirePeer(manager, { type: "service", name: "Old", attributes: {} }, [
    "ready",
  ]);
  const forms = async () => {
    const { uid, result } = await inTime("the forms", peer.read());
    assertEquals(uid, "arrays");
    return result;
  };
  const link = async (client: WirePeer) => {
    await answerOf(client, request("Manager", "link", ["Old"]));
    await answerOf(client, request("Manager", "link", ["Wire"]));
  };
  await using list = await wireClient(manager, ["ready"]);
  await link(list);
  assertEquals(await forms(), ["lists"]);
  {
    await using one = await wireClient(manager, ["ready", "arrays"]);
    await using two = await wireClient(manager, ["ready", "arrays"]);
    await link(one);
    await link(one); // a second time
    assertEquals(await forms(), ["arrays", "lists"]);
    await link(two);
    await answerOf(list, request("Manager", "unlink", ["Wire"]));
    assertEquals(await forms(), ["arrays"]);
  }
  assertEquals(await forms(), []); // when both are gone
  other.send(request("Manager", "identity"));
  assertEquals((await other.read()).error, false); // and nothing came before
});

Deno.test("pieces of arrays that lie are errors of their request, and the connection goes on", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using scope = new Scope();
  await scope.start(manager.connectOptions);
  await using peer = await wireClient(manager, ARRAYS);
  await answerOf(peer, request("Manager", "link", ["Scope"]));
  const json = (part: unknown, length = 1) =>
    `[[{"__array__":{"dtype":"|u1","shape":[${length}],"part":${part}}}],{}]`;
  const first = (part: number, data: string, size?: number) => ({ part, data, size });
  const cases: [size: number, pieces: unknown[], message: string][] = [
    [json(0).length + 1, [json(0), first(1, "AQ==", 1)], "came in the place of 0"],
    [json(0).length + 1, [json(0), first(0, "AQ==")], "has no bytes"],
    [json(0).length + 1, [json(0), first(0, "A", 1)], "must be base64"],
    [json(0).length + 1, [json(0), first(0, "!!!!", 1)], "has more pieces"],
    [json(0).length + 3, [json(0, 3), first(0, "!!!!", 3)], "is not base64"],
    [json(0).length + 1, [json(0), first(0, "AQID", 3)], "has 3 bytes, and 1 may follow"],
    [json(0).length + 3, [json(0), first(0, "AQID", 3)], "has 1 bytes, and 3 of them"],
    [json(1).length + 1, [json(1), first(0, "AQ==", 1)], "No array has part 0"],
    [
      json("null").length + 1,
      [json("null"), first(0, "AQ==", 1)],
      "Part null of an array is no number",
    ],
    [8, ["[[1],{}]".slice(0, 4), { part: 0 }], "must be a text"],
    ["[[1],{}]".length + 1, ["[[1],{}]", first(0, "AQ==", 1)], "No array has part 0"],
    [json(0).length + 1, [first(0, "AQ==", 1), json(0)], "Cannot read"],
    [json(0).length + 1, [json(0).slice(0, 9), first(0, "AQ==", 1)], "Unexpected end of JSON"],
    [json(0).length + 2, [json(0), first(0, "AQ==", 1), "]"], "comes before its arrays"],
    [2 ** 31, [json(0)], "longer than readLimit"],
  ];
  for (const [index, [size, pieces, message]] of cases.entries()) {
    const uid = `lie${index}`;
    peer.send(request("Scope", "same", [], { uid, parts: 1, size }));
    for (const piece of pieces) {
      peer.send(request("Scope", "__part__", [piece], { uid, kwargs: {} }));
    }
    const answer = await inTime(message, heard(peer));
    assertEquals([answer.uid, answer.error], [uid, true]);
    assert(String(answer.message).includes(message), `${answer.message}: not ${message}`);
  }
  assertEquals(await answerOf(peer, request("Scope", "trace", [], { parts: 1 })), WRITTEN);
});

Deno.test("what a client does not know as a piece of an array fails its call only", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using client = await connect({ ...manager.connectOptions, readLimit: 1_000_000 });
  await using peer = await wireService(manager, ARRAYS);
  const link = await client.link("Wire");
  const ofTwo = '{"__array__":{"dtype":"|u1","shape":[2],"part":0}}';
  const cases: [pieces: unknown[], end: number, message: string][] = [
    [["[1]", { part: 0, data: "AQ==", size: 1e9 }], 4, "bytes, and"],
    [["[1]", { part: 0, data: "AQ==", size: 1 }], 4, "No array has part 0"],
    [['{"__array__":{"dtype":"|u1","shape":[9],"part":0}}'], 50, "has not arrived"],
    [[ofTwo, { part: 0, data: "AQ==", size: 2 }], 51, "is not complete"],
    [[ofTwo, { part: 0, data: "AQ==", size: 1 }], 51, "has 2 bytes, and 1 of them"],
  ];
  for (const [pieces, end, message] of cases) {
    const future = link.read();
    const { requester, uid } = await heard(peer);
    for (const piece of pieces) peer.send(reply(piece, { requester, uid, attribute: "__part__" }));
    peer.send(reply(null, { requester, uid, size: end }));
    await assertRejects(() => future.result(), ValueError, message);
  }
  const future = link.read();
  const { requester, uid } = await heard(peer);
  peer.send(reply(WRITTEN, { requester, uid }));
  assertEquals(await future, Float64Array.of(1, 2, 3));
});

Deno.test("a long line of thousands of arrays is read with pauses, and what follows it waits for that", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using client = await connect(manager.connectOptions);
  await using peer = await wireService(manager, ["ready", "arrays"]);
  const link = await client.link("Wire");
  const many = new Array(30_000).fill(WRITTEN);
  using pauses = countPauses(afterTwo());
  const settled: string[] = [];
  const futures = ["large", "small"].map((name) => {
    const future = link.read();
    future.then(() => settled.push(name));
    return future;
  });
  const requests = [await heard(peer), await heard(peer)];
  const before = pauses.count;
  for (const [index, { requester, uid }] of requests.entries()) {
    peer.send(reply([many, WRITTEN][index], { requester, uid }));
  }
  const [large, small] = await Promise.all(futures) as [Float64Array[], Float64Array];
  assertEquals(settled, ["large", "small"]);
  assertEquals([large.length, small], [30_000, Float64Array.of(1, 2, 3)]);
  assert(large.every((one) => one instanceof Float64Array && one.length === 3));
  assert(pauses.count - before >= 15, `${pauses.count - before} pauses`);
});

Deno.test("a call with thousands of arrays in a long line is read with pauses, before the calls after it", async () => {
  const scope = new Scope();
  await using setting = await linked(scope, { disableTls: true });
  const { manager } = setting;
  await using peer = await wireClient(manager, ["ready", "arrays"]);
  await answerOf(peer, request("Manager", "link", ["Scope"]));
  const many = new Array(30_000).fill(WRITTEN);
  using pauses = countPauses(afterTwo());
  peer.send(request("Scope", "echo", [many], { uid: "large" }));
  peer.send(request("Scope", "echo", ["small"], { uid: "small" }));
  const wrong = [...many, { "__array__": { ...WRITTEN["__array__"], shape: [2] } }];
  peer.send(request("Scope", "echo", [wrong], { uid: "wrong" }));
  const answers = [await heard(peer), await heard(peer), await heard(peer)];
  const byUid = new Map(answers.map((answer) => [answer.uid, answer]));
  assertMatch(String(byUid.get("wrong")!.message), /has 16 bytes, and 24/);
  assertEquals(byUid.get("small")!.result, ["small"]);
  assertEquals(byUid.get("large")!.result, [many]);
  const received = scope.received as unknown[][];
  assertEquals(received.map(([value]) => Array.isArray(value)), [true, false]);
  assert(pauses.count >= 30, `${pauses.count} pauses`);
});

Deno.test("arrays that wait for a link go out as lists if another service has taken the place", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using client = await connect({ ...manager.connectOptions, reconnect: { firstDelay: 5 } });
  let link: Link;
  const lost = Promise.withResolvers<void>();
  client.connectionHandler = ({ state }) => state === "unlinked" && lost.resolve();
  {
    await using peer = await wireService(manager, ARRAYS);
    link = await client.link("Wire");
    assertEquals((await peer.read()).uid, "arrays");
  }
  await inTime("the end of the link", lost.promise);
  const array = BigInt64Array.of(2n ** 62n + 1n);
  const short = link.call({ array, "__array__": 1 });
  const long = link.call(new NdArray(new Float64Array(100_000).fill(0.5), [50_000, 2]));
  array[0] = 0n;
  await using peer = await wireService(manager, PARTS);
  const first = (await peer.readText())!;
  assert(first.includes('"args":[{"array":[4611686018427387905],"__array__":1}]'), first);
  const { requester, uid } = JSON.parse(first);
  peer.send(reply(1, { requester, uid }));
  assertEquals(await short, 1);
  const second = await heard(peer);
  assertEquals(second.attribute, "call");
  assert(Number(second.size) > 450_000, `${second.size}`);
  peer.send({ ...reply(null, second), ...failure("Error: enough"), args: undefined });
  await assertRejects(() => long.result(), RemoteError, "enough");
});

Deno.test("a shape of a few bytes is refused as lists, of which it would be millions", async () => {
  class Keeper extends Scope {
    static schema = { same: [z.array(z.number())] };
    last(): unknown {
      return this.received.at(-1);
    }
  }
  await using _logs = await recordLogs(["msl", "network"]);
  await using manager = await TestManager.start({ disableTls: true });
  await using scope = new Keeper();
  await scope.start(manager.connectOptions);
  await using peer = await wireClient(manager, ["ready", "arrays"]);
  await using list = await wireClient(manager, ["ready"]);
  for (const one of [peer, list]) await answerOf(one, request("Manager", "link", ["Keeper"]));
  const shape = [1_000_000, ...Array(60).fill(1), 0];
  const many = { "__array__": { dtype: "|u1", shape, data: "" } };
  const refused = /^RangeError: An array of the shape .* cannot be made lists/;
  assertEquals(await answerOf(peer, request("Keeper", "echo", [many])), [many]);
  assertMatch(String(await answerOf(list, request("Keeper", "last"))), refused);
  assertMatch(String(await answerOf(peer, request("Keeper", "same", [many]))), refused);
  peer.send(request("Keeper", "notify", [many]));
  assertEquals(((await heard(peer)).result as unknown[][])[0], [many]); // the notification
  assertEquals((await heard(peer)).result, null);
});

Deno.test("a call that cannot be sent, or fails, holds no copies of its arrays", async () => {
  await using _logs = await recordLogs(["msl", "network"]);
  await using setting = await linked(new Scope(), { disableTls: true });
  const { link } = setting;
  const before = HeldTexts.heldAsBytes;
  const array = new Float64Array(100_000);
  const [no, list] = [new Map(), new Array(1_000_000).fill(1)]; // a Map is no JSON
  const gone = new Float64Array(1);
  gone.buffer.transfer();
  const calls: (() => Future<unknown>)[] = [
    () => link.echo(array, no),
    () => link.echo(array, kwargs({ array, no })),
    () => link.echo(array, gone),
    () => link.echo(list, array, no), // found while it is sent
    () => link.echo(array, kwargs({ list, array, no })),
    () => link.request("nothing", { args: [array] }),
    () => {
      const future = link.echo(array);
      future.cancel();
      return future;
    },
  ];
  for (const [index, call] of calls.entries()) {
    await assertRejects(() => call().result());
    await until(`call ${index} holds nothing`, () => HeldTexts.heldAsBytes === before);
  }
});

Deno.test("an older Manager gets no arrays, even if both devices know them", async () => {
  await using manager = new ScriptedManager();
  const connecting = connect(manager.connectOptions);
  await manager.accept();
  await using client = await connecting;
  const welcome = { uid: "ready", result: { beat: 0, extensions: PARTS } };
  await manager.send(replyTo("c[h:1]", welcome));
  const linking = client.link("Scope");
  await manager.answer("link", { result: { ...ENTRY, extensions: ARRAYS, streams: [] } });
  const link = await linking;
  const future = link.echo(Float64Array.of(1), { "__array__": 1 });
  const { args } = await manager.answer("echo", { result: WRITTEN });
  assertEquals([args, await future], [[[1], { "__array__": 1 }], WRITTEN]);
});

Deno.test("a stream of arrays runs no further ahead than some of them", async () => {
  class Camera extends Service {
    made = 0;
    *pictures(length: number): Generator<Float64Array> {
      for (;;) {
        this.made++;
        yield new Float64Array(length);
      }
    }
  }
  await using setting = await linked(new Camera(), { disableTls: true });
  const { link, service } = setting;
  // 64 KiB and 180 KB in a line, 200 KB and 4 MB in pieces
  for (const [length, most] of [[8_192, 16], [22_500, 16], [25_000, 16], [500_000, 4]]) {
    service.made = 0;
    const stream = link.pictures(length);
    let read = 0;
    for await (const picture of stream) {
      assertEquals(picture.length, length);
      if (++read === most) break;
      const { made } = service;
      await delay(0);
      assert(made <= read + most, `${made} made, ${read} read`);
    }
  }
});

/** 64 KiB: as a value of a stream they take the place of a piece. */
const WHOLE = Float64Array.from({ length: 8_192 }, (_, index) => index);
const WHOLE_WRITTEN = {
  "__array__": {
    dtype: "<f8",
    shape: [WHOLE.length],
    data: new Uint8Array(WHOLE.buffer).toBase64(),
  },
};

/** A service whose stream ends only when it is not wanted any more. */
class Endless extends Service {
  made = 0;
  readonly ended = Promise.withResolvers<void>();

  *traces(): Generator<Float64Array> {
    const trace = WHOLE.slice();
    try {
      for (;;) {
        trace[0] = ++this.made;
        yield trace;
      }
    } finally {
      this.ended.resolve();
    }
  }
}

Deno.test("a client that does not read gets no more arrays in lines than it has room for", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using service = new Endless();
  await service.start(manager.connectOptions);
  await using peer = await wireClient(manager, ARRAYS);
  await answerOf(peer, request("Manager", "link", ["Endless"]));
  const stream = request("Endless", "traces", [], { uid: "1", parts: 1, stream: 32, whole: true });
  peer.send(stream);
  const first = await heard(peer);
  assertEquals([first.attribute, first.whole], ["__next__", true]);
  const { "__array__": { shape } } = first.result as typeof WHOLE_WRITTEN;
  assertEquals(shape, [WHOLE.length]);
  const settled = async () => {
    for (let i = 0; i < 5; i++) {
      await answerOf(peer, request("Endless", "made", [], { uid: `made${i}` }));
    }
  };
  await settled(); // no other value has come before the answers
  assertEquals(service.made, 2); // one waits for room
  peer.send(request("Endless", "__room__", [3], { uid: "1" }));
  for (let i = 0; i < 3; i++) assertEquals((await heard(peer)).whole, true);
  await settled();
  assertEquals(service.made, 5);
  peer.send(request("Endless", "__cancel__", [], { uid: "1" }));
  await inTime("the end of the generator", service.ended.promise);
});

Deno.test("many streams of arrays that nobody reads hold some values each, and calls go on", async () => {
  await using setting = await linked(new Endless(), { disableTls: true });
  const { link, service } = setting;
  const streams = Array.from({ length: 50 }, () => link.traces());
  const readers = streams.map((stream) => stream[Symbol.asyncIterator]());
  await Promise.all(readers.map((reader) => reader.next()));
  for (let i = 0; i < 10; i++) await link.made();
  const { made } = service;
  assert(made <= 50 * 16, `${made} made, 50 read`);
  for (const reader of readers) await reader.next(); // each goes on
  for (const stream of streams) stream.cancel();
});

Deno.test("a service that sends arrays in lines without room for them loses its reader", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using client = await connect(manager.connectOptions);
  await using peer = await wireService(manager, ARRAYS, ["read"]);
  const link = await client.link("Wire");
  const stream = link.read() as unknown as AsyncIterable<unknown>;
  const { requester, uid, parts, whole } = await heard(peer);
  assertEquals([parts, whole], [1, true]);
  const value = { requester, uid, attribute: "__next__", whole: true };
  for (let i = 0; i < 20; i++) peer.send(reply(WRITTEN, value));
  assertEquals((await heard(peer)).attribute, "__cancel__");
  const { read, error } = await readAll(stream);
  assert(error instanceof ValueError && read.length < 20, `${error}, ${read.length} read`);
  assert(error.message.includes("There was no room for another piece"), error.message);
  assertEquals(read[0], Float64Array.of(1, 2, 3));
  assert(client.isConnected());
});

Deno.test("a client asks for arrays in lines only where all know them", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using client = await connect(manager.connectOptions);
  for (const extensions of [PARTS, ["ready", "cancel", "stream", "arrays"]]) {
    await using peer = await wireService(manager, extensions, ["read"]);
    const link = await client.link("Wire");
    const stream = link.read();
    assertEquals((await heard(peer)).whole, undefined);
    stream.cancel();
    await link.unlink();
  }
});

Deno.test("a service that goes in the middle of an array ends its stream, after what was complete", async () => {
  await using manager = await TestManager.start({ disableTls: true });
  await using client = await connect(manager.connectOptions);
  await using peer = await wireService(manager, ARRAYS, ["read"]);
  const link = await client.link("Wire");
  const stream = link.read() as unknown as AsyncIterable<unknown>;
  const { requester, uid } = await heard(peer);
  const to = { requester, uid };
  peer.send(reply(WRITTEN, { ...to, attribute: "__next__", whole: true }));
  const json = '{"__array__":{"dtype":"|u1","shape":[9],"part":0}}';
  peer.send(reply(json, { ...to, attribute: "__part__", size: json.length + 9 }));
  peer.send(reply({ part: 0, data: "AQID", size: 9 }, { ...to, attribute: "__part__" }));
  await peer.close();
  const { read, error } = await readAll(stream);
  assertEquals(read, [Float64Array.of(1, 2, 3)]);
  assert(error instanceof RemoteError, String(error));
  assert(error.message.includes("the 'Wire' service disconnected"), error.message);
  assert(client.isConnected());
});

Deno.test("values of any size follow each other in one stream, beside another stream and calls", async () => {
  await using setting = await linked(new Scope(), { disableTls: true });
  const { link } = setting;
  const values = [1, 8_192, 30_000, 24_000, 8_191, 200_000, 3, 70_000, 24_570].map((length) => ({
    array: Float32Array.from({ length: 2 * length }, (_, index) => index),
    text: "é".repeat(length % 5_000),
  }));
  const read = async () => {
    let count = 0;
    for await (const value of link.repeated(values, 3)) {
      assertEquals(value, values);
      count++;
    }
    for (const value of values) {
      for await (const streamed of link.repeated(value, 5)) {
        assertEquals(streamed, value);
        count++;
      }
    }
    return count;
  };
  const calls = async () => {
    for (let i = 0; i < 20; i++) assertEquals(await link.same(WHOLE), WHOLE);
  };
  assertEquals((await Promise.all([read(), read(), calls()])).slice(0, 2), [48, 48]);
});

/** All that a stream gives, and the error that ends it. */
async function readAll(stream: AsyncIterable<unknown>): Promise<{ read: unknown[]; error: Error }> {
  const read: unknown[] = [];
  try {
    for await (const value of stream) read.push(value);
  } catch (error) {
    return { read, error: error as Error };
  }
  throw new Error("it has ended without an error");
}
