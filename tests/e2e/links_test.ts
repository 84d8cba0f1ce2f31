/** A link that no Link stands for is ended: no place of a Service is taken by what nobody has. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  type Client,
  type ClientOptions,
  connect,
  RemoteError,
  Service,
  TimeoutError,
  ValueError,
} from "../../mod.ts";
import type { TestManager } from "../../testing.ts";
import { connected, isState } from "../support/connection_changes.ts";
import { everywhere, type Place } from "../support/places.ts";
import { Lab, Restarts } from "../support/restarts.ts";
import { ENTRY, ScriptedManager } from "../support/scripted_manager.ts";

/** A Service with one place. */
class Narrow extends Service {
  constructor() {
    super({ maxClients: 1 });
  }

  read(): number {
    return 1.5;
  }
}

/** What the only Client called `name` is linked with, after all of its requests so far. */
async function linksOf(client: Client, { home, nameOf }: Home): Promise<string[]> {
  await client.about(nameOf("Narrow")); // it is answered after the requests before it
  const [, { links }] = Object.entries(home.manager.status().clients)
    .find(([name]) => name.startsWith(`${client.name}[`))!;
  return links;
}

/** How many locks the Service has, after all requests of the Client so far. */
async function locksOf(client: Client, { home, nameOf }: Home): Promise<number> {
  await client.about(nameOf("Narrow"));
  return home.manager.status().services.Narrow.locks.length;
}

/** The Manager of the Service, and the name by which the Client knows a Service. */
interface Home {
  home: TestManager;
  nameOf(service: string): string;
}

async function laboratory(place: Place) {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await place.open({ disableTls: true }));
  const service = stack.use(new Narrow());
  await service.start(site.home.connectOptions);
  await site.knows("Narrow");
  const { home, manager } = site;
  const client = stack.use(await connect({ ...manager.connectOptions, name: "First" }));
  const whole = stack.move();
  const nameOf = (name: string) => site.nameOf(name);
  const dispose = () => whole.disposeAsync();
  return { home, nameOf, manager, client, name: nameOf("Narrow"), [Symbol.asyncDispose]: dispose };
}

everywhere("a link() that is cancelled takes no place of the Service", async (place) => {
  await using lab = await laboratory(place);
  const { client, name } = lab;
  const linking = client.link(name);
  linking.cancel();
  await assertRejects(() => linking, CancelledError);
  assertEquals(await linksOf(client, lab), []);

  const controller = new AbortController();
  const aborted = client.link(name, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => aborted, Error, "enough");
  assertEquals(await linksOf(client, lab), []);

  await using second = await connect({ ...lab.manager.connectOptions, name: "Second" });
  await using link = await second.link<Narrow>(name);
  assertEquals(await link.read(), 1.5);
});

everywhere(
  "a link() that is cancelled leaves the Links with the Service as they are",
  async (place) => {
    await using lab = await laboratory(place);
    const { client, name } = lab;
    const link = await client.link<Narrow>(name);
    client.link(name).cancel();
    assertEquals(await linksOf(client, lab), ["Narrow"]);
    assertEquals(await link.read(), 1.5);

    // Also one that is being asked for, before or after it.
    await link.unlink();
    const [first, other, last] = ["a", "b", "c"].map(() => client.link<Narrow>(name));
    first.cancel();
    last.cancel();
    const open = await other;
    assertEquals(await linksOf(client, lab), ["Narrow"]);
    assertEquals(await open.read(), 1.5);
    await open.unlink();
    assertEquals(await linksOf(client, lab), []);
    const cancelled = client.link(name);
    cancelled.cancel();
    const again = await client.link<Narrow>(name);
    assertEquals(await linksOf(client, lab), ["Narrow"]);
    assertEquals(await again.read(), 1.5);
  },
);

everywhere(
  "a Link that ends while another link() is cancelled leaves no link behind",
  async (place) => {
    await using lab = await laboratory(place);
    const { client, name } = lab;
    const link = await client.link(name);
    const linking = client.link(name);
    await link.unlink();
    linking.cancel();
    await assertRejects(() => linking, CancelledError);
    assertEquals(await linksOf(client, lab), []);
  },
);

