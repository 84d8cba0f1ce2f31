/** Long messages: held until they are whole, checked, and routed by the rules of any message. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { connect, type JsonObject, RemoteError, Service, ValueError } from "../../mod.ts";
import type { ManagerOptions } from "../../mod.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { linked } from "../support/linked.ts";
import * as messages from "../support/messages.ts";
import { pythonic, reply } from "../support/messages.ts";
import { until } from "../support/until.ts";
import { wireClient, wireService } from "../support/wire_devices.ts";

/** A message of a thousand bytes is long here, so that every way is short. */
const LIMITS = { longLine: 1_000, maxMessageSize: 200_000 };
const PAYLOAD = Array.from({ length: 5_000 }, (_, index) => `item ${index} "{[`);

/** A Manager with a raw client and a raw service. */
class RawLaboratory implements AsyncDisposable {
  readonly manager: TestManager;
  readonly client: WirePeer;
  readonly service: WirePeer;

  private constructor(manager: TestManager, client: WirePeer, service: WirePeer) {
    this.manager = manager;
    this.client = client;
    this.service = service;
  }

  static async open(options: ManagerOptions = {}): Promise<RawLaboratory> {
    await using stack = new AsyncDisposableStack();
    const manager = stack.use(await TestManager.start({ limits: LIMITS, ...options }));
    const client = stack.use(await wireClient(manager, "c"));
    const service = stack.use(await wireService(manager, "S"));
    stack.move();
    return new RawLaboratory(manager, client, service);
  }

  /** How connections have ended, once as many have as these. */
  async ended(expected: Record<string, number>): Promise<Record<string, number>> {
    const sum = (counts: Record<string, number>) =>
      Object.values(counts).reduce((total, count) => total + count, 0);
    const ends = () => this.manager.manager.status().totals.ended_connections;
    await until(`${sum(expected)} connections end`, () => sum(ends()) >= sum(expected));
    return ends();
  }

  get clientName(): string {
    return `c[${this.manager.manager.hostname}:${this.client.port}]`;
  }

  /** Has the client send a short request, so that the service owes the answer. */
  async owe(uid: string): Promise<void> {
    this.client.send(request({ uid }));
    assertEquals((await this.service.read()).uid, uid);
  }

  /** That both peers still are served. */
  async expectLife(): Promise<void> {
    await this.owe("life");
    this.service.send(reply(this.clientName, { uid: "life", result: "yes" }));
    assertEquals((await this.client.read()).result, "yes");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.service.close();
    await this.manager[Symbol.asyncDispose]();
  }
}

/** A request to the service `S`. */
function request(members: JsonObject): JsonObject {
  return messages.request("S", "a", [], members);
}

for (const disableTls of [false, true]) {
  const over = disableTls ? "over TCP" : "over TLS";

  Deno.test(`long requests and answers arrive whole, in any order of keys, ${over}`, async () => {
    await using lab = await RawLaboratory.open({ disableTls });
    for (const order of [(message: JsonObject) => message, pythonic]) {
      lab.client.send(order(request({ args: PAYLOAD, uid: "7" })));
      const received = await lab.service.read();
      assertEquals(received, {
        ...request({ args: PAYLOAD, uid: "7" }),
        requester: lab.clientName,
      });
      lab.service.send(order(reply(lab.clientName, { result: PAYLOAD, uid: "7" })));
      assertEquals(
        await lab.client.read(),
        reply(lab.clientName, { result: PAYLOAD, uid: "7" }),
      );
    }
    await lab.expectLife();
  });

  Deno.test(`our Client and Service send long values both ways, ${over}`, async () => {
    class Echo extends Service {
      echo(value: unknown): unknown {
        return value;
      }
    }
    await using network = await linked(new Echo(), { disableTls });
    const { link } = network;
    const value = "µ".repeat(10_000_000);
    const [long, short] = await Promise.all([link.echo(value), link.echo(1)]);
    assert(long === value && short === 1);
  });
}

