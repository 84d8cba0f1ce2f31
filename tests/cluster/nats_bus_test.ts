import { assert, assertEquals, assertRejects } from "@std/assert";
import type { BusMessage } from "../../cluster/bus.ts";
import { NatsBus, type NatsBusOptions } from "../../cluster/nats_bus.ts";
import { ConnectionAbortedError } from "../../errors.ts";
import { NatsServer, natsTest } from "../support/nats_server.ts";
import { inTime, until } from "../support/until.ts";

/** A bus of node a, unless other options are given, which is closed when it is disposed of. */
function openBus(url: string, options: Partial<NatsBusOptions> = {}) {
  const problems: string[] = [];
  const bus = new NatsBus({
    servers: [url],
    name: "a",
    answers: "msl.lab.a.a.answer",
    onProblem: ({ message }) => void problems.push(message),
    ...options,
  });
  const messages: BusMessage[] = [];
  const texts = () => messages.map(({ data }) => new TextDecoder().decode(data));
  const isIn = (state: string) => until(`the bus is ${state}`, () => bus.state.state === state);
  return {
    bus,
    problems,
    messages,
    texts,
    receive: (message: BusMessage) => void messages.push(message),
    isIn,
    [Symbol.asyncDispose]: () => bus.close(),
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);

natsTest("a bus publishes and receives, and knows whether anybody is subscribed", async () => {
  await using server = await NatsServer.start();
  await using a = openBus(server.url);
  await using b = openBus(server.url, { answers: "msl.lab.b.b.answer" });
  assertEquals(a.bus.publish("msl.lab.a.b.x", bytes("too early")), false);
  const end = b.bus.subscribe("msl.lab.*.b.x", b.receive); // before it is connected
  await a.isIn("connected");
  await b.isIn("connected");
  assert(a.bus.state.state === "connected" && a.bus.state.server.endsWith(`:${server.port}`));
  await until("b is subscribed", () => a.bus.hasSubscriber("msl.lab.a.b.x"));
  assertEquals(await a.bus.hasSubscriber("msl.lab.a.c.x"), false);

  assert(a.bus.publish("msl.lab.a.b.x", bytes("1")));
  assert(a.bus.publish("msl.lab.a.b.x", bytes("2"), "msl.lab.a.a.y"));
  await until("both have come", () => b.texts().filter((text) => text !== "").join() === "1,2");
  assertEquals(b.messages.at(-1)!.subject, "msl.lab.a.b.x");
  assertEquals(b.messages.at(-1)!.reply, "msl.lab.a.a.y");
  end();
  await until("b is not subscribed", async () => !await a.bus.hasSubscriber("msl.lab.a.b.x"));
});

natsTest("a bus waits for its first server, and connects again to one that restarts", async () => {
  await using server = await NatsServer.start();
  await server.kill();
  await using a = openBus(server.url);
  a.bus.subscribe("msl.lab.*.a.x", a.receive);
  await until("it has said why it is not connected", () => a.problems.length > 0);
  assert(a.bus.state.state === "disconnected" && /refused/i.test(a.bus.state.cause!));
  await server.restart();
  await a.isIn("connected");

  const states: string[] = [];
  a.bus.watch(({ state }) => void states.push(state));
  await server.kill();
  await a.isIn("disconnected");
  assertEquals(a.bus.publish("msl.lab.a.a.x", bytes("lost")), false);
  await assertRejects(() => a.bus.hasSubscriber("msl.lab.a.a.x"), ConnectionAbortedError);
  await server.restart();
  await a.isIn("connected");
  assertEquals(states, ["disconnected", "connected"]);
  await until("its subscription is made again", () => a.bus.hasSubscriber("msl.lab.a.a.x"));
  assert(a.bus.publish("msl.lab.a.a.x", bytes("found")));
  await until("the message has come", () => a.texts().includes("found"));
  assert(!a.texts().includes("lost"));
});

natsTest(
  "a server that is stopped counts as gone, and holds up neither start nor end",
  async () => {
    await using server = await NatsServer.start();
    await using other = openBus(server.url);
    await other.isIn("connected");
    await server.pause();
    const began = performance.now();
    await using starting = openBus(server.url);
    await other.isIn("disconnected");
    assert(performance.now() - began < 10_000);
    await until(
      "it has said why",
      () => starting.problems.some((text) => /not answered/.test(text)),
    );
    await using closing = openBus(server.url);
    await closing.bus.close();
    assertEquals(closing.bus.state, { state: "closed" });
    server.resume();
    await other.isIn("connected");
    await starting.isIn("connected");
  },
);

natsTest("a bus logs in, says what is refused, and subscribes again once it may", async () => {
  const configFor = (subscribe: string) =>
    `authorization { users: [
      { user: a, password: right, permissions: { publish: "msl.lab.a.>", subscribe: "${subscribe}" } }
    ] }`;
  await using server = await NatsServer.start({ config: configFor("msl.lab.*.a.>") });
  const login = { kind: "password", user: "a", password: "right" } as const;
  await using wrong = openBus(server.url, { login: { ...login, password: "wrong" } });
  await until("it is refused", () => wrong.problems.some((text) => /authorization/i.test(text)));
  assertEquals(wrong.bus.state.state, "disconnected");
  await using a = openBus(server.url, { login });
  await a.isIn("connected");
  a.bus.subscribe("msl.lab.*.b.x", a.receive);
  a.bus.publish("msl.lab.b.a.x", bytes("forged"));
  await until(
    "both are refused",
    () =>
      ["Subscription", "Publish"].every((what) => a.problems.some((text) => text.includes(what))),
  );
  assertEquals(a.bus.state.state, "connected");
  assertEquals(await a.bus.hasSubscriber("msl.lab.a.b.x"), false);

  await server.reconfigure(configFor("msl.lab.>"));
  await until(
    "it is subscribed again",
    () => a.bus.hasSubscriber("msl.lab.a.b.x").catch(() => false),
  );
});

Deno.test("a bus that is closed while a server does not greet leaves no socket open", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const info = `INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"headers":true}\r\n`;
  const bus = openBus(`nats://127.0.0.1:${port}`);
  const greeting = (await listener.accept())!; // the bus looks whether there is a server
  await greeting.write(bytes(info));
  const first = await listener.accept();
  await first.write(bytes(info));
  await first.read(new Uint8Array(4096));
  await first.write(bytes("PONG\r\n"));
  await bus.isIn("connected");
  first.close();
  const silent = await listener.accept(); // the client connects again
  const closed = bus.bus.close();
  assertEquals(await inTime("the socket is closed", silent.read(new Uint8Array(1))), null);
  await closed;
  for (const resource of [greeting, silent, listener]) resource.close();
});
