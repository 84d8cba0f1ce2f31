/** Dead peers without a closed connection, and peers that are only idle. */

import { assertEquals, assertMatch } from "@std/assert";
import { connect, type JsonObject, Service } from "../../mod.ts";
import { IDLE_INTERVALS } from "../../net/keepalive.ts";
import { TestManager, WirePeer } from "../../testing.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ManagerProcess } from "../support/manager_process.ts";
import { reply, request } from "../support/messages.ts";
import { Process } from "../support/process.ts";
import { pythonPeer } from "../support/python.ts";
import type { ManagerAddress } from "../support/raw_peer.ts";
import { posixTest } from "../support/posix.ts";

const SERVICE = { type: "service", name: "S", attributes: {} };
const CLIENT = { type: "client", name: "c" };

/** A Manager whose keepalive interval is a fifth of this idle time-out: 50 ms by default. */
function start(silenceTimeout = 250): Promise<TestManager> {
  return TestManager.start({ disableTls: true, limits: { silenceTimeout } });
}

/** Sends a client's request whose reply stays pending. */
function measure(client: WirePeer): void {
  client.send(request("S", "measure", [], { uid: "7" }));
}

function answer({ requester, uid }: JsonObject): JsonObject {
  return reply(String(requester), { uid, result: -1 });
}

Deno.test("a service with keepalive that is silent is disconnected, and its pending requests are rejected", async () => {
  await using manager = await start();
  await using client = await WirePeer.introduce(manager.connectOptions, CLIENT);
  await manager.connected("c");
  await using service = await WirePeer.introduce(manager.connectOptions, {
    ...SERVICE,
    extensions: ["beat"],
  });
  await manager.connected("S");
  measure(client);
  const { uid, message } = await client.read();
  assertEquals(uid, "7");
  assertMatch(String(message), /^ConnectionAbortedError: the 'S' service disconnected before/);
  await manager.disconnected("S");
  assertEquals((await service.read()).attribute, "measure");
});

Deno.test("a service that stops replying to the Manager's requests is disconnected, if it has replied before", async () => {
  await using manager = await start();
  await using service = await WirePeer.introduce(manager.connectOptions, SERVICE);
  const question = await service.read();
  assertEquals(question, {
    error: false,
    requester: manager.manager.networkName,
    service: "S",
    uid: "beat",
    attribute: "max_clients",
    args: [],
    kwargs: {},
  });
  for (let count = 0; count <= IDLE_INTERVALS; count++) await service.read(); // its silence does not count
  service.send(answer(question));
  await manager.disconnected("S");
});

/** The line that a client without keepalive is sent: a notification of no service. */
const IGNORED = { error: false, service: "Manager", uid: "notification", result: [[], {}] };

/** A service that is registered when this is fulfilled. */
async function registeredService(options: ManagerAddress, identity: JsonObject): Promise<WirePeer> {
  const peer = await WirePeer.introduce(options, {
    ...SERVICE,
    ...identity,
    extensions: ["ready"],
  });
  await peer.read();
  return peer;
}

/** The next request of a client. */
async function nextRequest(service: WirePeer): Promise<JsonObject> {
  for (;;) {
    const received = await service.read();
    if (received.uid !== "beat") return received;
  }
}

/** Waits until an idle service has been asked so many times. */
async function intervals(idle: WirePeer, count: number): Promise<void> {
  for (; count > 0; count--) assertEquals((await idle.read()).uid, "beat");
}

