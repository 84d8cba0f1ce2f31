import { assertEquals } from "@std/assert";
import { PeerConnection } from "../../net/peer_connection.ts";
import { keepaliveOf } from "../../manager/peer_keepalive.ts";
import type { Peer, PeerIdentity } from "../../manager/peer.ts";
import { Registry } from "../../manager/registry.ts";
import { Login } from "../../manager/administrator_login.ts";
import type { Session } from "../../manager/session.ts";
import { asClient, clientOf, MANAGER_NAME as MANAGER, serviceOf } from "../support/devices.ts";
import { memoryPair } from "../support/memory_transport.ts";

const CLIENT = clientOf("x");

/** A registered peer whose other end can be read. */
function peer(described: PeerIdentity, extensions: string[] = []) {
  const pair = memoryPair();
  const sink = new PeerConnection(pair.near);
  const registry = new Registry<Session<PeerConnection>>(MANAGER);
  const nothing = new Uint8Array();
  const session = (sink: PeerConnection): Session<PeerConnection> => ({
    sink,
    login: new Login(() => {}, async (check) => await check(), undefined),
    requester: nothing,
    requesterAndError: nothing,
    arrays: undefined,
    probe: { isAnswered: false, owed: 0 },
  });
  const add = (identity: PeerIdentity): Peer<Session<PeerConnection>> =>
    registry.register(identity, session(sink));
  const peer = add({ ...described, extensions });
  return {
    peer,
    add,
    registry,
    keepalive: keepaliveOf(peer, MANAGER),
    /** What was sent to the peer. */
    async sent(): Promise<string> {
      await sink.close();
      const bytes = new Uint8Array(1_000);
      const size = await pair.far.read(bytes);
      return new TextDecoder().decode(bytes.subarray(0, size ?? 0));
    },
  };
}

for (const identity of [CLIENT, serviceOf("S")]) {
  Deno.test(`a ${identity.kind} that has agreed to the keepalive has an idle time-out, and is sent a space`, async () => {
    const { keepalive, sent } = peer(identity, ["ready", "beat"]);
    assertEquals(keepalive.keepsInterval(), true);
    keepalive.onReadIdle?.();
    keepalive.onWriteIdle?.();
    assertEquals(await sent(), " ");
  });
}

Deno.test("any other service is probed when it is silent, and has an idle time-out once it has answered", async () => {
  const { peer: it, keepalive, sent } = peer(serviceOf("it's"));
  assertEquals(keepalive.keepsInterval(), false);
  it.session.probe.isAnswered = true;
  assertEquals(keepalive.keepsInterval(), true);
  keepalive.onWriteIdle?.();
  keepalive.onReadIdle?.();
  const { service: name, requester, attribute } = JSON.parse(await sent());
  assertEquals([name, requester, attribute], ["it's", MANAGER, "max_clients"]);
});

Deno.test("the silence of a service does not count while it owes an answer", () => {
  const { peer: it, keepalive } = peer(serviceOf("S"));
  assertEquals(keepalive.isBusy?.(), false);
  it.session.probe.owed = 1;
  assertEquals(keepalive.isBusy?.(), true);
});

/** One whole line, since a Python client parses what it has read at the end of the connection. */
const IGNORED = '{"error":false,"service":"Manager","uid":"notification","result":[[],{}]}\r\n';

for (
  const [maxClients, isLocked, expected] of [
    [1, false, IGNORED],
    [-1, true, IGNORED],
    [-1, false, ""],
  ]
) {
  const how = isLocked
    ? "a lock"
    : maxClients === 1
    ? "one of a limited number of links"
    : "no lock and no limited link";

  Deno.test(`any other client that has ${how} is sent ${JSON.stringify(expected)}`, async () => {
    const { peer: client, keepalive, sent, add, registry } = peer(CLIENT);
    add(serviceOf("S", { maxClients: Number(maxClients) }));
    keepalive.onWriteIdle?.(); // it is linked with nothing
    registry.link(asClient(client), "S");
    if (isLocked) registry.acquireLock(asClient(client), "S", false);
    assertEquals(keepalive.keepsInterval(), false);
    keepalive.onReadIdle?.();
    keepalive.onWriteIdle?.();
    assertEquals(await sent(), expected);
  });
}

Deno.test("a foreign client that is linked with a service of another node is probed, since it may block others there", async () => {
  const { peer: it, keepalive, sent } = peer(CLIENT);
  const client = asClient(it);
  client.remoteLinks = new Map();
  keepalive.onWriteIdle?.();
  client.remoteLinks.set("a.DMM", { isLocked: false });
  keepalive.onWriteIdle?.();
  assertEquals(await sent(), IGNORED);
});