Deno.test("a large value that cannot be sent fails its call alone, on either side", async () => {
  const large = Array.from({ length: 50_000 }, (_, index) => index);
  class Odd extends Service {
    wrong(): unknown {
      return [...large, () => 1];
    }
    async slow(value: number[]): Promise<number> {
      await Promise.resolve();
      return value.length;
    }
    shutdownService(): number[] {
      return large;
    }
  }
  await using manager = await TestManager.start();
  await using odd = new Odd();
  await odd.start(manager.connectOptions);
  await using cxn = await connect({ ...manager.connectOptions, readLimit: 1_000_000 });
  const link = await cxn.link<Odd>("Odd");
  await assertRejects(() => link.wrong(), RemoteError, "Object of type function");
  await assertRejects(
    () => link.slow([...large, Promise.resolve(1) as unknown as number]),
    TypeError,
    "Object of type Promise is not JSON serializable, at args[0][50000]: await it first",
  );
  const cancelled = link.slow(large);
  cancelled.cancel();
  assertEquals(await link.slow(large), 50_000);
  assertEquals(await link.shutdownService(), large); // and only then it ends
  await odd.finished;
});

Deno.test("an answer above readLimit fails its call, and the next one is read", async () => {
  class Big extends Service {
    text(size: number): string {
      return "x".repeat(size);
    }
  }
  await using manager = await TestManager.start();
  await using big = new Big();
  await big.start(manager.connectOptions);
  await using cxn = await connect({ ...manager.connectOptions, readLimit: 500_000 });
  const link = await cxn.link<Big>("Big");
  await assertRejects(() => link.text(600_000), ValueError, "longer than readLimit, 500000 bytes");
  assertEquals((await link.text(400_000)).length, 400_000);
});

Deno.test("of several equal keys in a long line the last one counts, as in any line", async () => {
  await using lab = await RawLaboratory.open();
  const text = JSON.stringify(request({ args: PAYLOAD, uid: "7" })).slice(0, -1);
  lab.client.send(`${text},"requester":"Manager[x:1]","uid":"8","error":true} `);
  const { requester, uid, error } = await lab.service.read();
  assertEquals([requester, uid, error], [lab.clientName, "8", false]);

  const answer = JSON.stringify(reply(lab.clientName, { result: PAYLOAD, uid: "8" })).slice(0, -1);
  lab.service.send(`${answer},"requester":"d[x:1]"}\t`); // to no pending request
  lab.service.send(`${answer},"uid":"other"}\t`); // neither
  lab.service.send(`${answer},"uid":"8"}\t`);
  assertEquals((await lab.client.read()).uid, "8");
  await lab.expectLife();
});

for (const white of [" ".repeat(100), "\t".repeat(70_000), " \r\t".repeat(1_000)]) {
  const name = `${JSON.stringify(white[0])} x ${white.length}`;
  Deno.test(`white space after a long line lets no client pass for another, ${name}`, async () => {
    await using lab = await RawLaboratory.open();
    await using victim = await wireClient(lab.manager, "victim");
    const victimName = `victim[${lab.manager.manager.hostname}:${victim.port}]`;
    for (const forged of [victimName, lab.manager.manager.networkName]) {
      const message = JSON.stringify(request({ args: PAYLOAD, requester: forged, uid: "7" }));
      lab.client.send(message + white);
      assertEquals((await lab.service.read()).requester, lab.clientName);
    }
  });
}

Deno.test("a service cannot answer for another one with a uid at the end of a long line", async () => {
  await using lab = await RawLaboratory.open();
  await using other = await wireService(lab.manager, "T");
  await lab.owe("own");
  lab.client.send(messages.request("T", "a", [], { uid: "foreign" }));
  assertEquals((await other.read()).uid, "foreign");
  const text = JSON.stringify(reply(lab.clientName, { uid: "own", result: PAYLOAD })).slice(0, -1);
  lab.service.send(`${text},"uid":"foreign"}${" ".repeat(100)}`);
  other.send(reply(lab.clientName, { uid: "foreign", result: "right" }));
  const { uid, result } = await lab.client.read();
  assertEquals([uid, result], ["foreign", "right"]);
});

Deno.test("a long request that arrives slowly blocks nobody else's request to its service", async () => {
  await using lab = await RawLaboratory.open();
  await using slow = await wireClient(lab.manager, "slow");
  const text = JSON.stringify(request({ args: PAYLOAD, uid: "7" }));
  const more = await slow.sendHalf(text.slice(0, 50_000));
  await lab.expectLife();
  assert(await more(`${text.slice(50_000)}\r\n`));
  assertEquals((await lab.service.read()).uid, "7");
});

