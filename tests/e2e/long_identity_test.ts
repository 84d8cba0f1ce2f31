/** Services whose identity is longer than any other line of a handshake. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../mod.ts";
import { attributeSizes } from "../../manager/long_identity.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { ADMINISTRATOR, Laboratory } from "../support/laboratory.ts";
import { request } from "../support/messages.ts";

/** The text of the last message that a peer is sent before it is disconnected. */
async function lastMessage(peer: WirePeer): Promise<string> {
  let last = "";
  for (let line; (line = await peer.readText()) !== undefined;) last = line;
  return String(JSON.parse(last).message);
}

/** So many methods with names of 60 characters. */
function methods(count: number): Record<string, string> {
  const pad = "measure_the_voltage_of_this_channel_of_the_multimeter";
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`${pad}_${at}`, "() -> float"]),
  );
}

for (const disableTls of [false, true]) {
  Deno.test(`a service with 2,500 methods and a table is connected as any other, over ${disableTls ? "TCP" : "TLS"}`, async () => {
    await using manager = await TestManager.start({ disableTls, authPassword: "secret" });
    const to = { ...manager.connectOptions, passwordManager: "secret" };
    const attributes = { ...methods(2_500), table: Array(200_000).fill(1.5) };
    await using service = await WirePeer.connect(to);
    await service.read();
    service.send("secret");
    await service.read();
    service.send(JSON.stringify({ result: { type: "service", name: "Big", attributes } }));
    service.send(request("Manager", "identity", []));
    assertEquals((await service.read()).error, false);
    await using client = await connect(to);
    const link = await client.link("Big");
    assertEquals(Object.keys(link.serviceAttributes).length, 2_501);
  });
}

Deno.test("an identity above --max-identity is rejected with the names of its largest attributes", async () => {
  await using manager = await TestManager.start({
    disableTls: true,
    limits: { maxIdentity: 300_000 },
  });
  await using peer = await WirePeer.connect(manager.connectOptions);
  await peer.read();
  const attributes = {
    small: 1,
    table: "x".repeat(150_000),
    'a "b': [{ c: "y".repeat(100_000) }],
    rest: 0,
  };
  const identity = {
    type: "service",
    name: "Big",
    attributes: { ...attributes, ...methods(5_000) },
  };
  peer.send(JSON.stringify({ result: identity }));
  const message = await lastMessage(peer);
  assert(message.startsWith("ValueError: The identity is longer than the limit of"), message);
  assert(message.includes("(--max-identity). Its largest attributes are 'table' (150"), message);
  assertEquals(/'table' .*a .*b.*: leave them out/.test(message), true, message);
});

Deno.test("before the password no more than --handshake-size is read", async () => {
  await using manager = await TestManager.start({ disableTls: true, authPassword: "secret" });
  await using peer = await WirePeer.connect(manager.connectOptions);
  peer.send("x".repeat(100_000));
  assert((await lastMessage(peer)).includes("limit of 65536 bytes (--handshake-size)"));
});

Deno.test("identities share the budget of long lines, and give it back when the services are gone", async () => {
  const MiB = 1024 * 1024;
  await using manager = await TestManager.start({
    disableTls: true,
    limits: { maxHeld: 6 * MiB, maxIdentity: 3 * MiB },
  });
  const identity = (name: string) => ({
    type: "service",
    name,
    attributes: { table: "x".repeat(2 * MiB) },
    extensions: ["ready"],
  });
  const introduce = async (name: string) => {
    const peer = await WirePeer.introduce(manager.connectOptions, identity(name));
    return { peer, answer: await peer.read() };
  };
  const first = await introduce("First");
  assertEquals(first.answer.uid, "ready");
  const second = await introduce("Second");
  assert(String(second.answer.message).includes("--max-held"), String(second.answer.message));
  await first.peer.close();
  await manager.disconnected("First");
  const third = await introduce("Third");
  assertEquals(third.answer.uid, "ready");
  for (const { peer } of [second, third]) await peer.close();
});

Deno.test("the services of one user cannot take the share of the budget that another user needs", async () => {
  const MiB = 1024 * 1024;
  await using lab = await Laboratory.withUsers({
    authLogin: true,
    disableTls: true,
    limits: { maxHeld: 32 * MiB, maxIdentity: 2 * MiB },
  });
  await using stack = new AsyncDisposableStack();
  const introduce = async (name: string, answers: string[]) => {
    const peer = stack.use(await WirePeer.connect(lab.manager.connectOptions));
    for (const answer of answers) {
      await peer.read();
      peer.send(answer);
    }
    await peer.read();
    const attributes = { table: "x".repeat(1.4 * MiB) };
    const result = { type: "service", name, attributes, extensions: ["ready"] };
    peer.send(JSON.stringify({ result }));
    const { uid, message } = await peer.read();
    return uid === "ready" ? "ready" : String(message);
  };
  const outcomes: string[] = [];
  while (!outcomes.some((outcome) => outcome.includes("--max-held"))) {
    const name = `S${outcomes.length}`;
    outcomes.push(await introduce(name, ["j.doe", "a good password"]));
  }
  assert(outcomes.length > 10, `${outcomes}`); // 24 MiB, and some for the line while it is read
  const { username, password } = ADMINISTRATOR;
  for (const name of ["A", "B"]) assertEquals(await introduce(name, [username, password]), "ready");
});

Deno.test("the sizes of attributes are those of what has arrived, wherever it ends", () => {
  const text = '{"result":{"attributes": {"a":"},{", "b\\\\" : [1,{"c":2}],"d":{}},"name":"x"}}';
  const all = [["a", 9], ["b\\\\", 20], ["d", 6]];
  const names = (end: number) => attributeSizes(text.slice(0, end)).map(({ name }) => name);
  assertEquals(attributeSizes(text).map(({ name }) => name), all.map(([name]) => name));
  for (let end = 0; end <= text.length; end++) {
    assertEquals(names(end).every((name, at) => name === all[at][0]), true, text.slice(0, end));
  }
});