for (const held of ["a lock", "a place"]) {
  for (const end of ["it disconnects", "the Manager stops", "the Manager is killed"]) {
    Deno.test(`a Python client with ${held} notices after a silence that ${end}`, async () => {
      await using home = await temporaryFolder();
      await using manager = await ManagerProcess.start(home.path, "--silence-timeout=250ms");
      const { connectOptions } = manager;
      const max_clients = held === "a place" ? 1 : -1;
      await using _held = await registeredService(connectOptions, { max_clients });
      await using _other = await registeredService(connectOptions, { name: "T", max_clients: 1 });
      await using holder = new Process(pythonPeer("holder", manager, {
        SERVICE: "S",
        ...(held === "a lock" ? { LOCK: "1" } : {}),
        ...(end === "the Manager is killed" ? { PENDING: "1" } : {}),
        ...(end === "it disconnects" ? { LEAVE: "1" } : {}),
      }));
      await holder.stdout.next();

      // What a client is sent that came later, the holder has been sent too.
      await using later = await WirePeer.introduce(connectOptions, CLIENT);
      later.send(request("Manager", "link", ["T"]));
      await later.read();
      for (let lines = 0; lines < 3; lines++) assertEquals(await later.read(), IGNORED);

      if (end === "it disconnects") holder.kill("SIGUSR1");
      else manager.kill(end === "the Manager stops" ? "SIGTERM" : "SIGKILL");
      const { stdout, stderr } = await holder.succeeded();
      assertEquals(stdout.trim().split("\n").map((line) => JSON.parse(line)).at(-1), {
        shutdown_handler: true,
        is_connected: false,
        pending: end === "the Manager is killed"
          ? "ConnectionAbortedError: The connection to the Manager has ended"
          : null,
      });
      assertEquals(stderr, "");
    });
  }
}

posixTest(
  "a Python service that is measuring is sent no request of the Manager, and stays connected",
  async () => {
    await using manager = await start();
    await using service = new Process(pythonPeer("service", manager));
    await manager.connected("Python Lab");
    await using idle = await WirePeer.introduce(manager.connectOptions, SERVICE);
    await using cxn = await connect({ ...manager.connectOptions, name: "client" });
    const link = await cxn.link("Python Lab");
    const late = link.late();
    await late.sent;
    await intervals(idle, 2 * IDLE_INTERVALS);
    service.kill("SIGUSR1"); // it looks up now who has made its request
    assertMatch(String(await late), /^client\[/);
    assertEquals(await link.add(1, 2), 3);
    service.kill("SIGKILL");
    assertEquals((await service.end()).stderr, "");
  },
);

posixTest(
  "a service is sent no request of the Manager either while it measures for a client that has left",
  async () => {
    await using manager = await start();
    const { connectOptions } = manager;
    await using idle = await registeredService(connectOptions, { name: "idle" });
    await using service = await registeredService(connectOptions, {});
    const question = await service.read();
    service.send(answer(question));
    await using client = await WirePeer.introduce(connectOptions, CLIENT);
    measure(client);
    const owed = await nextRequest(service);
    await client[Symbol.asyncDispose]();
    await manager.disconnected("c");
    await intervals(idle, 2 * IDLE_INTERVALS);
    await using another = await WirePeer.introduce(connectOptions, CLIENT);
    measure(another);
    const next = await service.read();
    assertEquals(next.attribute, "measure");
    service.send(answer(next));
    service.send(answer(owed));
    assertEquals((await service.read()).uid, "beat");
  },
);

Deno.test("idle peers stay connected, with and without keepalive", async () => {
  await using manager = await start(600); // ours send in time even on a busy computer
  await using withoutKeepalive = await WirePeer.introduce(manager.connectOptions, SERVICE);
  await using client = await WirePeer.introduce(manager.connectOptions, CLIENT);
  await using ours = new (class Ours extends Service {
    echo(text: string): string {
      return text;
    }
  })({ name: "Ours" });
  await ours.start(manager.connectOptions);
  await using cxn = await connect(manager.connectOptions);
  const link = await cxn.link("Ours");
  await manager.connected("S", "c");
  client.send(request("Manager", "link", ["S"]));
  await client.readText();
  client.send(request("Manager", "acquire_lock", ["S"], { uid: "2" }));
  await client.readText();
  for (let beats = 0; beats <= IDLE_INTERVALS; beats++) {
    assertEquals((await withoutKeepalive.read()).uid, "beat");
  }
  assertEquals(await link.echo("hello"), "hello");
  client.send(request("S", "measure", [], { uid: "3" }));
  withoutKeepalive.send(answer(await nextRequest(withoutKeepalive)));
  let line = await client.readText();
  for (; JSON.parse(line!).uid === "notification"; line = await client.readText()) {
    assertEquals(JSON.parse(line!), IGNORED);
  }
  assertMatch(line!, /^\{.*"uid":"3"/);
});