everywhere("an acquireLock() that is cancelled leaves no lock behind", async (place) => {
  await using lab = await laboratory(place);
  const { client, name } = lab;
  const link = await client.link<Narrow>(name);
  const locking = link.acquireLock();
  locking.cancel();
  await assertRejects(() => locking, CancelledError);
  assertEquals(await locksOf(client, lab), 0);
  const controller = new AbortController();
  const aborted = link.acquireLock({ shared: true, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => aborted, Error, "enough");
  assertEquals(await locksOf(client, lab), 0);
});

everywhere("an acquireLock() that is cancelled leaves the lock as it is", async (place) => {
  await using lab = await laboratory(place);
  const { client, name } = lab;
  const link = await client.link<Narrow>(name);
  const locks = [link.acquireLock(), link.acquireLock(), link.acquireLock()];
  locks[0].cancel();
  locks[2].cancel();
  await locks[1];
  assertEquals(await locksOf(client, lab), 1);
  const last = link.acquireLock({ shared: true });
  last.cancel();
  await assertRejects(() => last, CancelledError);
  assertEquals(await locksOf(client, lab), 1);
  await link.releaseLock();
  assertEquals(await locksOf(client, lab), 0);
});

Deno.test("an acquireLock() whose time-out is over is cancelled, and the lock is released", async () => {
  await using device = await scripted();
  const { manager, client } = device;
  const linking = client.link("Slow");
  await manager.answer("link", { result: ENTRY });
  const link = await linking;
  const locking = link.acquireLock({ timeout: 1 });
  const text = "acquire_lock of the Manager was not done within 1 ms";
  await assertRejects(() => locking, TimeoutError, text);
  assert(locking.cancelled());
  await manager.answer("acquire_lock", { result: [] }); // too late
  const { args } = await manager.answer("release_lock", { result: [] });
  assertEquals(args, ["Slow"]);
});

/** A Client whose Manager is scripted. */
async function scripted(options: ClientOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const manager = stack.use(new ScriptedManager());
  const connecting = connect({ ...manager.connectOptions, ...options });
  await manager.accept();
  const client = stack.use(await connecting);
  const whole = stack.move();
  return { manager, client, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

Deno.test("a link() whose time-out is over is cancelled, and the link is ended", async () => {
  await using device = await scripted();
  const { manager, client } = device;
  const linking = client.link("Slow", { timeout: 1 });
  const text = "link of the Manager was not done within 1 ms";
  await assertRejects(() => linking, TimeoutError, text);
  await assertRejects(() => linking.result(), TimeoutError, text); // it is not pending
  assert(linking.cancelled());
  await manager.answer("link", { result: ENTRY }); // too late
  const { args } = await manager.answer("unlink", { result: true });
  assertEquals(args, ["Slow"]);
  const again = client.link("Slow");
  await manager.answer("link", { result: ENTRY });
  assertEquals((await again).serviceName, "Slow");
});

Deno.test("the time-out of a link() counts from the call, also while the Client reconnects", async () => {
  await using manager = await Restarts.start();
  await using lab = new Lab();
  await lab.start(manager.connectOptions);
  const { client, changes } = await connected(manager.connectOptions);
  await using _client = client;
  await manager.stop();
  await changes.next(isState("retrying"));
  await assertRejects(() => client.link("Lab", { timeout: 1 }), TimeoutError);
  client.link("Lab").cancel();
  await manager.resume();
  await lab.changes.next(isState("connected"));
  await changes.next(isState("connected"));
  const one = { home: manager.manager, nameOf: () => "Lab" };
  assertEquals(await linksOf(client, one), []); // neither of them was sent
});

Deno.test("a wait for a link that is too short leaves the link() as it is", async () => {
  await using device = await scripted();
  const { manager, client } = device;
  const linking = client.link("Slow");
  await assertRejects(() => linking.result({ timeout: 1 }), TimeoutError);
  await manager.answer("link", { result: ENTRY });
  assertEquals((await linking.result()).serviceName, "Slow");
});

Deno.test("a link whose reply is too long to be read is ended", async () => {
  await using device = await scripted({ readLimit: 4_000 });
  const { manager, client } = device;
  const linking = client.link("Talkative");
  await manager.answer("link", { result: { ...ENTRY, attributes: { text: "x".repeat(5_000) } } });
  await assertRejects(() => linking, ValueError, "readLimit");
  assertEquals((await manager.answer("unlink", { result: true })).args, ["Talkative"]);
});

Deno.test("a link() that the Manager refuses is not followed by an unlink", async () => {
  await using device = await scripted();
  const { manager, client } = device;
  const linking = client.link("Nothing", { timeout: 60_000 });
  await manager.answer("link", { error: true, message: "KeyError: none", traceback: [] });
  await assertRejects(() => linking, RemoteError, "KeyError");
  const identities = client.identities();
  await manager.answer("identity", { result: {} });
  await identities;
});
