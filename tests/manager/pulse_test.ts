import { assertEquals } from "@std/assert";
import { Connection } from "../../net/connection.ts";
import { pulseOf } from "../../manager/pulse.ts";
import { type Newcomer, type Peer, Registry } from "../../manager/registry.ts";
import { Login } from "../../manager/login.ts";
import type { Seat } from "../../manager/router.ts";
import { asClient, clientOf, MANAGER_NAME as MANAGER, serviceOf } from "../support/devices.ts";
import { memoryPair } from "../support/memory_transport.ts";

const CLIENT = clientOf("x");

/** A peer whose other end can be read, in a registry. */
function peer(described: Newcomer, extensions: string[] = []) {
  const pair = memoryPair();
  const outlet = new Connection(pair.near);
  const registry = new Registry<Seat<Connection>>(MANAGER);
  const nothing = new Uint8Array();
  const seat = (outlet: Connection): Seat<Connection> => ({
    outlet,
    login: new Login(() => {}, async (check) => await check(), undefined),
    requester: nothing,
    requesterAndError: nothing,
    probe: { isAnswered: false },
  });
  const add = (newcomer: Newcomer): Peer<Seat<Connection>> => registry.add(newcomer, seat(outlet));
  const peer = add({ ...described, extensions });
  return {
    peer,
    add,
    registry,
    pulse: pulseOf(peer, MANAGER),
    /** What has been sent to the peer. */
    async said(): Promise<string> {
      await outlet.close();
      const bytes = new Uint8Array(1_000);
      const size = await pair.far.read(bytes);
      return new TextDecoder().decode(bytes.subarray(0, size ?? 0));
    },
  };
}

for (const newcomer of [CLIENT, serviceOf("S")]) {
  Deno.test(`a ${newcomer.kind} that has offered to keep the beat does, and hears a space`, async () => {
    const { pulse, said } = peer(newcomer, ["ready", "beat"]);
    assertEquals(pulse.keepsBeat(), true);
    pulse.onSilent?.();
    pulse.onQuiet?.();
    assertEquals(await said(), " ");
  });
}

Deno.test("any other service is asked when it is silent, and counts once it has answered", async () => {
  const { peer: it, pulse, said } = peer(serviceOf("it's"));
  assertEquals(pulse.keepsBeat(), false);
  it.seat.probe.isAnswered = true;
  assertEquals(pulse.keepsBeat(), true);
  pulse.onQuiet?.();
  pulse.onSilent?.();
  const { service: name, requester, attribute } = JSON.parse(await said());
  assertEquals([name, requester, attribute], ["it's", MANAGER, "max_clients"]);
});

for (
  const [maxClients, isLocked, expected] of [[1, false, " "], [-1, true, " "], [-1, false, ""]]
) {
  const how = isLocked ? "a lock" : maxClients === 1 ? "one of few places" : "nothing scarce";

  Deno.test(`any other client that has ${how} hears ${JSON.stringify(expected)}`, async () => {
    const { peer: client, pulse, said, add, registry } = peer(CLIENT);
    add(serviceOf("S", { maxClients: Number(maxClients) }));
    pulse.onQuiet?.(); // it is linked with nothing
    registry.link(asClient(client), "S");
    if (isLocked) registry.acquireLock(asClient(client), "S", false);
    assertEquals(pulse.keepsBeat(), false);
    pulse.onSilent?.();
    pulse.onQuiet?.();
    assertEquals(await said(), expected);
  });
}