for (const order of [(message: JsonObject) => message, pythonic]) {
  const keys = order === pythonic ? "Python's" : "our";
  Deno.test(`a long answer with a uid that is not owed answers nothing, in ${keys} order`, async () => {
    await using lab = await RawLaboratory.open();
    for (const uid of ["A", "B", "C"]) await lab.owe(uid);
    for (const uid of ["A", "A", "WRONG", "B", "C"]) {
      lab.service.send(order(reply(lab.clientName, { uid, result: [...PAYLOAD, uid] })));
    }
    await lab.owe("last");
    lab.service.send(reply(lab.clientName, { uid: "last" }));
    const answers = new Map<unknown, unknown>();
    while (!answers.has("last")) {
      const { uid, result } = await lab.client.read();
      answers.set(uid, Array.isArray(result) ? result.at(-1) : result);
    }
    for (const uid of ["A", "B", "C"]) assertEquals(answers.get(uid), uid);
    assertEquals(answers.has("WRONG"), false);
  });
}

Deno.test("a long answer that is not owed reaches nobody, and the next one that is does", async () => {
  await using lab = await RawLaboratory.open();
  lab.service.send(reply(lab.clientName, { result: PAYLOAD }));
  lab.service.send(reply("d[x:1]", { result: PAYLOAD }));
  await lab.expectLife();
});

Deno.test("a long request is refused by the rules of any other, and the connection goes on", async () => {
  await using lab = await RawLaboratory.open();
  lab.client.send(request({ service: "Nothing", args: PAYLOAD, uid: "7" }));
  const { message, uid } = await lab.client.read();
  assertEquals(uid, "7");
  assertMatch(String(message), /^KeyError: "the 'Nothing' Service is not connected/);
  await using other = await wireClient(lab.manager, "other");
  const manager = (attribute: string) => request({ service: "Manager", attribute, args: ["S"] });
  lab.client.send(manager("link"));
  await lab.client.read();
  lab.client.send(manager("acquire_lock"));
  await lab.client.read();
  other.send(request({ args: PAYLOAD, uid: "9" }));
  assertEquals((await other.read()).message, "PermissionError: 'S' service is locked");
  await other.close();
  await lab.expectLife();
});

Deno.test("a line above the limit is rejected, and its sender or its client is told by its uid", async () => {
  await using lab = await RawLaboratory.open();
  const huge = "x".repeat(LIMITS.maxMessageSize + 1);
  lab.client.send(pythonic(request({ args: [huge], uid: "7" })));
  const refused = await lab.client.read();
  assertEquals(refused.uid, "7");
  assertMatch(String(refused.message), /^ValueError: .* the limit of .* \(--max-message-size\)$/);
  await lab.owe("8");
  lab.service.send(`{"result":["${huge}"],"uid":"8","requester":"${lab.clientName}"}`);
  const failed = await lab.client.read();
  assertEquals(failed.uid, "8");
  assertMatch(
    String(failed.message),
    /^ValueError: the 'S' service sent an invalid answer: .*limit/,
  );
  await lab.expectLife();
});

Deno.test("a long line that is no message is not forwarded, and its client is told", async () => {
  await using lab = await RawLaboratory.open();
  const text = JSON.stringify(request({ args: PAYLOAD, uid: "7" })).slice(0, -1);
  for (const broken of [`${text}]`, `${text}} x`, text, `${text},}`, `${text},"a":tru}`]) {
    lab.client.send(broken);
    const { message, uid } = await lab.client.read();
    assertEquals(uid, "7");
    assertMatch(String(message), /^JSONDecodeError: /);
  }
  for (const end of ["]", "} {}", ""]) {
    await lab.owe("8");
    const answer = JSON.stringify(reply(lab.clientName, { result: PAYLOAD, uid: "8" })).slice(
      0,
      -1,
    );
    lab.service.send(answer + end);
    const { message, uid } = await lab.client.read();
    assertEquals(uid, "8");
    assertMatch(String(message), /^ValueError: the 'S' service sent an invalid answer: /);
  }
  await lab.expectLife();
});

Deno.test("a long line to the Manager is rejected, and so is one that is typed; a notification is delivered", async () => {
  await using lab = await RawLaboratory.open();
  lab.client.send(request({ service: "Manager", attribute: "link", args: ["S"], kwargs: {} }));
  await lab.client.read();
  lab.client.send(request({ service: "Manager", attribute: "identity", args: PAYLOAD, uid: "7" }));
  assertMatch(
    String((await lab.client.read()).message),
    /^ValueError: A message to the Manager itself is longer than the limit of 65536 bytes \(--handshake-size\)$/,
  );
  lab.client.send(`S a ${"x".repeat(2_000)}`);
  assertMatch(String((await lab.client.read()).message), /^JSONDecodeError: /);
  const notification = messages.notification("S", PAYLOAD);
  lab.service.send(notification);
  assertEquals(await lab.client.read(), notification);
  lab.service.send({ ...notification, service: "T" });
  await lab.expectLife();
});

/** The beginning of a long line of a peer that then goes away. */
async function sendHalf(
  lab: RawLaboratory,
  identity: JsonObject,
  message: JsonObject,
): Promise<void> {
  await using peer = await WirePeer.introduce(lab.manager.connectOptions, identity);
  await lab.manager.connected(String(identity.name));
  if (identity.type === "service") {
    lab.client.send(request({ service: identity.name, uid: "7" }));
    await peer.read();
  }
  await peer.sendHalf(JSON.stringify(message).slice(0, 50_000));
  await peer.close();
}

Deno.test("a reply that is cut off fails its request, and its client stays connected", async () => {
  await using lab = await RawLaboratory.open();
  const message = reply(lab.clientName, { result: PAYLOAD, uid: "7" });
  await sendHalf(lab, { type: "service", name: "T", attributes: {} }, message);
  assertMatch(
    String((await lab.client.read()).message),
    /^ConnectionAbortedError: the 'T' service/,
  );
  await lab.expectLife();
  assertEquals(await lab.ended({ left: 1 }), { left: 1 });
});

Deno.test("our Client fails what is pending when a reply is cut off", async () => {
  await using lab = await RawLaboratory.open();
  await using cxn = await connect(lab.manager.connectOptions);
  const link = await cxn.link("S");
  const pending = [link.first(), link.second()];
  const { requester, uid } = await lab.service.read();
  const text = JSON.stringify(reply(String(requester), { result: PAYLOAD, uid }));
  await lab.service.sendHalf(text.slice(0, 50_000));
  await lab.service.close();
  for (const future of pending) {
    await assertRejects(() => future, RemoteError, "disconnected before it answered the request");
  }
  assertEquals(cxn.isConnected(), true);
});

Deno.test("of a request that is cut off its service gets nothing", async () => {
  await using lab = await RawLaboratory.open();
  await sendHalf(lab, { type: "client", name: "d" }, request({ args: PAYLOAD, uid: "7" }));
  await lab.expectLife(); // the first that the service reads
});

Deno.test("a client hears that its service died while it was sending it a long request", async () => {
  await using manager = await TestManager.start({ limits: { longLine: 1_000 } });
  await using service = await wireService(manager, "S");
  await using cxn = await connect(manager.connectOptions);
  const link = await cxn.link("S");
  const pending = link.a("x".repeat(20_000_000));
  await service.close(); // without reading any of it
  // The service may disconnect before or after the Manager has forwarded the request.
  const error: RemoteError = await assertRejects(() => pending, RemoteError);
  assertMatch(error.message, /^(ConnectionAbortedError|KeyError): /);
  await manager.disconnected("S");
});

Deno.test("a client that stops reading is closed, and its service goes on for the others", async () => {
  await using lab = await RawLaboratory.open({
    disableTls: true,
    limits: { longLine: 1_000, stallTimeout: 1_000 },
  });
  await lab.owe("7");
  lab.service.send(reply(lab.clientName, { result: "x".repeat(40_000_000), uid: "7" }));
  await lab.manager.disconnected("c"); // it never reads
  assertEquals(await lab.ended({ stalled: 1 }), { stalled: 1 });
  await using other = await wireClient(lab.manager, "other");
  other.send(request({ uid: "8" }));
  const { requester, uid } = await lab.service.read();
  lab.service.send(reply(String(requester), { uid, result: "after" }));
  assertEquals((await other.read()).result, "after");
  await other.close();
});
